"""Dropout by a compiled loop: a hash of two seeds and the position decides, so the gradient draws the same again."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..dispatch import KernelError, give_up, launch


def dropout(x: Tensor, p: float) -> Tensor:
    """x of any shape -> the same shape. p is rounded to a multiple of 2^-32, and the scale follows."""
    return _Dropout.apply(x, p, torch.randint(2**32, (2,)).tolist())


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seeds: list[int]) -> Tensor:
        ctx.dropped = min(round(p * 2**32), 2**32 - 1)
        ctx.seeds = seeds
        return _applied(x, seeds, ctx.dropped)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        upstream = upstream.contiguous()
        try:
            return _applied(upstream, ctx.seeds, ctx.dropped), None, None
        except KernelError as error:
            give_up(error)
            return _applied_by_torch(upstream, ctx.seeds, ctx.dropped), None, None


def _applied(x: Tensor, seeds: list[int], dropped: int) -> Tensor:
    from . import kernels

    out = torch.empty_like(x)
    numbers = np.array([*seeds, dropped], np.uint32)
    launch(kernels.dropout, x.view(-1), out.view(-1), *numbers, np.float32(2**32 / (2**32 - dropped)))
    return out


def _applied_by_torch(x: Tensor, seeds: list[int], dropped: int) -> Tensor:
    """The same by the same hash, in torch's operations."""

    def mixed(h: Tensor) -> Tensor:
        h = ((h ^ (h >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        h = ((h ^ (h >> 15)) * 0x846CA68B) & 0xFFFFFFFF
        return h ^ (h >> 16)

    position = (torch.arange(x.numel()) + seeds[0]) & 0xFFFFFFFF
    keep = mixed(mixed(position) ^ seeds[1]) >= dropped
    return x * keep.view(x.shape) * (2**32 / (2**32 - dropped))
