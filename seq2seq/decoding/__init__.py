"""Greedy and beam search over a step function; it knows no model.

Stands between the network (which offers `step` and a `State`) and whoever wants summaries:

    hypotheses = search(network.step, network.start(memory), batch_size, SearchOptions(beam_size=5), bos_id=..., ...)

Every step is the same: the network's log-probabilities, minus what may not be said (`constrain`), then the best
extensions. All examples of a batch advance together; nothing loops over rows, and the host waits for the device once a
step (to learn how many examples are still alive).

Shape letters: B examples (b of them still present), K beams, N = b or b*K rows, t words so far, V' ids of the
(extended) vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from seq2seq.errors import UserError

StateT = TypeVar("StateT", bound="State")


class State(Protocol):
    """What the network carries from one step to the next; rows of one example stand together."""

    def select(self: StateT, rows: Tensor) -> StateT:
        """The state of other rows: new row r is a copy of present row `rows[r]`.

        rows [b*K] never leave their example: new row r belongs to example r // K. The first call may widen from b rows
        to b*K.
        """
        ...

    def keep(self: StateT, examples: Tensor) -> StateT:
        """Only `examples` (indices of present ones, increasing), each with all its rows and its encoder memory."""
        ...


Pieces = Iterable[tuple[Tensor, Tensor]]
Step = Callable[[Tensor, StateT], tuple[Tensor | Pieces, StateT]]
"""tokens [N], state -> normalised log-probabilities [N, V'] of the next token, new state. The search writes into the
former where it forbids something: it must be a tensor of its own, not part of a table.

They may come in pieces, for the rows of some examples at a time and in order: [n, V'] numbers, and for each row what
must be added to them to be log-probabilities [n]. Each piece is made when it is asked for, and the search is done with
one before it asks for the next, which bounds memory."""

COMPACT_BELOW = 0.85
"""Finished examples leave the batch once the living are less than this share of it: copying the state costs little
against a step, but not nothing. It changes the cost, never the result."""

BLOCK = 64
"""Width of the blocks in which `best_extensions` looks for the best tokens."""

LEAST_END = -1e4
"""Log-probability of an end that is forced although the network gives it none: hopeless, but finite."""


@dataclass(frozen=True)
class SearchOptions:
    """How summaries are searched for. Lengths count words, not the end symbol.

    Args:
        beam_size: hypotheses that are followed at once; 1 is greedy search.
        n_best: hypotheses returned for each document, best first; at most beam_size.
        length_penalty: a hypothesis scores its log-probability divided by length ** length_penalty, the end symbol
            counted; 0 compares plain log-probabilities, which favours short summaries, larger values favour long ones.
        min_length: the summary may not end before it has so many words.
        max_length: the summary is cut after so many words.
        no_repeat_ngram_size: no sequence of so many words occurs twice in a summary; 0 allows everything.
        allow_unk: let the summary contain the unknown-word symbol.
        shortlist: only the first so many words of the vocabulary (the most frequent ones, if the tokenizer is of kind
            "word"; the special symbols must be among them) and the document's own can be said, as in Nallapati et al.
            2016, section 2.2: faster, and somewhat worse; 0 is the whole vocabulary.
    """

    beam_size: int = 1
    n_best: int = 1
    length_penalty: float = 1.0
    min_length: int = 0
    max_length: int = 32
    no_repeat_ngram_size: int = 0
    allow_unk: bool = False
    shortlist: int = 0

    def __post_init__(self) -> None:
        least_of = {"beam_size": 1, "n_best": 1, "min_length": 0, "max_length": 1}
        least_of |= {"no_repeat_ngram_size": 0, "shortlist": 0}
        for key, least in least_of.items():
            if getattr(self, key) < least:
                raise UserError(f"search.{key}: {getattr(self, key)} is too small; give at least {least}")
        if self.n_best > self.beam_size:
            raise UserError(f"search.n_best: {self.n_best} is more than beam_size ({self.beam_size})")
        if self.min_length > self.max_length:
            raise UserError(f"search.min_length: {self.min_length} is more than max_length ({self.max_length})")
        if not math.isfinite(self.length_penalty):
            raise UserError(f"search.length_penalty: {self.length_penalty} is not a finite number")


@dataclass(frozen=True)
class Hypotheses:
    """What a search found: for each example n hypotheses, best first.

    If an example has fewer than n, the rest have length 0 and score and log-probability -inf.

    Args:
        tokens: [B, n, T] ids without start and end symbol, padded; T is the longest length.
        lengths: [B, n] tokens, without the end symbol.
        scores: [B, n] log-probability / (tokens, end symbol included) ** length_penalty.
        log_probs: [B, n] sum over the tokens and the end symbol (which a hypothesis cut at max_length does not have).
    """

    tokens: Tensor
    lengths: Tensor
    scores: Tensor
    log_probs: Tensor

    def take(self, examples: Tensor) -> Hypotheses:
        """Those of some examples ([b] indices)."""
        return Hypotheses(*(getattr(self, f.name)[examples] for f in fields(self)))

    @staticmethod
    def join(parts: Sequence[Hypotheses], pad_id: int) -> Hypotheses:
        """Those of several batches as of one."""
        width = max(part.tokens.shape[2] for part in parts)
        tokens = torch.cat([F.pad(part.tokens, (0, width - part.tokens.shape[2]), value=pad_id) for part in parts])
        others = (torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Hypotheses)[1:])
        return Hypotheses(tokens, *others)


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
) -> Hypotheses:
    """The best hypotheses for a batch: greedy search if `beam_size` is 1, else beam search.

    Args:
        step: the network, see `Step`; it is first called with the start symbol for B rows.
        state: its state before the first step, for B = `batch_size` >= 1 rows.
        forbidden: ids never to be emitted; padding and start symbol never are.
        device: where `step` wants its tokens; torch's default device if not given.
    """
    if eos_id in (bos_id, pad_id):
        raise ValueError(f"eos_id {eos_id} must differ from bos_id and pad_id, which are never emitted")
    start = torch.full((batch_size,), bos_id, device=device)
    banned = torch.tensor([pad_id, bos_id, *forbidden], device=start.device)
    method = greedy_search if options.beam_size == 1 else beam_search
    return method(step, state, start, options, banned=banned, eos_id=eos_id, pad_id=pad_id)


def greedy_search(
    step: Step[StateT],
    state: StateT,
    start: Tensor,
    options: SearchOptions,
    *,
    banned: Tensor,
    eos_id: int,
    pad_id: int,
) -> Hypotheses:
    """The likeliest next token, until it is the end.

    Args:
        step, state, options, eos_id, pad_id: as for `search`.
        start: [B] start symbols.
        banned: [c] ids never to be emitted, at least one.

    Returns:
        Hypotheses with n = 1.
    """
    live = Beams(start.new_empty(len(start), 1, 0), torch.zeros(len(start), 1, device=start.device))
    ended = torch.zeros_like(start, dtype=torch.bool)
    lengths, tokens = torch.zeros_like(start), start
    leavers = _Leavers(start)
    for length in range(1, options.max_length + 1):
        next_log_probs, state = step(tokens, state)
        extensions, _ = extend(live, next_log_probs, 1, options, banned, eos_id)
        live = Beams(extensions.tokens, live.log_probs.where(ended.unsqueeze(1), extensions.log_probs))
        tokens = live.tokens[:, 0, -1]
        ended = ended | (tokens == eos_id)
        lengths = lengths + ~ended
        alive = 0 if length == options.max_length else int((~ended).sum())
        if alive == 0:
            break
        if alive < COMPACT_BELOW * len(ended):
            stay, leave = _partition(ended, alive)
            leavers.add(_hypotheses(live, lengths, ended, options.length_penalty), stay, leave)
            live, tokens, lengths = Beams(*(x[stay] for x in live)), tokens[stay], lengths[stay]
            ended, state = ended[stay], state.keep(stay)
    return leavers.finish(_hypotheses(live, lengths, ended, options.length_penalty), 1, pad_id)


def beam_search(
    step: Step[StateT],
    state: StateT,
    start: Tensor,
    options: SearchOptions,
    *,
    banned: Tensor,
    eos_id: int,
    pad_id: int,
) -> Hypotheses:
    """K live beams and, beside them, the K best finished hypotheses of each example. Arguments as for `greedy_search`.

    Each step takes the 2K best extensions of the live beams. Those that end and are among the first K are finished; the
    best K that do not end live on. So an end does not use up a beam, as it does in searches where a finished beam stays
    among the live ones. An example is done when its best live beam, were it to end at its present length without
    further loss, could not beat its worst finished hypothesis (for length_penalty <= 0 nothing better is missed, above
    it is a heuristic), and at `max_length`, where whatever lives counts as finished. These are the rules of
    `generate(num_beams=K, do_sample=False, early_stopping=False, max_new_tokens=max_length)` in transformers 5.
    """
    beams = options.beam_size
    tokens, leavers = start, _Leavers(start)
    live = Beams(start.new_empty(len(start), 1, 0), torch.zeros(len(start), 1, device=start.device))
    none = torch.full((len(start), beams), -math.inf, device=start.device)
    finished = Hypotheses(start.new_empty(len(start), beams, 0), torch.zeros_like(none, dtype=torch.long), none, none)
    for length in range(1, options.max_length + 1):
        norm = length**options.length_penalty
        log_probs, state = step(tokens, state)
        extensions, parents = extend(live, log_probs, 2 * beams, options, banned, eos_id)
        ends = extensions.tokens[:, :, -1] == eos_id
        cut = length == options.max_length
        finished = finish(finished, extensions, ends, ends | cut, norm)
        if cut:
            break
        going_on = extensions.log_probs.masked_fill(ends, -math.inf).topk(beams, dim=1)
        rows = _rows(parents.gather(1, going_on.indices), live.log_probs.shape[1])
        # The beams of a done example die: it stays done, and adds nothing more while it is still in the batch.
        done = going_on.values[:, 0] / norm <= finished.scores[:, -1]
        live = Beams(extensions.take(going_on.indices).tokens, going_on.values.masked_fill(done[:, None], -math.inf))
        alive = len(done) - int(done.sum())
        if alive == 0:
            break
        state = state.select(rows)
        if alive < COMPACT_BELOW * len(done):
            stay, leave = _partition(done, alive)
            leavers.add(finished, stay, leave)
            live, finished, state = Beams(*(x[stay] for x in live)), finished.take(stay), state.keep(stay)
        tokens = live.tokens[:, :, -1].flatten()
    return leavers.finish(finished, options.n_best, pad_id)


# What may be said: functions on log-probabilities, before the best are taken.


def constrain(log_probs: Tensor, history: Tensor, options: SearchOptions, banned: Tensor, eos_id: int) -> Tensor:
    """log_probs [N, V'], given the tokens so far [N, t], with -inf where the options forbid, and for `banned` ids [c]
    (at least one), in place. The rules only name ids, so that the large tensor is never copied."""
    if history.shape[1] < options.min_length:
        banned = F.pad(banned, (0, 1), value=eos_id)
    ids = banned.expand(len(history), -1)
    if options.no_repeat_ngram_size:
        repeats = repeated_tokens(history, options.no_repeat_ngram_size, filler=banned[0])
        ids = torch.cat([ids, repeats], dim=1)
    return forbid(log_probs, ids)


def forbid(log_probs: Tensor, ids: Tensor) -> Tensor:
    """log_probs [N, V'] with -inf for the ids [N, c] of each row, in place."""
    return log_probs.scatter_(1, ids, -math.inf)


def repeated_tokens(history: Tensor, size: int, filler: Tensor) -> Tensor:
    """The tokens that would repeat a sequence of `size` >= 1 tokens of a row's history [N, t] (Paulus et al. 2018,
    section 2.5): ids [N, t - size + 1], with `filler` in the place of each sequence that is not in question."""
    if history.shape[1] < size:
        return history[:, :0]
    windows = history.unfold(1, size, 1)
    suffix = history[:, history.shape[1] - size + 1 :]
    repeats = (windows[:, :, :-1] == suffix.unsqueeze(1)).all(dim=2)
    return windows[:, :, -1].where(repeats, filler)


# Beams, and what becomes of them in a step.


class Beams(NamedTuple):
    """Hypotheses that may still grow: tokens [b, k, t] and the sums of their log-probabilities [b, k] (-inf: none)."""

    tokens: Tensor
    log_probs: Tensor

    def take(self, beams: Tensor) -> Beams:
        """Of each example the beams [b, n]."""
        return Beams(_gather(self.tokens, beams), self.log_probs.gather(1, beams))


def extend(
    live: Beams,
    log_probs: Tensor | Pieces,
    width: int,
    options: SearchOptions,
    banned: Tensor,
    eos_id: int,
) -> tuple[Beams, Tensor]:
    """The `width` best extensions of each example's beams by one token that may be said.

    Args:
        live: b examples with k beams.
        log_probs: [b*k, V'] of the next token, in one or in pieces (see `Step`); overwritten.

    Returns:
        [b, width] extensions, best first (filled up with -inf), and parents [b, width] in 0..k-1.
    """
    beams = live.log_probs.shape[1]
    found, start = [], 0
    if isinstance(log_probs, Tensor):
        log_probs = [(log_probs, log_probs.new_zeros(len(log_probs)))]
    for piece, constant in log_probs:
        examples = slice(start, start := start + len(piece) // beams)
        ends = piece[:, eos_id].maximum(LEAST_END - constant)
        piece = constrain(piece, live.tokens[examples].flatten(0, 1), options, banned, eos_id)
        so_far = live.log_probs[examples] + constant.view(-1, beams)
        found.append(best_extensions(piece, so_far, ends, eos_id, width))
    totals, parents, ids = (torch.cat(part) for part in zip(*found, strict=True))
    return Beams(torch.cat([_gather(live.tokens, parents), ids.unsqueeze(2)], dim=2), totals), parents


def best_extensions(
    log_probs: Tensor, so_far: Tensor, ends: Tensor, eos_id: int, width: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The best sums of a beam's log-probability and one of its next tokens', over all beams of an example.

    The best n tokens lie in those n blocks of neighbours that have the highest maxima, whichever beams these belong to.
    Maxima are cheap, so for a large vocabulary this takes a fraction of the time of `topk` over all of it. A beam whose
    next tokens are all forbidden can end nevertheless: a dead end would spoil the whole example.

    Args:
        log_probs: [b*k, V'] of the next tokens, -inf where forbidden; so_far: [b, k] of the beams.
        ends: [b*k] what the end costs where nothing else is left.

    Returns:
        sums [b, width], best first (filled up with -inf), and their beams and tokens [b, width].
    """
    examples, beams = so_far.shape
    size = log_probs.shape[1]
    of_beams, so_far = log_probs.view(examples, beams, size), so_far.unsqueeze(2)
    blocks = size // BLOCK if size >= 2 * width * BLOCK else 0  # what is left over is looked at as a whole
    rest = of_beams[:, :, blocks * BLOCK :]
    maxima = of_beams[:, :, : blocks * BLOCK].unflatten(2, (blocks, BLOCK)).amax(dim=3)
    highest = torch.cat([maxima, rest], dim=2).amax(dim=2)
    forced = ends.view_as(highest).where(highest == -math.inf, -math.inf)
    sums = [(so_far + torch.cat([rest, forced.unsqueeze(2)], dim=2)).flatten(1)]
    beam = torch.arange(beams, device=log_probs.device).unsqueeze(1)
    tokens = torch.arange(blocks * BLOCK, size + 1, device=log_probs.device)
    tokens[-1] = eos_id
    places = [(beam * size + tokens).flatten().expand(examples, -1)]  # of the sums, in an example's k * V' numbers
    if blocks:
        best = (so_far + maxima).flatten(1).topk(width, dim=1, sorted=False).indices
        beam, block = best // blocks, best % blocks
        inside = torch.arange(BLOCK, device=log_probs.device)
        places.append(((beam * size + block * BLOCK).unsqueeze(2) + inside).flatten(1))
        members = of_beams.flatten(1).gather(1, places[1]).unflatten(1, (width, BLOCK))
        sums.append((so_far.squeeze(2).gather(1, beam).unsqueeze(2) + members).flatten(1))
    all_sums = torch.cat(sums, dim=1)
    found, which = all_sums.topk(min(width, all_sums.shape[1]), dim=1)
    place = torch.cat(places, dim=1).gather(1, which)
    missing = (0, width - found.shape[1])
    return F.pad(found, missing, value=-math.inf), F.pad(place // size, missing), F.pad(place % size, missing)


def finish(finished: Hypotheses, extensions: Beams, ends: Tensor, over: Tensor, norm: float) -> Hypotheses:
    """The best K of `finished` [b, K] and of those among the first K extensions that are over.

    Args:
        ends: [b, 2K] True where an extension's last token is the end symbol (it has one word less, then).
        over: [b, 2K] True where an extension is to grow no further.
        norm: what log-probabilities are divided by to be scores.
    """
    beams = finished.scores.shape[1]
    tokens, log_probs = (x[:, :beams] for x in extensions)
    log_probs = log_probs.masked_fill(~over[:, :beams], -math.inf)
    scores, order = torch.cat([finished.scores, log_probs / norm], dim=1).topk(beams, dim=1)
    return Hypotheses(
        _gather(torch.cat([F.pad(finished.tokens, (0, 1)), tokens], dim=1), order),
        torch.cat([finished.lengths, tokens.shape[2] - ends[:, :beams].long()], dim=1).gather(1, order),
        scores,
        torch.cat([finished.log_probs, log_probs], dim=1).gather(1, order),
    )


def _gather(tokens: Tensor, beams: Tensor) -> Tensor:
    """tokens [b, k, t], beams [b, n] -> [b, n, t]."""
    return tokens.gather(1, beams.unsqueeze(2).expand(-1, -1, tokens.shape[2]))


def _rows(parents: Tensor, beams: int) -> Tensor:
    """Beams [b, n] in 0..k-1 -> the rows [b*n] they have among b*k."""
    return (parents + torch.arange(len(parents), device=parents.device).unsqueeze(1) * beams).flatten()


# Bookkeeping that both searches share.


class _Leavers:
    """Collects the results of examples that leave the batch early, and puts all in order at the end."""

    def __init__(self, start: Tensor) -> None:
        self.present = torch.arange(len(start), device=start.device)
        self.gone: list[Tensor] = []
        self.parts: list[Hypotheses] = []

    def add(self, found: Hypotheses, stay: Tensor, leave: Tensor) -> None:
        """`found` holds the results of all who are present; `stay` and `leave` index them."""
        self.gone.append(self.present[leave])
        self.parts.append(found.take(leave))
        self.present = self.present[stay]

    def finish(self, found: Hypotheses, n_best: int, pad_id: int) -> Hypotheses:
        """All results in the order of the batch; `found` holds those of all who are still present."""
        parts = [*self.parts, found]
        place = torch.cat([*self.gone, self.present]).argsort()
        width = max(part.tokens.shape[2] for part in parts)
        tokens = torch.cat([F.pad(p.tokens[:, :n_best], (0, width - p.tokens.shape[2])) for p in parts])[place]
        scores = torch.cat([p.scores[:, :n_best] for p in parts])[place]
        log_probs = torch.cat([p.log_probs[:, :n_best] for p in parts])[place]
        lengths = torch.cat([p.lengths[:, :n_best] for p in parts])[place].masked_fill(scores == -math.inf, 0)
        tokens = tokens[:, :, : int(lengths.max())]
        inside = torch.arange(tokens.shape[2], device=tokens.device) < lengths.unsqueeze(2)
        return Hypotheses(tokens.where(inside, pad_id), lengths, scores, log_probs)


def _partition(done: Tensor, alive: int) -> tuple[Tensor, Tensor]:
    """Indices of those that are not done and of those that are, each increasing; asks the device nothing."""
    order = done.int().argsort(stable=True)
    return order[:alive], order[alive:]


def _hypotheses(live: Beams, lengths: Tensor, ended: Tensor, penalty: float) -> Hypotheses:
    """Those of greedy search's one beam [b, 1, t], of words [b], and of whether the end was reached [b]."""
    scores = live.log_probs / ((lengths + ended).to(live.log_probs.dtype) ** penalty).unsqueeze(1)
    return Hypotheses(live.tokens, lengths.unsqueeze(1), scores, live.log_probs)
