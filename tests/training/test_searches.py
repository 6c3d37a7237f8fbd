"""Searches for options: the command lines of a W&B sweep, and the example with Optuna."""

from __future__ import annotations

import copy
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import config, run, write_config, write_corpus

from seq2seq.checkpoint import run_id
from seq2seq.environment import sweep_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of one epoch in the working directory."""
    monkeypatch.chdir(tmp_path)
    logger = {"class_path": "lightning.pytorch.loggers.WandbLogger", "init_args": {"project": "tests"}}
    changes = {"trainer__max_epochs": 1, "trainer__check_val_every_n_epoch": 1, "trainer__logger": logger}
    return write_config(tmp_path / "tiny.yaml", config(write_corpus(tmp_path / "corpus"), tmp_path / "run", **changes))


def command_of(sweep: dict[str, Any], values: dict[str, Any]) -> list[str]:
    """The command that W&B's agent runs, made as the agent makes it from a list and the chosen values."""
    from wandb.sdk.launch.sweeps import utils as sweeps

    arguments = sweeps.create_sweep_command_args({"args": {name: {"value": value} for name, value in values.items()}})
    words = []
    for word in sweeps.create_sweep_command(copy.copy(sweep["command"])):
        words += arguments[word[2:-1]] if word.startswith("${") else [word]
    return words


def test_a_run_of_the_sweep(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every parameter is an option of `fit`. The run has the id of the agent, in its folder and in W&B's."""
    import wandb

    sweep = yaml.safe_load((ROOT / "configs" / "sweep.yaml").read_text(encoding="utf-8"))
    values = {}
    for name, choice in sweep["parameters"].items():
        values[name] = choice["values"][-1] if "values" in choice else choice["max"]
    program, *words = command_of(sweep, values)
    assert program == "seq2seq"
    assert words[-len(values) :] == [f"--{name}={value}" for name, value in values.items()]
    monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
    monkeypatch.setenv("WANDB_RUN_ID", "abc123")
    assert run(*(tiny if word == "configs/quickstart.yaml" else word for word in words)) == 0
    wandb.finish()
    folder = Path("runs/sweep/abc123")
    saved = yaml.safe_load((folder / "config.yaml").read_text())
    assert saved["model"]["network"]["cell"] == values["model.network.cell"] == "lstm"
    assert saved["model"]["optimizer"]["learning_rate"] == values["model.optimizer.learning_rate"]
    assert run_id(folder) == "abc123"
    assert list(folder.glob("wandb/offline-run-*-abc123"))


def test_the_figure_of_the_sweep_is_one_that_is_logged() -> None:
    from seq2seq.training.monitors import DIRECTIONS

    metric = yaml.safe_load((ROOT / "configs" / "sweep.yaml").read_text(encoding="utf-8"))["metric"]
    kind, _, name = metric["name"].partition("/")
    assert kind == "best"
    assert DIRECTIONS[name] == "max"
    assert metric["goal"] == "maximize"


def test_the_id_of_a_run_alone_is_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_SWEEP_ID", raising=False)
    monkeypatch.setenv("WANDB_RUN_ID", "abc123")
    assert sweep_run() is None


def test_the_example_with_optuna(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second call goes on with the study. The trials run in this process, which saves their start."""
    import optuna

    def in_this_process(words: list[str], check: bool) -> None:
        assert words[:3] == [sys.executable, "-m", "seq2seq"]
        assert run(*words[3:]) == 0

    monkeypatch.setattr(subprocess, "run", in_this_process)
    monkeypatch.setattr(sys, "argv", ["optuna_search.py", str(tiny), "1"])
    example = ROOT / "examples" / "optuna_search.py"
    assert len(example.read_text().splitlines()) <= 40
    for trials in (1, 2):
        runpy.run_path(str(example), run_name="__main__")
        study = optuna.load_study(study_name="seq2seq", storage="sqlite:///runs/optuna/study.db")
        assert len(study.trials) == trials
    assert f"ROUGE-L {study.best_value:.2f} with" in capsys.readouterr().out
    for trial in study.trials:
        saved = yaml.safe_load(Path(f"runs/optuna/trial-{trial.number}/config.yaml").read_text())
        assert saved["model"]["network"]["dropout"] == trial.params["dropout"]
