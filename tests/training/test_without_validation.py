"""A run without any validation ends with a best.ckpt of its own, and one line reports it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from helpers import config, run, write_config, write_corpus

from seq2seq.checkpoint import newest_checkpoint, read_checkpoint, run_id
from seq2seq.report import read_curves
from seq2seq.training.callbacks.last_validation import left_out
from seq2seq.training.callbacks.learning_curve import points_of

FINISH = [{"class_path": "parts_of_runs.Finish", "init_args": {"step": 1}}]
ONE_EPOCH = {"trainer__max_epochs": 1, "trainer__check_val_every_n_epoch": 1}


def settings(folder: Path, **changes: Any) -> Path:
    """A config of one epoch with three steps and a validation at its end."""
    given = config(write_corpus(folder / "corpus"), folder / "run", **{**ONE_EPOCH, **changes})
    return write_config(folder / "config.yaml", given)


def weights(file: Path) -> torch.Tensor:
    state = torch.load(file, weights_only=True)["state_dict"]
    return torch.cat([weight.flatten() for weight in state.values()])


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.ckpt"))


@pytest.mark.parametrize(
    "changes",
    [
        {"trainer__check_val_every_n_epoch": 5},
        {"trainer__limit_val_batches": 0},
        {"trainer__check_val_every_n_epoch": 5, "trainer__callbacks": FINISH},
        {"trainer__limit_val_batches": 0, "checkpoint": {"monitor": "train/loss", "mode": "min"}},
    ],
    ids=lambda changes: "+".join(name.partition("__")[2] or name for name in changes),
)
def test_best_is_the_last_state(tmp_path: Path, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path, **changes)
    assert run("fit", "--config", file) == 0
    folder = tmp_path / "run"
    said = [line.removeprefix("INFO: ") for line in capsys.readouterr().err.splitlines() if "no validation" in line]
    assert said == [f"no validation took place in this run: {folder / 'best.ckpt'} is its last state"]
    assert torch.equal(weights(folder / "best.ckpt"), weights(folder / "last.ckpt"))
    assert read_checkpoint(folder / "best.ckpt")["resume"]["run"] == run_id(folder)


@pytest.mark.parametrize("limit", [["--trainer.max_epochs", "0"], ["--trainer.max_time", "00:00:00:00"]], ids=str)
def test_a_run_without_a_step_says_so(tmp_path: Path, limit: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", "--config", settings(tmp_path), *limit) == 0
    assert capsys.readouterr().err.count("no training step took place, so no checkpoint was written") == 1
    assert names(tmp_path / "run") == []


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_the_last_of_some_steps_is_validated(tmp_path: Path, steps: int) -> None:
    """An epoch has three steps, so the last of two and of five stands within an epoch."""
    file = settings(tmp_path, trainer__max_epochs=-1)
    assert run("fit", "--config", file, "--trainer.max_steps", str(steps)) == 0
    records = read_curves(tmp_path / "run" / "curves.jsonl")
    assert [step for step, _ in points_of(records, "validation/rougeL")] == sorted({min(steps, 3), steps})
    state = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
    assert state["global_step"] == steps


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"trainer__max_epochs": 2, "trainer__val_check_interval": 2}, [2, 5, 6]),
        (
            {"trainer__max_epochs": 2, "trainer__check_val_every_n_epoch": None, "trainer__val_check_interval": 4},
            [4, 6],
        ),
        ({"trainer__check_val_every_n_epoch": None, "trainer__val_check_interval": 100}, [3]),
    ],
)
def test_the_last_of_some_epochs_is_validated(tmp_path: Path, changes: dict[str, Any], expected: list[int]) -> None:
    """An epoch has three steps, which the interval does not divide."""
    assert run("fit", "--config", settings(tmp_path, **changes)) == 0
    records = read_curves(tmp_path / "run" / "curves.jsonl")
    assert [step for step, _ in points_of(records, "validation/rougeL")] == expected


def test_no_validation_follows_just_after_another() -> None:
    """Half of 101 batches are 50: the one batch after the second validation gets none of its own."""
    trainer: Any = SimpleNamespace(val_check_batch=50, check_val_every_n_epoch=1)
    assert [batch for batch in (48, 49, 99, 100, 103, 104) if left_out(trainer, batch)] == [48, 104]


def test_a_development_run_has_no_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It validates one batch, and Lightning saves nothing then."""
    assert run("fit", "--config", settings(tmp_path), "--trainer.fast_dev_run", "true") == 0
    assert "no validation" not in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))


def test_checkpoints_of_an_earlier_run_are_removed_with_the_first_of_this_one(tmp_path: Path) -> None:
    """Step 2 of the second run writes its first checkpoint; it is stopped after that, before any validation."""
    file, folder = settings(tmp_path), tmp_path / "run"
    assert run("fit", "--config", file, "--checkpoint.every_n_train_steps", "1") == 0
    assert names(folder) == ["best.ckpt", "last.ckpt", "step-1.ckpt", "step-2.ckpt"]
    first = run_id(folder)
    stop = '{"class_path": "parts_of_runs.Terminate", "init_args": {"step": 2}}'
    options = ["--trainer.check_val_every_n_epoch", "5", "--trainer.callbacks", stop]
    assert run("fit", "--config", file, *options) == 128 + 15
    assert names(folder) == ["step-2.ckpt"]
    assert run_id(folder) not in (None, first)
    found, passed_over = newest_checkpoint(folder)
    assert (found, passed_over) == (folder / "step-2.ckpt", [])


def test_checkpoints_of_an_earlier_run_stay_until_this_one_has_its_own(tmp_path: Path) -> None:
    """A run that fails in its first step removes nothing."""
    file, folder = settings(tmp_path), tmp_path / "run"
    assert run("fit", "--config", file) == 0
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    assert run("fit", "--config", file, "--model.optimizer.learning_rate", "1e30") == 1
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_a_run_that_is_continued_is_validated_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two steps without a validation, then the rest of the epoch with one: best.ckpt is chosen by its score."""
    file, folder = settings(tmp_path), tmp_path / "run"
    assert run("fit", "--config", file, "--trainer.max_steps", "2", "--trainer.limit_val_batches", "0") == 0
    capsys.readouterr()
    assert run("fit", "--config", file, "--resume", "auto") == 0
    assert "no validation" not in capsys.readouterr().err
    best = torch.load(folder / "best.ckpt", weights_only=True)
    (state,) = [state for name, state in best["callbacks"].items() if name.startswith("BestCheckpoint")]
    assert best["global_step"] == 3
    assert state["best_model_score"] is not None


@pytest.mark.parametrize("kept", [True, False], ids=["with its best.ckpt", "without its best.ckpt"])
@pytest.mark.parametrize("used", [True, False], ids=["a used folder", "an empty folder"])
def test_a_run_that_goes_on_in_another_folder_has_its_best_there(tmp_path: Path, kept: bool, used: bool) -> None:
    """No validation takes place there. So the best is that of the first folder, if its file is beside the checkpoint;
    else it is the last. It never is that of another run in the second folder."""
    file, folder, other = settings(tmp_path), tmp_path / "run", tmp_path / "other"
    assert run("fit", "--config", file, "--trainer.max_epochs", "4") == 0
    if used:
        assert run("fit", "--config", file, "--trainer.default_root_dir", other) == 0
    best = weights(folder / "best.ckpt")
    if not kept:
        (folder / "best.ckpt").unlink()
    options = ["--trainer.default_root_dir", other, "--trainer.max_epochs", "5"]
    options += ["--trainer.check_val_every_n_epoch", "10"]
    assert run("fit", "--config", file, "--ckpt_path", folder / "last.ckpt", *options) == 0
    assert torch.equal(weights(other / "best.ckpt"), best if kept else weights(other / "last.ckpt"))
    assert read_checkpoint(other / "best.ckpt")["resume"]["run"] == run_id(other)


def test_training_needs_no_validation_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = write_corpus(tmp_path / "corpus")["train"]
    file, folder = settings(tmp_path, data__corpus={"train": train}), tmp_path / "run"
    assert run("fit", "--config", file) == 0
    said = capsys.readouterr().err
    assert said.count("data.corpus.validation is not set: training without validation and early stopping") == 1
    assert torch.equal(weights(folder / "best.ckpt"), weights(folder / "last.ckpt"))
    assert run("validate", "--config", file, "--ckpt_path", folder / "best.ckpt") == 1
    assert "no validation data: set data.corpus.validation" in capsys.readouterr().err
