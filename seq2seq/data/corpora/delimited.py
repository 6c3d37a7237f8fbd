"""Readers of CSV and TSV files with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from .rows import Columns, Row, check_columns, text_lines

MAX_FIELD_CHARACTERS = 1 << 24
"""A longer field is a quote that is never closed. Without a limit, it would fill the memory with the whole file."""

Record = tuple[int, list[str]]
"""The number of a record's first line, and its fields."""


def read_csv(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a CSV file. Fields can be quoted as in RFC 4180; a stray quote is an error."""
    return _rows(path, columns, _quoted_records(path, columns, ","))


def read_tsv(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a TSV file: one row per line, with tabs between the fields. A quote is a character."""
    lines = text_lines(path, columns.strict)
    return _rows(path, columns, ((number, line.split("\t")) for number, line in lines if line))


def read_quoted_tsv(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a file with tabs between the fields and with the quotes of `read_csv`."""
    return _rows(path, columns, _quoted_records(path, columns, "\t"))


def _rows(path: Path, columns: Columns, records: Iterator[Record]) -> Iterator[Row]:
    """Yields the pairs of a table. Its first record is the header; an empty table has no rows."""
    header_line, header = next(records, (1, []))
    if not header:
        return
    for mark in ";\t," if len(header) == 1 else "":
        if columns.document in (names := header[0].split(mark)) and len(names) > 1:
            raise UserError(
                f"{path}:{header_line}: no column {columns.document!r} (there are: {header[0]}): {mark!r} separates the"
                " fields, but .csv needs commas and .tsv needs tabs: save the file again with them"
            )
    check_columns(columns, header, f"{path}:{header_line}")
    document, summary = (header.index(name) if name in header else None for name in (columns.document, columns.summary))
    for line, fields in records:
        if len(fields) != len(header):
            raise UserError(
                f"{path}:{line}: {len(fields)} fields, but the header has {len(header)}: mend the line"
                + _quotes_cure(fields)
            )
        texts = [None if position is None else fields[position] for position in (document, summary)]
        row = Row(line, texts[0], texts[1])
        yield row if columns.strict else row._replace(fields=dict(zip(header, fields, strict=True)))


def _quotes_cure(fields: list[str]) -> str:
    quoted = any(field.startswith('"') for field in fields)
    return ", or set data.corpus.format to quoted.tsv if its quotes enclose fields" if quoted else ""


def _quoted_records(path: Path, columns: Columns, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    lines = (f"{line}\n" for _, line in text_lines(path, columns.strict))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    first = 1
    try:
        for fields in reader:
            if fields:
                yield first, fields
            first = reader.line_num + 1
    except csv.Error as error:
        if reader.line_num > first:
            error = csv.Error(f"{error} (the row goes on to line {reader.line_num}: is its first quote never closed?)")
        raise UserError(
            f"{path}:{first}: {error}: quote a field that holds quotes, and double them inside; or use .jsonl"
        ) from None
