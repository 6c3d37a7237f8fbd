"""Dot-product attention over encoder states."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checks import Arguments, under_autocast
from ..dispatch import choose
from . import fast, reference


def attend(query: Tensor, states: Tensor, mask: Tensor, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """softmax(query states^T) over the real positions, and the states averaged with these weights.

    Args:
        query: [B, T, C]; states: [R, S, C].
        mask: [B, S] True = real token; each row has at least one.
        rows: [B] the row of `states` that belongs to each query; None = row b, with R = B.

    Returns:
        context [B, T, C] and weights [B, T, S], which are 0 at padding.

    Raises ValueError for a wrong shape, type or row.
    """
    if under_autocast(query):
        query = query.to(states.dtype)
    arguments = Arguments("attend", query)
    arguments.shape("query", query, "B T C")
    arguments.shape("states", states, "B S C" if rows is None else "R S C")
    arguments.shape("mask", mask, "B S", torch.bool)
    if rows is not None:
        arguments.indices("rows", rows, "B", 0, len(states))
    learning = torch.is_grad_enabled() and (query.requires_grad or states.requires_grad)
    if learning:
        return reference.attend(query, states, mask, rows)
    query = query.contiguous()
    work = query.shape[0] * query.shape[1]
    return choose(fast.attend, reference.attend, (query, states, mask, rows), work, (query, states))
