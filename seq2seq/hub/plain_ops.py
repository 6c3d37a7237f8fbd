"""The interface of `ops`, with the plain version of each operation alone.

A file with the code of a model contains this module in place of `ops`, because compiled loops need numba. The results
are equal up to rounding.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from ..ops.attention.reference import attend
from ..ops.cross_entropy.reference import linear_cross_entropy
from ..ops.gru.reference import bigru, gru
from ..ops.gru.types import GRUWeights, Lookup
from ..ops.linear_logsumexp.reference import linear_logsumexp
from ..ops.reverse import reverse_by_length


class PlainLinear(NamedTuple):
    """The parameters of an output layer: weight [V, E], bias [V]."""

    weight: Tensor
    bias: Tensor


def all_logits_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    target: Tensor,
    *,
    gate_logit: Tensor | None = None,
    copy_prob: Tensor | None = None,
    target_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    words: Tensor | None = None,
    log_counts: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """See `ops.linear_cross_entropy`; over the whole vocabulary. Raises ValueError for `words`."""
    if words is not None:
        raise ValueError("a loss over a part of the vocabulary needs the package seq2seq; give words=None")
    if target_weights is None:
        target_weights = hidden.new_ones(len(hidden))
    inputs = hidden, weight, bias, target, gate_logit, copy_prob, target_weights, label_smoothing
    return linear_cross_entropy(*inputs)


def all_rows(hidden: Tensor, width: int) -> int:
    """hidden [N, E] -> N: all rows at once."""
    return len(hidden)


ops = SimpleNamespace(
    GRUWeights=GRUWeights,
    Lookup=Lookup,
    PackedLinear=PlainLinear,
    attend=attend,
    bigru=bigru,
    dropout=functional.dropout,
    gru=gru,
    linear_cross_entropy=all_logits_cross_entropy,
    linear_logsumexp=linear_logsumexp,
    logit_rows=all_rows,
    pack_linear=PlainLinear,
    reverse_by_length=reverse_by_length,
)
"""Stands for the package `ops` in a file with the code of a model."""
