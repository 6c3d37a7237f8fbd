"""Ensembles in every command and in Python, and the way from an ensemble to one model that learns from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, config, read_jsonl, run, write_config

from seq2seq.errors import UserError
from seq2seq.inference import Summarizer

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def other(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of another network, without a pointer, that has learnt for some epochs."""
    folder = tmp_path_factory.mktemp("other")
    changes = {"model__network__cell": "lstm", "model__network__pointer": False, "model__network__encoder_size": 24}
    settings = config(trained.corpus, folder / "run", **changes, trainer__max_epochs=6, seed_everything=2)
    assert run("fit", "--config", write_config(folder / "a.yaml", settings)) == 0
    return folder / "run" / "best.ckpt"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    def error(*argv: str | Path) -> str:
        assert run(*argv) == 1
        return capsys.readouterr().err

    return error


def decoded(folder: Path, *argv: str | Path) -> list[dict[str, Any]]:
    assert run("decode", *argv, "--output", folder / "out.jsonl") == 0
    return read_jsonl(folder / "out.jsonl")


@pytest.mark.parametrize("beam_size", ["1", "3"])
def test_every_command_has_the_headlines_of_the_ensemble(
    trained: TrainedRun, other: Path, tmp_path: Path, beam_size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    test = trained.corpus["test"]
    options = ["--input", test, "--beam-size", beam_size]
    alone = decoded(tmp_path, "--checkpoint", trained.best, *options)
    twice = decoded(tmp_path, "--checkpoint", trained.best, trained.best, *options)
    assert [line["prediction"] for line in twice] == [line["prediction"] for line in alone]
    assert [line["score"] for line in twice] == pytest.approx([line["score"] for line in alone], abs=2e-4)
    lines = decoded(tmp_path, "--checkpoint", trained.best, other, *options)
    found = [line["prediction"] for line in lines]
    assert [line["score"] for line in lines] != pytest.approx([line["score"] for line in alone], abs=2e-4)
    folder = ["--trainer.default_root_dir", tmp_path, "--model.search.beam_size", beam_size]
    settings = ["--config", trained.config, *folder, "--ckpt_path", trained.best, "--ensemble", other]
    assert run("test", *settings) == 0
    assert [line["prediction"] for line in read_jsonl(tmp_path / "predictions.jsonl")] == found
    assert run("predict", *settings) == 0
    assert [line["prediction"] for line in read_jsonl(tmp_path / "predictions-test.jsonl")] == found
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    sizes = [sum(p.numel() for p in Summarizer.from_checkpoint(f).network.parameters()) for f in (trained.best, other)]
    assert metrics["settings"]["parameters"] == sum(sizes)
    assert metrics["settings"]["ensemble"] == ["best.ckpt", "best.ckpt"]
    summarizer = Summarizer.from_checkpoint([trained.best, str(other)])
    assert summarizer.summarize([line["document"] for line in lines], beam_size=int(beam_size)) == found
    capsys.readouterr()
    score = ["score", "--model", trained.best, other, *options, "--format", "json", "--trials", "0"]
    assert run(*score) == 0
    (system,) = json.loads(capsys.readouterr().out)["systems"]
    assert system["name"] == "ensemble"
    assert system["scores"]["rouge1.f1"]["value"] == metrics["rouge1"]


def test_validate_and_show(trained: TrainedRun, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--config", trained.config, "--ckpt_path", trained.best]
    losses = []
    for more in ([], ["--ensemble", other], ["--ensemble", trained.best, trained.best]):
        assert run("validate", *settings, *more) == 0
        (loss,) = re.findall(r"^ *loss +(\S+) *$", capsys.readouterr().out, re.M)
        losses.append(float(loss))
    assert losses[2] == pytest.approx(losses[0], rel=1e-4)
    assert losses[1] > losses[0]
    assert run("show", "--checkpoint", trained.best, other, "--input", trained.corpus["test"], "--count", "1") == 0
    assert "headline" in capsys.readouterr().out


def test_what_is_no_ensemble(trained: TrainedRun, other: Path, tmp_path: Path, refused: Refused) -> None:
    changed = torch.load(other, weights_only=True)
    changed["seq2seq"]["tokenizer"]["kind"] = "bpe"
    torch.save(changed, tmp_path / "a.ckpt")
    text = f"{tmp_path / 'a.ckpt'}: another tokenizer than that of {trained.best}"
    given = ["--input", trained.corpus["test"]]
    assert text in refused("decode", "--checkpoint", trained.best, tmp_path / "a.ckpt", *given)
    settings = ["--config", trained.config, "--trainer.default_root_dir", tmp_path]
    assert text in refused("test", *settings, "--ckpt_path", trained.best, "--ensemble", tmp_path / "a.ckpt")
    assert "no such checkpoint" in refused("test", *settings, "--ckpt_path", trained.best, "--ensemble", "nothing.ckpt")
    assert "--ensemble: fit trains one network" in refused("fit", *settings, "--ensemble", other)
    with pytest.raises(UserError, match="no checkpoint in the list"):
        Summarizer.from_checkpoint([])


# ---- distillation


def test_from_an_ensemble_to_one_model(trained: TrainedRun, other: Path, tmp_path: Path, refused: Refused) -> None:
    """`decode` writes a corpus of the ensemble's headlines, and `fit` learns it by heart."""
    decode = ["decode", "--checkpoint", trained.best, other, "--input", trained.corpus["train"]]
    distilled = tmp_path / "distilled.jsonl"
    assert run(*decode, "--output", distilled, "--prediction-column", "summary") == 0
    source, lines = read_jsonl(Path(trained.corpus["train"])), read_jsonl(distilled)
    assert [line["document"] for line in lines] == [line["document"] for line in source]
    teacher = Summarizer.from_checkpoint([trained.best, other]).summarize([line["document"] for line in source])
    assert [line["summary"] for line in lines] == teacher
    assert not any("prediction" in line for line in lines)
    corpus = {"train": str(distilled), "validation": str(distilled)}
    settings = config(corpus, tmp_path / "run", trainer__max_epochs=25)
    assert run("fit", "--config", write_config(tmp_path / "a.yaml", settings)) == 0
    student = Summarizer.from_checkpoint(tmp_path / "run" / "best.ckpt")
    learnt = student.summarize([line["document"] for line in source], beam_size=1)
    assert sum(one == other for one, other in zip(learnt, teacher, strict=True)) > len(teacher) / 2
    assert "--prediction-column has no effect on text" in refused(*decode, "--prediction-column", "summary")
    column = ["--output", distilled, "--prediction-column", "document"]
    assert "--prediction-column document: the output has another column" in refused(*decode, *column)
