"""Loading of a split: the right reader for every file, checked values, an Arrow copy in the cache.

The result has exactly the string columns `document` and `summary` and is memory-mapped, so that millions of pairs need
no more memory than thousands. Files are read once, line by line, by our own readers: they name the line of an error,
and they never guess types (`datasets` turns texts that look like dates into timestamps).
"""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError, did_you_mean
from ...files import user_path
from ..splits import SPLITS, Split
from .aligned_text import read_aligned_text
from .labelled import rows_as_text
from .options import CorpusOptions
from .readers import READERS, find_reader, reader_identity
from .rows import Columns, Reader, Row, check_text

if TYPE_CHECKING:
    import datasets

FORMAT = "corpus-3"
"""Part of every fingerprint. Change it when this module changes the cached data set."""


def load_split(
    options: CorpusOptions, split: Split, *, labelled: bool = True, labels: bool = False
) -> datasets.Dataset:
    """Returns one split with the string columns `document` and `summary`, memory-mapped and cached.

    The fingerprint covers path, size and modification time of each file, the reader and the column names. Empty texts
    are legal. Raises UserError for a split without a source, and for a wrong file, line or column.

    Args:
        labelled: False if the summaries are not needed: missing ones are null.
        labels: True if the summaries are labels; see `labelled.as_text`.
    """
    # Here, because `datasets` takes a second to import, and `decode` reads documents without it.
    from ..arrow_cache import cached_dataset, fingerprint_of
    from .hub import load_hub_split
    from .tables import SCHEMA, text_tables

    key, source = f"data.corpus.{split}", getattr(options, split)
    columns = Columns(options.document_column, options.summary_column, labelled=labelled, labels=labels)
    if options.name is not None:
        files_given = [name for name in SPLITS if getattr(options, name) is not None]
        if files_given:
            raise UserError(
                f"data.corpus.name and data.corpus.{files_given[0]} are both set: give a name or files, not both"
            )
        name = str(user_path(options.name)) if options.name.startswith("~") else options.name
        return load_hub_split(name, options.config, options.revision, split, columns, SCHEMA)
    if source is None:
        raise UserError(
            f"no {split} data: set {key} to a file, or data.corpus.name to a Hub data set, for example in a config"
        )
    if isinstance(source, dict):
        paths = [existing_file(user_path(source[side]), key) for side in ("document", "summary")]
        identities = [reader_identity(read_aligned_text)]
        pairs = checked_pairs(read_aligned_text(*paths), paths[0], paths[1])
    else:
        patterns = source if isinstance(source, list) else [source]
        paths = [path for pattern in patterns for path in _matching_files(pattern, key)]
        readers = [_corpus_reader(path, options.format, key) for path in paths]
        identities = [reader_identity(reader) for reader in readers]
        pairs = _pairs_of_files(paths, readers, columns)
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    # The copy is the same whether summaries are needed or not, so that `predict` can use that of `test`.
    names = options.document_column, options.summary_column
    fingerprint = fingerprint_of(FORMAT, stats, identities, *names, *(["labels"] if labels else []))
    dataset = cached_dataset(fingerprint, SCHEMA, text_tables(pairs, f"Reading {split}"))
    if labelled and dataset.data.column("summary").null_count:
        deque(pairs, maxlen=0)  # reads the files again, up to the error that names the place
    if len(dataset) == 0:
        raise UserError(f"{key}: there are no pairs in {', '.join(map(str, paths))}")
    return dataset


def _matching_files(pattern: str, key: str) -> list[Path]:
    """Returns the files of a path or glob pattern, sorted by name."""
    path = user_path(pattern)
    if path.is_dir():
        if (path / "dataset_dict.json").is_file():
            raise UserError(
                f"{key}: {path} is a data set with all its splits: name it as data.corpus.name, without files"
            )
        if (path / "state.json").is_file():
            return [existing_file(file, key) for file in sorted(path.glob("*.arrow"))]
        raise UserError(f"{key}: {path} is a folder: name a file in it, or a pattern such as {path}/*.jsonl")
    if path.exists() or not glob.has_magic(pattern):
        return [existing_file(path, key)]
    found = sorted(glob.glob(str(path), recursive=True))
    if not found:
        raise UserError(f"{key}: no file matches {pattern}")
    return [existing_file(Path(name), key) for name in found]


def existing_file(path: Path, key: str) -> Path:
    """Returns `path`. Raises UserError, naming the option `key`, if there is no such file; it names a similar one."""
    if path.is_dir():
        raise UserError(f"{key}: {path} is a folder: name a file in it")
    if not path.exists():
        hint = did_you_mean(path.name, os.listdir(path.parent) if path.parent.is_dir() else [])
        if not hint and not path.is_absolute():
            hint = "relative paths start at the working directory"
        raise UserError(f"{key}: no such file: {path}" + (f" ({hint})" if hint else ""))
    return path


def _corpus_reader(path: Path, form: str, key: str) -> Reader:
    reader = find_reader(path, form)
    if reader is None:
        raise UserError(
            f"{key}: cannot tell the format of {path}: the name must end in {', '.join(READERS)};"
            " set data.corpus.format for other names; line-aligned text files are given as"
            " {document: FILE, summary: FILE}"
        )
    return reader


def _pairs_of_files(paths: list[Path], readers: list[Reader], columns: Columns) -> Iterator[tuple[str, str | None]]:
    for path, reader in zip(paths, readers, strict=True):
        rows = rows_as_text(reader(path, columns), path) if columns.labels else reader(path, columns)
        yield from checked_pairs(rows, path, path, columns.labelled)


def checked_pairs(
    rows: Iterable[Row], document_file: Path, summary_file: Path, labelled: bool = True
) -> Iterator[tuple[str, str | None]]:
    """Yields (document, summary). Raises UserError, naming file and line, at the first value that is not text.

    Args:
        labelled: False to accept None as a summary.
    """
    for line, document, summary, _ in rows:
        checked = ((document_file, document), (summary_file, summary))
        for path, value in checked if labelled or summary is not None else checked[:1]:
            if not (isinstance(value, str) and value.isascii() and "\0" not in value):
                check_text(value, f"{path}:{line}", "a document and a summary must be strings, one")
        yield document, summary
