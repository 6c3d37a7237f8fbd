"""Progress of a training in a log file, where a progress bar would be noise."""

from __future__ import annotations

import sys
import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from ..task_module import TaskModule


class PlainProgress(Callback):
    """Prints a line at regular intervals, and the scores of each validation.

    Args:
        seconds: time between two lines.
    """

    def __init__(self, seconds: float = 15.0) -> None:
        self.seconds, self.last = seconds, 0.0

    @rank_zero_only
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if time.monotonic() - self.last < self.seconds:
            return
        self.last = time.monotonic()
        metrics = trainer.callback_metrics
        loss = float(metrics.get("train/loss", float("nan")))
        position = f"epoch {trainer.current_epoch + 1}: batch {batch_idx + 1}/{trainer.num_training_batches}"
        rate = metrics.get("train/tokens_per_second")
        print(f"{position}  loss {loss:.3f}" + (f"  {float(rate):,.0f} tokens/s" if rate else ""), flush=True)

    @rank_zero_only
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TaskModule)
        if pl_module.outcome is not None and not trainer.sanity_checking:
            epoch = f"epoch {trainer.current_epoch + 1}: " if trainer.state.fn == "fit" else ""
            print(f"{epoch}validation  {pl_module.outcome.line()}", flush=True)


def has_terminal() -> bool:
    """Whether both outputs are terminals, so that progress bars make sense."""
    return sys.stdout.isatty() and sys.stderr.isatty()
