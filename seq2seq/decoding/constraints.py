"""Constraints of a search: functions that name the tokens which must not come next.

A new constraint is one function and one entry of `CONSTRAINTS`. Constraints return ids and never touch the
log-probabilities, which are much larger: `constrain` masks the ids of all constraints at once.

Shape letters as in `hypotheses.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .options import SearchOptions


class SpecialIds(NamedTuple):
    """Ids with a meaning of their own.

    Args:
        eos: the end symbol.
        pad: the padding symbol.
        banned: [c] ids that are never emitted, `pad` among them.
        absent: [b, c] further ids that each example must not have, filled up with `pad`; None = none.
    """

    eos: int
    pad: int
    banned: Tensor
    absent: Tensor | None = None

    def of(self, examples: Tensor | slice) -> SpecialIds:
        """Those of some of the examples."""
        return self if self.absent is None else self._replace(absent=self.absent[examples])


Constraint = Callable[[Tensor, SearchOptions, SpecialIds], Tensor]
"""history [N, t] of emitted tokens, options, special ids -> ids [N, c] or [1, c] that must not come next; c may be 0.
`pad` is always forbidden, so a constraint can return it in place of an id that is allowed."""


def never_emitted(history: Tensor, options: SearchOptions, special: SpecialIds) -> Tensor:
    """Padding, the start symbol, and the ids that the caller forbids."""
    return special.banned.unsqueeze(0)


def minimum_length(history: Tensor, options: SearchOptions, special: SpecialIds) -> Tensor:
    """The end symbol, until there are `min_length` tokens."""
    return history.new_full((1, int(history.shape[1] < options.min_length)), special.eos)


def repeated_ngrams(history: Tensor, options: SearchOptions, special: SpecialIds) -> Tensor:
    """The tokens that would repeat an n-gram of the same row (Paulus et al. 2018, section 2.5)."""
    size = options.no_repeat_ngram_size
    if not 0 < size <= history.shape[1]:
        return history[:, :0]
    ngrams = history.unfold(1, size, 1)
    suffix = history[:, history.shape[1] - size + 1 :]
    repeats = (ngrams[:, :, :-1] == suffix.unsqueeze(1)).all(dim=2)
    return ngrams[:, :, -1].where(repeats, special.pad)


def unsupported(history: Tensor, options: SearchOptions, special: SpecialIds) -> Tensor:
    """The words that need support and that the row's document lacks (see `SearchOptions.supported`)."""
    if special.absent is None:
        return history[:, :0]
    return special.absent.repeat_interleave(len(history) // len(special.absent), dim=0)


CONSTRAINTS: dict[str, Constraint] = {
    "never_emitted": never_emitted,
    "minimum_length": minimum_length,
    "repeated_ngrams": repeated_ngrams,
    "unsupported": unsupported,
}


def constrain(log_probs: Tensor, history: Tensor, options: SearchOptions, special: SpecialIds) -> Tensor:
    """Applies all constraints to log_probs [N, V'], given the emitted tokens [N, t]. Works in place."""
    named = (constraint(history, options, special) for constraint in CONSTRAINTS.values())
    ids = [of_one.expand(len(history), -1) for of_one in named if of_one.shape[1]]
    return forbid(log_probs, torch.cat(ids, dim=1) if len(ids) > 1 else ids[0])


def forbid(log_probs: Tensor, ids: Tensor) -> Tensor:
    """Sets log_probs [N, V'] to -inf at the ids [N, c] of each row, in place."""
    return log_probs.scatter_(1, ids, -math.inf)
