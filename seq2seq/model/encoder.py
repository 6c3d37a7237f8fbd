"""Reads the document: embedded words in, one state for each word and one for the whole document out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..ops import Lookup
from .cells import Cell
from .dropout import Dropout


class Encoder(nn.Module):
    """A bidirectional recurrent network of one or more layers.

    Args:
        cell: class of the cells.
        input_size: E.
        hidden_size: units of each direction; states are C = 2 * hidden_size wide.
        layers: number of layers.
        dropout: share of the inputs of upper layers that is dropped in training.
    """

    def __init__(self, cell: type[Cell], *, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.output_size = 2 * hidden_size
        sizes = [input_size] + [self.output_size] * (layers - 1)
        self.forwards = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.backwards = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor | Lookup, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, S, E], lengths [B] on the same device -> states [B, S, C], final states of both directions [B, C].

        States at padding mean nothing: their readers need the mask.
        """
        for depth, (forward, backward) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            if depth:
                x = self.dropout(x)
            x = forward.bidirectional(backward, x, lengths)  # type: ignore[operator]
        assert isinstance(x, Tensor)
        return x, self._final(x, lengths)

    def _final(self, states: Tensor, lengths: Tensor) -> Tensor:
        """[B, C]: the forward state at the last word and the backward state at the first."""
        start = torch.arange(len(lengths), device=lengths.device) * states.shape[1]
        halves = states.reshape(-1, self.output_size // 2)
        chosen = torch.stack([2 * (start + lengths - 1), 2 * start + 1], dim=1)  # each state is two halves
        return halves.index_select(0, chosen.flatten()).view(-1, self.output_size)
