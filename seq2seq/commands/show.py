"""`seq2seq show`: prints documents, references and a checkpoint's headlines side by side."""

from __future__ import annotations

import argparse

from seq2seq.data.corpora import Row, check_columns, check_text
from seq2seq.errors import UserError

from .arguments import (
    DEFAULT_MODEL,
    Parser,
    add_decoding_options,
    add_reranking_options,
    check_positive,
    load_summarizer,
)
from .documents import Documents, add_input_options, errors_name_options, replace_no_text


def parser() -> Parser:
    p = Parser(
        prog="seq2seq show",
        description="Decode some documents and print document, reference and headlines side by side.",
    )
    add_input_options(p, required=True)
    p.add_argument(
        "--summary-column",
        metavar="NAME",
        help="column, or key of the JSON objects, with the references (default: summary, if there is one)",
    )
    p.add_argument(
        "--count", type=int, default=10, metavar="N", help="number of documents, evenly from the file (default 10)"
    )
    add_decoding_options(p, default=DEFAULT_MODEL)
    add_reranking_options(p)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq show`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    check_positive(args, "count", "threads")
    from rich.table import Table

    from .console import new_console, plain

    pairs = read_pairs(args)
    found = load_summarizer(args).stream([document for document, _ in pairs])
    console = new_console()
    table = Table("document", "reference", "headline", show_lines=True)
    for pair, headlines in zip(pairs, found, strict=True):
        cells = *pair, "\n".join(headline.text for headline in headlines)
        table.add_row(*(plain(cell, console) for cell in cells))
    console.print(table)
    return 0


def read_pairs(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Reads `--count` documents, evenly spread over the input, and their references ("" if there is none)."""
    source = Documents(args, args.summary_column or "summary")
    pairs = [(row.document, _reference(row, source, required=args.summary_column is not None)) for row in source]
    if not pairs:
        raise UserError(f"{source.path}: there are no documents; give a file with at least one")
    count = min(args.count, len(pairs))
    return [pairs[i * len(pairs) // count] for i in range(count)]


def _reference(row: Row, source: Documents, required: bool) -> str:
    where = f"{source.path}:{row.line}"
    if row.summary is None:
        if required and source.columns.summary not in row.fields:
            with errors_name_options():
                check_columns(source.columns._replace(strict=True), row.fields, where)
        return ""
    if not isinstance(row.summary, str):
        check_text(row.summary, where, "a summary must be a string, the one")
    return replace_no_text(row.summary)
