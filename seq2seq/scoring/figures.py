"""Figures about a split's predictions besides ROUGE. `FIGURES` holds one function for each.

A figure that another module adds to `FIGURES` is logged, written to metrics.json, and accepted as a monitor:

    FIGURES["question_marks"] = lambda documents, predictions: sum("?" in text for text in predictions)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from .factual import copied_span, entity_precision, number_precision
from .words import normalized_words, written_words

Figure = Callable[[Sequence[str], Sequence[str]], float]
"""documents, predictions (equally many, in the same order, maybe none) -> the figure; NaN if it is not defined."""


def unk_share(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predictions that contain `<unk>`, in percent."""
    return 100 * sum("<unk>" in prediction for prediction in predictions) / max(len(predictions), 1)


def mean_length(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Mean number of written words in a prediction."""
    return sum(len(written_words(prediction)) for prediction in predictions) / max(len(predictions), 1)


def repeated_bigrams(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of bigrams of written words that occurred earlier in the same prediction, in percent of all bigrams."""
    bigrams = [list(pairwise(written_words(prediction))) for prediction in predictions]
    return 100 * sum(len(b) - len(set(b)) for b in bigrams) / max(sum(map(len, bigrams)), 1)


def novel_unigrams(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predicted words that are not in the document, in percent. Words are split as for ROUGE, not stemmed.

    Unicode words are compared where the document or the prediction has a letter outside ASCII.
    """
    return _novel(documents, predictions, list)


def novel_bigrams(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predicted bigrams that are not in the document, in percent. Words are split as for `novel_unigrams`."""
    return _novel(documents, predictions, lambda words: list(pairwise(words)))


def _novel(documents: Sequence[str], predictions: Sequence[str], ngrams: Callable[[list[str]], list[Any]]) -> float:
    novel = total = 0
    for texts in zip(documents, predictions, strict=True):
        document, prediction = map(ngrams, normalized_words("auto", texts))
        known = set(document)
        novel += sum(ngram not in known for ngram in prediction)
        total += len(prediction)
    return 100 * novel / max(total, 1)


def empty(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Number of predictions without a word."""
    return sum(not prediction.split() for prediction in predictions)


FIGURES: dict[str, Figure] = {
    "unk_share": unk_share,
    "mean_length": mean_length,
    "repeated_bigrams": repeated_bigrams,
    "novel_unigrams": novel_unigrams,
    "novel_bigrams": novel_bigrams,
    "copied_span": copied_span,
    "entity_precision": entity_precision,
    "number_precision": number_precision,
    "empty": empty,
}
WITHOUT_DOCUMENTS = ("unk_share", "mean_length", "repeated_bigrams", "empty")
"""The figures that read the predictions alone."""


def describe(documents: Sequence[str] | None, predictions: Sequence[str]) -> dict[str, float]:
    """All figures of a split's predictions, by name. Without documents (None): those of `WITHOUT_DOCUMENTS`."""
    if documents is None:
        return {name: FIGURES[name]((), predictions) for name in WITHOUT_DOCUMENTS}
    return {name: figure(documents, predictions) for name, figure in FIGURES.items()}
