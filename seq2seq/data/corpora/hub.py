"""Loader of data sets on the Hugging Face Hub, or of folders that `datasets` can load."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import UserError, first_line
from ..arrow_cache import CACHE_CURE
from .labelled import dataset_as_text
from .parquet import check_arrow_columns
from .rows import Columns, check_columns

CANNOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR)


def load_hub_split(
    name: str, config: str | None, revision: str | None, split: str, columns: Columns, schema: pa.Schema
) -> datasets.Dataset:
    """Returns a split of a Hub data set with its two columns renamed and cast to `schema`.

    Without a column of summaries, all summaries are null if `columns` allow it. Raises UserError if the data set
    cannot be loaded, a required column is missing or not text, or a value of it is null.
    """
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()  # bars make a log file unreadable
    saved = (Path(name) / "dataset_dict.json").is_file()  # by DatasetDict.save_to_disk
    if saved and (config or revision):
        raise UserError(f"data.corpus.config and revision have no effect with {name}, a data set saved to disk")
    try:
        if saved:
            dataset = datasets.DatasetDict.load_from_disk(name)[split]
        else:
            dataset = datasets.load_dataset(name, config, split=split, revision=revision)
    except Exception as error:  # `datasets` raises many types, from KeyError to the errors of its HTTP library
        raise UserError(
            f"data.corpus.name: cannot load {split} of {name}: {first_line(error)}: {_cure(error)}"
        ) from error
    if columns.nested:
        dataset = dataset.flatten(max_depth=2)  # a column "translation.de" for the field "de" of "translation"
    where = f"{name} ({split})"
    if columns.labels:
        check_columns(columns, dataset.column_names, where)
        present = [column for column in (columns.document, columns.summary) if column in dataset.column_names]
        dataset = dataset_as_text(dataset.select_columns(present), present, where)
    check_arrow_columns(dataset.data.schema, columns, where)
    for column in columns.required:
        _check_values(dataset, column, where)
    if len(dataset) == 0:
        raise UserError(f"data.corpus.name: there are no pairs in {split} of {name}")
    if columns.summary not in dataset.column_names:
        dataset = dataset.add_column(columns.summary, pa.nulls(len(dataset), pa.string()))
    names = [columns.document, columns.summary]
    dataset = dataset.select_columns(names)
    if names != schema.names:
        dataset = dataset.rename_columns(dict(zip(names, schema.names, strict=True)))
    features = datasets.Features.from_arrow_schema(schema)
    return dataset if dataset.features == features else dataset.cast(features)


def _cure(error: Exception) -> str:
    if "script" in str(error):
        return "set data.corpus.revision=refs/convert/parquet, or name a copy in Parquet"
    if isinstance(error, OSError) and error.errno in CANNOT_WRITE:
        return CACHE_CURE
    if isinstance(error, ConnectionError) or "offline" in str(error).lower():
        return "download it once with a connection (HF_HUB_OFFLINE unset), or give files as data.corpus.train"
    return "check data.corpus.name, data.corpus.config and data.corpus.revision"


def _check_values(dataset: datasets.Dataset, column: str, where: str) -> None:
    """Raises UserError at the first null or NUL byte. Only one chunk is in memory at a time."""
    first_row = 1
    for chunk in dataset.data.column(column).chunks:
        bad = pc.or_kleene(pc.is_null(chunk), pc.match_substring(chunk.cast(pa.large_string()), "\0"))
        index = pc.index(bad, True).as_py()
        if index >= 0:
            value = "null" if not chunk[index].is_valid else "text with a NUL byte"
            raise UserError(
                f"{where}: row {first_row + index} of column {column} is {value}: leave it out of the data set"
            )
        first_row += len(chunk)
