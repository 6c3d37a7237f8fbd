"""The private parts of Lightning that seq2seq/training/lightning_internals.py uses still exist.

If a test fails after an update of Lightning: adapt lightning_internals.py, run all tests of this folder, and add the
release to SEEN_WITH.
"""

from __future__ import annotations

import logging
import multiprocessing
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning
import pytest
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningCLI
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.strategies.launchers.subprocess_script import _SubprocessScriptLauncher
from lightning.pytorch.utilities import rank_zero_only

from seq2seq.training import lightning_internals as internals


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    messages = logging.getLogger("lightning.pytorch")
    level = messages.level
    messages.setLevel(logging.ERROR)
    made = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    messages.setLevel(level)
    return made


def require(owner: Any, *names: str) -> None:
    missing = [name for name in names if not hasattr(owner, name)]
    kind = owner.__name__ if isinstance(owner, type) else type(owner).__name__
    seen = ", ".join(internals.SEEN_WITH)
    assert not missing, (
        f"Lightning {lightning.__version__}: {kind} has no {missing}; lightning_internals.py uses {seen}"
    )


def test_the_installed_release_was_tested() -> None:
    assert lightning.__version__ in internals.SEEN_WITH, (
        f"lightning_internals.py was tested with {', '.join(internals.SEEN_WITH)}, not with {lightning.__version__}"
    )


def test_parts_of_the_trainer(trainer: Trainer) -> None:
    require(trainer.fit_loop, "epoch_loop")
    require(trainer.fit_loop.epoch_loop, "_batches_that_stepped")
    require(trainer.strategy, "checkpoint_io", "launcher")
    require(trainer, "val_check_batch", "received_sigterm", "early_stopping_callbacks", "num_training_batches")
    require(_SubprocessScriptLauncher(LightningEnvironment(), 1, 1), "procs")
    require(rank_zero_only, "rank")
    require(trainer._accelerator_connector, "use_distributed_sampler")


def test_parts_of_the_classes() -> None:
    names = ("_save_checkpoint", "_save_last_checkpoint", "_monitor_candidates", "_should_skip_saving_checkpoint")
    require(ModelCheckpoint, *names)
    require(ModelCheckpoint(), "_last_global_step_saved", "current_score", "best_k_models")
    require(LightningCLI, "_parse_ckpt_path", "_run_subcommand", "_instantiate_trainer")


def test_w_and_b_gets_no_argument_that_it_warns_of(tmp_path: Path) -> None:
    """An argument that the user gives stays."""
    given, left_open = WandbLogger(save_dir=tmp_path, anonymous=True), WandbLogger(save_dir=tmp_path)
    assert "anonymous" in left_open._wandb_init
    internals.silence_anonymous_warning(Trainer(logger=[given, left_open], accelerator="cpu"))
    assert "anonymous" in given._wandb_init
    assert "anonymous" not in left_open._wandb_init


@pytest.mark.parametrize("log_model", [False, True, "all"])
def test_upload_of_checkpoints(log_model: bool | str, tmp_path: Path) -> None:
    logger = WandbLogger(save_dir=tmp_path, log_model=log_model)
    assert internals.uploads_checkpoints(logger) == bool(log_model)


def test_child_processes_of_a_spawn_strategy_are_left_to_torch(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no `wait`: taking them hid the error of the run behind an AttributeError."""
    script, spawned = subprocess.Popen([sys.executable, "-c", ""]), multiprocessing.get_context("spawn").Process()
    launcher = SimpleNamespace(procs=[script, spawned])
    monkeypatch.setattr(trainer.strategy, "_launcher", launcher)
    assert internals.take_child_processes(trainer) == [script]
    assert launcher.procs == [spawned]
    assert script.wait() == 0


def test_saved_state_of_the_loops(trainer: Trainer) -> None:
    """A new trainer is at its start; a batch that was fetched but not started is taken back."""
    loop = trainer.fit_loop.state_dict()
    assert internals.training_position(loop) == (0, 0)
    batches = loop["epoch_loop.batch_progress"]
    for counter in (batches["total"], batches["current"]):
        counter.update(ready=4, started=3, processed=3, completed=3)
    loop["epoch_progress"]["current"].update(ready=3, started=3, processed=2, completed=2)
    batches["is_last_batch"] = True
    internals.repair_progress_counters(loop)
    assert internals.training_position(loop) == (2, 3)
    assert batches["is_last_batch"] is False
    internals.repair_progress_counters(loop)  # nothing is left to take back
    assert internals.training_position(loop) == (2, 3)


def test_logged_steps(trainer: Trainer) -> None:
    internals.set_logged_steps(trainer, 7)
    assert internals.logged_steps(trainer) == 7


def test_a_checkpoint_io_of_the_user_is_kept(trainer: Trainer) -> None:
    class Ours(TorchCheckpointIO):
        pass

    first, second = Ours(), Ours()
    internals.use_checkpoint_io(trainer, first)
    internals.use_checkpoint_io(trainer, second)
    assert trainer.strategy.checkpoint_io is first
