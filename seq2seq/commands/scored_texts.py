"""The references, predictions and documents of `score`: text with one on each line, or a corpus file of any format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seq2seq.data.corpora import STANDARD_INPUT, Columns, Row, check_text, existing_file
from seq2seq.errors import UserError
from seq2seq.files import user_path

from .documents import TEXT_READERS, errors_name_options, reader_of, replace_no_text

REFERENCE_COLUMNS = ("summary", "reference", "summaries", "references")
"""The columns that can hold references. A value is a text or a list of texts."""
PREDICTION_COLUMNS = ("prediction", "hypotheses")
"""The columns that can hold predictions, the first one first. The first of several hypotheses counts."""
COLUMNS = Columns("document", "summary", strict=False, optional=True)
SUFFIXES = re.compile(r"(\.(jsonl?|csv|tsv|parquet|txt|ckpt|gz))+$", re.IGNORECASE)


class TextFile:
    """All rows of a file. The rows of `predict`'s unfinished parts are put in order by their key `row`.

    Bytes that are not UTF-8, NUL and lone surrogates are replaced by U+FFFD.

    Attributes:
        replaced: number of texts so far in which something was replaced.
    """

    def __init__(self, name: str, form: str, option: str) -> None:
        """Reads the file `name` ("-" is standard input). Raises UserError, naming the `option`, if it cannot."""
        self.path = STANDARD_INPUT if name == "-" else existing_file(user_path(name), option)
        self.replaced = 0
        with errors_name_options():
            read = reader_of(self.path, form)
            self.is_text = read in TEXT_READERS
            self.rows = [_with_fields(row) for row in read(self.path, COLUMNS)]
        if not self.rows:
            raise UserError(f"{self.path}: there are no texts; give a file with at least one")
        if not self.is_text and "row" in self.rows[0].fields:
            self.rows = self._in_order()

    def has(self, *columns: str) -> list[str]:
        """Those of the columns that the first row has."""
        return [] if self.is_text else [column for column in columns if column in self.rows[0].fields]

    def references(self, chosen: Sequence[str] | None = None) -> list[list[str]]:
        """The references of each row: the lines of a text, or the texts of the columns `chosen`."""
        if self.is_text:
            return [[self._text(row.document, row)] for row in self.rows]
        columns = chosen or self.has(*REFERENCE_COLUMNS)
        if not columns:
            raise UserError(
                f"{self.path}: no column with references ({self._columns()}); give --reference-column, or rename it to"
                " summary or reference"
            )
        if not chosen and len(columns) > 1:
            raise UserError(f"{self.path}: references in {' and '.join(columns)}; give --reference-column to choose")
        return [
            [self._text(text, row, column) for column in columns for text in self._list(row, column)]
            for row in self.rows
        ]

    def predictions(self, chosen: str | None = None) -> list[str]:
        """The prediction of each row: the lines of a text, or the texts of the column `chosen`."""
        if self.is_text:
            return [self._text(row.document, row) for row in self.rows]
        columns = [chosen] if chosen else self.has(*PREDICTION_COLUMNS)
        if not columns:
            raise UserError(
                f"{self.path}: no column with predictions ({self._columns()}); give --prediction-column, or rename it"
                " to prediction"
            )
        return [self._first(row, columns[0]) for row in self.rows]

    def documents(self, column: str) -> list[str]:
        """The document of each row: the lines of a text, or the texts of the column."""
        if self.is_text:
            return [self._text(row.document, row) for row in self.rows]
        return [self._text(self._value(row, column), row, column) for row in self.rows]

    def _in_order(self) -> list[Row]:
        positions = [row.fields.get("row") for row in self.rows]
        try:
            by_position = dict(zip(map(int, positions), self.rows, strict=True))  # type: ignore[arg-type]
            return [by_position[position] for position in range(len(self.rows))]
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"{self.path}: the column row must number all rows from 0, once each; give the whole file, or remove"
                " the column"
            ) from None

    def _value(self, row: Row, column: str) -> Any:
        if column not in row.fields:
            raise UserError(f"{self._where(row)}: no column {column!r} ({self._columns(row)}); every row needs it")
        return row.fields[column]

    def _list(self, row: Row, column: str) -> list[Any]:
        """The items of a list, or the value alone."""
        value = self._value(row, column)
        if value == []:
            raise UserError(f"{self._where(row)}: {column} is an empty list; give at least one text")
        return value if isinstance(value, list) else [value]

    def _first(self, row: Row, column: str) -> str:
        value = self._list(row, column)[0]
        return self._text(value.get("text") if isinstance(value, dict) else value, row, column)

    def _text(self, value: Any, row: Row, column: str = "the line") -> str:
        if not isinstance(value, str):
            check_text(value, self._where(row), f"{column} must be a text, the one")
        text = replace_no_text(value)
        self.replaced += text != value
        return text

    def _where(self, row: Row) -> str:
        return f"{self.path}:{row.line}"

    def _columns(self, row: Row | None = None) -> str:
        return "there are: " + (", ".join((row or self.rows[0]).fields) or "none")


def _with_fields(row: Row) -> Row:
    """The row with its fields also from a reader that gives only documents and summaries."""
    if row.fields or row.summary is None:
        return row
    return row._replace(fields={COLUMNS.document: row.document, COLUMNS.summary: row.summary})


def system_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each file: without suffixes, and with its folder where two files have the same name.

    Raises UserError if one file is named twice.
    """
    short = [SUFFIXES.sub("", path.name) for path in paths]
    longer = [f"{path.resolve().parent.name}/{name}" for path, name in zip(paths, short, strict=True)]
    whole = [str(path) for path in paths]
    for names in (short, longer, whole):
        if len(set(names)) == len(names):
            return names
    twice = next(name for name in whole if whole.count(name) > 1)
    raise UserError(f"{twice}: given twice as predictions; give it once, or give --names")
