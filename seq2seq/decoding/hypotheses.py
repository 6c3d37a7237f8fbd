"""The common ground of greedy and beam search: types of the step function, hypotheses, and their extension by a token.

Shape letters: B examples (b of them still in the batch), K beams, N = b or b*K rows, t tokens so far, V' ids of the
extended vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from .constraints import SpecialIds, constrain
from .options import SearchOptions

StateT = TypeVar("StateT", bound="State")


class State(Protocol):
    """The state of the network between two steps. The rows of one example are neighbours."""

    def select(self: StateT, rows: Tensor) -> StateT:
        """Returns the state in which row r is a copy of row `rows[r]`.

        rows [b*K] never leave their example: row r belongs to example r // K. The first call may widen the state from
        b rows to b*K.
        """
        ...

    def keep(self: StateT, examples: Tensor) -> StateT:
        """Returns the state of some examples (increasing indices), with all their rows and their encoder memory."""
        ...


Pieces = Iterable[tuple[Tensor, Tensor]]
Step = Callable[[Tensor, StateT], tuple[Tensor | Pieces, StateT]]
"""tokens [N], state -> log-probabilities [N, V'] of the next token, new state.

The search overwrites the log-probabilities, so they must not be a view of a table. They may also come in pieces, each
for the next few examples: numbers [n, V'] and a constant per row [n]; their sum are the log-probabilities. The search
asks for a piece only when it has finished the piece before, which bounds memory."""

COMPACT_BELOW = 0.85
"""Finished examples leave the batch when the share of unfinished ones is lower. Copying the state costs less than a
step with finished examples in it. This changes the cost, never the result."""

FORCED_END_LOG_PROB = -1e4
"""Lowest log-probability of an end that is forced because nothing else is allowed: hopeless, but finite."""


@dataclass(frozen=True)
class Hypotheses:
    """The result of a search: n hypotheses for each example, best first.

    An example with fewer than n is filled up with length 0 and score and log-probability -inf.

    Args:
        tokens: [B, n, T] ids without start and end symbol, padded; T is the greatest length.
        lengths: [B, n] tokens, without the end symbol.
        scores: [B, n] log-probability / (tokens, end symbol included) ** length_penalty.
        log_probs: [B, n] sum over the tokens and the end symbol. A hypothesis cut at max_length has no end symbol.
    """

    tokens: Tensor
    lengths: Tensor
    scores: Tensor
    log_probs: Tensor

    def keep(self, examples: Tensor) -> Hypotheses:
        """The hypotheses of some examples ([b] indices)."""
        return Hypotheses(*(getattr(self, f.name)[examples] for f in fields(self)))

    @staticmethod
    def join(parts: Sequence[Hypotheses], pad_id: int) -> Hypotheses:
        """Joins the hypotheses of several batches."""
        width = max(part.tokens.shape[2] for part in parts)
        tokens = [functional.pad(part.tokens, (0, width - part.tokens.shape[2]), value=pad_id) for part in parts]
        others = (torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Hypotheses)[1:])
        return Hypotheses(torch.cat(tokens), *others)


class Beams(NamedTuple):
    """Unfinished hypotheses: tokens [b, k, t] and the sums of their log-probabilities [b, k] (-inf: none)."""

    tokens: Tensor
    log_probs: Tensor

    @staticmethod
    def empty(start: Tensor) -> Beams:
        """One beam without a token for each example; start [B]."""
        return Beams(start.new_empty(len(start), 1, 0), torch.zeros(len(start), 1, device=start.device))

    def select(self, beams: Tensor) -> Beams:
        """The beams [b, n] of each example."""
        return Beams(gather_tokens(self.tokens, beams), self.log_probs.gather(1, beams))

    def keep(self, examples: Tensor) -> Beams:
        """The beams of some examples ([b] indices)."""
        return Beams(self.tokens[examples], self.log_probs[examples])


def gather_tokens(tokens: Tensor, beams: Tensor) -> Tensor:
    """tokens [b, k, t], beams [b, n] -> tokens of these beams [b, n, t]."""
    return tokens.gather(1, beams.unsqueeze(2).expand(-1, -1, tokens.shape[2]))


def extend(
    live: Beams, log_probs: Tensor | Pieces, width: int, options: SearchOptions, special: SpecialIds
) -> tuple[Beams, Tensor]:
    """Finds the `width` best extensions of each example's beams by one allowed token.

    Args:
        live: b examples with k beams.
        log_probs: [b*k, V'] of the next token, in one tensor or in pieces (see `Step`); overwritten.

    Returns:
        [b, width] extensions, best first (filled up with -inf), and their parents [b, width] in 0..k-1.
    """
    beams = live.log_probs.shape[1]
    found, start = [], 0
    if isinstance(log_probs, Tensor):
        log_probs = [(log_probs, log_probs.new_zeros(len(log_probs)))]
    for piece, constant in log_probs:
        examples = slice(start, start := start + len(piece) // beams)
        ends = piece[:, special.eos].maximum(FORCED_END_LOG_PROB - constant)
        piece = constrain(piece, live.tokens[examples].flatten(0, 1), options, special.of(examples))
        so_far = live.log_probs[examples] + constant.view(-1, beams)
        found.append(best_extensions(piece, so_far, ends, special.eos, width))
    totals, parents, ids = (torch.cat(part) for part in zip(*found, strict=True))
    return Beams(torch.cat([gather_tokens(live.tokens, parents), ids.unsqueeze(2)], dim=2), totals), parents


def best_extensions(
    log_probs: Tensor, so_far: Tensor, ends: Tensor, eos_id: int, width: int, block: int = 64
) -> tuple[Tensor, Tensor, Tensor]:
    """Finds the best sums of a beam's log-probability and its next token's, over all beams of an example.

    The best n tokens lie in the n blocks of neighbouring ids with the highest maxima, over all beams. Maxima are cheap,
    so for a large vocabulary this takes a fraction of the time of one `topk`. A beam whose next tokens are all
    forbidden can still end; otherwise one dead end would leave its example without a hypothesis.

    Args:
        log_probs: [b*k, V'] of the next tokens, -inf where forbidden.
        so_far: [b, k] log-probabilities of the beams.
        ends: [b*k] log-probability of the end where nothing else is allowed.
        block: ids in a block.

    Returns:
        sums [b, width], best first (filled up with -inf), and their beams and tokens [b, width].
    """
    examples, beams = so_far.shape
    size = log_probs.shape[1]
    by_beam, so_far = log_probs.view(examples, beams, size), so_far.unsqueeze(2)
    blocks = size // block if size >= 2 * width * block else 0
    rest = by_beam[:, :, blocks * block :]  # ids outside of whole blocks: all are candidates
    maxima = by_beam[:, :, : blocks * block].unflatten(2, (blocks, block)).amax(dim=3)
    highest = torch.cat([maxima, rest], dim=2).amax(dim=2)
    forced = ends.view_as(highest).where(highest == -math.inf, -math.inf)
    sums = [(so_far + torch.cat([rest, forced.unsqueeze(2)], dim=2)).flatten(1)]
    beam = torch.arange(beams, device=log_probs.device).unsqueeze(1)
    tokens = torch.arange(blocks * block, size + 1, device=log_probs.device)
    tokens[-1] = eos_id
    positions = [(beam * size + tokens).flatten().expand(examples, -1)]  # among the k * V' numbers of an example
    if blocks:
        best = (so_far + maxima).flatten(1).topk(width, dim=1, sorted=False).indices
        beam, best_block = best // blocks, best % blocks
        inside = torch.arange(block, device=log_probs.device)
        positions.append(((beam * size + best_block * block).unsqueeze(2) + inside).flatten(1))
        members = by_beam.flatten(1).gather(1, positions[1]).unflatten(1, (width, block))
        sums.append((so_far.squeeze(2).gather(1, beam).unsqueeze(2) + members).flatten(1))
    candidates = torch.cat(sums, dim=1)
    found, chosen = candidates.topk(min(width, candidates.shape[1]), dim=1)
    position = torch.cat(positions, dim=1).gather(1, chosen)
    missing = (0, width - found.shape[1])
    pad = functional.pad
    return pad(found, missing, value=-math.inf), pad(position // size, missing), pad(position % size, missing)


class RemovedExamples:
    """Keeps the results of the examples that left the batch, and restores the order of the batch at the end."""

    def __init__(self, start: Tensor) -> None:
        self.present = torch.arange(len(start), device=start.device)
        self.removed: list[Tensor] = []
        self.results: list[Hypotheses] = []

    def remove(self, done: Tensor, unfinished: int, found: Hypotheses) -> Tensor:
        """Removes the examples that are done [b]; returns the indices of the others [unfinished], increasing.

        Args:
            unfinished: number of examples that are not done; an argument because counting waits for the device.
            found: results of all present examples.
        """
        order = done.int().argsort(stable=True)
        stay, leave = order[:unfinished], order[unfinished:]
        self.removed.append(self.present[leave])
        self.results.append(found.keep(leave))
        self.present = self.present[stay]
        return stay

    def all_results(self, found: Hypotheses, n_best: int, pad_id: int) -> Hypotheses:
        """The results of all examples in the order of the batch; `found` holds those of the present ones."""
        joined = Hypotheses.join([*self.results, found], pad_id)
        joined = joined.keep(torch.cat([*self.removed, self.present]).argsort())
        scores, log_probs = joined.scores[:, :n_best], joined.log_probs[:, :n_best]
        lengths = joined.lengths[:, :n_best].masked_fill(scores == -math.inf, 0)
        tokens = joined.tokens[:, :n_best, : int(lengths.max())]
        inside = torch.arange(tokens.shape[2], device=tokens.device) < lengths.unsqueeze(2)
        return Hypotheses(tokens.where(inside, pad_id), lengths, scores, log_probs)
