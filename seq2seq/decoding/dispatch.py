"""`search`: prepares a batch and calls the search method that the options ask for."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .beam import beam_search
from .constraints import SpecialIds
from .greedy import greedy_search
from .hypotheses import COMPACT_BELOW, Hypotheses, StateT, Step
from .options import SearchOptions


@torch.no_grad()
def search(
    step: Step[StateT],
    state: StateT,
    batch_size: int,
    options: SearchOptions,
    *,
    bos_id: int,
    eos_id: int,
    pad_id: int,
    forbidden: Sequence[int] = (),
    device: torch.device | str | None = None,
    compact_below: float = COMPACT_BELOW,
) -> Hypotheses:
    """Finds the best hypotheses for a batch: by greedy search if `beam_size` is 1, else by beam search.

    Args:
        step: the network, see `Step`. The first call has the start symbol in B rows.
        state: state of the network before the first step, for B = `batch_size` >= 1 rows.
        forbidden: ids that are never emitted, besides padding and start symbol.
        device: device of the tokens given to `step`; None is torch's default device.
        compact_below: share of unfinished examples below which the finished ones leave the batch.

    Raises ValueError if the end symbol has the id of the start symbol or of padding.
    """
    if eos_id in (bos_id, pad_id):
        raise ValueError(f"eos_id {eos_id} must differ from bos_id and pad_id, which are never emitted")
    start = torch.full((batch_size,), bos_id, device=device)
    special = SpecialIds(eos_id, pad_id, torch.tensor([pad_id, bos_id, *forbidden], device=start.device))
    method = greedy_search if options.beam_size == 1 else beam_search
    return method(step, state, start, options, special, compact_below)
