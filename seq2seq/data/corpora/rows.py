"""Types and helpers for readers of corpus files."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from ...errors import UserError

BUFFER_BYTES = 1 << 20


class Columns(NamedTuple):
    """The names of the two columns in the file."""

    document: str
    summary: str


class Row(NamedTuple):
    """One pair. `line` counts from 1, for error messages. `load_split` checks that the values are strings."""

    line: int
    document: Any
    summary: Any


Reader = Callable[[Path, Columns], Iterator[Row]]
"""Yields the pairs of a file in order, in constant memory. Raises UserError, naming file and line, on bad input."""


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Yields (line number from 1, line without its end) of a UTF-8 file, plain or .gz.

    Only "\n" and "\r\n" end a line, because texts can contain U+2028 or \x0b. Raises UserError if the file cannot be
    opened, is damaged, is not UTF-8 or contains a NUL byte.
    """
    with _open(path) as stream:
        number = 0
        try:
            for number, raw in enumerate(stream, start=1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")  # the byte order mark
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UserError(
                        f"{path}:{number}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not"
                        " valid UTF-8: save the file as UTF-8"
                    ) from None
                if "\0" in line:
                    raise UserError(
                        f"{path}:{number}: NUL byte: the file is damaged or not text (UTF-16?); save it as UTF-8"
                    )
                yield number, line.removesuffix("\n").removesuffix("\r")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(f"{path}: damaged or truncated gzip file (after line {number}): {error}") from None


def _open(path: Path) -> BinaryIO:
    try:
        if path.name.lower().endswith(".gz"):
            return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(path), BUFFER_BYTES))
        return open(path, "rb", buffering=BUFFER_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot be opened: {error.strerror}") from None


def missing_column(where: str, existing: Iterable[str], columns: Columns) -> UserError:
    """Returns the error for the first of the two columns that is not in `existing`."""
    existing = list(existing)
    side, name = ("summary", columns.summary) if columns.document in existing else ("document", columns.document)
    names = ", ".join(map(str, existing)) or "none"
    return UserError(f"{where}: no column {name!r} (there are: {names}): set data.corpus.{side}_column")


def check_arrow_columns(schema: pa.Schema, columns: Columns, where: str) -> None:
    """Raises UserError if a column is missing from an Arrow schema or is not a column of strings."""
    if not set(columns) <= set(schema.names):
        raise missing_column(where, schema.names, columns)
    for column in columns:
        kind = schema.field(column).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise UserError(f"{where}: column {column} holds {kind}, not text: name a column of strings")


def first_line(error: Exception) -> str:
    """Returns the first line of an error's text, or its type if it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
