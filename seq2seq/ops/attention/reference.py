"""Dot-product attention by torch."""

from __future__ import annotations

import torch
from torch import Tensor


def attend(query: Tensor, states: Tensor, mask: Tensor, rows: Tensor | None) -> tuple[Tensor, Tensor]:
    """query [B, T, C], states [R, S, C], mask [B, S], rows [B] or None -> context [B, T, C], weights [B, T, S]."""
    if rows is not None:
        states = states.index_select(0, rows)
    scores = query @ states.transpose(1, 2)
    weights = scores.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
    return weights @ states, weights
