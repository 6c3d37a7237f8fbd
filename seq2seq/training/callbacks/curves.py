"""The logged figures of a run in its folder, with any logger or none."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from lightning.pytorch import LightningModule, Trainer

from seq2seq.files import atomic_writer
from seq2seq.report import CURVES, read_curves

from ..dashboards import FigureFile


class Curves(FigureFile):
    """Appends the logged figures of `fit` to curves.jsonl: lines for each logged step and for each validation.

    `trainer.log_every_n_steps` sets the logged steps. The last step of an epoch has a line with its loss. Only
    the first process writes. A resumed run keeps the lines up to its checkpoint. A new run begins a new file.

    Attributes:
        written: whether this process has written a line.
    """

    def __init__(self) -> None:
        self.written = False
        self._file: TextIO | None = None
        self._step = -1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        file = Path(trainer.default_root_dir) / CURVES
        kept = earlier_lines(file, trainer)
        with atomic_writer(file) as stream:
            stream.writelines(json.dumps(record) + "\n" for record in kept)
        self._file, self._step = file.open("a", encoding="utf-8"), trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step, every = trainer.global_step, trainer.log_every_n_steps  # type: ignore[attr-defined]
        if step == self._step:  # a batch whose gradients are only added up
            return
        if every and step % every == 0:
            self._write_logged(trainer, "train/")
        elif trainer.is_last_batch:  # the other figures are those of the last logged step
            self._write_logged(trainer, "train/loss")
        self._step = step

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.sanity_checking:
            self._write_logged(trainer, "validation/")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()

    def _write_logged(self, trainer: Trainer, start: str) -> None:
        """Writes the figures that Lightning has logged and whose names begin with `start`."""
        logged = trainer.callback_metrics.items()
        self.write(trainer, {name: float(value) for name, value in logged if name.startswith(start)})

    def write(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        """Writes a line, which reaches the system at once."""
        if self._file is None:
            return
        record = {"step": trainer.global_step, "time": round(time.time(), 1)}
        record |= {name: value for name, value in figures.items() if math.isfinite(value)}
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self.written = True

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def earlier_lines(file: Path, trainer: Trainer) -> list[dict[str, float]]:
    """The lines of the resumed run up to its checkpoint; none for a new run.

    A run that goes on in another folder takes those of the folder of its checkpoint.
    """
    if not trainer.ckpt_path:
        return []
    source = file if file.is_file() else Path(trainer.ckpt_path).parent / CURVES
    if not source.is_file():
        return []
    try:
        return [record for record in read_curves(source) if record["step"] <= trainer.global_step]
    except (OSError, ValueError, KeyError, TypeError):  # damaged: the run matters more than its curves
        return []
