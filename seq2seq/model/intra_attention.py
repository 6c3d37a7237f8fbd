"""Attention of the decoder to its own earlier states."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class IntraAttention(nn.Module):
    """c_t = sum_{j<t} a_tj q_j with a_t = softmax_j(q_t^T W q_j); c_1 = 0 (Paulus et al. 2018, section 2.2).

    The earlier states are a part of the decoder's state, and grow by one in each step. They begin with a state of zeros
    that the first step alone attends to: its context is then zero.

    Args:
        size: H.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, size, bias=False)
        nn.init.xavier_uniform_(self.project.weight)

    def start(self, like: Tensor) -> Tensor:
        """like [B, ...] -> earlier states [B, 1, H]."""
        return like.new_zeros(like.shape[0], 1, self.project.in_features)

    def forward(self, states: Tensor, earlier: Tensor) -> tuple[Tensor, Tensor]:
        """states [N, T, H], earlier [N, 1 + t, H] -> contexts [N, T, H], and `earlier` with these states at its end."""
        every = torch.cat([earlier, states], dim=1)
        last = torch.arange(earlier.shape[1] - 1, every.shape[1] - 1, device=states.device).unsqueeze(1)
        place = torch.arange(every.shape[1], device=states.device)
        seen = (place <= last) & ((place > 0) | (last == 0))  # [T, 1 + t + T]
        scores = self.project(states) @ every.transpose(1, 2)
        weights = scores.masked_fill(~seen, -torch.inf).softmax(dim=-1).to(every.dtype)
        return weights @ every, every
