"""Word embeddings, shared by encoder and decoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .. import ops
from ..batch import Vocabulary
from .dropout import Dropout


class Embedding(nn.Embedding):
    """One vector for each word, and for each of a document's first unknown words if `unknown_words` > 0.

    The weights start normal with deviation E^-0.5, so that tied logits start near unit size; padding starts at zero.
    """

    def __init__(self, vocabulary: Vocabulary, unknown_words: int, size: int, dropout: float) -> None:
        super().__init__(vocabulary.size + unknown_words, size, padding_idx=vocabulary.pad)
        self.unk, self.dropout = vocabulary.unk, Dropout(dropout)
        nn.init.normal_(self.weight, std=size**-0.5)
        with torch.no_grad():
            self.weight[vocabulary.pad].zero_()

    def forward(self, ids: Tensor) -> Tensor:
        """Extended ids [...] -> [..., E]."""
        return self.dropout(super().forward(self.rows(ids)))

    def documents(self, ids: Tensor) -> Tensor | ops.Lookup:
        """The same for documents [B, S]; not yet looked up where equal words have equal embeddings."""
        differs_by_position = self.training or torch.is_grad_enabled()  # by dropout, or by the place in the graph
        return self(ids) if differs_by_position else ops.Lookup(self.weight, self.rows(ids))

    def rows(self, ids: Tensor) -> Tensor:
        """Extended ids -> rows of the weights. Unknown words without a row of their own share that of `<unk>`."""
        return ids.where(ids < self.num_embeddings, self.unk)
