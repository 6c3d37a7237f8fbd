"""Dropout whose random numbers cost little on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

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
        dropped = min(round(self.p * 2**BITS), 2**BITS - 1)
        numbers = torch.empty(-(-inputs.numel() * BITS // 64), dtype=torch.int64).random_(-(2**63), None)
        draws = numbers.view(torch.int16)[: inputs.numel()].view(inputs.shape)  # uniform over -2^15 ... 2^15 - 1
        keep = torch.ge(draws, dropped - 2 ** (BITS - 1), out=torch.empty(inputs.shape, dtype=inputs.dtype))
        return inputs * keep.mul_(2**BITS / (2**BITS - dropped))

    def extra_repr(self) -> str:
        return f"p={self.p}"
