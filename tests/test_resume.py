"""A stopped run goes on as if it had never been stopped: bit for bit, from every checkpoint that it ever wrote."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import config, read_jsonl, run, write_config, write_corpus, write_jsonl

from seq2seq import callbacks, resume
from seq2seq.errors import UserError


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
    """What was logged, without speeds."""
    with open(folder / "log" / "metrics.csv", encoding="utf-8") as file:
        lines = [{k: v for k, v in row.items() if v and "tokens_per_second" not in k} for row in csv.DictReader(file)]
    return [line for line in lines if set(line) - {"step", "epoch"}]


def state(file: Path) -> dict[str, Any]:
    """All of a checkpoint that training changes."""
    checkpoint = torch.load(file, weights_only=True)
    kept = ("state_dict", "optimizer_states", "lr_schedulers", "callbacks", "global_step", "epoch", "loops")
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


@pytest.mark.parametrize(
    "changes",
    [{}, {"trainer__accumulate_grad_batches": 2, "trainer__val_check_interval": 1.0}],
    ids=["plain", "accumulated"],
)
def test_from_every_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    corpus = write_corpus(tmp_path / "corpus", 36)
    reference = tmp_path / "reference"
    stashed: list[Path] = []

    def stash(checkpoint: dict[str, Any], file: Path) -> None:
        resume.save_whole(checkpoint, file)
        stashed.append(tmp_path / "stash" / f"{len(stashed):02}-{file.name}")
        shutil.copytree(reference, stashed[-1].parent / stashed[-1].stem)

    monkeypatch.setattr(callbacks, "save_whole", stash)
    assert run("fit", "--config", write_config(tmp_path / "a.yaml", settings(reference, corpus, **changes))) == 0
    monkeypatch.undo()
    expected, logged = state(reference / "last.ckpt"), rows(reference)
    assert len(stashed) > 15
    bad = []
    for file in stashed:
        folder = file.with_suffix("")
        before = rows(folder)
        (folder / "log" / "metrics.csv").unlink()
        again = write_config(tmp_path / "again.yaml", settings(folder, corpus, **changes))
        assert run("fit", "--config", again, "--resume", "auto") == 0
        found = differences(state(folder / "last.ckpt"), expected) 
        if before + rows(folder) != logged:
            found.append("logged figures differ")
        bad += [f"{file.name}: {f}" for f in found]
    assert not bad
