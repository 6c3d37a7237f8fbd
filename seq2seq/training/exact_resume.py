"""Exact resume: an interrupted training continues with the same batches, random numbers and figures.

Three properties make a resumed run equal to an uninterrupted one. The order of the batches is a function of (seed,
epoch). The random numbers of a batch are a function of (seed, epoch, batch, rank). Checkpoints are written between two
optimizer steps, so weights, optimizer, schedule and position are the complete state.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import Callback, Trainer

from seq2seq.checkpoint import run_id
from seq2seq.errors import UserError

from .datamodule import attached_data
from .lightning_internals import logged_steps, repair_progress_counters, set_logged_steps, training_position


def batch_seed(seed: int, epoch: int, batch: int, rank: int) -> int:
    """The seed of a batch's random numbers (dropout)."""
    return int(np.random.SeedSequence((seed, epoch, batch, rank)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def check_same(saved: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises UserError if the batches of a run cannot continue exactly, because their plan has changed.

    Args:
        saved, now: `HeadlineData.plan` of the checkpoint and of this run.
    """
    changed = [key for key in now if saved.get(key) != now[key]]
    if "corpus" in changed or "examples" in changed:
        raise UserError(
            "data.corpus.train: not what the checkpoint was trained on (other texts, other limits or another number "
            f"of pairs: {saved.get('examples')} then, {now['examples']} now); restore it, or start a new run without "
            "--resume"
        )
    if changed:
        then = ", ".join(f"{key} {saved.get(key)} then, {now[key]} now" for key in changed)
        raise UserError(f"the run cannot continue exactly: {then}; give the same values, or start a new run")


class ExactResume(Callback):
    """Saves the position of a run in its checkpoints, and continues a resumed run from it."""

    def __init__(self) -> None:
        self._resumed: dict[str, Any] = {}

    def on_save_checkpoint(self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Adds the position, as plain values, under "resume"."""
        loop = checkpoint["loops"]["fit_loop"]
        repair_progress_counters(loop)
        epoch, batches = training_position(loop)
        data = attached_data(trainer)
        checkpoint["epoch"] = epoch
        exact = batches >= trainer.num_training_batches or batches % trainer.accumulate_grad_batches == 0
        checkpoint["resume"] = {
            "run": run_id(Path(trainer.default_root_dir)),
            "epoch": epoch,
            "batches": batches,
            "logged_steps": logged_steps(trainer) + (trainer.validating and exact),
            "exact": exact,
            "clipped": pl_module.clipping.counts.tolist(),
            "plan": data.plan if data else {},
        }

    def on_load_checkpoint(self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        if trainer.state.fn == "fit":
            self._resumed = checkpoint.get("resume", {})

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Skips the batches before the position. Raises UserError if the run cannot continue exactly.

        Plain data loaders begin anew.
        """
        data = attached_data(trainer)
        if not self._resumed or not data:
            return
        check_same(self._resumed["plan"], data.plan)
        if not self._resumed["exact"]:
            raise UserError(
                "this checkpoint was written in the middle of an optimizer step; resume from another checkpoint"
            )
        data.sampler.resume(self._resumed["epoch"], self._resumed["batches"])
        pl_module.clipping.counts = pl_module.clipping.counts.new_tensor(self._resumed["clipped"])

    def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
        self._restore_logged_steps(trainer)

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        """An epoch without a batch left logs the figures of its end."""
        self._restore_logged_steps(trainer)

    def _restore_logged_steps(self, trainer: Trainer) -> None:
        """Once in a resumed run, after Lightning has restored its own count."""
        if self._resumed:
            set_logged_steps(trainer, self._resumed["logged_steps"])
            self._resumed = {}
