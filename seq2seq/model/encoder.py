"""Reads the document: embedded words in, a state for each word and one for the whole out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .recurrent import Recurrent, reverse


class Encoder(nn.Module):
    """A bidirectional recurrent network of 1..n layers.

    The backward direction is a forward layer over sequences reversed by their own length. This gives exactly what a
    packed bidirectional layer gives (padding never precedes a word), without packing, which costs more than twice the
    time on a CPU.

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
        self.dropout = nn.Dropout(dropout)

    def forward(self, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """embedded [B, S, E], lengths [B] -> states [B, S, C], whole [B, C]: both directions' last outputs.

        States at padding are meaningless; whoever reads them needs the mask.
        """
        lengths = lengths.to(embedded.device)
        states = embedded
        for depth, (forwards, backwards) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            if depth:
                states = self.dropout(states)
            ahead, _ = forwards(states)
            back, _ = backwards(reverse(states, lengths))
            whole = torch.cat([ahead, back], dim=-1)[torch.arange(len(lengths), device=embedded.device), lengths - 1]
            states = torch.cat([ahead, reverse(back, lengths)], dim=-1)
        return states, whole
