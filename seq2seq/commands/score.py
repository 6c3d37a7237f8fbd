"""`seq2seq score`: scores of predictions, with intervals, and tests of the differences between systems."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.scoring import Comparison, RougeOptions, Signature, compare, installed_versions
from seq2seq.scoring.report import latex, markdown, signature_lines, tables

from .arguments import (
    Parser,
    add_decoding_options,
    add_fields,
    add_reranking_options,
    check_positive,
    flag_of,
    given_fields,
    load_summarizer,
    replace_fields,
    reranking,
)
from .documents import add_format_options
from .scored_texts import COLUMNS, REFERENCE_COLUMNS, TextFile, system_names

TRIALS, SEED = 10_000, 1
PADDING = 2
"""Blanks between two columns of a table."""
SHORTEST_NAME = 6
"""Width that is left for a system's name in the narrowest terminal."""


def parser() -> Parser:
    p = Parser(
        prog="seq2seq score",
        usage="seq2seq score REFERENCES PREDICTIONS [MORE ...] [options]\n"
        "       seq2seq score PREDICTIONS [MORE ...] --references FILE [FILE ...] [options]\n"
        "       seq2seq score --model FILE [FILE ...] --input FILE [MORE ...] [options]",
        description="Score predictions with ROUGE and other figures, with 95 % intervals. Further predictions are "
        "compared with the first ones. Files are plain text with one text per line, or have any format of a corpus: "
        f"references stand in the column {', '.join(REFERENCE_COLUMNS[:-1])} or {REFERENCE_COLUMNS[-1]} (a text or a "
        "list of texts), predictions in prediction or hypotheses, documents in document. One file alone, such as "
        "predictions.jsonl of `seq2seq test`, holds both. - is standard input.",
    )
    p.add_argument("files", nargs="*", metavar="FILE", help="references, then the predictions of each system")
    p.add_argument(
        "--references",
        nargs="+",
        metavar="FILE",
        help="files of references, several for several references of each document; then each FILE holds predictions",
    )
    p.add_argument("--documents", metavar="FILE", help="documents (default: the documents in the file of references)")
    p.add_argument("--names", nargs="+", metavar="NAME", help="names of the systems (default: those of their files)")
    p.add_argument(
        "--format",
        default="text",
        choices=tuple(FORMATS),
        help="the form of the tables (default: text); json has all figures with all digits",
    )
    add_format_options(p)
    p.add_argument(
        "--reference-column", nargs="+", metavar="NAME", help="columns, or keys of JSON objects, with references"
    )
    p.add_argument("--prediction-column", metavar="NAME", help="column, or key of JSON objects, with predictions")
    rouge = p.add_argument_group("ROUGE", "Every setting stands in the signature below the scores.")
    add_fields(rouge, RougeOptions)
    rouge.add_argument(
        "--signature", metavar="TEXT", help="take the settings from a signature; options given beside it win"
    )
    p.add_argument("--bleu", action="store_true", help="also BLEU (needs the package sacrebleu)")
    p.add_argument("--chrf", action="store_true", help="also chrF (needs the package sacrebleu)")
    p.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help=f"trials of intervals and tests; 0: leave them out (default: {TRIALS:,})",
    )
    p.add_argument("--seed", type=int, metavar="N", help=f"seed of the trials (default: {SEED})")
    p.add_argument("--input", metavar="FILE", help="documents, and references, to be decoded with --model and scored")
    add_decoding_options(p, "--model")
    add_reranking_options(p)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq score`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    if args.checkpoint:
        args.files = [*args.files, *args.other_files]
    check_arguments(args)
    signature = settings(args)
    texts = ScoredTexts(args)
    if args.checkpoint:
        assert texts.documents is not None
        found = load_summarizer(args).stream(texts.documents)
        texts.systems[next(iter(texts.systems))] = [headlines[0].text for headlines in found]
    result = compare(
        texts.references,
        texts.systems,
        texts.documents,
        signature.options,
        translation=[name for name in ("bleu", "chrf") if getattr(args, name)],
        trials=signature.trials,
        seed=signature.seed,
    )
    for doubt in result.doubts:
        note(doubt)
    FORMATS[args.format](result)
    return 0


def check_arguments(args: argparse.Namespace) -> None:
    """Raises UserError for options that contradict each other, and for options without an effect."""
    check_positive(args, "threads")
    if args.trials is not None and args.trials < 0:
        raise UserError(f"--trials {args.trials}: give at least 0")
    if args.trials == 0 and args.seed is not None:
        raise UserError("--seed has no effect with --trials 0: leave it out")
    if args.checkpoint and not args.input:
        raise UserError("--model needs documents and references: give --input FILE")
    if not args.checkpoint:
        useless = ["input"] * bool(args.input) + list(given_fields(args, SearchOptions)) + list(reranking(args))
        if useless:
            raise UserError(f"{flag_of(useless[0])} has no effect without --model: leave it out, or give --model")
        if not args.files:
            cure = "give them before --references" if args.references else "`seq2seq score --help` shows how"
            raise UserError(f"there are no predictions to score: {cure}")


def settings(args: argparse.Namespace) -> Signature:
    """The settings of ROUGE and of the trials: defaults, replaced by --signature, replaced by the other options."""
    given = Signature.parse(args.signature) if args.signature else Signature()
    if given.versions and given.versions != installed_versions():
        note(f"the signature names other versions ({given.versions}) than those here ({installed_versions()})")
    chosen = given_fields(args, RougeOptions)
    return Signature(
        options=replace_fields("scoring", given.options, chosen, set(chosen)),
        trials=args.trials if args.trials is not None else given.trials or TRIALS,
        seed=args.seed if args.seed is not None else given.seed or SEED,
    )


class ScoredTexts:
    """References, documents and predictions of the command line; text n of each belongs to document n.

    Attributes:
        references: for each document, its references.
        documents: None if there are none.
        systems: the predictions by the name of the system. With a model, its place is the first, and is empty.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._files: dict[str, TextFile] = {}
        self._first, self.references = self._read_references()
        self.documents = self._read_documents()
        self.systems = self._read_systems()
        self._check_effects()
        replaced = sum(file.replaced for file in self._files.values())
        if replaced:
            note(f"{replaced} texts with bytes that are not text (replaced)")

    def _file(self, name: str, option: str = "FILE") -> TextFile:
        """A file, which is read once even if it is named twice."""
        if name not in self._files:
            self._files[name] = TextFile(name, self._args.input_format, option)
        return self._files[name]

    def _read_references(self) -> tuple[TextFile, list[list[str]]]:
        """The first file of references, and the references of all of them."""
        args = self._args
        if args.references:
            files = [self._file(name, "--references") for name in args.references]
        else:
            files = [self._file(args.input, "--input") if args.checkpoint else self._file(args.files[0])]
            if files[0].is_text and (args.checkpoint or len(args.files) == 1):
                raise UserError(
                    f"{files[0].path}: plain text has no columns, so it cannot hold references beside other texts: "
                    + ("give --references" if args.checkpoint else "give a file of references and one of predictions")
                )
        columns = [file.references(args.reference_column) for file in files]
        for file, column in zip(files, columns, strict=True):
            check_lengths(files[0].path, len(columns[0]), file.path, len(column))
        return files[0], [[text for group in row for text in group] for row in zip(*columns, strict=True)]

    def _read_documents(self) -> list[str] | None:
        args = self._args
        if args.documents:
            file = self._file(args.documents, "--documents")
        elif args.checkpoint:
            file = self._file(args.input, "--input")
        elif self._first.has(args.document_column):
            file = self._first
        else:
            return None
        documents = file.documents(args.document_column)
        check_lengths(self._first.path, len(self.references), file.path, len(documents))
        return documents

    def _read_systems(self) -> dict[str, list[str]]:
        args = self._args
        names = args.files if args.references or args.checkpoint or len(args.files) == 1 else args.files[1:]
        paths = [Path(name) for name in names]
        if args.checkpoint:
            paths.insert(0, user_path(args.checkpoint[0]) if len(args.checkpoint) == 1 else Path("ensemble"))
        labels = args.names or system_names(paths)
        if len(set(labels)) != len(paths):
            raise UserError(f"--names {' '.join(labels)}: give {len(paths)} different names, one for each system")
        found: dict[str, list[str]] = {labels[0]: []} if args.checkpoint else {}
        for label, name in zip(labels[len(found) :], names, strict=True):
            file = self._file(name)
            predictions = file.predictions(args.prediction_column)
            check_lengths(self._first.path, len(self.references), file.path, len(predictions))
            self._note_other_rows(file)
            found[label] = predictions
        return found

    def _check_effects(self) -> None:
        """Raises UserError for options that have no effect on these files."""
        args = self._args
        if args.several and all(len(group) == 1 for group in self.references):
            raise UserError(f"--several has no effect with one reference: {self._first.path}; leave it out")
        chosen = {"reference_column": args.reference_column, "prediction_column": args.prediction_column}
        chosen["document_column"] = args.document_column != COLUMNS.document
        for option, is_given in chosen.items():
            if is_given and all(file.is_text for file in self._files.values()):
                raise UserError(f"{flag_of(option)} has no effect on plain text; name the format with --input-format")

    def _note_other_rows(self, file: TextFile) -> None:
        """Reports a file of predictions whose own references or documents are not those that count."""
        if file is self._first:
            return
        others: dict[str, tuple[Sequence[object], Sequence[object]]] = {}
        if len(file.has(*REFERENCE_COLUMNS)) == 1:
            others["references"] = (file.references(), self.references)
        if self.documents and file.has(self._args.document_column):
            others["documents"] = (file.documents(self._args.document_column), self.documents)
        for kind, (own, used) in others.items():
            different = sum(a != b for a, b in zip(own, used, strict=True))
            if different:
                note(
                    f"{file.path}: {different} of {len(own)} {kind} differ from those of {self._first.path}, which"
                    " are used"
                )


def check_lengths(first: Path, expected: int, other: Path, count: int) -> None:
    """Raises UserError if two files have different numbers of texts."""
    if count != expected:
        raise UserError(
            f"{first} has {expected} texts and {other} has {count}: text n of one belongs to text n of the other, so"
            " both need the same number"
        )


def note(text: str) -> None:
    """Writes a remark to standard error."""
    print(f"seq2seq score: note: {text}", file=sys.stderr)


def print_text(comparison: Comparison) -> None:
    """Prints the tables for a terminal. Intervals go to a second line where the terminal is narrow."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from .console import new_console, plain

    console = new_console()
    for table in tables(comparison):
        drawn = Table(box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
        drawn.title, drawn.title_justify = plain(table.title, console), "left"
        columns = list(zip(table.header, *table.rows, strict=True))
        # A narrow table breaks the cells of numbers between words, and long names anywhere.
        widths = [max(len(word) for cell in cells for word in cell.split()) for cells in columns]
        room = console.width - sum(width + PADDING for width in widths[1:]) - 2 * PADDING
        for position, cells in enumerate(columns):
            if position == 0:
                drawn.add_column(plain(cells[0], console), overflow="fold", max_width=max(room, SHORTEST_NAME))
            else:
                justify: Any = "left" if position < table.names else "right"
                drawn.add_column(plain(cells[0], console), justify=justify, min_width=widths[position])
        for row in table.rows:
            drawn.add_row(*(plain(cell, console) for cell in row))
        console.print(drawn)
    for line in signature_lines(comparison):
        console.print(plain(line, console), soft_wrap=True)


FORMATS: dict[str, Callable[[Comparison], None]] = {
    "text": print_text,
    "json": lambda comparison: print(json.dumps(comparison.as_dict(), indent=2)),
    "markdown": lambda comparison: print(markdown(comparison)),
    "latex": lambda comparison: print(latex(comparison)),
}
