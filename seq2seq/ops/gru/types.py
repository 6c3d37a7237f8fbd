"""The arguments of the GRU that are more than one tensor."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional


class GRUWeights(NamedTuple):
    """The parameters of a layer in the layout of torch.nn.GRU, gates in the order r, z, n.

    Args:
        w_ih: [3H, I]; w_hh: [3H, H]; b_ih, b_hh: [3H].
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor


class Lookup(NamedTuple):
    """A sequence of embeddings, not yet looked up: the input projection of a word that occurs often is computed once.

    Args:
        table: [U, I] embeddings; ids: [N, T] rows of it (int64).
    """

    table: Tensor
    ids: Tensor

    def rows(self) -> Tensor:
        """[N, T, I]"""
        return functional.embedding(self.ids, self.table)
