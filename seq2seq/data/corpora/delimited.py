"""Readers of CSV and TSV files with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from .rows import Columns, Row, missing_column, text_lines


def read_csv(path: Path, columns: Columns, delimiter: str = ",") -> Iterator[Row]:
    """Yields the pairs of a CSV file. Fields can be quoted as in RFC 4180; a stray quote is an error."""
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader((f"{line}\n" for _, line in text_lines(path)), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        if header and not set(columns) <= set(header):
            raise missing_column(f"{path}:1", header, columns)
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(header):
                raise UserError(f"{path}:{reader.line_num}: {len(fields)} fields, but the header has {len(header)}")
            yield Row(reader.line_num, *(fields[header.index(column)] for column in columns))
    except csv.Error as error:
        raise UserError(
            f"{path}:{reader.line_num}: {error}: quote a field that holds quotes, and double them inside; or use .jsonl"
        ) from None


def read_tsv(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a file with tabs between the fields, otherwise like `read_csv`."""
    return read_csv(path, columns, delimiter="\t")
