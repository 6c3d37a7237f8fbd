"""Reads the document: embedded words in, one state for each word and one for the whole document out.

A new encoder is a subclass of `Encoder`, and one line in `ENCODERS`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..batch import length_mask
from ..ops import Lookup
from .cells import Cell
from .convolution import Convolution
from .dropout import Dropout


class Encoder(nn.Module):
    """The common ground of the encoders.

    Args:
        cell: class of the cells of a recurrent network.
        input_size: E.
        hidden_size: units of a layer, and of each direction if there are two.
        layers: number of layers.
        dropout: share of the inputs of upper layers that is dropped in training.
    """

    output_size: int
    """C, the width of the states."""

    def __init__(self, cell: type[Cell], *, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()

    def forward(self, x: Tensor | Lookup, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, S, E], lengths [B] on the same device -> states [B, S, C], state of the whole document [B, C].

        States at padding mean nothing: their readers need the mask.
        """
        raise NotImplementedError


class RecurrentEncoder(Encoder):
    """A bidirectional recurrent network of one or more layers: C = 2 * hidden_size. The state of the whole document is
    the final state of both directions."""

    def __init__(self, cell: type[Cell], *, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__(cell, input_size=input_size, hidden_size=hidden_size, layers=layers, dropout=dropout)
        self.output_size = 2 * hidden_size
        sizes = [input_size] + [self.output_size] * (layers - 1)
        self.forwards = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.backwards = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor | Lookup, lengths: Tensor) -> tuple[Tensor, Tensor]:
        for depth, (forward, backward) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            if depth:
                x = self.dropout(x)
            x = forward.bidirectional(backward, x, lengths)  # type: ignore[operator]
        assert isinstance(x, Tensor)
        return x, self._final(x, lengths)

    def _final(self, states: Tensor, lengths: Tensor) -> Tensor:
        """[B, C]: the forward state at the last word and the backward state at the first."""
        start = torch.arange(lengths.shape[0], device=lengths.device) * states.shape[1]
        halves = states.reshape(-1, self.output_size // 2)
        chosen = torch.stack([2 * (start + lengths - 1), 2 * start + 1], dim=1)  # each state is two halves
        return halves.index_select(0, chosen.flatten()).view(-1, self.output_size)


class ConvolutionalEncoder(Encoder):
    """Convolutions over words and their positions (Chopra et al. 2016, section 3.2): C = hidden_size + E.

        x_i = embedding of word i + embedding of position i
        z = convolution of x over `WINDOW` words; further layers are ReLU and another convolution

    The state of a word is [z_i; x_i]. So an attention can compare its query with z and average x, as in the paper. The
    state of the whole document is the mean over its words.
    """

    WINDOW = 5
    POSITIONS = 512  # later words share the embedding of the last one

    def __init__(self, cell: type[Cell], *, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__(cell, input_size=input_size, hidden_size=hidden_size, layers=layers, dropout=dropout)
        self.output_size = hidden_size + input_size
        self.position_embedding = nn.Embedding(self.POSITIONS, input_size)
        nn.init.normal_(self.position_embedding.weight, std=input_size**-0.5)
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.convolutions = nn.ModuleList(Convolution(size, hidden_size, self.WINDOW) for size in sizes)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor | Lookup, lengths: Tensor) -> tuple[Tensor, Tensor]:
        embedded = x.rows() if isinstance(x, Lookup) else x
        mask = length_mask(lengths, embedded.shape[1])
        positions = torch.arange(embedded.shape[1], device=embedded.device).clamp_max(self.POSITIONS - 1)
        words = z = embedded + self.position_embedding(positions)
        for depth, convolution in enumerate(self.convolutions):
            z = convolution(self.dropout(z.relu()) if depth else z, mask)
        states = torch.cat([z, words], dim=-1)
        return states, states.masked_fill(~mask.unsqueeze(2), 0).sum(dim=1) / lengths.unsqueeze(1)


ENCODERS: dict[str, type[Encoder]] = {"recurrent": RecurrentEncoder, "convolutional": ConvolutionalEncoder}
