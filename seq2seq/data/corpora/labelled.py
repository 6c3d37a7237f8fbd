"""Values of labelled corpora as text: a document may be a list of tokens, and a label a number or a list of labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from .rows import Row

if TYPE_CHECKING:
    import datasets


def as_text(value: Any, where: str, names: Sequence[str] = ()) -> Any:
    """The text of a value: tokens or labels of a list with spaces between them, a number as its digits.

    Args:
        where: the place of the value, for errors.
        names: the names of the classes 0, 1, ...; a number is such a class if they are given, and a number below 0 is
            a missing label (None).

    Other values are returned as they are. Raises UserError for a token that is empty, holds a space or is no text.
    """
    if isinstance(value, (list, tuple)):
        tokens = [as_text(item, where, names) for item in value]
        for position, token in enumerate(tokens, start=1):
            if not isinstance(token, str) or token.split() != [token]:
                raise UserError(
                    f"{where}: item {position} of the list is {value[position - 1]!r}; each must be a text without "
                    "spaces, and not empty"
                )
        return " ".join(tokens)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        if not names:
            return str(value)
        return names[value] if 0 <= value < len(names) else None
    return value


def rows_as_text(rows: Iterable[Row], file: Path) -> Iterator[Row]:
    """The rows of a file with their values as text."""
    for row in rows:
        where = f"{file}:{row.line}"
        yield row._replace(document=as_text(row.document, where), summary=as_text(row.summary, where))


def dataset_as_text(dataset: datasets.Dataset, columns: Sequence[str], where: str) -> datasets.Dataset:
    """A Hub data set whose `columns` hold text. The numbers of a ClassLabel become their names."""
    import datasets

    def texts(batch: dict[str, list[Any]], indices: list[int]) -> dict[str, list[Any]]:
        return {
            column: [
                as_text(value, f"{where}: row {index + 1} of column {column}", names)
                for index, value in zip(indices, batch[column], strict=True)
            ]
            for column, names in class_names.items()
        }

    features = dataset.features.copy()
    class_names = {}
    for column in columns:
        feature = features[column]
        if getattr(feature, "dtype", None) not in ("string", "large_string"):
            inner = getattr(feature, "feature", feature)  # of a list of classes
            class_names[column] = list(getattr(inner, "names", []))
            features[column] = datasets.Value("string")
    if not class_names:
        return dataset
    return dataset.map(texts, batched=True, with_indices=True, features=features, desc=f"Reading labels of {where}")
