"""Greedy search: the most likely next token at each step."""

from __future__ import annotations

import torch
from torch import Tensor

from .constraints import SpecialIds
from .hypotheses import COMPACT_BELOW, Beams, Hypotheses, RemovedExamples, StateT, Step, extend
from .options import SearchOptions
from .trace import Recorder, SearchStep


def greedy_search(
    step: Step[StateT],
    state: StateT,
    start: Tensor,
    options: SearchOptions,
    special: SpecialIds,
    compact_below: float = COMPACT_BELOW,
    record: Recorder | None = None,
) -> Hypotheses:
    """Follows the most likely token until it is the end symbol.

    Args:
        step, state, options, compact_below, record: as for `search`.
        start: [B] start symbols.

    Returns:
        Hypotheses with n = 1.
    """
    live, tokens = Beams.empty(start), start
    ended = torch.zeros_like(start, dtype=torch.bool)
    lengths = torch.zeros_like(start)
    removed = RemovedExamples(start)
    for length in range(1, options.max_length + 1):
        log_probs, state = step(tokens, state)
        extensions, parents = extend(live, log_probs, 1, options, special)
        live = Beams(extensions.tokens, live.log_probs.where(ended.unsqueeze(1), extensions.log_probs))
        tokens = live.tokens[:, 0, -1]
        ended = ended | (tokens == special.eos)
        lengths = lengths + ~ended
        if record is not None:
            over = (ended | (length == options.max_length)).unsqueeze(1)
            scores = live.log_probs / length**options.length_penalty
            record(SearchStep(tokens.unsqueeze(1), parents, live.log_probs, scores, over, -over.long()))
        unfinished = 0 if length == options.max_length else int((~ended).sum())
        if unfinished == 0:
            break
        if unfinished < compact_below * len(ended):
            stay = removed.remove(ended, unfinished, _hypotheses(live, lengths, ended, options))
            live, state, special = live.keep(stay), state.keep(stay), special.of(stay)
            tokens, lengths, ended = tokens[stay], lengths[stay], ended[stay]
    return removed.all_results(_hypotheses(live, lengths, ended, options), 1, special.pad)


def _hypotheses(live: Beams, lengths: Tensor, ended: Tensor, options: SearchOptions) -> Hypotheses:
    """One beam [b, 1, t] per example, its length [b], and whether it has the end symbol [b] -> Hypotheses."""
    norm = (lengths + ended).to(live.log_probs.dtype) ** options.length_penalty
    return Hypotheses(live.tokens, lengths.unsqueeze(1), live.log_probs / norm.unsqueeze(1), live.log_probs)
