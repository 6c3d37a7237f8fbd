"""`seq2seq vote`: the chosen headlines, the forms it reads and writes, and wrong input."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import read_jsonl, run, write_jsonl

from seq2seq.scoring.vote import vote

SYSTEMS = {
    "a": ["fire in Essen", "oil falls", ""],
    "b": ["fire hits Essen harbour", "oil prices rise", "snow"],
    "c": ["fire hits harbour in Essen", "oil prices rise", "snow"],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the predictions of three systems, as text and as JSON Lines."""
    monkeypatch.chdir(tmp_path)
    for name, lines in SYSTEMS.items():
        (tmp_path / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
        rows = [{"document": f"d{i}", "score": f"{name}{i}", "prediction": line} for i, line in enumerate(lines)]
        write_jsonl(tmp_path / f"{name}.jsonl", rows)
    return tmp_path


@pytest.mark.parametrize(
    ("predictions", "winner"),
    [
        # words in common with the other two: 1, 3 and 2 of 3
        (["a x y", "a b c", "b c z"], 1),
        (["a b", "a b", "c d"], 0),
        (["c d", "a b", "a b"], 1),
        (["c d", "x", "x"], 1),  # equal texts agree, although they have no bigram
        (["", "", "a b"], 0),
        (["one", "two", "three"], 0),
        (["上海 大火", "北京 大雨", "北京大 雪雨"], 1),
    ],
)
def test_the_prediction_closest_to_the_others_wins(predictions: list[str], winner: int) -> None:
    assert vote(predictions) == winner


def test_text(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Document 1 by hand, as sums of F1 to the others.

    a and b: fire, Essen of 3 and 4 words: 4/7; no bigram; 4/7. a and c: fire, in, Essen: 6/8; "in essen": 2/6; 6/8.
    b and c: four words of 4 and 5: 8/9; "fire hits": 2/7; "fire hits harbour" or "fire hits Essen": 6/9.
    So c has the largest sum.
    """
    assert run("vote", "a.txt", "b.txt", "c.txt") == 0
    captured = capfd.readouterr()
    assert captured.out == "fire hits harbour in Essen\noil prices rise\nsnow\n"
    assert captured.err == "seq2seq vote: 3 headlines: 0 of a.txt, 2 of b.txt, 1 of c.txt\n"


def test_json_lines_keep_the_fields_that_all_files_share(place: Path) -> None:
    assert run("vote", "c.jsonl", "b.jsonl", "a.jsonl", "--output", "voted.jsonl") == 0
    assert read_jsonl(place / "voted.jsonl") == [
        {"document": "d0", "prediction": "fire hits harbour in Essen"},
        {"document": "d1", "prediction": "oil prices rise"},
        {"document": "d2", "prediction": "snow"},
    ]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["a.txt", "b.txt"], "2 files of predictions: give at least 3, or the first one always wins"),
        (["a.txt", "b.txt", "short.txt"], "a.txt has 3 texts and short.txt has 1: text n of one"),
        (["a.txt", "b.txt", "no.txt"], "FILE: no such file: no.txt"),
        (["a.txt", "b.txt", "c.txt", "--output", "c.txt"], "--output c.txt: that is the input; give another name"),
        (["a.txt", "b.txt", "c.txt", "--prediction-column", "x"], "--prediction-column has no effect on plain text"),
        (["a.jsonl", "b.jsonl", "c.jsonl", "--prediction-column", "x"], "a.jsonl:1: no column 'x'"),
        (["a.txt", "b.txt", "c.txt", "--tokenizer", "x"], "argument --tokenizer: invalid choice: 'x'"),
    ],
)
def test_wrong_input(argv: list[str], message: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (place / "short.txt").write_text("one\n")
    before = (place / "c.txt").read_text()
    assert run("vote", *argv) == 1
    captured = capfd.readouterr()
    assert captured.err.startswith(f"seq2seq: error: {message}")
    assert captured.err.count("\n") == 1
    assert (place / "c.txt").read_text() == before
