"""Documents for a model: checked, read ahead in chunks, and sorted into batches of similar length."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from math import isnan
from numbers import Real
from typing import Any, TypeVar

from ..errors import UserError

MISSING = ("NAType", "NaTType")
"""The types of missing values of pandas, which is not imported here."""
Result = TypeVar("Result")


def checked_documents(documents: Iterable[str]) -> Iterator[str]:
    """The documents as plain strings. Raises UserError at once for something that is no list of texts, and later, with
    the position from 0, at the first document that is no text."""
    problem = _no_list(documents)
    if problem:
        raise UserError(f"documents: {problem}")
    return map(_checked_text, count(), documents)


def _no_list(documents: Any) -> str | None:
    """The fault and the cure, if this is not an ordered collection of documents."""
    kind = type(documents).__name__
    if isinstance(documents, str):
        return "one text, not a list of texts; give [text]"
    if isinstance(documents, bytes):
        return "bytes, not a list of texts; give [text.decode()]"
    if isinstance(documents, os.PathLike):
        return "a path, not a list of texts; read the file first"
    if isinstance(documents, Mapping) or hasattr(documents, "columns") or hasattr(documents, "column_names"):
        return f'a {kind}, not a list of texts; give one column of it, for example documents["document"]'
    if isinstance(documents, (set, frozenset)):
        return f"a {kind} has no order; give a list"
    if not isinstance(documents, Iterable) or getattr(documents, "ndim", 1) != 1:
        return f"{kind} is not a list of texts; give a list of strings"
    return None


def _checked_text(position: int, document: Any) -> str:
    """The document as a string. Raises UserError, naming its position, if it is no text."""
    if isinstance(document, str):
        try:
            if not document.isascii():
                document.encode()
            return str(document)
        except UnicodeEncodeError as error:
            half = document[error.start]
            fault = f"holds half a surrogate pair ({half!r})"
            cure = 'replace it, for example with text.encode("utf-8", "replace").decode()'
    elif document is None or type(document).__name__ in MISSING or (isinstance(document, Real) and isnan(document)):
        fault, cure = f"is {document}", 'leave it out, or give ""'
    elif isinstance(document, bytes):
        fault, cure = "is bytes", "give text.decode()"
    else:
        fault, cure = f"is of type {type(document).__name__}, not a text", "give a list of strings"
    raise UserError(f"documents[{position}] {fault}; {cure}")


def in_chunks(
    documents: Iterator[str], size: int, read_ahead: int, work: Callable[[list[str]], list[Result]]
) -> Iterator[Result]:
    """Yields the results of `work`, which gets the documents in chunks.

    An error of `documents` is raised after the results of the documents before it.

    Args:
        size, read_ahead: documents of a chunk, and characters after which reading ahead stops.
    """
    failure: Exception | None = None
    while failure is None:
        texts: list[str] = []
        try:
            texts.extend(_read_chunk(documents, size, read_ahead))
        except Exception as error:  # raised below, after the results of the documents before it
            failure = error
        if not texts and failure is None:
            return
        yield from work(texts)
    raise failure


def _read_chunk(documents: Iterator[str], size: int, read_ahead: int) -> Iterator[str]:
    """The next `size` documents; fewer if they have more than `read_ahead` characters, but at least one."""
    characters = 0
    for document in islice(documents, size):
        yield document
        characters += len(document)
        if characters > read_ahead:
            return


def length_batches(lengths: Sequence[int], batch_tokens: int, batch_size: int | None = None) -> Iterator[list[int]]:
    """Yields the positions of documents of similar length, the longest first. Empty documents are left out.

    Args:
        lengths: tokens of each document.
        batch_tokens: greatest number of tokens of a batch, padding included; one document may have more.
        batch_size: greatest number of documents of a batch.
    """
    order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: lengths[i], reverse=True)
    while order:
        fitting = max(1, batch_tokens // lengths[order[0]])
        size = min(fitting, batch_size or fitting)
        batch, order = order[:size], order[size:]
        yield batch
