"""Reads the document: embedded words in, a state for each word and one for the whole out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seq2seq.ops.dropout import Dropout
from seq2seq.ops.gru import Words
from seq2seq.model.cells import Recurrent, both_ways


class Encoder(nn.Module):
    """A bidirectional recurrent network of 1..n layers (see `both_ways`).

    Args:
        input_size: E.
        hidden_size: units for each direction; states are C = 2 * hidden_size wide.
    """

    def __init__(self, cell: str, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.output_size = 2 * hidden_size
        sizes = [input_size] + [self.output_size] * (layers - 1)
        self.forwards = nn.ModuleList(Recurrent(cell, size, hidden_size) for size in sizes)
        self.backwards = nn.ModuleList(Recurrent(cell, size, hidden_size) for size in sizes)
        self.dropout = Dropout(dropout)

    def forward(self, embedded: Tensor | Words, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """embedded [B, S, E] or words [B, S], lengths [B] (same device) -> states [B, S, C], whole [B, C]: both ways'
        last outputs.

        States at padding are meaningless; whoever reads them needs the mask.
        """
        first, *others = zip(self.forwards, self.backwards, strict=True)
        states = both_ways(*first, embedded, lengths)  # type: ignore[arg-type]
        for forwards, backwards in others:
            states = both_ways(forwards, backwards, self.dropout(states), lengths)  # type: ignore[arg-type]
        start = torch.arange(len(lengths), device=lengths.device) * states.shape[1]
        last = torch.stack([2 * (start + lengths - 1), 2 * start + 1], dim=1)  # among the two halves of every state
        halves = states.reshape(-1, self.output_size // 2)
        return states, halves.index_select(0, last.flatten()).view(-1, self.output_size)
