"""The folder of `seq2seq export hf`: weights, configuration, processor, code and model card."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import nn
from transformers import GenerationConfig

from .. import __version__
from ..checkpoint import origin, read_checkpoint, settings_of
from ..data.tokenizer import Tokenizer
from ..decoding import SearchOptions
from ..errors import UserError, first_line
from ..files import atomic_writer
from ..hub_folder import TOKENIZER_FILE, WEIGHTS_FILE
from ..inference import load_networks
from ..model.losses import LOSS_TERMS
from ..model.options import NetworkOptions
from .card import model_card
from .configuration import HeadlineConfig
from .modeling import TIED, HeadlineModel
from .processing import HeadlineProcessor
from .single_file import PACKAGE, single_file

CODE_FILE = "headline_model.py"
CLASSES = {
    "AutoConfig": HeadlineConfig,
    "AutoModelForSeq2SeqLM": HeadlineModel,
    "AutoProcessor": HeadlineProcessor,
}
"""The classes in the code of a folder, by the class of transformers that finds them."""
REPLACED = {f"{PACKAGE}.ops": f"{PACKAGE}.hub.plain_ops.ops"}
HEADING = f"""A headline summarizer for transformers 5, made by seq2seq {__version__} from its sources. Licence: MIT.

The definitions stand here as in the package, with plain torch in place of its compiled loops.
"""


def write_folder(checkpoint: str, output: Path, push: str | None = None) -> str:
    """Writes a checkpoint as a folder that the Auto classes of transformers read.

    Args:
        checkpoint: a file, or the name of a shipped model.
        output: the folder. Its files of the same names are replaced.
        push: also upload the files to this repository of the Hugging Face Hub. A new repository is private.

    Returns:
        A line about the result.

    Raises UserError if the checkpoint cannot be used, if its network has parts of plugins, if `output` cannot be
    written, or if the upload fails.
    """
    if push is not None:
        check_repository(push)
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output}: a file; give the name of a folder")
    try:
        names = _write_whole(checkpoint, output, push or output.name)
    except OSError as error:
        raise UserError(
            f"--output {output}: cannot be written ({error.strerror or error}); give another folder"
        ) from None
    if push is not None:
        upload(output, names, push)
    search = SearchOptions(**read_checkpoint(checkpoint)["search"])
    parts = [f"{len(names)} files", *([f"uploaded to {push}"] if push else []), *without_counterpart(search)]
    return "; ".join(parts)


def _write_whole(checkpoint: str, output: Path, name: str) -> list[str]:
    """Writes the files to a temporary folder and moves them to `output`. Returns their names; raises OSError."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f"{output.name}.", suffix=".part") as parent:
        folder = Path(parent) / "model"
        _write_files(checkpoint, folder, name)
        names = sorted(file.name for file in folder.iterdir())
        if output.exists():
            for file in names:
                os.replace(folder / file, output / file)
        else:
            os.replace(folder, output)
    return names


def _write_files(checkpoint: str, folder: Path, name: str) -> None:
    """Writes all files into a new folder. `name`: of the model, for the examples on its card."""
    network, contents = load_networks([checkpoint])
    assert isinstance(network, nn.Module)
    check_parts(checkpoint, network, NetworkOptions(**contents["network"]))
    tokenizer = Tokenizer.from_dict(contents["tokenizer"])
    settings = {key: value for key, value in contents["tokenizer"].items() if key != "tokenizer"}
    section = settings_of(contents) | {"tokenizer": settings}
    search = SearchOptions(**contents["search"])
    auto_map = {auto: f"{Path(CODE_FILE).stem}.{found.__name__}" for auto, found in CLASSES.items()}

    config = HeadlineConfig(
        section, origin(checkpoint), auto_map=auto_map, architectures=[HeadlineModel.__name__], dtype="float32"
    )
    config.save_pretrained(folder)
    generation_config(search, config).save_pretrained(folder)
    write_weights(network, folder / WEIGHTS_FILE)
    processor = HeadlineProcessor(tokenizer.to_transformers(), settings, contents["max_document_tokens"])
    processor.auto_map = auto_map  # type: ignore[attr-defined]
    processor.save_pretrained(folder)
    parameters = sum(weight.numel() for weight in network.parameters())
    texts = {
        TOKENIZER_FILE: contents["tokenizer"]["tokenizer"],
        CODE_FILE: model_code(),
        "README.md": model_card(checkpoint, contents, parameters, name, without_counterpart(search)),
    }
    for file, text in texts.items():
        with atomic_writer(folder / file) as stream:
            stream.write(text)


def write_weights(network: nn.Module, file: Path) -> None:
    """Writes the weights under the names that they have in a `HeadlineModel`, and tied weights once."""
    weights = {f"network.{name}": weight.contiguous() for name, weight in network.state_dict().items()}
    if weights[TIED].data_ptr() == weights["network.embedding.weight"].data_ptr():
        del weights[TIED]
    with atomic_writer(file, binary=True) as stream:
        stream.write(save(weights, metadata={"format": "pt"}))


def model_code() -> str:
    """The text of a module with the classes of `CLASSES`, which imports nothing of the package."""
    return single_file([f"{found.__module__}.{found.__name__}" for found in CLASSES.values()], REPLACED, HEADING)


def generation_config(search: SearchOptions, config: HeadlineConfig) -> GenerationConfig:
    """The options of `generate()` that mean the same as those of the checkpoint's search."""
    vocabulary = config.vocabulary()
    options: dict[str, Any] = {"num_beams": search.beam_size, "num_return_sequences": search.n_best}
    if search.beam_size > 1:
        options |= {"length_penalty": search.length_penalty, "early_stopping": False}
    if search.min_length:
        options["min_new_tokens"] = search.min_length
    never = [vocabulary.pad, vocabulary.bos, *([] if search.allow_unk else [vocabulary.unk])]
    return GenerationConfig(
        do_sample=False,
        max_new_tokens=search.max_length,
        no_repeat_ngram_size=search.no_repeat_ngram_size,
        suppress_tokens=never,
        pad_token_id=vocabulary.pad,
        bos_token_id=vocabulary.bos,
        eos_token_id=vocabulary.eos,
        decoder_start_token_id=vocabulary.bos,
        **options,
    )


def without_counterpart(search: SearchOptions) -> list[str]:
    """A sentence for each option of the checkpoint's search that `generate()` does not have."""
    options = {name: getattr(search, name) for name in ("shortlist", "supported", "minimum_risk")}
    return [
        f"generate() works without search.{name} {value}"
        for name, value in options.items()
        if value != getattr(SearchOptions(), name)
    ]


def check_parts(checkpoint: str, network: nn.Module, options: NetworkOptions) -> None:
    """Raises UserError if a part of the network, or a term of its loss, is not defined in this package."""
    parts: Iterator[Any] = (type(part) for part in network.modules())
    for part in [*parts, *(LOSS_TERMS[name] for name in options.loss_terms)]:
        if part.__module__.split(".")[0] not in (PACKAGE, "torch"):
            raise UserError(
                f"{checkpoint}: the network uses {part.__name__} of the plugin {part.__module__}; `export hf` writes "
                "the code of seq2seq alone, so give a checkpoint without parts of plugins"
            )


def check_repository(name: str) -> None:
    """Raises UserError for text that cannot be the name of a repository of the Hub."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise UserError(f"--push {name}: {error}; give OWNER/NAME") from None


def upload(folder: Path, files: list[str], name: str) -> None:
    """Uploads files of a folder to a repository of the Hub. A new one is private. Raises UserError on failure."""
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        api.create_repo(name, private=True, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, allow_patterns=files)
    except Exception as error:  # the client raises types of several libraries
        raise UserError(
            f"--push {name}: {first_line(error)}; the folder {folder} is complete: log in with `hf auth login`, or set "
            "HF_TOKEN, and give the command again"
        ) from error
