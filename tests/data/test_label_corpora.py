"""The corpora of the labelling tasks: the committed files, their generators, and simple methods that must fail."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "validation", "test")
COLUMN = {"sentiment": "label", "entities": "labels"}
Examples = list[tuple[str, str]]


def module_at(file: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examples(corpus: str, split: str) -> Examples:
    lines = (ROOT / "data" / corpus / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["document"], row[COLUMN[corpus]]) for row in map(json.loads, lines)]


@pytest.fixture(scope="module")
def baselines() -> ModuleType:
    return module_at(ROOT / "benchmarks" / "label_baselines.py", "label_baselines")


@pytest.mark.parametrize("corpus", COLUMN)
def test_the_command_writes_the_committed_bytes(corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = module_at(ROOT / "data" / corpus / "generate.py", f"generate_{corpus}")
    monkeypatch.setattr(sys, "argv", ["generate.py", "--output", str(tmp_path)])
    generate.main()
    for split in SPLITS:
        name = f"{split}.jsonl"
        same = (tmp_path / name).read_bytes() == (ROOT / "data" / corpus / name).read_bytes()
        assert same, f"data/{corpus}/{name} differs from the output of generate.py: run it and commit the files"
        assert (tmp_path / name).stat().st_size < 400_000


@pytest.mark.parametrize("corpus", COLUMN)
def test_a_small_split_is_the_beginning_of_a_large_one_and_splits_differ(corpus: str) -> None:
    generate = module_at(ROOT / "data" / corpus / "generate.py", f"generate_{corpus}")
    assert list(generate.generate_examples("test", 5)) == list(generate.generate_examples("test", 9))[:5]
    train, test = ({document for document, _ in examples(corpus, split)} for split in ("train", "test"))
    assert len(train & test) < 0.03 * len(test)


def test_a_bag_of_words_cannot_tell_the_sentiment(baselines: ModuleType) -> None:
    """The baseline is right on clauses without a negation. Its labels of the other sentences are arbitrary."""
    train, test = examples("sentiment", "train"), examples("sentiment", "test")
    found = baselines.bag_of_words(train, [document for document, _ in test])
    right = sum(guess == label for guess, (_, label) in zip(found, test, strict=True))
    assert 0.45 < right / len(test) < 0.65
    assert {label for _, label in test} == {"negative", "positive"}
    counts = Counter(label for _, label in train)
    assert max(counts.values()) < 0.53 * len(train)


def test_the_bag_of_words_learns_where_words_tell_the_label(baselines: ModuleType) -> None:
    train = [("a good day", "p"), ("a bad day", "n"), ("good food", "p"), ("bad food", "n")]
    assert baselines.bag_of_words(train, ["Good soup!", "one bad soup"]) == ["p", "n"]


def test_sentiment_has_both_languages_negation_and_contrast() -> None:
    words = Counter(word for document, _ in examples("sentiment", "train") for word in document.lower().split())
    for word in ("not", "nicht", "nobody", "niemand", "but", "aber", "although", "obwohl"):
        assert words[word] > 50, word


def test_the_most_frequent_label_of_each_word_finds_few_entities(baselines: ModuleType) -> None:
    from seq2seq.scoring.labels import annotation_scores

    train, test = examples("entities", "train"), examples("entities", "test")
    found = baselines.most_frequent_labels(train, [document for document, _ in test])
    assert annotation_scores([labels.split() for _, labels in test], found)["entity_f1"] < 30


def test_most_frequent_labels_by_hand(baselines: ModuleType) -> None:
    train = [("in Kent", "O B-LOC"), ("Kent left", "B-PER O"), ("to Kent", "O B-LOC")]
    assert baselines.most_frequent_labels(train, ["Kent in York"]) == [["B-LOC", "O", "O"]]


def test_the_same_name_has_each_kind_of_label() -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for document, labels in examples("entities", "train"):
        for token, label in zip(document.split(), labels.split(), strict=True):
            kinds[token].add(label[2:])
    generate = module_at(ROOT / "data" / "entities" / "generate.py", "generate_entities")
    assert all(kinds[name] >= {"PER", "LOC", "ORG"} for name in generate.NAMES)
