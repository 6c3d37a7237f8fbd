"""Terms that can be added to the cross-entropy.

A new term is a function of a teacher-forced batch, and one line in `LOSS_TERMS`. `network.loss_terms` gives its weight:
`{coverage: 1.0}`; `network.loss_starts` names the step from which it counts. The dashboard shows each term under its
name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..batch import Batch
from .memory import Memory


class TeacherForced(NamedTuple):
    """The decoder's results for the real previous words of a batch.

    Args:
        features: [B, T, F]; attention: [B, T, S].
    """

    batch: Batch
    memory: Memory
    features: Tensor
    attention: Tensor


LossTerm = Callable[[TeacherForced], Tensor]
"""The sum over all real target words of the batch (`batch.summary_mask`), a scalar."""


def coverage(forced: TeacherForced) -> Tensor:
    """sum_t sum_i min(a_ti, c_ti), where c_t sums the attention of all earlier steps (See et al. 2017, equations 12 and
    13): attention to words that have had it costs."""
    earlier = forced.attention.cumsum(dim=1) - forced.attention
    overlap = torch.minimum(forced.attention, earlier).sum(dim=2)
    return (overlap * forced.batch.summary_mask).sum()


LOSS_TERMS: dict[str, LossTerm] = {"coverage": coverage}
