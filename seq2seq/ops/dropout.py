"""Dropout that needs fewer random numbers on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .dispatch import references_wanted

BITS = 16  # random bits for each element


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Zeroes a share p of the elements in training and scales the others by 1 / (1 - p) (Srivastava et al. 2014).

    Raises ValueError unless 0 <= p < 1.
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p must be in [0, 1), but is {p}")
    if not training or p == 0:
        return x
    if x.device.type != "cpu" or references_wanted():
        return functional.dropout(x, p)
    return _dropout_of_16_bits(x, p)


def _dropout_of_16_bits(x: Tensor, p: float) -> Tensor:
    """torch draws one number for each element, which takes longer than all else. Here one 64-bit number serves four
    elements. p is rounded to a multiple of 2^-16, and the scale follows."""
    dropped = min(round(p * 2**BITS), 2**BITS - 1)
    numbers = torch.empty(-(-x.numel() * BITS // 64), dtype=torch.int64).random_(-(2**63), None)
    draws = numbers.view(torch.int16)[: x.numel()].view(x.shape)  # uniform over -2^15 ... 2^15 - 1
    keep = torch.ge(draws, dropped - 2 ** (BITS - 1), out=torch.empty(x.shape, dtype=x.dtype))
    return x * keep.mul_(2**BITS / (2**BITS - dropped))
