"""Terms that can be added to the cross-entropy.

A new term is a function of a teacher-forced batch, and one line in `LOSS_TERMS`. `network.loss_terms` gives its weight:
`{coverage: 1.0}`. The dashboard shows each term under its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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

LOSS_TERMS: dict[str, LossTerm] = {}
