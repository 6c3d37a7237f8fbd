"""Averages of weights: the moving average of a training, and the mean of checkpoints that `seq2seq average` writes.

That a resumed run has the same average bit for bit is tested in test_resume.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from helpers import TrainedRun, config, read_jsonl, run, write_config, write_corpus
from parts_of_runs import RecordWeights
from torch import Tensor

from seq2seq.checkpoint import newest_checkpoint

DECAY, STEPS = 0.4, 6

Weights = dict[str, Tensor]


class Run(NamedTuple):
    """A run with a moving average, and the weights that were recorded in it, by step."""

    config: Path
    folder: Path
    trained: dict[int, Weights]
    validated: dict[int, Weights]
    left: Weights

    def saved(self, name: str) -> dict[str, Any]:
        return torch.load(self.folder / name, weights_only=True)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three epochs of two steps, each with one or two batches; a checkpoint after each step, the last four kept."""
    folder = tmp_path_factory.mktemp("averaged")
    changes = {
        "model__optimizer__ema_decay": DECAY,
        "model__network__dropout": 0.2,
        "trainer__max_epochs": 3,
        "trainer__check_val_every_n_epoch": 1,
        "trainer__accumulate_grad_batches": 2,
        "trainer__callbacks": [{"class_path": "parts_of_runs.RecordWeights"}],
        "checkpoint": {"every_n_train_steps": 1, "keep_last": 4},
    }
    file = write_config(folder / "a.yaml", config(write_corpus(folder / "corpus"), folder / "run", **changes))
    assert run("fit", "--config", file) == 0
    record = RecordWeights
    return Run(file, folder / "run", dict(record.trained), dict(record.validated), dict(record.left))


def assert_close(one: Weights, other: Weights) -> None:
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight.double(), other[name].double(), rtol=1e-5, atol=1e-6)


def moving_averages(trained: dict[int, Weights]) -> dict[int, Weights]:
    """The averages after each step by their definition, in float64: the decay rises from 2/11 to DECAY."""
    averages = {0: {name: weight.double() for name, weight in trained[0].items()}}
    for step in range(1, STEPS + 1):
        decay = (2 / 11, 3 / 12, 4 / 13, 5 / 14)[step - 1] if step < 5 else DECAY
        before = averages[step - 1]
        averages[step] = {name: decay * before[name] + (1 - decay) * w for name, w in trained[step].items()}
    return averages


def test_the_average_is_validated_and_saved(averaged: Run) -> None:
    expected = moving_averages(averaged.trained)
    assert sorted(averaged.trained) == list(range(STEPS + 1))
    assert sorted(averaged.validated) == [2, 4, 6]
    for step, weights in averaged.validated.items():
        assert_close(weights, expected[step])
    for name in ("best.ckpt", "last.ckpt", "step-4.ckpt"):
        saved = averaged.saved(name)
        assert_close(saved["state_dict"], expected[saved["global_step"]])
        trained = averaged.trained[saved["global_step"]]
        assert all(torch.equal(weight, trained[key]) for key, weight in saved["trained_weights"].items())
        assert saved["trained_weights"].keys() == trained.keys()
    assert_close(averaged.left, expected[STEPS])
    assert averaged.saved("last.ckpt")["global_step"] == STEPS


def test_a_run_without_the_average_cannot_go_on(
    averaged: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(averaged.folder, tmp_path, dirs_exist_ok=True)
    folder = ["--trainer.default_root_dir", tmp_path, "--trainer.max_epochs", "4"]
    assert run("fit", "--config", averaged.config, "--resume", "auto", "--model.optimizer.ema_decay", 0, *folder) == 1
    assert "model.optimizer.ema_decay: the checkpoint holds an average of the weights" in capsys.readouterr().err


def test_without_the_option_there_is_no_average(trained: TrainedRun) -> None:
    assert "trained_weights" not in torch.load(trained.best, weights_only=True)


# ---- seq2seq average


def test_the_last_checkpoints_are_kept(averaged: Run) -> None:
    """The last step has no file step-6.ckpt: the training ended after it."""
    assert {file.name for file in averaged.folder.glob("*.ckpt")} == {
        *("best.ckpt", "last.ckpt"),
        *(f"step-{step}.ckpt" for step in (2, 3, 4, 5)),
    }


def test_the_mean_of_checkpoints(averaged: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That of named files and that of --last are the same file in every weight, and the mean in float64."""
    names = ("last.ckpt", "step-5.ckpt", "step-4.ckpt")
    output = tmp_path / "mean.ckpt"
    assert run("average", averaged.folder, "--last", 3, "--output", output) == 0
    assert "the mean of last.ckpt, step-5.ckpt, step-4.ckpt ->" in capsys.readouterr().out
    assert run("average", *(averaged.folder / name for name in names), "--output", tmp_path / "named.ckpt") == 0
    found = torch.load(output, weights_only=True)
    parts = [averaged.saved(name)["state_dict"] for name in names]
    for name, weight in found["state_dict"].items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, torch.stack([part[name].double() for part in parts]).mean(dim=0).float())
        assert torch.equal(weight, torch.load(tmp_path / "named.ckpt", weights_only=True)["state_dict"][name])
    assert found["state_dict"].keys() == parts[0].keys()
    assert found["seq2seq"] == averaged.saved("last.ckpt")["seq2seq"]
    assert output.stat().st_size < (averaged.folder / "last.ckpt").stat().st_size / 3


def test_an_averaged_checkpoint_is_used(averaged: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By decode, test and --init_from; resuming from it is refused, and `--resume auto` passes it over."""
    shutil.copytree(averaged.folder, tmp_path / "run")
    mean = tmp_path / "run" / "mean.ckpt"
    assert run("average", tmp_path / "run", "--last", 4, "--output", mean) == 0
    folder = ["--config", averaged.config, "--trainer.default_root_dir", tmp_path / "results"]
    assert run("test", *folder, "--ckpt_path", mean) == 0
    tested = [line["prediction"] for line in read_jsonl(tmp_path / "results" / "predictions.jsonl")]
    corpus = averaged.folder.parent / "corpus" / "test.jsonl"
    assert run("decode", "--checkpoint", mean, "--input", corpus, "--output", tmp_path / "out.txt") == 0
    assert (tmp_path / "out.txt").read_text().split("\n") == [*tested, ""]
    assert run("fit", *folder, "--init_from", mean, "--trainer.max_epochs", 1) == 0
    first = RecordWeights.trained[0]
    assert all(torch.equal(w, first[k]) for k, w in torch.load(mean, weights_only=True)["state_dict"].items())
    found, passed_over = newest_checkpoint(tmp_path / "run")
    assert found == tmp_path / "run" / "last.ckpt"
    assert passed_over == [f"{mean}: weights alone, without the state of a training"]
    assert run("fit", *folder, "--resume", mean) == 1
    error = capsys.readouterr().err
    assert f"{mean}: weights alone, without the state of a training, so no run can continue from it" in error


def test_what_cannot_be_averaged(
    averaged: Run, trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last, other = averaged.folder / "last.ckpt", tmp_path / "other.ckpt"
    changed = averaged.saved("last.ckpt")

    def error(*argv: Any, output: Path = tmp_path / "new.ckpt") -> str:
        assert run("average", *argv, "--output", output) == 1
        return capsys.readouterr().err

    changed["seq2seq"]["network"]["cell"] = "lstm"
    torch.save(changed, other)
    assert f"{other}: network.cell is lstm, and gru in {last}; only checkpoints of the same" in error(last, other)
    changed = averaged.saved("last.ckpt")
    changed["seq2seq"]["vocabulary"]["size"] += 1
    torch.save(changed, other)
    assert f"{other}: another tokenizer than in {last}" in error(last, other)
    changed = averaged.saved("last.ckpt")
    del changed["state_dict"]["network.output.bias"]
    torch.save(changed, other)
    assert f"{other}: other weights than in {last}" in error(last, other)
    assert "5 checkpoints of different steps, so there are no 6 to average" in error(averaged.folder, "--last", 6)
    assert "--last 2: name one folder of a run" in error(last, "--last", 2)
    assert "a folder; name a .ckpt file in it" in error(averaged.folder)
    assert "that is one of the checkpoints; give another name" in error(last, output=last)
    assert "that is a folder; name a file in it" in error(last, output=tmp_path)
    assert not (tmp_path / "new.ckpt").exists()
    assert run("average", last, trained.best, "--output", tmp_path / "new.ckpt") == 0
    assert "checkpoints of 2 runs; an average is of use only if" in capsys.readouterr().err
