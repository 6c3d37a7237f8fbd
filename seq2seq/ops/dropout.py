"""Dropout whose random numbers cost little on a CPU."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from seq2seq.ops.compiled import arrays, loops

BITS = 16  # random bits an element


class Dropout(nn.Module):
    """Zero a share p of the elements in training and scale the others by 1 / (1 - p) (Srivastava et al. 2014).

    On a CPU torch draws a whole random number for each element, which takes longer than what is done with it. Here a
    compiled loop makes 32 bits of each element's place, and p is rounded to a multiple of 2^-32; or, where it cannot
    be used, one 64-bit number serves four elements, and p is rounded to a multiple of 2^-16. The scale follows.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs of any shape -> the same shape."""
        if not self.training or self.p == 0 or inputs.device.type != "cpu":
            return functional.dropout(inputs, self.p, self.training)
        inputs = inputs.contiguous()
        if do := loops(inputs[..., 0].numel(), inputs):
            return _Dropout.apply(inputs, self.p, torch.randint(2**32, (2,)).tolist(), do)
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
    def forward(ctx: Any, inputs: Tensor, p: float, seeds: list[int], do: ModuleType) -> Tensor:
        dropped = min(round(p * 2**32), 2**32 - 1)
        ctx.do, ctx.scale = do, np.float32(2**32 / (2**32 - dropped))
        ctx.numbers = np.array([*seeds, dropped], np.uint32)
        return _Dropout.applied(ctx, inputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        return _Dropout.applied(ctx, upstream.contiguous()), None, None, None

    @staticmethod
    def applied(ctx: Any, inputs: Tensor) -> Tensor:
        outputs = torch.empty_like(inputs)
        ctx.do.dropout(*arrays(inputs.view(-1), outputs.view(-1)), *ctx.numbers, ctx.scale)
        return outputs
