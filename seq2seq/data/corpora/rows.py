"""Types and helpers for readers of corpus files."""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from ...errors import UserError

BUFFER_BYTES = 1 << 20
STANDARD_INPUT = Path("-")
"""The path by which `text_lines` reads standard input."""
BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"

_NOT_UTF8_TEXT = {
    rb"PAR1[\0-\x1f]": "a Parquet file, not lines of text: set data.corpus.format to parquet",
    rb"PK\x03\x04": "a zip archive or an Office document, not lines of text: unpack or export it first",
    rb"BZh[1-9]1AY&SY|\xfd7zXZ\0|\x28\xb5\x2f\xfd": "compressed, but not with gzip: unpack it first",
    rb"%PDF-": "a PDF file, not lines of text: extract its text first",
    rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff": "UTF-16 or UTF-32, not UTF-8: convert it, for example with"
    " `iconv -f UTF-16 -t UTF-8`",
}
"""First bytes of common files that are not UTF-8 text, as regular expressions, and what to do about each."""


class Columns(NamedTuple):
    """The names of the two columns in the file, and what else the caller asks for.

    Args:
        document: the column with the documents. "translation.de" is the field "de" of the column "translation".
        summary: the column with the summaries.
        strict: True for a corpus: both columns must exist, and bytes that are not UTF-8 are an error. False for
            documents: a row without a summary has None, each row has all its `fields`, and bytes that are not UTF-8
            become lone surrogates (as with Python's "surrogateescape").
        labelled: False for a corpus whose summaries may be missing: a row without one has None.
        labels: True if the summaries are labels: lists and numbers are legal values (see `labelled.as_text`).
        optional: True for scores: neither column must exist, and a row without a document has None. Not with `strict`.
    """

    document: str
    summary: str
    strict: bool = True
    labelled: bool = True
    labels: bool = False
    optional: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that must exist."""
        if self.optional:
            return ()
        return (self.document, self.summary) if self.strict and self.labelled else (self.document,)

    @property
    def nested(self) -> bool:
        """Whether a name may mean a field of a column."""
        return "." in self.document or "." in self.summary


class Row(NamedTuple):
    """One pair. The caller of a reader checks that the values are strings.

    Args:
        line: from 1, for error messages.
        document: the document.
        summary: the summary; None if the file has none.
        fields: all fields of the row by name, unless the columns are `strict`.
    """

    line: int
    document: Any
    summary: Any = None
    fields: Mapping[str, Any] = {}


Reader = Callable[[Path, Columns], Iterator[Row]]
"""Yields the pairs of a file in order, in constant memory. Raises UserError, naming file and line, on bad input."""


def text_lines(path: Path, strict: bool = True) -> Iterator[tuple[int, str]]:
    r"""Yields (line number from 1, line without its end) of UTF-8 text, plain or compressed with gzip.

    Only "\n" and "\r\n" end a line, because texts can contain U+2028 or \x0b. A byte order mark is no text. Raises
    UserError if the file cannot be opened, is damaged, or is evidently not text.

    Args:
        path: a file; `STANDARD_INPUT` is standard input.
        strict: a NUL byte or bytes that are not UTF-8 are an error. Otherwise they are kept: see `Columns`.
    """
    errors = "strict" if strict else "surrogateescape"
    number = 0
    try:
        with _opened(path) as stream:
            _check_start(path, stream)
            for number, raw in enumerate(stream, start=1):
                if number == 1:
                    raw = raw.removeprefix(BOM)
                try:
                    line = raw.decode("utf-8", errors)
                except UnicodeDecodeError as error:
                    raise UserError(
                        f"{path}:{number}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not"
                        " valid UTF-8: save the file as UTF-8"
                    ) from None
                if "\0" in line and (strict or (number == 1 and "\0" in line[:4])):
                    raise UserError(
                        f"{path}:{number}: NUL byte: the file is damaged or not text (UTF-16?); save it as UTF-8"
                    )
                yield number, line.removesuffix("\n").removesuffix("\r")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: damaged or truncated gzip file (after line {number}): {error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file or of standard input. They are decompressed if they begin as gzip, or for a name in .gz."""
    file: Any
    if path == STANDARD_INPUT:
        file = sys.stdin.buffer
    else:
        try:
            file = open(path, "rb", buffering=BUFFER_BYTES)  # noqa: SIM115 (closed below)
        except OSError as error:
            raise UserError(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        compressed = path.name.lower().endswith(".gz") or file.peek(2).startswith(GZIP)
        # GzipFile without a buffer reads lines slowly.
        yield io.BufferedReader(cast(Any, gzip.GzipFile(fileobj=file)), BUFFER_BYTES) if compressed else file
    finally:
        if path != STANDARD_INPUT:
            file.close()


def _check_start(path: Path, stream: io.BufferedReader) -> None:
    start = stream.peek(16)[:16]
    for pattern, problem in _NOT_UTF8_TEXT.items():
        if re.match(pattern, start):
            raise UserError(f"{path}: {problem}")


def check_columns(columns: Columns, existing: Iterable[str], where: str) -> None:
    """Raises UserError if a required column is not among the names `existing`, or is there twice."""
    existing = list(existing)
    for side, name in zip(("document", "summary"), columns.required, strict=False):
        if existing.count(name) != 1:
            names = ", ".join(map(str, existing)) or "none"
            problem = f"no column {name!r}" if name not in existing else f"two columns {name!r}"
            raise UserError(f"{where}: {problem} (there are: {names}): set data.corpus.{side}_column")


def with_inner_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row, and those of each field that is an object: "translation.de". The row's own names win."""
    inner = {
        f"{name}.{key}": value
        for name, field in fields.items()
        if isinstance(field, Mapping)
        for key, value in field.items()
    }
    return {**fields, **inner, **fields}


def check_text(value: object, where: str, rule: str) -> None:
    """Raises UserError, with the `rule`, if a value is not a text of Unicode characters without NUL."""
    if not isinstance(value, str):
        kind = "null" if value is None else f"of type {type(value).__name__}"
        raise UserError(f"{where}: {rule} here is {kind}")
    if "\0" in value:
        raise UserError(f"{where}: NUL byte in the text: the file is damaged or not text; remove it")
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{where}: half a surrogate pair ({value[error.start]!r}) is no character") from None
