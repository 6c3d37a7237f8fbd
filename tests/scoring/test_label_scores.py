"""Scores of labels against scikit-learn and seqeval."""

from __future__ import annotations

import itertools
import random
import warnings

import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn import metrics

from seq2seq.entities import Entity, entities
from seq2seq.scoring.labels import annotation_scores, classification_scores, f1_by_label

LABELS = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG-X", "I-ORG-X"]


def random_sentences(seed: int, count: int = 40) -> list[list[str]]:
    rng = random.Random(seed)
    return [rng.choices(LABELS, k=1 + 7 * i % 12) for i in range(count)]


def test_entities_by_hand() -> None:
    assert entities(["B-PER", "I-PER", "O", "B-LOC"]) == [Entity("PER", 0, 2), Entity("LOC", 3, 4)]
    assert entities(["B-PER", "B-PER"]) == [Entity("PER", 0, 1), Entity("PER", 1, 2)]
    assert entities(["O", "I-PER", "I-LOC", "I-LOC"]) == [Entity("PER", 1, 2), Entity("LOC", 2, 4)]
    assert entities([]) == entities(["O"]) == []


@pytest.mark.parametrize("seed", range(8))
def test_entities_are_those_of_seqeval(seed: int) -> None:
    for labels in random_sentences(seed):
        assert [(kind, start, end - 1) for kind, start, end in entities(labels)] == get_entities(labels)


@pytest.mark.parametrize("seed", range(4))
def test_annotation_scores_are_those_of_seqeval(seed: int) -> None:
    references, predictions = random_sentences(seed), random_sentences(seed + 100)
    for reference, prediction in zip(references[::2], predictions[::2], strict=True):
        prediction[:] = reference  # else nearly nothing is right
    scores = annotation_scores(references, predictions)
    assert scores["entity_f1"] == pytest.approx(100 * f1_score(references, predictions))
    assert scores["entity_precision"] == pytest.approx(100 * precision_score(references, predictions))
    assert scores["entity_recall"] == pytest.approx(100 * recall_score(references, predictions))
    flat = [list(itertools.chain.from_iterable(side)) for side in (references, predictions)]
    assert scores["accuracy"] == pytest.approx(100 * metrics.accuracy_score(*flat))
    assert 0 < scores["entity_f1"] < 100


def test_an_entity_with_one_wrong_end_is_wrong() -> None:
    scores = annotation_scores([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])
    assert scores["entity_f1"] == 0
    assert scores["accuracy"] == pytest.approx(200 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_classification_scores_are_those_of_scikit_learn(seed: int) -> None:
    rng = random.Random(seed)
    references, predictions = rng.choices("abcd", k=50), rng.choices("abce", k=50)
    scores = classification_scores(references, predictions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels that one side lacks
        assert scores["macro_f1"] == pytest.approx(100 * metrics.f1_score(references, predictions, average="macro"))
    assert scores["accuracy"] == pytest.approx(100 * metrics.accuracy_score(references, predictions))


def test_f1_of_each_label_by_hand() -> None:
    assert f1_by_label(["a", "a", "b"], ["a", "b", "b"]) == {"a": pytest.approx(200 / 3), "b": pytest.approx(200 / 3)}


def test_nothing_to_score() -> None:
    assert set(classification_scores([], []).values()) == set(annotation_scores([], []).values()) == {0.0}
