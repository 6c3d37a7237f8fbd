"""The output of `decode` and `vote`: plain text, JSON Lines or CSV, in a file or on standard output."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

from seq2seq.errors import UserError
from seq2seq.files import is_same_file

ESCAPED = "backslashreplace"  # writes a lone surrogate in another field of the input as JSON's own escape
FORMATS = {".txt": "text", ".jsonl": "jsonl", ".json": "jsonl", ".csv": "csv"}
"""The output format that a suffix stands for, also with .gz."""
NOT_WRITTEN = (".tsv", ".parquet", ".arrow", ".xlsx")
"""Suffixes of other tables, which plain text must not have by accident."""

RecordLine = Callable[[Mapping[str, Any]], str]
"""From a record, which is the output for one document, to its lines."""


def output_format(file: Path | None) -> str:
    """The format that the name of the output stands for. Raises UserError if no command writes that format."""
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix if file else ""
    if suffix in NOT_WRITTEN:
        raise UserError(
            f"--output {file}: {suffix} is not written: choose a name in .txt (plain text), .jsonl (JSON Lines) or .csv"
        )
    return FORMATS.get(suffix, "text")


def record_line(form: str) -> RecordLine:
    """The writer of records of a format, for one output."""
    return CsvLines() if form == "csv" else json_line


def json_line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, default=str) + "\n"  # str: dates and such of Parquet


class CsvLines:
    """Records as CSV with a header: the names of the first record. Lists and objects are written as JSON."""

    def __init__(self) -> None:
        self._header: list[str] = []
        self._records = 0

    def __call__(self, record: Mapping[str, Any]) -> str:
        """Raises UserError for a record with a name that the first one lacks. A missing value is an empty field."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        self._records += 1
        if not self._header:
            self._header = list(record)
            writer.writerow(self._header)
        unknown = [name for name in record if name not in self._header]
        if unknown:
            raise UserError(
                f"document {self._records} has a field {unknown[0]!r}, which the first document lacks, so CSV has no "
                "column for it: choose an --output in .jsonl"
            )
        writer.writerow(_cell(record.get(name)) for name in self._header)
        return lines.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict | bool) else value


def check_output(file: Path | None, source: Path) -> None:
    """Raises UserError if the output cannot be written, or is the input."""
    if file is None:
        return
    if not file.parent.is_dir():
        raise UserError(f"{file.parent}: no such folder for --output; make it first")
    if file.is_dir():
        raise UserError(f"--output {file}: that is a folder; name a file in it")
    if is_same_file(file, source):
        raise UserError(f"--output {file}: that is the input; give another name")
    written = file if file.exists() else file.parent
    if not os.access(written, os.W_OK):
        raise UserError(f"--output {file}: no permission to write {written}; choose another place")


def open_output(file: Path | None) -> Any:
    """Opens the output as UTF-8 with "\\n" as line end. Standard output is not closed at the end of the block."""
    text: dict[str, Any] = {"encoding": "utf-8", "errors": ESCAPED, "newline": "\n"}
    if file is None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(**text)
        return nullcontext(sys.stdout)
    if file.name.lower().endswith(".gz"):
        return io.TextIOWrapper(cast(Any, gzip.open(file, "wb")), **text)
    return open(file, "w", **text)


class Interrupted(Exception):
    """Ctrl-C or SIGTERM has ended a block of `interruptible`; `signal` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}")
        self.signal = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Turns Ctrl-C and SIGTERM in the block into `Interrupted`, so that files are closed with everything written."""

    def stop(number: int, frame: Any) -> None:
        raise Interrupted(number)

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
