"""Attention of all decoder steps over all encoder states in one batched product.

A new attention is a subclass of `Attention` with the method `scores`, and one line in `ATTENTIONS`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .. import ops
from .memory import Memory


class Attention(nn.Module):
    """Compares queries with keys; averages the states with the softmax of the scores.

    Args:
        query_size: H of the decoder; state_size: C.
        attention_size: A, the width of an inner layer, if there is one.
    """

    def __init__(self, query_size: int, state_size: int, attention_size: int) -> None:
        super().__init__()
        self.key_size = state_size
        """A, the width of the keys; an attention whose keys are not the states sets it."""

    def precompute(self, states: Tensor) -> Tensor:
        """states [B, S, C] -> keys [B, S, A], computed once for each document; the states themselves by default."""
        return states

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """query [B, T, H], keys [B, S, A] -> [B, T, S]."""
        raise NotImplementedError

    def normalise(self, scores: Tensor, mask: Tensor) -> Tensor:
        """scores [B, T, S], mask [B, S] -> weights [B, T, S], which are 0 at padding."""
        return scores.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=-1)

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """query [B, T, H] -> context [B, T, C], weights [B, T, S], which are 0 at padding."""
        states, keys = memory.gathered()
        weights = self.normalise(self.scores(query, keys), memory.mask)
        return weights @ states, weights


class MultiplicativeAttention(Attention):
    """score(q, s) = q^T W s (Luong et al. 2015, "general"), computed as (W^T q)^T s: queries are projected rather than
    states, because there are fewer of them."""

    def __init__(self, query_size: int, state_size: int, attention_size: int) -> None:
        super().__init__(query_size, state_size, attention_size)
        self.project = nn.Linear(state_size, query_size, bias=False)
        nn.init.xavier_uniform_(self.project.weight)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ self.project.weight @ keys.transpose(1, 2)

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """As in the base class, by one tuned operation."""
        return ops.attend(query @ self.project.weight, memory.states, memory.mask, memory.rows)


class AdditiveAttention(Attention):
    """score(q, s) = v^T tanh(W q + U s) (Bahdanau et al. 2015). Holds B * T * S * A numbers at once."""

    def __init__(self, query_size: int, state_size: int, attention_size: int) -> None:
        super().__init__(query_size, state_size, attention_size)
        self.key_size = attention_size
        self.project = nn.Linear(state_size, attention_size)
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.energy = nn.Linear(attention_size, 1, bias=False)
        for layer in (self.project, self.query, self.energy):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.project.bias)

    def precompute(self, states: Tensor) -> Tensor:
        return self.project(states)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        summed = self.query(query).unsqueeze(2) + keys.unsqueeze(1)
        return self.energy(summed.tanh()).squeeze(-1)


class NoAttention(Attention):
    """The encoder-decoder before attention (Cho et al. 2014): each step sees the final encoder state."""

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """query [B, T, H] -> context [B, T, C], the same at each step; weights [B, T, S], all zero."""
        context = memory.final.unsqueeze(1).expand(-1, query.shape[1], -1)
        return context, memory.states.new_zeros(*query.shape[:2], memory.mask.shape[1])


ATTENTIONS: dict[str, type[Attention]] = {
    "multiplicative": MultiplicativeAttention,
    "additive": AdditiveAttention,
    "none": NoAttention,
}
