"""Scores of labels: accuracy, macro-F1, and F1 of entities. Pure functions of strings; all figures are in percent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..entities import entities


def f1_by_label(references: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """The F1 of each label that stands in one of the lists, in alphabetical order."""
    right = Counter(r for r, p in zip(references, predictions, strict=True) if r == p)
    expected, given = Counter(references), Counter(predictions)
    return {label: 200 * right[label] / (expected[label] + given[label]) for label in sorted({*expected, *given})}


def classification_scores(references: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Accuracy and macro-F1, the mean of the F1 of all labels, of one label for each document."""
    by_label = f1_by_label(references, predictions)
    right = sum(r == p for r, p in zip(references, predictions, strict=True))
    return {
        "accuracy": 100 * right / max(len(references), 1),
        "macro_f1": sum(by_label.values()) / max(len(by_label), 1),
    }


def annotation_scores(references: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> dict[str, float]:
    """F1, precision and recall of entities, and the accuracy of the tokens.

    An entity is right if its type and both of its ends are right. The figures count the entities of all sentences
    together (micro average).
    """
    right = expected = given = same = tokens = 0
    for reference, prediction in zip(references, predictions, strict=True):
        first, second = set(entities(reference)), set(entities(prediction))
        right, expected, given = right + len(first & second), expected + len(first), given + len(second)
        same += sum(r == p for r, p in zip(reference, prediction, strict=True))
        tokens += len(reference)
    return {
        "entity_f1": 200 * right / max(expected + given, 1),
        "entity_precision": 100 * right / max(given, 1),
        "entity_recall": 100 * right / max(expected, 1),
        "accuracy": 100 * same / max(tokens, 1),
    }
