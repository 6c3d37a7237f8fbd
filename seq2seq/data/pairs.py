"""Pairs of texts that a Python program has: a list, a data frame, a data set, or files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import UserError
from ..files import atomic_writer
from .corpora import CorpusOptions, check_columns, check_text, load_split
from .corpora.rows import Columns, with_inner_fields


class Table(Protocol):
    """A `pandas.DataFrame`, a `datasets.Dataset`, or another table whose columns are chosen by their names."""

    def __getitem__(self, name: str, /) -> Any: ...

    def __len__(self) -> int: ...


Pairs = Iterable[Sequence[str] | Mapping[str, str]] | Table | str | os.PathLike[str]
"""(document, headline) pairs in any of their forms."""
RULE = "a document and a headline must be texts, one"


def is_source(pairs: Any) -> bool:
    """Whether these are files of a corpus, as `data.corpus.train` of a config names them."""
    if isinstance(pairs, Mapping):
        return set(pairs) == {"document", "summary"} and all(map(_is_path, pairs.values()))
    return _is_path(pairs) or (isinstance(pairs, (list, tuple)) and bool(pairs) and all(map(_is_path, pairs)))


def read_pairs(
    pairs: Pairs, name: str, document_column: str = "document", summary_column: str = "summary"
) -> tuple[list[str], list[str]]:
    """The documents and the headlines of some pairs.

    Args:
        name: of the pairs, for errors.
        document_column, summary_column: names in dictionaries, tables and files.

    Raises UserError, with the position from 0, for a pair that is no pair of texts.
    """
    given: Any = pairs
    if is_source(given):
        options = CorpusOptions(train=given, document_column=document_column, summary_column=summary_column)
        split = load_split(options, "train")
        return list(split["document"]), list(split["summary"])
    columns = Columns(document_column, summary_column)
    if hasattr(given, "columns") or isinstance(getattr(given, "column_names", None), list):
        found = _table_columns(given, name, columns)
    else:
        _check_is_list(given, name)
        rows = [_pair(pair, f"{name}[{position}]", columns) for position, pair in enumerate(given)]
        found = [document for document, _ in rows], [summary for _, summary in rows]
    if not found[0]:
        raise UserError(f"{name}: there are no pairs; give at least one (document, headline)")
    documents, summaries = found
    for position, both in enumerate(zip(documents, summaries, strict=True)):
        for text in both:
            check_text(text, f"{name}[{position}]", RULE)
    return documents, summaries


def write_pairs(documents: Sequence[str], summaries: Sequence[str], names: tuple[str, str], file: Path) -> None:
    """Writes pairs as JSON Lines with two keys. A file with the same content stays as it is."""
    rows = (dict(zip(names, pair, strict=True)) for pair in zip(documents, summaries, strict=True))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        with atomic_writer(file) as stream:
            stream.write(text)


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def _table_columns(table: Any, name: str, columns: Columns) -> tuple[list[Any], list[Any]]:
    names = getattr(table, "column_names", None)
    if columns.nested and names is not None and hasattr(table, "flatten"):
        table = table.flatten(max_depth=2)  # a column "translation.de" for the field "de" of "translation"
        names = table.column_names
    check_columns(columns, map(str, table.columns if names is None else names), name)
    return list(table[columns.document]), list(table[columns.summary])


def _check_is_list(pairs: Any, name: str) -> None:
    kind = type(pairs).__name__
    if isinstance(pairs, Mapping):
        raise UserError(
            f"{name}: a {kind}, not a list of pairs; give one split of it, or a list of (document, headline)"
        )
    if isinstance(pairs, (set, frozenset)):
        raise UserError(f"{name}: a {kind} has no order; give a list")
    if isinstance(pairs, bytes) or not isinstance(pairs, Iterable):
        raise UserError(f"{name}: {kind} is no list of pairs; give a list of (document, headline)")


def _pair(pair: Any, where: str, columns: Columns) -> tuple[Any, Any]:
    if isinstance(pair, Mapping):
        fields = with_inner_fields(pair)
        check_columns(columns, fields, where)
        return fields[columns.document], fields[columns.summary]
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        return pair[0], pair[1]
    raise UserError(f"{where} is no (document, headline) pair, nor a dictionary with both; give one of them")
