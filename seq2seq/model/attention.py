"""Where the decoder looks: attention of all decoder steps over all encoder states in one batched product.

What can be computed once for each document (additive attention's keys) lives in `Memory`; the attention modules keep no
state.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from seq2seq.ops.compiled import arrays, loops, threads


class Memory(NamedTuple):
    """An encoded batch of documents. It is never repeated for beams, nor reordered: queries of all beams share it.

    Args:
        states: [B, S, C] encoder states.
        keys: [B, S, A] what queries are compared with; A = 0 where that is the states themselves, or nothing.
        mask: [B, S] True = real token.
        whole: [B, C] the encoder's last states, both directions.
        copy_ids: [B, S] extended ids of the document's words, what the pointer copies.
        extension: X, ids above the vocabulary that this batch needs.
        places: [B] which of the `states` (then of more examples than B) are those of each example; None = in order.
    """

    states: Tensor
    keys: Tensor
    mask: Tensor
    whole: Tensor
    copy_ids: Tensor
    extension: int = 0
    places: Tensor | None = None

    def keep(self, examples: Tensor) -> Memory:
        """The memory of some of the examples ([b] indices). Where the attention can do with it, the states, which are
        most of it, stay where they are."""
        if self.keys.shape[-1] or not loops(len(self.states), self.states):
            return some(self, examples)
        places = torch.arange(len(self.mask)) if self.places is None else self.places
        return some(self._replace(states=places, places=places), examples)._replace(states=self.states)

    def in_order(self) -> Memory:
        """The same with the states of the examples alone, each at its own place."""
        if self.places is None:
            return self
        return self._replace(states=self.states.index_select(0, self.places), places=None)


TupleT = TypeVar("TupleT", bound=NamedTuple)


def some(tensors: TupleT, examples: Tensor | slice) -> TupleT:
    """A named tuple whose tensors all begin with B, for some of the examples."""

    def kept(x: Tensor) -> Tensor:  # index_select copies rows in a third of the time of x[examples]
        return x[examples] if isinstance(examples, slice) else x.index_select(0, examples)

    fields: dict[str, Any] = {name: kept(x) for name, x in tensors._asdict().items() if isinstance(x, Tensor)}
    return tensors._replace(**fields)


def attend(scores: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """scores [B, T, S] -> context [B, T, C], weights [B, T, S]; padding gets weight 0 exactly."""
    weights = scores.masked_fill(~memory.mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
    return weights @ memory.states, weights


class MultiplicativeAttention(nn.Module):
    """Luong et al. 2015, "general": score(q, s) = q^T W s = (W^T q)^T s. Queries are projected rather than states: in
    training there are many fewer of them (and in a search not many more); so the states are their own keys."""

    def __init__(self, query_size: int, state_size: int) -> None:
        super().__init__()
        self.project = nn.Linear(state_size, query_size, bias=False)
        nn.init.xavier_uniform_(self.project.weight)

    def keys(self, states: Tensor) -> Tensor:
        """Nothing beside the states: [B, S, 0]."""
        return states[..., :0]

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """queries [B, T, H] -> context [B, T, C], weights [B, T, S]."""
        projected = (queries @ self.project.weight).to(memory.states.dtype)  # (which autocast lowers)
        states, rows = memory.states, projected[..., 0].numel()
        learning = torch.is_grad_enabled() and (projected.requires_grad or states.requires_grad)
        if not learning and (do := loops(rows, projected, states)):
            context, weights = torch.empty_like(projected), projected.new_empty(*queries.shape[:2], states.shape[1])
            places = torch.arange(len(projected)) if memory.places is None else memory.places
            do.attend(*arrays(projected, states, places, memory.mask, context, weights), threads())
            return context, weights
        memory = memory.in_order()
        return attend(projected @ memory.states.transpose(1, 2), memory)


class AdditiveAttention(nn.Module):
    """Bahdanau et al. 2015: score(q, s) = v^T tanh(W q + U s). Holds B*T*S*A numbers at once."""

    def __init__(self, query_size: int, state_size: int, attention_size: int) -> None:
        super().__init__()
        self.project = nn.Linear(state_size, attention_size)
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.energy = nn.Linear(attention_size, 1, bias=False)
        for layer in (self.project, self.query, self.energy):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.project.bias)

    def keys(self, states: Tensor) -> Tensor:
        """states [B, S, C] -> keys [B, S, A]."""
        return self.project(states)

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """queries [B, T, H] -> context [B, T, C], weights [B, T, S]."""
        summed = self.query(queries).unsqueeze(2) + memory.keys.unsqueeze(1)
        return attend(self.energy(summed.tanh()).squeeze(-1), memory)


class NoAttention(nn.Module):
    """The encoder-decoder before attention (Cho et al. 2014): every step sees the whole document as one vector."""

    def keys(self, states: Tensor) -> Tensor:
        """Nothing to compare with: [B, S, 0]."""
        return states[..., :0]

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """queries [B, T, H] -> context [B, T, C], the same at every step; weights [B, T, S], all zero."""
        context = memory.whole.unsqueeze(1).expand(-1, queries.shape[1], -1)
        return context, memory.states.new_zeros(*queries.shape[:2], memory.mask.shape[1])
