"""Writes the folder: the two graphs, the tokenizer, and a JSON file with everything else that a consumer needs."""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from ..errors import UserError, first_line
from ..inference import checkpoint_file, load_networks
from ..model.network import Seq2Seq
from .cells import OPSET
from .graphs import EncoderGraph, StepGraph, exportable, memory_names, state_names
from .runtime import FILES, FORMAT, Graphs

EXAMPLE = (3, 2, 7)
CHECKED = ((1, 1, 1), (2, 3, 11))
"""Numbers of documents, beams and document tokens: of the exporter's example, and of the comparison with torch."""
MAX_DIFFERENCE = 1e-3
"""Of log-probabilities. Rounding leaves 1e-6."""


def write_folder(checkpoint: str, output: Path) -> str:
    """Writes the folder, and compares the graphs with torch at other sizes than those of the exporter's example.

    Args:
        checkpoint: a file, the folder of a run, or the name of a model.
        output: the folder. Its files of an earlier export are replaced.

    Returns a line about the result. Raises UserError if the checkpoint cannot be used, if the exporter refuses a part
    of the network, or if the graphs compute other values than torch.
    """
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output}: a file; give a folder")
    network, contents = load_networks([checkpoint_file(checkpoint)])
    assert isinstance(network, Seq2Seq)
    network.eval()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f"{output.name}.") as made:
        folder = Path(made)
        write_graphs(network, folder)
        _write_texts(network, contents, folder)
        difference = compare(network, Graphs(folder, memory_names(network), state_names(network), threads=1))
        if not difference <= MAX_DIFFERENCE:
            raise UserError(
                f"{checkpoint}: the graphs differ from torch by {difference:.1g} in log-probabilities, so a part of "
                "this network cannot be exported; use `seq2seq decode`"
            )
        output.mkdir(exist_ok=True)
        for name in FILES:
            (folder / name).replace(output / name)
    size = sum((output / name).stat().st_size for name in FILES) / 1e6
    return f"{', '.join(FILES)}; {size:.1f} MB; largest difference from torch {difference:.0e}"


def write_graphs(network: Seq2Seq, folder: Path) -> None:
    """Writes encoder.onnx and step.onnx. Raises UserError for a part of the network that cannot be exported."""
    graph = exportable(network)
    memory, state = memory_names(graph), state_names(graph)
    documents, beams, tokens = EXAMPLE
    document = _document(graph, documents, tokens)
    encoder, step = EncoderGraph(graph), StepGraph(graph)
    outputs = [*memory, *state]
    _export(encoder, (document,), ["document"], outputs, folder / FILES[0])
    with torch.no_grad():
        encoded = encoder(document)
    states = [part.repeat_interleave(beams, dim=1) for part in encoded[len(memory) :]]
    if "earlier" in state:  # the exporter would fix a size of 1
        states[-1] = states[-1].repeat_interleave(4, dim=2)
    chosen = torch.full((documents, beams), network.vocabulary.bos)
    inputs = (chosen, torch.zeros(documents, beams, 3, dtype=torch.long), document, *encoded[: len(memory)], *states)
    named = ["tokens", "forbidden", "document", *memory, *state]
    _export(step, inputs, named, ["log_probs", "ids", *(f"next_{name}" for name in state)], folder / FILES[1])


def _export(graph: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str], file: Path) -> None:
    """Writes one graph, whose inputs have dynamic axes for documents, beams, tokens and forbidden tokens."""
    axes: list[Any] = [
        {axis: Dim.DYNAMIC for axis in _dynamic_axes(name, x)} for name, x in zip(names, inputs, strict=True)
    ]
    fixed = 1 if isinstance(graph, EncoderGraph) else 3  # the arguments of `forward` before *others
    shapes = (*axes[:fixed], *([tuple(axes[fixed:])] if axes[fixed:] else []))
    try:
        with _quiet(), torch.no_grad():
            traced = torch.export.export(graph, inputs, dynamic_shapes=shapes, strict=False)
            program = torch.onnx.export(
                traced, dynamo=True, opset_version=OPSET, input_names=names, output_names=outputs, verbose=False
            )
            assert program is not None
            program.save(str(file))
    except Exception as error:  # torch raises several types here, with messages of many lines
        raise UserError(
            f"{file.name}: torch cannot export a part of this network ({first_line(error)}); docs/onnx.md lists the "
            "parts that can be exported"
        ) from error


def _dynamic_axes(name: str, x: Tensor) -> Sequence[int]:
    """The axes of an input whose sizes are not fixed by the network."""
    return range(x.dim() if x.dtype == torch.long else 1 if name == "final" else x.dim() - 1)


def compare(network: Seq2Seq, graphs: Graphs) -> float:
    """The largest difference between the log-probabilities of the best next tokens, at the sizes of `CHECKED`."""
    worst, vocabulary = 0.0, network.vocabulary
    for documents, beams, tokens in CHECKED:
        document = _document(network, documents, tokens)
        memory, state = graphs.encode(document.numpy())
        state = tuple(part.repeat(beams, axis=1) for part in state)
        rows = torch.arange(documents).repeat_interleave(beams)
        with torch.no_grad():
            expected = network.start(network.encode(document, document != vocabulary.pad, tokens)).select(rows)
        chosen = torch.full((documents, beams), vocabulary.bos)
        for _ in range(2):
            banned = torch.full((documents, beams, 1), vocabulary.pad)
            log_probs, ids, state = graphs.next_tokens(chosen.numpy(), banned.numpy(), memory, state)
            with torch.no_grad():
                every, expected = network.step(chosen.flatten(), expected)
            every[:, vocabulary.pad] = -torch.inf
            wanted = every.topk(2 * beams).values.view(documents, beams, -1)
            worst = max(worst, float((wanted - torch.from_numpy(log_probs)).abs().max()))
            chosen = torch.from_numpy(ids)[:, :, 0]
    return worst


def _document(network: Seq2Seq, documents: int, tokens: int) -> Tensor:
    """Documents of all kinds of ids [B, S]: random ones of the vocabulary, unknown words, and padding."""
    vocabulary = network.vocabulary
    generator = torch.Generator().manual_seed(0)
    document = torch.randint(0, vocabulary.size + tokens, (documents, tokens), generator=generator)
    document[document == vocabulary.pad] = vocabulary.unk
    for row in range(1, documents):
        document[row, max(1, tokens - 2 * row) :] = vocabulary.pad
    return document


def _write_texts(network: Seq2Seq, contents: dict[str, Any], folder: Path) -> None:
    """Writes tokenizer.json, in the format of the library tokenizers, and seq2seq.json."""
    tokenizer = dict(contents["tokenizer"])
    (folder / FILES[2]).write_text(tokenizer.pop("tokenizer"), encoding="utf-8")
    facts = {
        "format": FORMAT,
        "vocabulary": network.vocabulary._asdict(),
        "memory": memory_names(network),
        "state": state_names(network),
        "max_document_tokens": contents["max_document_tokens"],
        "search": contents["search"],
        "tokenizer": tokenizer,
    }
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (folder / FILES[3]).write_text(text, encoding="utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the notes of the exporter about parts that it does not need."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
