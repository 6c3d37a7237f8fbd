"""Callbacks and plugins that the configs of tests name; importable in every process of a run."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback

from seq2seq.training.callbacks import AtomicCheckpointIO


class CopyingIO(AtomicCheckpointIO):
    """Copies the run's folder into `copies` after every checkpoint."""

    def __init__(self, copies: str) -> None:
        super().__init__()
        self.copies = Path(copies)

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        super().save_checkpoint(checkpoint, path)
        self.copies.mkdir(exist_ok=True)
        number = len(list(self.copies.iterdir()))
        shutil.copytree(Path(path).parent, self.copies / f"{number:02}-{Path(path).stem}")


class RecordSeeds(Callback):
    """Writes the seed of every training batch to seeds-RANK.txt in the run's folder."""

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        with open(Path(trainer.default_root_dir) / f"seeds-{trainer.global_rank}.txt", "a") as file:
            file.write(f"{torch.initial_seed()}\n")


class Terminate(Callback):
    """Sends SIGTERM to this process after an optimizer step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


class Finish(Callback):
    """Ends the training after an optimizer step, as `trainer.max_time` does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            trainer.should_stop = True
