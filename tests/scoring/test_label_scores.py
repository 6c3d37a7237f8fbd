"""Scores of labels against nltk and torchmetrics."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
import torch
from nltk.chunk.util import ChunkScore, conlltags2tree
from nltk.tree import Tree
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from seq2seq.entities import Entity, entities
from seq2seq.scoring.labels import annotation_scores, classification_scores, f1_by_label

LABELS = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG-X", "I-ORG-X"]


def random_sentences(seed: int, count: int = 40) -> list[list[str]]:
    rng = random.Random(seed)
    return [rng.choices(LABELS, k=1 + 7 * i % 12) for i in range(count)]


def chunked(labels: Sequence[str]) -> Tree:
    """A sentence as nltk reads its labels by the rules of conlleval: each entity is a subtree. A word is its place."""
    return conlltags2tree([(place, "", label) for place, label in enumerate(labels)])


def accuracy_and_f1(references: Sequence[str], predictions: Sequence[str]) -> tuple[float, float]:
    """Accuracy and macro-F1 of torchmetrics, in percent. The classes are the labels of both sides."""
    names = sorted({*references, *predictions})
    found, wanted = (torch.tensor([names.index(label) for label in side]) for side in (predictions, references))
    accuracy = multiclass_accuracy(found, wanted, len(names), average="micro")
    return 100 * accuracy.item(), 100 * multiclass_f1_score(found, wanted, len(names), average="macro").item()


def test_entities_by_hand() -> None:
    assert entities(["B-PER", "I-PER", "O", "B-LOC"]) == [Entity("PER", 0, 2), Entity("LOC", 3, 4)]
    assert entities(["B-PER", "B-PER"]) == [Entity("PER", 0, 1), Entity("PER", 1, 2)]
    assert entities(["O", "I-PER", "I-LOC", "I-LOC"]) == [Entity("PER", 1, 2), Entity("LOC", 2, 4)]
    assert entities([]) == entities(["O"]) == []


@pytest.mark.parametrize("seed", range(8))
def test_entities_are_those_of_nltk(seed: int) -> None:
    for labels in random_sentences(seed):
        subtrees = [part for part in chunked(labels) if isinstance(part, Tree)]
        expected = [(part.label(), part[0][0], part[-1][0] + 1) for part in subtrees]
        assert [tuple(entity) for entity in entities(labels)] == expected


@pytest.mark.parametrize("seed", range(4))
def test_annotation_scores_are_those_of_nltk_and_torchmetrics(seed: int) -> None:
    references, predictions = random_sentences(seed), random_sentences(seed + 100)
    for reference, prediction in zip(references[::2], predictions[::2], strict=True):
        prediction[:] = reference  # else nearly nothing is right
    scores = annotation_scores(references, predictions)
    expected = ChunkScore()
    for reference, prediction in zip(references, predictions, strict=True):
        expected.score(chunked(reference), chunked(prediction))
    assert scores["entity_f1"] == pytest.approx(100 * expected.f_measure())
    assert scores["entity_precision"] == pytest.approx(100 * expected.precision())
    assert scores["entity_recall"] == pytest.approx(100 * expected.recall())
    flat = [list(itertools.chain.from_iterable(side)) for side in (references, predictions)]
    assert scores["accuracy"] == pytest.approx(accuracy_and_f1(*flat)[0], rel=1e-6)
    assert 0 < scores["entity_f1"] < 100


def test_an_entity_with_one_wrong_end_is_wrong() -> None:
    scores = annotation_scores([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])
    assert scores["entity_f1"] == 0
    assert scores["accuracy"] == pytest.approx(200 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_classification_scores_are_those_of_torchmetrics(seed: int) -> None:
    """Each side lacks a label of the other one."""
    rng = random.Random(seed)
    references, predictions = rng.choices("abcd", k=50), rng.choices("abce", k=50)
    scores = classification_scores(references, predictions)
    accuracy, f1 = accuracy_and_f1(references, predictions)
    assert scores["macro_f1"] == pytest.approx(f1, rel=1e-6)
    assert scores["accuracy"] == pytest.approx(accuracy, rel=1e-6)


def test_f1_of_each_label_by_hand() -> None:
    assert f1_by_label(["a", "a", "b"], ["a", "b", "b"]) == {"a": pytest.approx(200 / 3), "b": pytest.approx(200 / 3)}


def test_nothing_to_score() -> None:
    assert set(classification_scores([], []).values()) == set(annotation_scores([], []).values()) == {0.0}
