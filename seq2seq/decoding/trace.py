"""The record of a search: the hypotheses of each step. A search without a recorder does no work for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class SearchStep(NamedTuple):
    """The n best extensions of one step, best first, for the b examples that are still in the batch.

    Args:
        tokens: [b, n] last token of each extension.
        parents: [b, n] the extended beam, as a position in `live` of the step before; 0 in the first step.
        log_probs: [b, n] log-probability of the whole hypothesis; -inf: no hypothesis.
        scores: [b, n] log-probability / length ** length_penalty.
        finished: [b, n] True where the extension is a candidate for the result.
        live: [b, k] positions in 0..n-1 of the extensions that the next step extends; -1: none.
    """

    tokens: Tensor
    parents: Tensor
    log_probs: Tensor
    scores: Tensor
    finished: Tensor
    live: Tensor


Recorder = Callable[[SearchStep], None]
"""Receives each step of a search, for example `append` of a list."""
