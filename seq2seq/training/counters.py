"""Counts of a training, for the figures of its logs."""

from __future__ import annotations

import time
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from seq2seq.errors import UserError


class Throughput:
    """Tokens per second since the last reading."""

    def __init__(self) -> None:
        self._start, self._tokens = time.perf_counter(), 0

    def add(self, tokens: int) -> None:
        self._tokens += tokens

    def read(self) -> float:
        """Tokens per second since the last call, which begins a new count."""
        tokens, start = self._tokens, self._start
        self._start, self._tokens = time.perf_counter(), 0
        return tokens / (self._start - start)


class Clipping:
    """Clips the norm of all gradients (Pascanu et al. 2013), and counts the clipped steps.

    Attributes:
        counts: [2] steps of this epoch with clipped gradients, and all steps of this epoch. They stay on the device of
            the gradients: reading them waits for a GPU.
    """

    def __init__(self) -> None:
        self.counts = torch.zeros(2)

    def clip(self, parameters: Iterable[nn.Parameter], limit: float | None, algorithm: str | None = None) -> Tensor:
        """Returns the norm before clipping. No limit (None or 0): counts only.

        Raises UserError for the trainer's other algorithm, which clips each value.
        """
        if algorithm not in (None, "norm"):
            raise UserError("trainer.gradient_clip_algorithm: only 'norm' is supported")
        norm = nn.utils.clip_grad_norm_(parameters, limit or float("inf"))
        clipped = (norm > limit) if limit else torch.zeros_like(norm)
        self.counts = self.counts.to(norm.device) + torch.stack([clipped.float(), torch.ones_like(norm)])
        return norm

    def share(self) -> float:
        """The share of clipped steps in this epoch."""
        clipped, steps = self.counts.tolist()
        return clipped / max(steps, 1.0)
