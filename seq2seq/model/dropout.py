"""Dropout as a module."""

from __future__ import annotations

from torch import Tensor, nn

from .. import ops


class Dropout(nn.Module):
    """Zeroes a share p of the elements in training and scales the others (Srivastava et al. 2014)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape -> the same shape."""
        return ops.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
