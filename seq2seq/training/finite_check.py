"""Stops a training whose loss or gradient is not a finite number, and names the training pairs."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Trainer
from torch import Tensor, distributed

from seq2seq.errors import UserError


class FiniteCheck:
    """Losses and gradient norms since the last check.

    Reading a value from a GPU waits for the GPU, so values are collected here and read together.
    """

    def __init__(self) -> None:
        self._losses: list[tuple[list[int], Tensor]] = []
        self._norms: list[Tensor] = []

    def add_loss(self, rows: list[int], loss: Tensor) -> None:
        """The summed loss of a batch with the training pairs `rows`."""
        self._losses.append((rows, loss.detach()))

    def add_gradient_norm(self, norm: Tensor) -> None:
        """The gradient norm of an optimizer step over all batches since the last step."""
        self._norms.append(norm)

    def check(self, trainer: Trainer) -> None:
        """Raises UserError if a collected value is not finite.

        Gradient norms are equal on all ranks, so all ranks raise together. With gradient scaling (16-mixed) gradients
        overflow from time to time and the step is skipped, so only losses are checked.
        """
        losses, norms = self._losses, self._norms
        self._losses, self._norms = [], []
        scaled = trainer.precision == "16-mixed"
        checked = [loss for _, loss in losses] if scaled else norms
        if not checked or bool(torch.stack(checked).isfinite().all()):
            return
        culprit = next((rows for rows, loss in losses if not loss.isfinite()), None)
        if trainer.world_size > 1 and not scaled:
            culprits: list[Any] = [None] * trainer.world_size
            distributed.all_gather_object(culprits, culprit)
            culprit = next((rows for rows in culprits if rows), None)
        value = "the loss" if culprit else "a gradient"
        rows = culprit or [row for batch, _ in losses for row in batch]
        raise UserError(
            f"{value} of the batch with the training pairs {rows} (counted from 0) is not a finite number, near step "
            f"{trainer.global_step + 1}; check these pairs, or lower model.optimizer.learning_rate; no checkpoint "
            "contains this step: `--resume auto` continues from the last good one"
        )
