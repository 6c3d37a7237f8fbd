"""Dropout that stores no random numbers on a CPU."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from ..dispatch import choose
from . import fast


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Zeroes a share p of the elements in training and scales the others by 1 / (1 - p) (Srivastava et al. 2014).

    Raises ValueError unless 0 <= p < 1.
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p must be in [0, 1), but is {p}")
    if not training or p == 0:
        return x
    rows = x.numel() // max(x.shape[-1], 1) if x.dim() else 1
    return choose(fast.dropout, functional.dropout, (x, p), rows, (x,))
