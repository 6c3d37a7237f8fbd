"""An encoded batch of documents, the decoder's only view of them."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor


class Memory(NamedTuple):
    """The encoder's result for B documents. All beams of a document share it; it is never repeated or reordered.

    Args:
        states: [R, S, C] encoder states.
        keys: [R, S, A] the attention's keys; the states themselves if it needs no others.
        mask: [B, S] True = real token.
        final: [B, C] last state of the forward direction and first of the backward direction.
        copy_ids: [B, S] extended ids of the document's words, which the pointer copies.
        extension: X, the number of ids above the vocabulary that this batch needs.
        rows: [B] row of `states` and `keys` that belongs to each document; None = row b, with R = B.
    """

    states: Tensor
    keys: Tensor
    mask: Tensor
    final: Tensor
    copy_ids: Tensor
    extension: int = 0
    rows: Tensor | None = None

    def keep(self, examples: Tensor) -> Memory:
        """The memory of some documents ([b] indices). The states, which are most of it, are copied only once half of
        them are unused."""
        rows = examples if self.rows is None else self.rows.index_select(0, examples)
        smaller = self._replace(
            mask=self.mask.index_select(0, examples),
            final=self.final.index_select(0, examples),
            copy_ids=self.copy_ids.index_select(0, examples),
            rows=rows,
        )
        if 2 * len(rows) > len(self.states):
            return smaller
        states, keys = smaller.gathered()
        return smaller._replace(states=states, keys=keys, rows=None)

    def gathered(self) -> tuple[Tensor, Tensor]:
        """States [B, S, C] and keys [B, S, A], one row for each document."""
        if self.rows is None:
            return self.states, self.keys
        states = self.states.index_select(0, self.rows)
        return states, states if self.keys is self.states else self.keys.index_select(0, self.rows)


TupleT = TypeVar("TupleT", bound=NamedTuple)


def index_batch(tensors: TupleT, examples: Tensor | slice) -> TupleT:
    """A named tuple whose tensors all begin with the same dimension, for some indices of it."""

    def chosen(x: Tensor) -> Tensor:  # index_select copies rows in a third of the time of x[examples]
        return x[examples] if isinstance(examples, slice) else x.index_select(0, examples)

    changed: dict[str, Any] = {name: chosen(x) for name, x in tensors._asdict().items() if isinstance(x, Tensor)}
    return tensors._replace(**changed)


def rows_of(examples: Tensor, beams: int) -> Tensor:
    """Indices of documents [b] -> indices of all their rows [b * beams]."""
    return (examples[:, None] * beams + torch.arange(beams, device=examples.device)).flatten()
