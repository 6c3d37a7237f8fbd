"""The `data.corpus` section of a config."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import UserError
from ...options import When, check_effects, check_limits, limited
from ..splits import SPLITS

Source = str | list[str | Path] | dict[str, str | Path] | Path | None
"""The files of a split. Path stands last, because jsonargparse would save a list as the text of a path."""


def _has_no_columns(options: CorpusOptions) -> bool:
    """Whether all sources are pairs of text files."""
    given = [source for source in (getattr(options, split) for split in SPLITS) if source is not None]
    return options.name is None and bool(given) and all(isinstance(source, dict) for source in given)


_WITHOUT_NAME = When("name", lambda options: options.name is None)
_WITH_NAME = When("name", lambda options: options.name is not None)
_WITHOUT_COLUMNS = When("train", _has_no_columns)


@dataclass(frozen=True)
class CorpusOptions:
    """The source of the text pairs: your own files, or a data set on the Hugging Face Hub.

    Args:
        train: A .jsonl, .json (one object per line), .csv, .tsv or .parquet file; all but the last also as .gz. Or a
            glob pattern for several files ("part-*.jsonl.gz"), or a list of files and patterns. Or two line-aligned
            text files: {document: FILE, summary: FILE}.
        validation: The same, for validation.
        test: The same, for test.
        format: The format of all files: auto (by the end of the name), jsonl, json, csv, tsv (without quotes),
            quoted.tsv (with quotes as in CSV), parquet, or the suffix of a registered reader without its dot.
        name: A data set on the Hugging Face Hub (or a folder that `datasets` can load or has saved to disk), instead
            of files.
        config: The configuration of the Hub data set, if it has several.
        revision: The branch, tag or commit of the Hub data set, for example refs/convert/parquet.
        document_column: The column with the documents. A dot names a field of a column: translation.de.
        summary_column: The column with the summaries, or with the labels of another task.
        supported: Leaves out a training pair if its summary has such words and its document, as far as it is read,
            lacks them (Matsumaru et al. 2020): nothing (all pairs stay), numbers or entities, as for the search.
    """

    train: Source = None
    validation: Source = None
    test: Source = None
    format: str = limited("auto", unused=[_WITH_NAME, _WITHOUT_COLUMNS])
    name: str | None = None
    config: str | None = limited(None, unused=[_WITHOUT_NAME])
    revision: str | None = limited(None, unused=[_WITHOUT_NAME])
    document_column: str = limited("document", unused=[_WITHOUT_COLUMNS])
    summary_column: str = limited("summary", unused=[_WITHOUT_COLUMNS])
    supported: Literal["nothing", "numbers", "entities"] = "nothing"

    def __post_init__(self) -> None:
        for split in SPLITS:
            object.__setattr__(self, split, _plain_source(getattr(self, split), f"data.corpus.{split}"))
        check_limits(self, "data.corpus")
        check_effects(self, "data.corpus")


def _plain_source(value: object, key: str) -> str | list[str] | dict[str, str] | None:
    """The files of a split as plain text, so that options of equal meaning are equal. Raises UserError."""
    if value is None:
        return None
    if isinstance(value, dict):
        if set(value) != {"document", "summary"}:
            raise UserError(f"{key} has the keys {sorted(map(str, value))}: give {{document: FILE, summary: FILE}}")
        return {side: _file(file, f"{key}.{side}") for side, file in value.items()}
    if isinstance(value, (list, tuple)):
        if not value:
            raise UserError(f"{key}: the list is empty: name at least one file")
        return [_file(file, f"{key}[{position}]") for position, file in enumerate(value)]
    return _file(value, key)


def _file(value: object, key: str) -> str:
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        raise UserError(f"{key}: {value!r} is no file: give its path as text")
    return path
