"""A stopped run goes on as if it had never been stopped: bit for bit, from every checkpoint that it ever wrote."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from helpers import config, run, write_config, write_corpus

from seq2seq import callbacks, resume


def settings(folder: Path, corpus: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A run of three epochs with dropout, that validates in the middle of an epoch too and logs every step."""
    logger = {
        "class_path": "lightning.pytorch.loggers.CSVLogger",
        "init_args": {"save_dir": str(folder), "name": "log", "version": ""},
    }
    given = {
        "model__network__dropout": 0.3,
        "trainer__max_epochs": 3,
        "trainer__check_val_every_n_epoch": 1,
        "trainer__val_check_interval": 0.5,
        "trainer__logger": logger,
        "checkpoint": {"every_n_train_steps": 1},
    }
    return config(corpus, folder, **{**given, **changes})


def rows(folder: Path) -> list[dict[str, str]]:
    """What was logged, without speeds; nothing where a run had already ended."""
    name = folder / "log" / "metrics.csv"
    if not name.exists():
        return []
    with open(name, encoding="utf-8") as file:
        lines = [{k: v for k, v in row.items() if v and "tokens_per_second" not in k} for row in csv.DictReader(file)]
    return [line for line in lines if set(line) - {"step", "epoch"}]


def state(file: Path) -> dict[str, Any]:
    """All of a checkpoint that training changes."""
    checkpoint = torch.load(file, weights_only=True)
    kept = ("state_dict", "optimizer_states", "lr_schedulers", "callbacks", "global_step")
    return {key: checkpoint[key] for key in kept}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two nests of plain values and tensors differ in a single bit."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [d for key in one for d in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [d for i, pair in enumerate(zip(one, other, strict=True)) for d in differences(*pair, f"{where}.{i}")]
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return [] if torch.equal(one, other) else [f"{where}: tensors differ"]
    return [] if one == other else [f"{where}: {one} != {other}"]


class Reference(NamedTuple):
    """An uninterrupted run, and its folder as it was after each checkpoint that it wrote."""

    changes: dict[str, Any]
    corpus: dict[str, str]
    final: dict[str, Any]
    logged: list[dict[str, str]]
    stashed: list[Path]

    def resume(self, stashed: Path) -> list[str]:
        """Go on from there; what came out differently."""
        before = rows(stashed)
        (stashed / "log" / "metrics.csv").unlink()
        again = write_config(stashed / "again.yaml", settings(stashed, self.corpus, **self.changes))
        assert run("fit", "--config", again, "--resume", "auto") == 0
        found = differences(state(stashed / "last.ckpt"), self.final)
        return found if before + rows(stashed) == self.logged else [*found, "logged figures"]


CASES = {
    "plain": {},
    "accumulated": {"trainer__accumulate_grad_batches": 2, "trainer__val_check_interval": 1.0},
}


@pytest.fixture(scope="module", params=CASES)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    corpus = write_corpus(folder / "corpus", 36)
    changes, stashed = CASES[request.param], []

    def stash(checkpoint: dict[str, Any], file: Path) -> None:
        resume.save_whole(checkpoint, file)
        stashed.append(folder / f"{len(stashed):02}-{file.stem}")
        shutil.copytree(folder / "run", stashed[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "save_whole", stash)
        assert run("fit", "--config", write_config(folder / "a.yaml", settings(folder / "run", corpus, **changes))) == 0
    return Reference(changes, corpus, state(folder / "run" / "last.ckpt"), rows(folder / "run"), stashed)


def test_from_a_checkpoint_of_each_kind(reference: Reference) -> None:
    """Within an epoch, at its start, beside a validation: best.ckpt (before last.ckpt was written) and last.ckpt."""
    kinds = {file.name.split("-")[1] + str(i % 3): file for i, file in enumerate(reference.stashed[:-1])}
    assert {name[:-1] for name in kinds} == {"best", "last", "step"}
    assert [f"{file.name}: {d}" for file in kinds.values() for d in reference.resume(file)] == []


@pytest.mark.slow
def test_from_every_checkpoint(reference: Reference) -> None:
    assert [f"{file.name}: {d}" for file in reference.stashed for d in reference.resume(file)] == []
