"""`seq2seq prepare denoise`: pairs for pre-training that are made from documents."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from helpers import TrainedRun, pairs, read_jsonl, run, write_jsonl

from seq2seq.data.raw.denoise import noised, prepare_denoise, split_first_sentence

# --- First sentences ---


@pytest.mark.parametrize(
    ("text", "sentence", "rest"),
    [
        ("The bank fell. It rose again.", "The bank fell.", "It rose again."),
        ("Acme Corp. and U.S. Steel met. They agreed.", "Acme Corp. and U.S. Steel met.", "They agreed."),
        ("J. Smith of Acme Inc said 2.5 pct. More follows", "J. Smith of Acme Inc said 2.5 pct.", "More follows"),
        ('He said: "It is over." Then he left.', 'He said: "It is over."', "Then he left."),
        ("Profit of 3 mln. dlrs rose. It fell.", "Profit of 3 mln. dlrs rose.", "It fell."),
        ("the bank fell today . it rose .", "the bank fell today .", "it rose ."),
        ("No! Not now. Go home.", "No! Not now.", "Go home."),
        ("It rose by 2.5. Then by 3. Then it fell.", "It rose by 2.5.", "Then by 3. Then it fell."),
        ("One sentence alone", "One sentence alone", ""),
        ("  The bank fell.  ", "The bank fell.", ""),
        ("股價下跌。銀行表示。", "股價下跌。", "銀行表示。"),
        ("", "", ""),
    ],
)
def test_the_first_sentence(text: str, sentence: str, rest: str) -> None:
    assert split_first_sentence(text) == (sentence, rest)


# --- Noise ---


def test_noise_drops_a_share_of_the_words_and_moves_the_others_a_little() -> None:
    generator = random.Random(0)
    words = [str(i) for i in range(1000)]
    noisy = [int(word) for word in noised(words, 0.2, 3, generator)]
    assert abs(len(noisy) - 800) < 4 * math.sqrt(1000 * 0.2 * 0.8)
    assert len(set(noisy)) == len(noisy)
    assert max(abs(int(word) - place) for place, word in enumerate(noised(words, 0, 3, generator))) == 3
    assert noised(words, 0, 0, generator) == words
    assert noised(["a"], 0.99, 0, generator) == ["a"]


DOCUMENTS = [
    {"document": "Prices rose in May by two percent. Analysts were surprised.", "summary": "unused"},
    {"document": "One sentence without a second one", "summary": ""},
    {"document": "Too short", "summary": "x"},
    {"document": "The mayor opened a school. It has ten rooms. It is new.", "summary": "y"},
]


def test_a_gap_removes_the_first_sentence_from_the_document(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "a.jsonl", DOCUMENTS)
    report = prepare_denoise([file], tmp_path / "out", gap=1, drop=0, distance=0, max_words=4)
    assert read_jsonl(tmp_path / "out" / "train.jsonl") == [
        {"document": "Analysts were surprised.", "summary": "Prices rose in May"},
        {"document": "One sentence without a second one", "summary": "One sentence without a"},
        {"document": "It has ten rooms. It is new.", "summary": "The mayor opened a"},
    ]
    assert (report.kept, report.left_out) == (
        {"train": 3, "validation": 0, "test": 0},
        {"fewer_than_three_words": 1},
    )


def test_the_choices_follow_from_the_seed(tmp_path: Path) -> None:
    lines = [{"document": f"Price {i} rose in May by two percent. Then it fell.", "summary": ""} for i in range(200)]
    file = write_jsonl(tmp_path / "a.jsonl", lines)

    def written(name: str, seed: int) -> list[dict[str, str]]:
        prepare_denoise([file], tmp_path / name, validation=[file], gap=0.25, drop=0.1, distance=2, seed=seed)
        return read_jsonl(tmp_path / name / "train.jsonl")

    first = written("a", 1)
    assert first == written("b", 1) != written("c", 2)
    assert first != read_jsonl(tmp_path / "a" / "validation.jsonl")
    gaps = sum(line["document"] == "Then it fell." for line in first)
    assert abs(gaps - 50) < 4 * math.sqrt(200 * 0.25 * 0.75)
    for line, source in zip(first, lines, strict=True):
        assert line["summary"] == source["document"].partition(" Then")[0]
        noisy = line["document"].removesuffix("Then it fell.").split()
        assert Counter(noisy) <= Counter(line["summary"].split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["denoise", "--gap", "1.5"], "--gap: 1.5 is outside the limits; give 0 to 1"),
        (["denoise", "--drop", "1"], "--drop: 1.0 is outside the limits"),
        (["denoise", "--distance", "-1"], "--distance: -1 is outside the limits; give at least 0"),
        (["denoise", "--max-words", "2"], "--max-words: 2 is outside the limits; give at least 3"),
        (["denoise", "--validation", "a.doc"], "--validation: the name of a.doc has none of the known endings"),
        (["denoise", "--validation", "bad.jsonl"], "bad.jsonl:1: "),
    ],
)
def test_bad_input_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "a.jsonl", DOCUMENTS)
    (tmp_path / "a.doc").write_text("x")
    (tmp_path / "bad.jsonl").write_text(json.dumps({"document": 5, "summary": "x"}))
    assert run("prepare", *argv, "--train", "a.jsonl", "--output", "out") == 1
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("seq2seq: error:"))
    assert words in line
    assert not (tmp_path / "out" / "train.jsonl").exists()


# --- Pre-training and fine-tuning ---


def test_a_model_is_trained_on_denoised_documents_and_then_on_headlines(trained: TrainedRun, tmp_path: Path) -> None:
    """The commands of docs/corpora.md: the tokenizer stays that of the headlines in both runs."""
    lines = [{**pair, "document": f"{pair['document']} . More is not known ."} for pair in pairs(24)]
    source = write_jsonl(tmp_path / "headlines.jsonl", lines)
    out = tmp_path / "denoise"
    assert run("prepare", "denoise", "--train", source, "--validation", source, "--output", out) == 0
    short = ["--trainer.max_epochs", "1", "--trainer.check_val_every_n_epoch", "1"]
    pretrained, tuned = tmp_path / "pretrained", tmp_path / "tuned"
    files = ["--data.corpus.train", out / "train.jsonl", "--data.corpus.validation", out / "validation.jsonl"]
    tokenizer = ["--data.tokenizer_from", trained.best]
    folder = ["--trainer.default_root_dir", pretrained]
    assert run("fit", "--config", trained.config, *files, *tokenizer, *folder, *short) == 0
    start = ["--init_from", pretrained / "best.ckpt", "--trainer.default_root_dir", tuned]
    assert run("fit", "--config", trained.config, *start, *short) == 0
    first, middle, last = (
        torch.load(f, weights_only=True) for f in (trained.best, pretrained / "best.ckpt", tuned / "best.ckpt")
    )
    assert first["seq2seq"]["tokenizer"] == middle["seq2seq"]["tokenizer"] == last["seq2seq"]["tokenizer"]
    name = "network.embedding.weight"
    assert not torch.equal(middle["state_dict"][name], last["state_dict"][name])
    assert run("test", "--config", trained.config, "--trainer.default_root_dir", tuned) == 0
