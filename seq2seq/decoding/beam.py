"""Beam search: the K best unfinished hypotheses of each example advance together."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .constraints import SpecialIds
from .hypotheses import COMPACT_BELOW, Beams, Hypotheses, RemovedExamples, StateT, Step, extend, gather_tokens
from .options import SearchOptions
from .trace import Recorder, SearchStep


def beam_search(
    step: Step[StateT],
    state: StateT,
    start: Tensor,
    options: SearchOptions,
    special: SpecialIds,
    compact_below: float = COMPACT_BELOW,
    record: Recorder | None = None,
) -> Hypotheses:
    """Keeps K live beams and, apart from them, the K best finished hypotheses. Arguments as for `greedy_search`.

    Each step takes the 2K best extensions of the live beams. Those among the first K that end are finished; the best K
    that do not end stay live. So an end does not use up a beam. An example is done when its best live beam, scored at
    its present length, cannot beat its worst finished hypothesis. For length_penalty <= 0 this misses nothing better;
    above 0 it is a heuristic. At `max_length` every live beam counts as finished. These are the rules of
    `generate(num_beams=K, do_sample=False, early_stopping=False, max_new_tokens=max_length)` in transformers 5.
    """
    beams = options.beam_size
    live, tokens, removed = Beams.empty(start), start, RemovedExamples(start)
    none = torch.full((len(start), beams), -math.inf, device=start.device)
    finished = Hypotheses(start.new_empty(len(start), beams, 0), torch.zeros_like(none, dtype=torch.long), none, none)
    for length in range(1, options.max_length + 1):
        norm = length**options.length_penalty
        log_probs, state = step(tokens, state)
        extensions, parents = extend(live, log_probs, 2 * beams, options, special)
        ends = extensions.tokens[:, :, -1] == special.eos
        cut = length == options.max_length
        over = ends | cut
        finished = _add_finished(finished, extensions, ends, over, norm)
        going_on = extensions.log_probs.masked_fill(over, -math.inf).topk(beams, dim=1)
        if record is not None:
            record(_recorded(extensions, parents, norm, over, going_on))
        if cut:
            break
        rows = _rows(parents.gather(1, going_on.indices), live.log_probs.shape[1])
        # The beams of a done example get -inf, so that nothing more is finished while it is still in the batch.
        done = going_on.values[:, 0] / norm <= finished.scores[:, -1]
        live = Beams(extensions.select(going_on.indices).tokens, going_on.values.masked_fill(done[:, None], -math.inf))
        unfinished = len(done) - int(done.sum())
        if unfinished == 0:
            break
        state = state.select(rows)
        if unfinished < compact_below * len(done):
            stay = removed.remove(done, unfinished, finished)
            live, finished, state = live.keep(stay), finished.keep(stay), state.keep(stay)
            special = special.of(stay)
        tokens = live.tokens[:, :, -1].flatten()
    return removed.all_results(finished, options.n_best, special.pad)


def _add_finished(finished: Hypotheses, extensions: Beams, ends: Tensor, over: Tensor, norm: float) -> Hypotheses:
    """Selects the best K of `finished` [b, K] and of the first K extensions that are over.

    Args:
        ends: [b, 2K] True where the last token is the end symbol, which does not count as length.
        over: [b, 2K] True where the extension does not grow further.
        norm: divisor that turns log-probabilities into scores.
    """
    beams = finished.scores.shape[1]
    tokens, log_probs = (x[:, :beams] for x in extensions)
    log_probs = log_probs.masked_fill(~over[:, :beams], -math.inf)
    scores, order = torch.cat([finished.scores, log_probs / norm], dim=1).topk(beams, dim=1)
    return Hypotheses(
        gather_tokens(torch.cat([functional.pad(finished.tokens, (0, 1)), tokens], dim=1), order),
        torch.cat([finished.lengths, tokens.shape[2] - ends[:, :beams].long()], dim=1).gather(1, order),
        scores,
        torch.cat([finished.log_probs, log_probs], dim=1).gather(1, order),
    )


def _recorded(
    extensions: Beams, parents: Tensor, norm: float, over: Tensor, going_on: torch.return_types.topk
) -> SearchStep:
    """One step as the recorder receives it: the 2K extensions, with `over` [b, 2K] and the best K to extend further."""
    values, positions = going_on
    among_first = torch.arange(over.shape[1], device=over.device) < positions.shape[1]
    return SearchStep(
        tokens=extensions.tokens[:, :, -1],
        parents=parents,
        log_probs=extensions.log_probs,
        scores=extensions.log_probs / norm,
        finished=over & among_first,
        live=positions.where(values > -math.inf, -1),
    )


def _rows(parents: Tensor, beams: int) -> Tensor:
    """Parents [b, n] in 0..k-1 of an example's k beams -> their rows [b*n] among b*k."""
    return (parents + torch.arange(len(parents), device=parents.device).unsqueeze(1) * beams).flatten()
