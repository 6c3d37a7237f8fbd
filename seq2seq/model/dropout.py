"""Dropout whose random numbers cost little on a CPU."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from .compiled import arrays, loops

BITS = 16  # random bits an element


class Dropout(nn.Module):
    """Zero a share p of the elements in training and scale the others by 1 / (1 - p) (Srivastava et al. 2014).

    On a CPU torch draws a whole random number for each element, which takes longer than what is done with it. Here one
    64-bit number serves four elements; so p is rounded to a multiple of 2^-16, and the scale with it.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs of any shape -> the same shape."""
        if not self.training or self.p == 0 or inputs.device.type != "cpu":
            return functional.dropout(inputs, self.p, self.training)
        inputs = inputs.contiguous()
        if _loops(inputs):
            return _Dropout.apply(inputs, self.p, torch.randint(2**32, (2,)).tolist())
        dropped = min(round(self.p * 2**BITS), 2**BITS - 1)
        numbers = torch.empty(-(-inputs.numel() * BITS // 64), dtype=torch.int64).random_(-(2**63), None)
        draws = numbers.view(torch.int16)[: inputs.numel()].view(inputs.shape)  # uniform over -2^15 ... 2^15 - 1
        keep = torch.ge(draws, dropped - 2 ** (BITS - 1), out=torch.empty(inputs.shape, dtype=inputs.dtype))
        return inputs * keep.mul_(2**BITS / (2**BITS - dropped))

    def extra_repr(self) -> str:
        return f"p={self.p}"


class _Dropout(torch.autograd.Function):
    """Whether an element is dropped depends on two seeds and its place alone: so the way back drops the same, and
    nothing need be kept for it."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, p: float, seeds: list[int]) -> Tensor:
        ctx.p, ctx.seeds = p, seeds
        return _dropped(inputs, p, seeds)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        return _dropped(upstream.contiguous(), ctx.p, ctx.seeds), None, None


def _dropped(inputs: Tensor, p: float, seeds: list[int]) -> Tensor:
    do, outputs = _loops(inputs), torch.empty_like(inputs)
    assert do is not None
    dropped = min(round(p * 2**32), 2**32 - 1)
    numbers = np.array([*seeds, dropped], np.uint32)
    do.dropout(*arrays(inputs.view(-1), outputs.view(-1)), *numbers, np.float32(2**32 / (2**32 - dropped)))
    return outputs


def _loops(inputs: Tensor) -> ModuleType | None:
    return loops(inputs[..., 0].numel(), inputs)
