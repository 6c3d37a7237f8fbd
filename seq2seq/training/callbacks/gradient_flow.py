"""Gradients through time: what reaches each recurrent state, at chosen steps of a training."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only
from torch import nn

from seq2seq.errors import UserError, require_packages

from ..dashboards import log_figures, log_picture
from ..flow_plots import draw_curves, draw_heat_maps
from ..module import SummarizerModule
from ..state_gradients import network_flow
from ..text_batches import usable_batch
from .result_files import write_lines

FOLDER = "gradient_flow"
DISTANCES = (1, 10, 40)
"""Distances from the last state that have a curve on the dashboard."""
DIGITS = 6


class GradientFlow(Callback):
    """Records gradients through time into the folder `gradient_flow` of the run, and shows them on its dashboard.

    A record has, for each cell of encoder and decoder, the norm of dL/dh_t by the distance from the last state, the
    share that the recurrence carries back, the largest singular values of the recurrent matrices and the means of the
    gates. It also has the gradient norm before and after clipping, the share of clipped steps and the entropy of the
    attention. Rank 0 alone measures, on documents of its training batch, in a pass of its own without dropout. The
    training stays the same, to the last bit.

    Args:
        every: steps between two records (null = no records); the first step has one too.
        examples: documents of the training batch that are measured.
    """

    def __init__(self, every: int | None = None, examples: int = 16) -> None:
        for name, value in (("every", every), ("examples", examples)):
            if value is not None and value < 1:
                raise UserError(f"gradient_flow.{name}: {value} is too small; give at least 1")
        if every is not None:
            require_packages("gradient_flow.every", "plots", "matplotlib")
        self.every, self.examples = every, examples
        self._records: list[dict[str, Any]] = []
        self._record: dict[str, Any] | None = None  # of the current optimizer step
        self._unwritten = self._undrawn = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if self.every is not None and not isinstance(pl_module, SummarizerModule):
            raise UserError("gradient_flow.every: only a summarizer can be measured; leave it out")

    @rank_zero_only
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keeps the records of a resumed run up to its position. A new run removes those of an earlier one."""
        file = self._folder(trainer) / "records.jsonl"
        self._records = []
        if not trainer.global_step:
            shutil.rmtree(file.parent, ignore_errors=True)
        elif file.is_file():
            records = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            self._records = [record for record in records if record["step"] <= trainer.global_step]

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        assert isinstance(pl_module, SummarizerModule)
        step = trainer.global_step + 1
        if batch_idx % trainer.accumulate_grad_batches or not self._is_due(trainer, step):
            return
        usable = usable_batch(batch, pl_module, trains=True)
        flow = network_flow(pl_module.network, usable.part(slice(0, self.examples)), trainer.global_step)
        self._record = {"step": step, **_rounded(asdict(flow))}

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        if self._record is not None:
            self._record["gradient_norm"] = _rounded(_gradient_norm(pl_module))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Completes the record after the optimizer step: the gradients are those that the optimizer has used."""
        assert isinstance(pl_module, SummarizerModule)
        record = self._record
        if record is None or "gradient_norm" not in record:  # gradients of further batches are added first
            return
        record["clipped_norm"] = _rounded(_gradient_norm(pl_module))
        record["clipped_share"] = _rounded(pl_module.clipping.share())
        self._records.append(record)
        self._record, self._unwritten, self._undrawn = None, True, True
        log_figures(trainer, _figures(record))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._draw(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._draw(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """A resumed run does not repeat the steps before its checkpoint, so their records are written with it."""
        self._write(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._write(trainer)

    def _is_due(self, trainer: Trainer, step: int) -> bool:
        return bool(self.every and trainer.is_global_zero and (step == 1 or step % self.every == 0))

    def _folder(self, trainer: Trainer) -> Path:
        return Path(trainer.default_root_dir) / FOLDER

    def _write(self, trainer: Trainer) -> None:
        if self._unwritten:
            write_lines(self._folder(trainer) / "records.jsonl", self._records)
            self._unwritten = False

    def _draw(self, trainer: Trainer) -> None:
        self._write(trainer)
        if self._undrawn:
            for name, draw in (("heat_maps", draw_heat_maps), ("curves", draw_curves)):
                log_picture(trainer, f"{FOLDER}/{name}", draw(self._records, self._folder(trainer) / name))
            self._undrawn = False


def _gradient_norm(module: nn.Module) -> float:
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients))


def _rounded(value: Any) -> Any:
    """A value for JSON with numbers of six digits. A number that is not finite is None."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def _figures(record: dict[str, Any]) -> dict[str, float]:
    """The points of the curves of a record, by their names on the dashboard."""
    figures = {name: value for name, value in record.items() if name not in ("step", "layers")}
    for name, layer in record["layers"].items():
        for measure in ("hidden", "memory", "carried"):
            found = {f"{measure}_{k}": layer[measure][k] for k in DISTANCES if k < len(layer[measure])}
            figures |= {f"{name}/{key}": value for key, value in found.items()}
        figures |= {f"{name}/gate_{key}": value for key, value in layer["gates"].items()}
        figures |= {f"{name}/singular_value_{key}": value for key, value in layer["singular_values"].items()}
    return {f"{FOLDER}/{name}": value for name, value in figures.items() if value is not None}
