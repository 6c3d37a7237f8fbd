"""Callbacks and plugins that the configs of tests name; importable in every process of a run."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any, ClassVar

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
    """Sends a signal to this process after an optimizer step: SIGTERM, or another one."""

    def __init__(self, step: int, number: int = signal.SIGTERM) -> None:
        self.step, self.number = step, number

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), self.number)


class Finish(Callback):
    """Ends the training after an optimizer step, as `trainer.max_time` does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            trainer.should_stop = True


class RecordWeights(Callback):
    """Keeps copies of the weights in this process, by the number of optimizer steps.

    Attributes:
        trained: after each step; step 0 is the beginning.
        validated: in each validation.
        left: at the very end.
    """

    trained: ClassVar[dict[int, dict[str, torch.Tensor]]] = {}
    validated: ClassVar[dict[int, dict[str, torch.Tensor]]] = {}
    left: ClassVar[dict[str, torch.Tensor]] = {}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.trained.clear()
        self.validated.clear()
        self.trained[0] = copied_weights(pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        self.trained.setdefault(trainer.global_step, copied_weights(pl_module))

    def on_validation_batch_start(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        self.validated[trainer.global_step] = copied_weights(pl_module)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        self.left.update(copied_weights(pl_module))


def copied_weights(pl_module: Any) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in pl_module.state_dict().items()}
