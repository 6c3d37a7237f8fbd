"""Validates the last state of a run."""

from __future__ import annotations

import math
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class LastValidation(Callback):
    """Validates after the last step of `trainer.max_steps` or `trainer.max_epochs`, wherever it stands in an epoch.

    Lightning validates at the end of an epoch, or after each `trainer.val_check_interval` within it. Without this
    callback best.ckpt could be a state from before the learning rate fell.
    """

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        last_step = 0 < trainer.max_steps <= trainer.global_step
        last_epoch = 0 < (trainer.max_epochs or 0) <= trainer.current_epoch + 1
        if last_step or (last_epoch and trainer.is_last_batch and left_out(trainer, batch_idx)):
            trainer.should_stop = True  # the trainer validates before it stops


def left_out(trainer: Trainer, batch_idx: int) -> bool:
    """Whether the trainer itself would not validate after this batch, and did not do so just before.

    Just before means within a tenth of `trainer.val_check_interval`: half of 101 batches are 50, so an interval of 0.5
    leaves one batch after the second validation.
    """
    interval = trainer.val_check_batch
    if interval is None or interval == math.inf:  # an interval in time, or an epoch of unknown length
        return interval is None
    whole = trainer.check_val_every_n_epoch is None
    done = (trainer.fit_loop.epoch_loop.total_batch_idx if whole else batch_idx) + 1
    return done % interval >= (interval / 10 if done > interval else 1)
