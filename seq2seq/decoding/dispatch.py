"""`search`: prepares a batch and calls the search method that the options ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .beam import beam_search
from .constraints import SpecialIds
from .greedy import greedy_search
from .hypotheses import COMPACT_BELOW, Hypotheses, StateT, Step
from .minimum_risk import minimum_risk
from .options import SearchOptions
from .trace import Recorder


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
    absent: Tensor | None = None,
    device: torch.device | str | None = None,
    compact_below: float = COMPACT_BELOW,
    record: Recorder | None = None,
) -> Hypotheses:
    """Finds the best hypotheses for a batch: by greedy search if `beam_size` is 1, else by beam search, with
    `minimum_risk` if the options say so.

    Args:
        step: the network, see `Step`. The first call has the start symbol in B rows.
        state: state of the network before the first step, for B = `batch_size` >= 1 rows.
        forbidden: ids that are never emitted, besides padding and start symbol.
        absent: [B, c] further ids that each example must not have, filled up with padding; see `absent_ids`.
        device: device of the tokens given to `step`; None is torch's default device.
        compact_below: share of unfinished examples below which the finished ones leave the batch.
        record: receives each step; only for a batch of one example.

    Raises ValueError if the end symbol has the id of the start symbol or of padding.
    """
    if eos_id in (bos_id, pad_id):
        raise ValueError(f"eos_id {eos_id} must differ from bos_id and pad_id, which are never emitted")
    if record is not None and batch_size != 1:
        raise ValueError(f"a search with a recorder needs a batch of 1 example, not {batch_size}")
    start = torch.full((batch_size,), bos_id, device=device)
    special = SpecialIds(eos_id, pad_id, torch.tensor([pad_id, bos_id, *forbidden], device=start.device), absent)
    if options.beam_size == 1:
        return greedy_search(step, state, start, options, special, compact_below, record)
    if not options.minimum_risk:
        return beam_search(step, state, start, options, special, compact_below, record)
    whole_beam = replace(options, n_best=options.beam_size)
    return minimum_risk(beam_search(step, state, start, whole_beam, special, compact_below, record), options, pad_id)
