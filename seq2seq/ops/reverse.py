"""Sequences reversed within their own length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .checks import Arguments


def reverse_by_length(x: Tensor, lengths: Tensor) -> Tensor:
    """x [N, T, I], lengths [N] -> the same with the first `lengths[n]` steps of each row reversed; padding stays."""
    arguments = Arguments("reverse_by_length", x)
    arguments.shape("x", x, "N T I")
    arguments.indices("lengths", lengths, "N", 0, x.shape[1] + 1)
    return _Permute.apply(x, reversed_positions(lengths, x.shape[1]))


def reversed_positions(lengths: Tensor, steps: int) -> Tensor:
    """[N] -> [N, T]: the position that changes places with each one."""
    position = torch.arange(steps, device=lengths.device)
    mirrored = lengths[:, None] - 1 - position
    return mirrored.where(mirrored >= 0, position)


class _Permute(torch.autograd.Function):
    """Steps in another order, for a permutation that is its own inverse: the gradient is the same permutation. The
    gradient of plain indexing is a sum over all steps, which is slow."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, positions: Tensor) -> Tensor:
        rows = torch.arange(x.shape[0], device=x.device).unsqueeze(1) * x.shape[1] + positions
        ctx.save_for_backward(rows)
        return _permuted(x, rows)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors
        return _permuted(gradient, rows), None


def _permuted(x: Tensor, rows: Tensor) -> Tensor:
    return x.flatten(0, 1).index_select(0, rows.flatten()).view(x.shape)
