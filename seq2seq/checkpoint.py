"""Checkpoints and the run that they belong to: the format, reading, writing, and the newest one of a folder.

A checkpoint is a file of `torch.save` with plain values and tensors. `seq2seq` holds all that inference needs beside
the weights (`state_dict`); `resume` holds the position in training. Reading never runs pickled code.
"""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .batch import Vocabulary
from .data.tokenizer import Tokenizer
from .decoding import SearchOptions
from .errors import UserError, first_line
from .files import atomic_writer, is_zip_file
from .hub_folder import is_hub_name, read_hub_folder
from .model.labeller import LABELLERS
from .model.network import NetworkOptions
from .shipped import checkpoint_path

REMOVED = {
    "copy_attention": False,
    "variational_dropout": False,
    "document_word_dropout": 0.0,
    "summary_word_dropout": 0.0,
    "r_drop": 0.0,
}
"""Options of the summarizer's network in earlier versions, with the value that changed nothing (docs/quality.md)."""
SUMMARIZATION = "summarization"
"""The task of checkpoints without the key `task`."""
FORMAT = 1  # raised when older checkpoints can no longer be read
RUN_FILE = "run.json"
KEPT = ("seq2seq", "epoch", "global_step", "pytorch-lightning_version")
"""Entries of a checkpoint that an exported one has too; Lightning's `test` needs the last."""


def read_checkpoint(path: str | Path, *, check_bytes: bool = False) -> dict[str, Any]:
    """Reads and verifies a checkpoint.

    Args:
        path: a file, the name of a model that ships with the package, or `hf:` and a folder of `seq2seq export hf` or
            its name on the Hugging Face Hub.
        check_bytes: verify the checksum of every byte, which reads the whole file.

    Returns:
        The keys format, tokenizer, vocabulary, network and max_document_tokens, and search or task and labels, with
        `state_dict`, `resume` and `step`: the optimizer steps so far, or None if the file holds no state of a training.

    Raises UserError if the file is missing, damaged, or not a checkpoint of this package.
    """
    return _read(path, check_bytes)[1]


def _read(path: str | Path, check_bytes: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a checkpoint file as they are, and its contents. See `read_checkpoint`."""
    file = checkpoint_path(path)
    checkpoint = _read_file(path, file)
    contents = {
        **checkpoint["seq2seq"],
        "state_dict": checkpoint.get("state_dict"),
        "resume": checkpoint.get("resume") or {},
        "step": checkpoint.get("global_step") if "optimizer_states" in checkpoint else None,
    }
    try:
        _check_contents(contents)
        damaged = _damaged_member(file) if check_bytes and not is_hub_name(path) else None
    except Exception as error:  # missing or unexpected values lead to errors of many types
        raise UserError(
            f"{path}: damaged, or of another version of seq2seq ({type(error).__name__}: {error}); use another"
        ) from error
    if damaged:
        raise UserError(f"{path}: damaged ({damaged}); use another")
    return checkpoint, contents


def _read_file(path: str | Path, file: Path) -> dict[str, Any]:
    """The values of a checkpoint file, without options that no longer exist. `path`: the file's name in errors."""
    checkpoint = read_hub_folder(path) if is_hub_name(path) else _load(path, file)
    ours = checkpoint.get("seq2seq") if isinstance(checkpoint, dict) else None
    if not isinstance(ours, dict):
        raise UserError(f"{path}: a checkpoint, but not of seq2seq; give one that `seq2seq fit` wrote")
    if ours.get("format") != FORMAT:
        raise UserError(
            f"{path}: checkpoint format {ours.get('format')}, but this version reads {FORMAT}; train it anew"
        )
    network = ours.get("network")
    if not isinstance(network, dict) or ours.get("task", SUMMARIZATION) != SUMMARIZATION:
        return checkpoint
    for name in REMOVED.keys() & network.keys():
        if network.pop(name) != REMOVED[name] and name == "copy_attention":  # the others only changed the training
            raise UserError(f"{path}: trained with network.copy_attention, which this version lacks; train it anew")
    return checkpoint


def _load(path: str | Path, file: Path) -> Any:
    """The values of a checkpoint file as they are."""
    if file.is_dir():
        raise UserError(f"{path}: a folder; name a .ckpt file in it, for example {file / 'best.ckpt'}")
    if not file.is_file():
        raise UserError(f"{path}: no such checkpoint; train one with `seq2seq fit`, or name a .ckpt file")
    try:
        file.open("rb").close()
    except OSError as error:  # without permission, for example; `is_zip_file` would call the file truncated
        raise UserError(f"{path}: the checkpoint cannot be opened: {error.strerror}") from None
    if not is_zip_file(file):
        raise UserError(
            f"{path}: not a checkpoint, or a truncated one; use another, for example last.ckpt of the same run"
        )
    try:
        return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch raises several types here, which all mean the same to the user
        reason = first_line(error)
        if "Weights only load failed" in reason:
            reason = "it holds pickled objects, which might run code"
        raise UserError(f"{path}: can't be read as a checkpoint of plain weights ({reason}); use another") from error


def origin(path: str | Path) -> dict[str, Any]:
    """The entries of `KEPT` beside `seq2seq`: the position of the training, and the version of Lightning."""
    checkpoint, _ = _read(path, check_bytes=False)
    return {key: checkpoint[key] for key in KEPT if key in checkpoint and key != "seq2seq"}


def task_of(contents: dict[str, Any]) -> str:
    """The task of a checkpoint, given by its contents."""
    return contents.get("task", SUMMARIZATION)


def task_of_file(path: str | Path) -> str:
    """The task of a checkpoint file or of a shipped model. The file is not verified. Raises UserError."""
    return task_of(_read_file(path, checkpoint_path(path))["seq2seq"])


def check_task(contents: dict[str, Any], path: str | Path, task: str) -> None:
    """Raises UserError if a checkpoint, given by its contents, is one of another task."""
    found = task_of(contents)
    if found != task:
        raise UserError(
            f"{path}: a checkpoint of the task {found}, but this command needs one of {task}; name another one"
            + (", or apply it with `seq2seq decode`" if task == SUMMARIZATION else "")
        )


def network_options(contents: dict[str, Any]) -> Any:
    """The options of the network in the contents of a checkpoint; the type depends on the task."""
    task = task_of(contents)
    options = NetworkOptions if task == SUMMARIZATION else LABELLERS[task]
    return options(**contents["network"])


def network_weights(contents: dict[str, Any]) -> dict[str, Tensor]:
    """The network's weights in the contents of a checkpoint, by parameter name."""
    return {k.removeprefix("network."): v for k, v in contents["state_dict"].items() if k.startswith("network.")}


def settings_of(contents: dict[str, Any]) -> dict[str, Any]:
    """The section `seq2seq` of a checkpoint, given by its contents."""
    return {key: value for key, value in contents.items() if key not in ("state_dict", "resume", "step")}


def has_same_tokenizer(first: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two checkpoints, given by their contents, have the same tokenizer and labels, and so the same ids."""
    return all(first.get(part) == other.get(part) for part in ("tokenizer", "vocabulary", "labels"))


def export_checkpoint(path: str | Path, output: str | Path) -> dict[str, Any]:
    """Writes a checkpoint that serves inference and `--init_from` alone, in about a sixth of the size.

    The state of the training is left out, and the weights are rounded to float16. Their readers compute in float32.

    Args:
        path: a checkpoint, or the name of a model.
        output: the file to write. It is replaced if it exists.

    Returns:
        The contents of the new file. `metrics`: by name, the validation figure by which the checkpoint was chosen.

    Raises UserError if the checkpoint cannot be used, or if float16 cannot hold one of its weights (at most 65,504).
    """
    checkpoint, _ = _read(path, check_bytes=True)
    kept = {key: checkpoint[key] for key in KEPT if key in checkpoint}
    callbacks = checkpoint.get("callbacks", {}).values()
    scores = {state.get("monitor"): state.get("current_score") for state in callbacks}
    metrics = {name: float(score) for name, score in scores.items() if score is not None}
    weights = _rounded(checkpoint["state_dict"], path)
    exported = {**kept, "metrics": checkpoint.get("metrics", metrics), "state_dict": weights}
    write_checkpoint(exported, output)
    return exported


def _rounded(weights: dict[str, Tensor], path: str | Path) -> dict[str, Tensor]:
    """The weights in float16. Weights that share their memory, such as tied embeddings, share it again."""
    rounded: dict[tuple[Any, ...], Tensor] = {}
    named = {}
    for name, weight in weights.items():
        place = (weight.data_ptr(), weight.shape, weight.stride(), weight.dtype)
        if place not in rounded:
            rounded[place] = weight.half() if weight.is_floating_point() else weight.clone()
        named[name] = rounded[place]
        if not named[name].isfinite().all():
            raise UserError(
                f"{path}: {name} has values that float16 cannot hold (above 65,504, or NaN); give another checkpoint"
            )
    return named


def write_checkpoint(checkpoint: dict[str, Any], path: str | Path) -> None:
    """Writes a checkpoint with `torch.save`, whole or not at all, and flushes it to the disk.

    Raises UserError if it cannot be written, for example because the disk is full; the earlier file stays.
    """
    try:
        with atomic_writer(path, binary=True, durable=True) as stream:
            torch.save(checkpoint, stream)
    except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else first_line(error)
        raise UserError(
            f"{path}: the checkpoint cannot be written ({reason}); the earlier ones are intact: "
            "make room; a run goes on with `--resume auto`"
        ) from error


def weights_alone(section: dict[str, Any], weights: dict[str, Tensor]) -> dict[str, Any]:
    """The values of a checkpoint from which no run can continue.

    Args:
        section: the plain values of its section `seq2seq`.
        weights: those of the network, by parameter name.
    """
    named = {f"network.{name}": weight for name, weight in weights.items()}
    return {"seq2seq": section, "state_dict": named, "pytorch-lightning_version": version("lightning")}


def run_id(folder: str | Path) -> str | None:
    """The id of the run in a folder; None if there is no run."""
    try:
        return str(json.loads((Path(folder) / RUN_FILE).read_text(encoding="utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def start_run(folder: str | Path, new_id: str) -> None:
    """Starts a new run in a folder. Its checkpoints and its dashboard carry the id."""
    with atomic_writer(Path(folder) / RUN_FILE) as stream:
        stream.write(json.dumps({"id": new_id}) + "\n")


def newest_checkpoint(folder: str | Path) -> tuple[Path | None, list[str]]:
    """Finds the newest undamaged checkpoint from which the folder's run can go on exactly.

    Returns:
        The file, or None if there is none, and the reason for each newer file that was skipped.
    """
    run, skipped = run_id(folder), []
    files = Path(folder).glob("*.ckpt")
    for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True):
        try:
            contents = read_checkpoint(file, check_bytes=True)
        except UserError as error:
            skipped.append(str(error))
            continue
        position = contents["resume"]
        if contents["step"] is None:
            skipped.append(f"{file}: weights alone, without the state of a training")
        elif run is not None and position.get("run") not in (None, run):
            skipped.append(f"{file}: of an earlier run in this folder")
        elif not position.get("exact", True):
            skipped.append(f"{file}: written in the middle of an optimizer step")
        else:
            return file, skipped
    return None, skipped


def _check_contents(contents: dict[str, Any]) -> None:
    """Builds each part once, so that later code can rely on it. Raises an error of any type if one is unusable."""
    Tokenizer.from_dict(contents["tokenizer"])
    if task_of(contents) == SUMMARIZATION:
        SearchOptions(**contents["search"])
    else:
        list(contents["labels"])
    int(contents["max_document_tokens"])
    network_options(contents)
    Vocabulary(**contents["vocabulary"])
    network_weights(contents)


def _damaged_member(file: Path) -> str | None:
    """The first part of a zip file with a wrong checksum."""
    with zipfile.ZipFile(file) as archive:
        return archive.testzip()
