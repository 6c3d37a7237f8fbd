"""Validates the last state of a run that `trainer.max_steps` ends."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class LastValidation(Callback):
    """Validates after the last of `trainer.max_steps`, also in the middle of an epoch.

    Lightning validates at the end of an epoch alone, so best.ckpt would be a state from before the learning rate fell.
    """

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True  # the trainer validates before it stops
