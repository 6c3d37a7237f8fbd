"""Figures about the support of predictions in their documents: names, numbers and copied spans."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import takewhile

import regex

from .words import normalized_words

_NUMBER = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)*")
_CAPITALISED = regex.compile(r"(?<![\p{L}\p{M}\p{N}])\p{Lu}[\p{L}\p{M}\p{N}]*")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*")


def number_precision(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of the numbers in predictions that also stand in the document, in percent; NaN without a number.

    A number is a run of digits with points or commas inside: 11, 1,250.5. Commas are ignored: 1,250 equals 1250. A word
    such as "two" is no number.
    """
    return _supported(documents, predictions, _numbers, _numbers)


def entity_precision(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of the capitalised words in predictions that also stand in the document, in percent; NaN without one.

    The document may have the word in lower case. Punctuation and hyphens separate words.
    """
    return _supported(documents, predictions, _entities, _lower_words)


def copied_span(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Mean length of the spans that predictions copy from their documents, in words; 0 without a span.

    From left to right, each span is the longest that the document contains (the extractive fragments of Grusky et al.
    2018, section 4.1). Words are split as for `novel_unigrams`.
    """
    lengths: list[int] = []
    for texts in zip(documents, predictions, strict=True):
        lengths += _span_lengths(*normalized_words("auto", texts))
    return sum(lengths) / max(len(lengths), 1)


def _supported(
    documents: Sequence[str],
    predictions: Sequence[str],
    found: Callable[[str], list[str]],
    known: Callable[[str], list[str]],
) -> float:
    """Share of the items `found` in predictions that are among those `known` from the document, in percent."""
    supported = total = 0
    for document, prediction in zip(documents, predictions, strict=True):
        if items := found(prediction):
            support = _support(known, document)
            supported += sum(item in support for item in items)
            total += len(items)
    return 100 * supported / total if total else math.nan


@lru_cache(maxsize=4)
def _support(known: Callable[[str], list[str]], document: str) -> frozenset[str]:
    """The items of a document. A caller that asks for one word of a prediction after the other gets them at once."""
    return frozenset(known(document))


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in _NUMBER.findall(text)]


def _entities(text: str) -> list[str]:
    return [word.casefold() for word in _CAPITALISED.findall(text)]


def _lower_words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _span_lengths(document: Sequence[str], prediction: Sequence[str]) -> list[int]:
    """The lengths of the copied spans of one prediction, from left to right."""
    places = defaultdict(list)
    for place, word in enumerate(document):
        places[word].append(place)
    lengths, start = [], 0
    while start < len(prediction):
        longest = max((_common(document, p, prediction, start) for p in places[prediction[start]]), default=0)
        if longest:
            lengths.append(longest)
        start += max(longest, 1)
    return lengths


def _common(document: Sequence[str], place: int, prediction: Sequence[str], start: int) -> int:
    """The number of equal words from `place` in the document and from `start` in the prediction on."""
    longest = min(len(document) - place, len(prediction) - start)
    return sum(1 for _ in takewhile(lambda i: document[place + i] == prediction[start + i], range(longest)))
