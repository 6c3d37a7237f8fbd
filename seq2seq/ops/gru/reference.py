"""The GRU by torch: its CPU layer, or cuDNN."""

from __future__ import annotations

import torch
from torch import Tensor

from ..reverse import reverse_by_length
from .types import GRUWeights, Lookup


def gru(x: Tensor, h0: Tensor, weights: GRUWeights) -> Tensor:
    """x [N, T, I], h0 [N, H] -> states [N, T, H]."""
    learning = torch.is_grad_enabled()  # cuDNN keeps the values for the gradient only in training mode
    states, _ = torch.gru(x, h0.unsqueeze(0), list(weights), True, 1, 0.0, learning, False, True)
    return states


def bigru(x: Tensor | Lookup, lengths: Tensor, forward: GRUWeights, backward: GRUWeights) -> Tensor:
    """x [N, T, I], lengths [N] -> states [N, T, 2H]."""
    if isinstance(x, Lookup):
        x = x.rows()
    h0 = x.new_zeros(len(x), forward.w_hh.shape[1])
    ahead = gru(x, h0, forward)
    back = gru(reverse_by_length(x, lengths), h0, backward)
    return torch.cat([ahead, reverse_by_length(back, lengths)], dim=-1)
