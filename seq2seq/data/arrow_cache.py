"""Data sets as Arrow files in the user's cache folder: written once under a fingerprint, then memory-mapped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import pyarrow as pa
from datasets.table import MemoryMappedTable
from filelock import FileLock

from ..errors import UserError
from ..files import atomic_writer

CACHE_CURE = "set HF_HOME to a folder with room that can be written"


def cache_folder(name: str) -> Path:
    """Returns a folder in the cache of `datasets` (HF_DATASETS_CACHE), made if it is missing."""
    folder = Path(datasets.config.HF_DATASETS_CACHE) / name
    with cache_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def cache_errors(folder: Path) -> Iterator[None]:
    """Turns an OSError about the cache folder into a UserError with the cure. Errors of other files pass."""
    try:
        yield
    except OSError as error:
        paths = sorted([str(folder), str(error.filename or folder)])
        if not paths[1].startswith(paths[0]):  # neither in the folder nor one of its parents
            raise
        reason = error.strerror or str(error)
        raise UserError(f"{folder}: the cache cannot be written ({reason}); {CACHE_CURE}") from error


def cached_dataset(fingerprint: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> datasets.Dataset:
    """Returns the memory-mapped data set with this fingerprint; on the first call it is written from `tables`.

    Only one process writes; the others wait. An error leaves no file.
    """
    path = cache_folder("seq2seq") / f"{fingerprint}.arrow"
    if not path.exists():
        with cache_errors(path.parent), FileLock(f"{path}.lock"):
            if not path.exists():
                with atomic_writer(path, binary=True) as file, pa.ipc.new_stream(file, schema) as writer:
                    for table in tables:
                        writer.write_table(table)
    return datasets.Dataset(MemoryMappedTable.from_file(str(path)), fingerprint=fingerprint)


def fingerprint_of(*parts: object) -> str:
    """Returns a hash of plain values: 32 hexadecimal digits, the same in every process."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
