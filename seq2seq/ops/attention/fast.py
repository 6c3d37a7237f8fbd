"""Dot-product attention by compiled loops, without gradient: the states of a document are read from memory once."""

from __future__ import annotations

import torch
from torch import Tensor

from ..dispatch import launch


def attend(query: Tensor, states: Tensor, mask: Tensor, rows: Tensor | None) -> tuple[Tensor, Tensor]:
    """query [B, T, C], states [R, S, C], mask [B, S], rows [B] or None -> context [B, T, C], weights [B, T, S]."""
    from . import kernels

    context, weights = torch.empty_like(query), query.new_empty(*query.shape[:2], states.shape[1])
    rows = torch.arange(len(query)) if rows is None else rows
    launch(kernels.attend, query, states, rows, mask, context, weights)
    return context, weights
