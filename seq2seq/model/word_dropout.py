"""Word dropout: in training some words of the input are missing."""

from __future__ import annotations

from torch import Tensor

from .. import ops
from .dropout import Dropout


class WordDropout(Dropout):
    """Zeroes the whole embedding of a share p of the words in training, and scales the others by 1 / (1 - p) (Gal and
    Ghahramani 2016; Sennrich and Zhang 2019, section 3.1). Each position is drawn on its own. Ids do not change: the
    pointer can still copy a word whose embedding is zero."""

    def forward(self, embedded: Tensor) -> Tensor:
        """embedded [N, T, E] -> the same shape."""
        if not self.training or self.p == 0:
            return embedded
        return embedded * ops.dropout(embedded.new_ones(embedded.shape[:-1]), self.p, True).unsqueeze(-1)
