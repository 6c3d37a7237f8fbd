"""The documents of `decode` and `show`: a corpus file of any format, or plain text with one document per line."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seq2seq.data.corpora import (
    STANDARD_INPUT,
    Columns,
    Reader,
    Row,
    as_text,
    check_text,
    existing_file,
    find_reader,
    formats,
    text_lines,
)
from seq2seq.errors import UserError
from seq2seq.files import user_path

NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def add_input_options(parser: argparse.ArgumentParser, **settings: Any) -> None:
    """Adds the options that `Documents` reads. `settings`: further ones of --input."""
    parser.add_argument(
        "--input",
        metavar="FILE",
        help="documents: plain text with one document per line, or a corpus file such as .jsonl, .csv, .tsv, .parquet "
        "or .jsonl.gz; - is standard input",
        **settings,
    )
    add_format_options(parser)


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that tell how files of documents are read."""
    add_input_format(parser)
    parser.add_argument(
        "--document-column",
        default="document",
        metavar="NAME",
        help="column, or key of the JSON objects, with the documents (default: document)",
    )


def add_input_format(parser: argparse.ArgumentParser) -> None:
    """Adds the option that tells the format of files."""
    parser.add_argument(
        "--input-format",
        default="auto",
        choices=("auto", "text", *formats()),
        help="auto (default): by the end of the name, and text for other names and standard input; quoted.tsv is .tsv "
        "with quotes as in CSV",
    )


class Documents:
    """The rows of the input, each with a document that is text.

    Bytes that are not UTF-8, NUL and lone surrogates in a document are replaced by U+FFFD.

    Attributes:
        accepts_lists: whether a document can be a list of tokens, which stands for the tokens with spaces between them.
        count: number of rows so far.
        replaced: number of documents so far in which something was replaced.
    """

    def __init__(self, args: argparse.Namespace, summary_column: str = "summary") -> None:
        self.path = STANDARD_INPUT if args.input == "-" else existing_file(user_path(args.input), "--input")
        self.columns = Columns(args.document_column, summary_column, strict=False)
        self.read = reader_of(self.path, args.input_format)
        if self.read in TEXT_READERS and args.document_column != "document":
            raise UserError("--document-column has no effect on plain text; name the format with --input-format")
        self.accepts_lists = False
        self.count = self.replaced = 0

    def __iter__(self) -> Iterator[Row]:
        """Raises UserError at the first row without a document, or if the file cannot be read in this format."""
        with errors_name_options():
            for row in self.read(self.path, self.columns):
                if self.accepts_lists and isinstance(row.document, list):
                    row = row._replace(document=as_text(row.document, f"{self.path}:{row.line}"))
                if not isinstance(row.document, str):
                    check_text(row.document, f"{self.path}:{row.line}", "a document must be a string, the one")
                self.count += 1
                document = replace_no_text(row.document)
                self.replaced += document != row.document
                yield row._replace(document=document)


def replace_no_text(text: str) -> str:
    """Replaces NUL and lone surrogates (which also stand for bytes that are not UTF-8) by U+FFFD."""
    return NOT_TEXT.sub("�", text)


def reader_of(path: Path, form: str) -> Reader:
    """The reader of a file of the format `form`: auto, text, or a registered format."""
    if form == "text":
        return read_text
    return find_reader(path, form) or read_unnamed_text


def read_text(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields each line as a document. A blank line is an empty document."""
    for number, line in text_lines(path, columns.strict):
        yield Row(number, line)


def read_unnamed_text(path: Path, columns: Columns) -> Iterator[Row]:
    """The same, for input whose name tells no format. Raises UserError if it evidently has another format."""
    begun = False
    for row in read_text(path, columns):
        if not begun and row.document.strip():
            begun = True
            form = _evident_format(row.document, columns.document)
            if form:
                raise UserError(
                    f"{path}:{row.line}: looks like {form}, but the name tells no format: give --input-format {form},"
                    " or --input-format text if each line is a document as it stands"
                )
        yield row


TEXT_READERS = (read_text, read_unnamed_text)
"""Readers of plain text: without columns, each line is a text."""


def _evident_format(line: str, column: str) -> str | None:
    """The format of a file with this first line: JSON, or a table with a header that names the column."""
    for delimiter, form in ((",", "csv"), ("\t", "tsv")):
        names = [name.strip('"') for name in line.split(delimiter)]
        if len(names) > 1 and column in names:
            return form
    if line.strip() in ("{", "["):
        return "jsonl"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    objects = value if isinstance(value, list) else [value]
    return "jsonl" if any(isinstance(part, dict) for part in objects) else None


@contextmanager
def errors_name_options() -> Iterator[None]:
    """Errors of the block name options of the command line instead of keys of the config."""
    try:
        yield
    except UserError as error:
        message = re.sub(r"set data\.corpus\.(document|summary)_column", r"give --\1-column", str(error))
        raise UserError(message.replace("set data.corpus.format to", "give --input-format")) from None
