"""The registry of readers, by suffix of the file name."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import UserError
from .delimited import read_csv, read_tsv
from .jsonl import read_jsonl
from .parquet import read_parquet
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
    ".parquet": read_parquet,
}


def reader_for(path: Path, key: str) -> Reader:
    """Returns the reader with the longest suffix of the file name, in upper or lower case.

    Raises UserError, naming the config key and the known suffixes, if no suffix fits.
    """
    suffixes = [suffix for suffix in READERS if path.name.lower().endswith(suffix)]
    if not suffixes:
        raise UserError(
            f"{key}: cannot tell the format of {path}: the name must end in {', '.join(READERS)};"
            " line-aligned text files are given as {document: FILE, summary: FILE}"
        )
    return READERS[max(suffixes, key=len)]


def reader_identity(reader: Callable[..., Iterator[Row]]) -> tuple[str, str]:
    """Returns the name of a reader and a hash of its source file ("" if there is no source file).

    The cached copy of a corpus depends on both: after a change of the reader, the files are read again.
    """
    try:
        source = hashlib.sha256(Path(inspect.getfile(reader)).read_bytes()).hexdigest()
    except (TypeError, OSError):
        source = ""
    return f"{reader.__module__}.{getattr(reader, '__qualname__', type(reader).__qualname__)}", source
