"""The checkpoint file: written whole, verified when read; and the newest one of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun

from seq2seq.checkpoint import newest_checkpoint, read_checkpoint, run_id, start_run, write_checkpoint
from seq2seq.errors import UserError


def test_what_is_written_is_read(trained: TrainedRun, tmp_path: Path) -> None:
    checkpoint = torch.load(trained.best, weights_only=True)
    file = str(tmp_path / "new folder" / "copy.ckpt")
    write_checkpoint(checkpoint, file)
    found = read_checkpoint(file, check_bytes=True)
    assert {key: found[key] for key in checkpoint["seq2seq"]} == checkpoint["seq2seq"]
    assert found["resume"] == checkpoint["resume"]
    assert found["state_dict"].keys() == checkpoint["state_dict"].keys()
    assert all(torch.equal(weight, checkpoint["state_dict"][name]) for name, weight in found["state_dict"].items())


def test_options_that_no_longer_exist(trained: TrainedRun, tmp_path: Path) -> None:
    """Those that changed the training alone are forgotten; with another network the checkpoint is refused."""
    checkpoint = torch.load(trained.best, weights_only=True)
    expected = dict(checkpoint["seq2seq"]["network"])
    checkpoint["seq2seq"]["network"] |= {"copy_attention": False, "r_drop": 1.0}
    write_checkpoint(checkpoint, tmp_path / "a.ckpt")
    assert read_checkpoint(str(tmp_path / "a.ckpt"))["network"] == expected
    checkpoint["seq2seq"]["network"] |= {"copy_attention": True}
    write_checkpoint(checkpoint, tmp_path / "b.ckpt")
    with pytest.raises(UserError, match=r"b\.ckpt: trained with network\.copy_attention, which this version lacks"):
        read_checkpoint(str(tmp_path / "b.ckpt"))


def test_a_checkpoint_that_cannot_be_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "last.ckpt"
    write_checkpoint({"weights": torch.ones(3)}, file)
    before = file.read_bytes()
    with pytest.raises(AttributeError):
        write_checkpoint({"weights": lambda: None}, file)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (before, [file])
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"x\.ckpt: the checkpoint cannot be written \((Not a directory|File exists)\)"):
        write_checkpoint({}, tmp_path / "file" / "x.ckpt")


def test_the_id_of_a_run(tmp_path: Path) -> None:
    assert run_id(tmp_path) is None
    for new_id in ("first", "second"):
        start_run(str(tmp_path), new_id)
        assert run_id(str(tmp_path)) == run_id(tmp_path) == new_id
    (tmp_path / "run.json").write_text("[]")
    assert run_id(tmp_path) is None


def test_the_newest_checkpoint_is_undamaged_of_this_run_and_between_steps(trained: TrainedRun, tmp_path: Path) -> None:
    checkpoint = torch.load(trained.best, weights_only=True)

    def write(name: str, age: int, **resume: Any) -> Path:
        file = tmp_path / name
        write_checkpoint(checkpoint | {"resume": checkpoint["resume"] | resume}, file)
        os.utime(file, (1e9 - age, 1e9 - age))
        return file

    assert newest_checkpoint(tmp_path / "nowhere") == (None, [])
    start_run(tmp_path, "this")
    write("oldest.ckpt", 5, run="this")
    expected = write("sound.ckpt", 4, run="this")
    write("other.ckpt", 3, run="another")
    write("inexact.ckpt", 2, run="this", exact=False)
    damaged = write("damaged.ckpt", 1, run="this")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1  # a bit of a weight: only the checksum shows it
    damaged.write_bytes(content)
    found, skipped = newest_checkpoint(str(tmp_path))
    assert found == expected
    reasons = ("damaged", "in the middle of an optimizer step", "of an earlier run")
    assert [reason in text for reason, text in zip(reasons, skipped, strict=True)] == [True] * 3
