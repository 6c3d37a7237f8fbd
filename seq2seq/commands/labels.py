"""The part of `seq2seq decode` for checkpoints of a labelling task: labels for documents, or for their tokens."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seq2seq.decoding import SearchOptions
from seq2seq.entities import entities
from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.shipped import checkpoint_path

from .arguments import flag_of, given_fields, prepare_cpu, reranking
from .outputs import RecordLine

if TYPE_CHECKING:  # it imports torch, which takes seconds
    from seq2seq.labelling import Label, TextLabeller


def is_labeller(args: argparse.Namespace) -> bool:
    """Whether the checkpoint of the command line is one of a labelling task. Its errors are left to its loading."""
    if not args.checkpoint:
        return False
    folder = user_path(args.checkpoint[0])
    try:
        file = folder / "best.ckpt" if folder.is_dir() else checkpoint_path(args.checkpoint[0])
        from seq2seq.checkpoint import SUMMARIZATION, task_of_file

        return task_of_file(file) != SUMMARIZATION
    except UserError:
        return False


def load_labeller(args: argparse.Namespace) -> TextLabeller:
    """Loads the checkpoint of the command line. Raises UserError for an option that has no effect on labels."""
    given = [flag_of(name) for name in [*given_fields(args, SearchOptions), *reranking(args)]]
    if args.precision != "float32":
        given.append("--precision")
    if given:
        raise UserError(f"{given[0]} has no effect on a checkpoint of a labelling task; leave it out")
    if len(args.checkpoint) > 1:
        raise UserError("--checkpoint: checkpoints of a labelling task make no ensemble; name one")
    from seq2seq.labelling import TextLabeller

    prepare_cpu(args)
    return TextLabeller.from_checkpoint(args.checkpoint[0], args.device)


def render_labels(
    fields: Mapping[str, Any],
    found: list[Label],
    *,
    form: str,
    line: RecordLine,
    column: str,
    task: str,
    document_column: str,
) -> str:
    """The output for one document.

    Text: the label in one line; or each token with a tab and its label, and an empty line after the last token. A
    record, written by `line`: the fields of the input with the label and its probability, or with the tokens, their
    labels and the entities. In CSV, tokens and labels have spaces between them, as in a corpus.
    """
    names = [label.name for label in found]
    if task == "annotation":
        tokens = fields[document_column].split()
        if form == "text":
            return "".join(f"{token}\t{name}\n" for token, name in zip(tokens, names, strict=True)) + "\n"
        spans = [
            {"text": " ".join(tokens[start:end]), "type": kind, "start": start, "end": end}
            for kind, start, end in entities(names)
        ]
        lists = {"tokens": tokens, column: names}
        result: dict[str, Any] = {name: " ".join(items) if form == "csv" else items for name, items in lists.items()}
        result["entities"] = spans
    elif form == "text":
        return "".join(names) + "\n"
    else:
        result = {column: "".join(names), "score": round(found[0].probability, 4) if found else None}
    return line({**fields, **result})
