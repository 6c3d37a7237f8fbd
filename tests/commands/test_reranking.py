"""A right-to-left model reranks the hypotheses of another one, in commands and in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import TrainedRun, config, read_jsonl, run, write_config

from seq2seq.errors import UserError
from seq2seq.inference import Headline, Summarizer

SEARCH: dict[str, Any] = {"beam_size": 6, "n_best": 6, "length_penalty": 0.7}


@pytest.fixture(scope="module")
def second(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a right-to-left model with another vocabulary."""
    folder = tmp_path_factory.mktemp("second")
    changes = {"data__tokenizer": {"right_to_left": True, "vocab_size": 90}, "trainer__max_epochs": 3}
    settings = config(trained.corpus, folder / "run", **changes, seed_everything=2)
    assert run("fit", "--config", write_config(folder / "a.yaml", settings)) == 0
    return folder / "run" / "best.ckpt"


@pytest.fixture(scope="module")
def documents(trained: TrainedRun) -> list[str]:
    """One document without a word, and one with unknown words, are among them."""
    return [*(pair["document"] for pair in read_jsonl(Path(trained.corpus["test"]))), "", "quokkas in Ulm , quokkas"]


@pytest.mark.parametrize("weight", [0.5, 20.0])
def test_the_scores_are_sums(trained: TrainedRun, second: Path, documents: list[str], weight: float) -> None:
    """The second summand is computed one headline at a time, in another way. A large weight changes the best one."""
    first, other = Summarizer.from_checkpoint(trained.best), Summarizer.from_checkpoint(second)
    both = Summarizer.from_checkpoint(trained.best, rerank=second, rerank_weight=weight)
    changed = 0
    for document, alone, found in zip(
        documents, first.stream(documents, **SEARCH), both.stream(documents, **SEARCH), strict=True
    ):
        assert sorted(h.text for h in found) == sorted(h.text for h in alone)
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        if not document.strip():
            assert found == alone
            continue
        own = {h.text: h for h in alone}
        for headline in found:
            explained = other.explain(document, headline.text, length_penalty=0.7)
            assert headline.score == pytest.approx(own[headline.text].score + weight * explained.score, abs=1e-4)
            assert headline.log_prob == own[headline.text].log_prob
        changed += found[0].text != alone[0].text
    assert changed or weight < 1


def test_commands_and_python_have_the_same_headlines(
    trained: TrainedRun, second: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--beam-size", "6", "--rerank", second, "--rerank-weight", "2"]
    files = ["--input", trained.corpus["test"], "--output", tmp_path / "a.jsonl"]
    assert run("decode", "--checkpoint", trained.best, *files, *options) == 0
    lines = read_jsonl(tmp_path / "a.jsonl")
    summarizer = Summarizer.from_checkpoint(trained.best, rerank=second, rerank_weight=2.0)
    headlines = summarizer.summarize([line["document"] for line in lines], beam_size=6)
    assert headlines == [line["prediction"] for line in lines]
    capsys.readouterr()
    scoring = ["--trials", "0", "--format", "json"]
    assert run("score", "--model", trained.best, "--input", trained.corpus["test"], *options, *scoring) == 0
    of_model = capsys.readouterr().out
    assert run("score", trained.corpus["test"], tmp_path / "a.jsonl", *scoring) == 0
    assert scores(of_model) == scores(capsys.readouterr().out)


def test_show_has_the_headlines_of_python(
    trained: TrainedRun, second: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")  # each cell is one line
    options = ["--rerank", second, "--rerank-weight", "20", "--beam-size", "6"]
    assert run("show", "--checkpoint", trained.best, "--input", trained.corpus["validation"], *options) == 0
    shown = capsys.readouterr().out
    documents = [pair["document"] for pair in read_jsonl(Path(trained.corpus["validation"]))]
    both = Summarizer.from_checkpoint(trained.best, rerank=second, rerank_weight=20.0)
    for headline in both.summarize([documents[i * len(documents) // 10] for i in range(10)], beam_size=6):
        assert f"│ {headline} " in shown


def scores(text: str) -> Any:
    """The scores of the first system."""
    return json.loads(text)["systems"][0]["scores"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rerank-weight", "2"], "--rerank-weight has no effect without --rerank"),
        (["--rerank", "SECOND", "--beam-size", "1"], "--rerank needs several hypotheses"),
        (["--rerank", "SECOND", "--beam-size", "6", "--minimum-risk"], "leave one of them out"),
        (["--rerank", "SECOND", "--beam-size", "6", "--rerank-weight", "0"], "give a number above 0"),
        (["--rerank", "SECOND", "--beam-size", "6", "--rerank-weight", "nan"], "give a number above 0"),
        (["--rerank", "no.ckpt", "--beam-size", "6"], "no.ckpt"),
    ],
)
def test_options_that_contradict_each_other(
    trained: TrainedRun, second: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(second) if word == "SECOND" else word for word in options]
    assert run("decode", "--checkpoint", trained.best, "--input", trained.corpus["test"], *given) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_search_in_python_that_leaves_no_choice(trained: TrainedRun, second: Path) -> None:
    both = Summarizer.from_checkpoint(trained.best, rerank=second)
    with pytest.raises(UserError, match="--rerank needs several hypotheses"):
        both.summarize(["a fire"], beam_size=1)


def test_both_directions_make_no_ensemble(trained: TrainedRun, second: Path) -> None:
    with pytest.raises(UserError, match="another tokenizer"):
        Summarizer.from_checkpoint([trained.best, second])


def test_a_right_to_left_model_writes_headlines_of_its_own(second: Path) -> None:
    """Its words stand in the order of a text, and so do the words of an explanation of a headline."""
    model = Summarizer.from_checkpoint(second)
    (found,) = model.stream(["a fire broke out in Athens on Monday"], beam_size=2, n_best=2)
    assert all(isinstance(headline, Headline) for headline in found)
    explained = model.explain("a fire broke out in Athens on Monday", "fire in Athens")
    assert explained.text == "fire in Athens"
    assert [word.strip() for word in explained.headline_words[:3]] == ["Athens", "in", "fire"]
