"""The registry of readers, by suffix of the file name."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

from ...options import check_choice
from .delimited import read_csv, read_quoted_tsv, read_tsv
from .jsonl import read_jsonl
from .parquet import read_arrow, read_parquet
from .rows import Reader, Row

READERS: dict[str, Reader] = {
    ".jsonl": read_jsonl,
    ".jsonl.gz": read_jsonl,
    ".json": read_jsonl,
    ".json.gz": read_jsonl,
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".tsv": read_tsv,
    ".tsv.gz": read_tsv,
    ".quoted.tsv": read_quoted_tsv,
    ".quoted.tsv.gz": read_quoted_tsv,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
}


def formats() -> list[str]:
    """Returns the names of the registered formats: their suffixes without the first dot and without `.gz`."""
    return list(dict.fromkeys(suffix.removesuffix(".gz").removeprefix(".") for suffix in READERS))


def find_reader(path: Path, form: str = "auto") -> Reader | None:
    """Returns the reader of the format `form`, or, with "auto", the reader of the longest suffix of the file name.

    Suffixes count in upper or lower case. Returns None if no suffix fits. Raises UserError if there is no such format.
    """
    if form != "auto":
        check_choice("data.corpus.format", form, dict.fromkeys(["auto", *formats()]))
        return READERS.get(f".{form}") or READERS[f".{form}.gz"]
    suffixes = [suffix for suffix in READERS if path.name.lower().endswith(suffix)]
    return READERS[max(suffixes, key=len)] if suffixes else None


def reader_identity(reader: Callable[..., Iterator[Row]]) -> tuple[str, str]:
    """Returns the name of a reader and a hash of its source file ("" if there is no source file).

    The cached copy of a corpus depends on both: after a change of the reader, the files are read again.
    """
    try:
        source = hashlib.sha256(Path(inspect.getfile(reader)).read_bytes()).hexdigest()
    except (TypeError, OSError):
        source = ""
    return f"{reader.__module__}.{getattr(reader, '__qualname__', type(reader).__qualname__)}", source
