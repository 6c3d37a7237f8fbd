"""Ends all processes of a run together."""

from __future__ import annotations

import subprocess
import time

from lightning.pytorch import Callback, LightningModule, Trainer

from ..lightning_internals import take_child_processes


class TerminateWorkers(Callback):
    """Ends the processes that this process started when this process fails. Otherwise they would wait for it for ever.

    Args:
        seconds: time in which they can end by themselves and report their errors.
    """

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        deadline = time.monotonic() + self.seconds
        for child in take_child_processes(trainer):
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
