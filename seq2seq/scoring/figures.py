"""Figures about a split's predictions besides ROUGE. `FIGURES` holds one function for each.

A figure that another module adds to `FIGURES` is logged, written to metrics.json, and accepted as a monitor:

    FIGURES["question_marks"] = lambda documents, predictions: sum("?" in text for text in predictions)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

Figure = Callable[[Sequence[str], Sequence[str]], float]
"""documents, predictions (equally many, in the same order, maybe none) -> the figure."""


def unk_share(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predictions that contain `<unk>`, in percent."""
    return 100 * sum("<unk>" in prediction.split() for prediction in predictions) / max(len(predictions), 1)


def mean_length(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Mean number of words (separated by blanks) in a prediction."""
    return sum(len(prediction.split()) for prediction in predictions) / max(len(predictions), 1)


def repeated_bigrams(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of bigrams that occurred earlier in the same prediction, in percent of all bigrams."""
    bigrams = [list(pairwise(prediction.split())) for prediction in predictions]
    return 100 * sum(len(b) - len(set(b)) for b in bigrams) / max(sum(map(len, bigrams)), 1)


def novel_unigrams(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predicted words that are not in the document, in percent. Words are normalised as for ROUGE."""
    novel = total = 0
    for document, prediction in zip(documents, predictions, strict=True):
        known, words = set(_rouge_words(document)), _rouge_words(prediction)
        novel += sum(word not in known for word in words)
        total += len(words)
    return 100 * novel / max(total, 1)


def empty(documents: Sequence[str], predictions: Sequence[str]) -> float:
    """Number of predictions without a word."""
    return sum(not prediction.split() for prediction in predictions)


FIGURES: dict[str, Figure] = {
    "unk_share": unk_share,
    "mean_length": mean_length,
    "repeated_bigrams": repeated_bigrams,
    "novel_unigrams": novel_unigrams,
    "empty": empty,
}


def describe(documents: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """All figures of a split's predictions, by name."""
    return {name: figure(documents, predictions) for name, figure in FIGURES.items()}


def _rouge_words(text: str) -> list[str]:
    """Lower-case words of letters and digits, as the rouge-score package splits them (before stemming)."""
    return re.findall(r"[a-z0-9]+", text.lower())
