"""Errors of wrong values name the type in words. `--checkpoint` of `fit` and `test` is no file of weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Union

import pytest
from helpers import TrainedRun, run
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator
from lightning.pytorch.callbacks import EarlyStopping

from seq2seq.commands.training_config import check_devices
from seq2seq.commands.training_parser import Parser, check_checkpoint_option
from seq2seq.commands.types_in_words import class_names, type_in_words
from seq2seq.errors import UserError


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "a whole number"),
        (bool, "true or false"),
        (int | None, "a whole number or null"),
        (Union[int, float, None], "a number or null"),  # noqa: UP007
        (Literal["a", 2], "a or 2"),
        (str | list[str], "a text or a list ([A, B])"),
        (dict[str, float], "a mapping ({KEY: VALUE})"),
        (Mapping[str, int] | None, "a mapping ({KEY: VALUE}) or null"),
        (Iterable[Callback], "a list ([A, B])"),
        (Callback, "the name of a Callback class, or class_path and init_args"),
    ],
)
def test_types_in_words(hint: Any, words: str) -> None:
    assert type_in_words(hint) == words


def test_the_names_of_classes() -> None:
    assert EarlyStopping.__name__ in class_names(list[int] | Callback | None)
    assert class_names(int | list[Callback]) == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("max_epochs", "ten", "trainer.max_epochs: 'ten' is not a whole number or null"),
        ("max_epochs", "1.5", "trainer.max_epochs: '1.5' is not a whole number or null"),
        ("gradient_clip_val", "big", "trainer.gradient_clip_val: 'big' is not a number or null"),
        ("callbacks", "EarlyStop", "did you mean 'EarlyStopping'?"),
        ("logger", "wandb", "did you mean 'WandbLogger'?"),
    ],
)
def test_a_wrong_value_of_the_trainer(key: str, value: str, expected: str) -> None:
    parser = Parser(exit_on_error=False)
    parser.add_lightning_class_args(Trainer, "trainer")
    with pytest.raises(UserError) as caught:
        parser.parse_args([f"--trainer.{key}", value])
    message = str(caught.value)
    assert expected in message
    assert "Union" not in message
    assert "class '" not in message


def test_a_checkpoint_in_the_place_of_a_config(trained: TrainedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", "--config", trained.best) == 1
    assert "no config file, for it holds no UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "cure"), [("test", "--ckpt_path"), ("fit", "--resume or --init_from")])
def test_the_option_checkpoint_is_a_section(
    command: str, cure: str, trained: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (trained.best, trained.folder, "titles"):
        assert run(command, "--checkpoint", name) == 1
        assert f"{command} reads weights with {cure} {name}" in capsys.readouterr().err


def test_a_section_stays_a_section(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.yaml").write_text("{keep_last: 3}\n")
    for value in ("null", "{keep_last: 3}", str(tmp_path / "checkpoint.yaml")):
        check_checkpoint_option("fit", ["--checkpoint", value])


def test_a_device_that_is_no_number(trained: TrainedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status = run("test", "--config", trained.config, "--trainer.devices", "two")
    error = capsys.readouterr().err
    assert status == 1
    assert "seq2seq: error: trainer.devices: two is no number of processes" in error
    assert "traceback" not in error


def test_devices_that_the_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes on one core are legal; a GPU has its own count of devices."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    for kind in (CUDAAccelerator, MPSAccelerator):
        monkeypatch.setattr(kind, "is_available", staticmethod(lambda: False))
    for accelerator, devices in (("cpu", 2), ("auto", "2"), ("cpu", "auto"), ("cpu", 4)):
        check_devices(accelerator, devices)
    with pytest.raises(UserError, match=r"^trainer.devices: 99 processes on 1 cores .*; give at most 4"):
        check_devices("cpu", 99)
    for devices in (0, -1, "-1", [0, 1], "x"):
        with pytest.raises(UserError, match=r"^trainer.devices: .* is no number of processes"):
            check_devices("auto", devices)
    for accelerator in ("gpu", "cuda", "mps"):
        with pytest.raises(UserError, match=rf"^trainer.accelerator: torch finds no {accelerator} on this machine"):
            check_devices(accelerator, "auto")
    monkeypatch.setattr(CUDAAccelerator, "is_available", staticmethod(lambda: True))
    for accelerator, given in (("auto", -1), ("gpu", [0, 1]), ("cuda", 99)):
        check_devices(accelerator, given)
