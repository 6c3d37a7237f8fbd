"""Loading of a split: the right reader for every file, checked values, an Arrow copy in the cache.

The result has exactly the string columns `document` and `summary` and is memory-mapped, so that millions of pairs need
no more memory than thousands. Files are read once, line by line, by our own readers: they name the line of an error,
and they never guess types (`datasets` turns texts that look like dates into timestamps).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import datasets
import pyarrow as pa

from ...errors import UserError, did_you_mean
from ...files import user_path
from ...progress import Progress
from ..arrow_cache import cached_dataset, fingerprint_of
from ..splits import SPLITS, Split
from .aligned_text import read_aligned_text
from .hub import load_hub_split
from .options import CorpusOptions
from .readers import reader_for, reader_identity
from .rows import Columns, Reader, Row

SCHEMA = pa.schema({"document": pa.string(), "summary": pa.string()})
FORMAT = "corpus-2"
"""Part of every fingerprint. Change it when this module changes the cached data set."""


def load_split(options: CorpusOptions, split: Split) -> datasets.Dataset:
    """Returns one split with the string columns `document` and `summary`, memory-mapped and cached.

    The fingerprint covers path, size and modification time of each file, the reader and the column names. Empty texts
    are legal. Raises UserError for a split without a source, and for a wrong file, line or column.
    """
    key, source = f"data.corpus.{split}", getattr(options, split)
    columns = Columns(options.document_column, options.summary_column)
    if options.name is not None:
        files_given = [name for name in SPLITS if getattr(options, name) is not None]
        if files_given:
            raise UserError(
                f"data.corpus.name and data.corpus.{files_given[0]} are both set: give a name or files, not both"
            )
        return load_hub_split(options.name, options.config, options.revision, split, columns, SCHEMA)
    if source is None:
        raise UserError(f"no {split} data: set {key} to a file, or data.corpus.name to a Hub data set")
    if isinstance(source, str):
        paths = _matching_files(source, key)
        readers = [reader_for(path, key) for path in paths]
        identities = [reader_identity(reader) for reader in readers]
        pairs = _pairs_of_files(paths, readers, columns)
    else:
        if set(source) != {"document", "summary"}:
            raise UserError(f"{key} has the keys {sorted(source)}: give {{document: FILE, summary: FILE}}")
        paths = [_existing_file(user_path(source[side]), key) for side in ("document", "summary")]
        identities = [reader_identity(read_aligned_text)]
        pairs = checked_pairs(read_aligned_text(*paths), *paths)
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    fingerprint = fingerprint_of(FORMAT, stats, identities, columns)
    dataset = cached_dataset(fingerprint, SCHEMA, text_tables(pairs, f"Reading {split}"))
    if len(dataset) == 0:
        raise UserError(f"{key}: there are no pairs in {source if isinstance(source, str) else paths[0]}")
    return dataset


def _matching_files(pattern: str, key: str) -> list[Path]:
    """Returns the files of a path or glob pattern, sorted by name."""
    path = user_path(pattern)
    if path.exists() or not glob.has_magic(pattern):
        return [_existing_file(path, key)]
    found = sorted(glob.glob(str(path), recursive=True))
    if not found:
        raise UserError(f"{key}: no file matches {pattern}")
    return [_existing_file(Path(name), key) for name in found]


def _existing_file(path: Path, key: str) -> Path:
    if path.is_dir():
        raise UserError(f"{key}: {path} is a folder: name a file in it, or a pattern such as {path}/*.jsonl")
    if not path.exists():
        hint = did_you_mean(path.name, os.listdir(path.parent) if path.parent.is_dir() else [])
        raise UserError(f"{key}: no such file: {path}" + (f" ({hint})" if hint else ""))
    return path


def _pairs_of_files(paths: list[Path], readers: list[Reader], columns: Columns) -> Iterator[tuple[str, str]]:
    for path, reader in zip(paths, readers, strict=True):
        yield from checked_pairs(reader(path, columns), path, path)


def checked_pairs(rows: Iterable[Row], document_file: Path, summary_file: Path) -> Iterator[tuple[str, str]]:
    """Yields (document, summary). Raises UserError, naming file and line, at the first value that is not text."""
    for line, document, summary in rows:
        for path, value in ((document_file, document), (summary_file, summary)):
            if not isinstance(value, str):
                kind = "null" if value is None else f"of type {type(value).__name__}"
                raise UserError(f"{path}:{line}: a document and a summary must be strings, one here is {kind}")
            if "\0" in value:
                raise UserError(f"{path}:{line}: NUL byte in the text: the file is damaged or not text; remove it")
            try:
                value.isascii() or value.encode()
            except UnicodeEncodeError as error:
                raise UserError(
                    f"{path}:{line}: half a surrogate pair ({value[error.start]!r}) is no character"
                ) from None
        yield document, summary


def text_tables(
    pairs: Iterable[tuple[str, str]], label: str, max_rows: int = 10_000, max_characters: int = 16 << 20
) -> Iterator[pa.Table]:
    """Yields the pairs as tables of at most `max_rows` rows.

    A table also ends at the row that reaches `max_characters`, because documents can be long.
    """
    documents: list[str] = []
    summaries: list[str] = []
    characters = 0
    with Progress(label) as progress:
        for document, summary in pairs:
            documents.append(document)
            summaries.append(summary)
            characters += len(document) + len(summary)
            if len(documents) >= max_rows or characters >= max_characters:
                progress.update(len(documents))
                yield pa.table([documents, summaries], schema=SCHEMA)
                documents, summaries, characters = [], [], 0
        if documents:
            progress.update(len(documents))
            yield pa.table([documents, summaries], schema=SCHEMA)
