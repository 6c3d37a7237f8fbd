"""Greedy and beam search over a step function, in numpy.

The rules are those of `decoding/greedy.py` and `decoding/beam.py`. The step gives only the best next tokens of each
row, so no array here has the width of the vocabulary.

Shape letters: B documents (b of them still in the batch), K beams, t tokens so far, c forbidden tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..data.tokenizer import Facts
from ..decoding.options import SearchOptions
from ..errors import UserError

Arrays = tuple[np.ndarray, ...]
Step = Callable[[np.ndarray, np.ndarray, Arrays, Arrays], tuple[np.ndarray, np.ndarray, Arrays]]
"""tokens [b, K], forbidden [b, K, c], memory (each [b, ...]), state (each [b, K, ...]) -> log-probabilities and ids
[b, K, 2K] of the best next tokens of each row that are not forbidden, best first, and the new state."""

COMPACT_BELOW = 0.85
"""Finished documents leave the batch when the share of unfinished ones is lower. It never changes the result."""
TORCH_ONLY = ("shortlist", "minimum_risk")
"""Search options that only `seq2seq decode` has."""


class Hypothesis(NamedTuple):
    """Extended ids without the end symbol, and score and log-probability as of `seq2seq decode`."""

    ids: list[int]
    score: float
    log_prob: float


class SpecialIds(NamedTuple):
    """Ids with a meaning of their own.

    Args:
        bos, eos: start and end symbol.
        banned: ids that are never emitted; the first one stands for no id where arrays are filled up.
        absent: [B, c] further ids that each document must not have; see `absent_ids`. None = none.
    """

    bos: int
    eos: int
    banned: Sequence[int]
    absent: np.ndarray | None = None

    def of(self, rows: np.ndarray) -> SpecialIds:
        """Those of some of the documents."""
        return self if self.absent is None else self._replace(absent=self.absent[rows])


def absent_ids(facts: Facts, document: np.ndarray, pad_id: int) -> np.ndarray:
    """The facts that each document [B, S] lacks, filled up with `pad_id`: [B, c]; as `decoding/supported.py`."""
    size = len(facts.forms)
    present = np.zeros((len(document), size + 1), bool)
    np.put_along_axis(present, np.append(facts.forms, size)[np.minimum(document, size)], True, axis=1)
    return np.where(present[:, facts.forms[facts.ids]], pad_id, facts.ids)


def search(
    step: Step, memory: Arrays, state: Arrays, options: SearchOptions, special: SpecialIds
) -> list[list[Hypothesis]]:
    """Finds the n_best hypotheses of each document, best first.

    Args:
        memory: arrays [B, ...].
        state: arrays [B, 1, ...], before the first token.

    Raises UserError for an option of `TORCH_ONLY`.
    """
    for name in TORCH_ONLY:
        if getattr(options, name) != getattr(SearchOptions, name):
            raise UserError(f"search.{name}: only `seq2seq decode` has it; leave it out for a search with ONNX")
    if options.beam_size == 1:
        return _greedy(step, memory, state, options, special)
    return _beam(step, memory, state, options, special)


def _greedy(
    step: Step, memory: Arrays, state: Arrays, options: SearchOptions, special: SpecialIds
) -> list[list[Hypothesis]]:
    results: list[list[Hypothesis]] = [[] for _ in memory[0]]
    present, ended = np.arange(len(results)), np.zeros(len(results), bool)
    tokens, totals = np.full((len(results), 1), special.bos), np.zeros(len(results), np.float32)
    for length in range(1, options.max_length + 1):
        forbidden = _forbidden(tokens[:, None, 1:], options, special)
        log_probs, ids, state = step(tokens[:, -1:], forbidden, memory, state)
        tokens, totals = np.concatenate([tokens, ids[:, :, 0]], axis=1), totals + log_probs[:, 0, 0]
        ends = ids[:, 0, 0] == special.eos
        for i in np.flatnonzero(~ended & (ends | (length == options.max_length))):
            score = totals[i] / length**options.length_penalty
            written = tokens[i, 1 : 1 + length - ends[i]].tolist()
            results[present[i]] = [Hypothesis(written, float(score), float(totals[i]))]
        ended = ended | ends
        if ended.all():
            break
        if (~ended).sum() < COMPACT_BELOW * len(ended):
            memory, state, special = _rows(memory, ~ended), _rows(state, ~ended), special.of(~ended)
            present, tokens, totals, ended = (x[~ended] for x in (present, tokens, totals, ended))
    return results


def _beam(
    step: Step, memory: Arrays, state: Arrays, options: SearchOptions, special: SpecialIds
) -> list[list[Hypothesis]]:
    beams = options.beam_size
    finished: list[list[Hypothesis]] = [[] for _ in memory[0]]
    present, tokens = np.arange(len(finished)), np.full((len(finished), beams, 1), special.bos)
    totals = np.full((len(finished), beams), -np.inf, np.float32)
    totals[:, 0] = 0  # all beams are equal so far, so only one of them counts
    state = tuple(part.repeat(beams, axis=1) for part in state)
    for length in range(1, options.max_length + 1):
        norm, cut = length**options.length_penalty, length == options.max_length
        log_probs, ids, state = step(tokens[:, :, -1], _forbidden(tokens[:, :, 1:], options, special), memory, state)
        sums = (totals[:, :, None] + log_probs).reshape(len(present), -1)
        order = np.argsort(-sums, axis=1, kind="stable")[:, : 2 * beams]
        sums, parents = np.take_along_axis(sums, order, 1), order // ids.shape[2]
        ids = np.take_along_axis(ids.reshape(len(present), -1), order, 1)
        tokens = np.concatenate([np.take_along_axis(tokens, parents[:, :, None], 1), ids[:, :, None]], axis=2)
        ends = ids == special.eos
        over = ends | cut
        for i, j in np.argwhere(over[:, :beams] & (sums[:, :beams] > -np.inf)):
            written = tokens[i, j, 1 : 1 + length - ends[i, j]].tolist()
            finished[present[i]].append(Hypothesis(written, float(sums[i, j] / norm), float(sums[i, j])))
        for i in present:
            finished[i] = sorted(finished[i], key=lambda found: -found.score)[:beams]
        if cut:
            break
        live = np.argsort(over, axis=1, kind="stable")[:, :beams]  # the best K that do not end
        totals = np.take_along_axis(np.where(over, np.float32(-np.inf), sums), live, 1)
        worst = [finished[i][-1].score if len(finished[i]) == beams else -np.inf for i in present]
        done = totals[:, 0] / norm <= np.asarray(worst, np.float32)
        if done.all():
            break
        totals[done] = -np.inf
        stay = np.arange(len(done))
        if (~done).sum() < COMPACT_BELOW * len(done):
            stay = np.flatnonzero(~done)
            present, totals, memory, special = present[stay], totals[stay], _rows(memory, stay), special.of(stay)
        tokens = tokens[stay[:, None], live[stay]]
        state = tuple(part[stay[:, None], np.take_along_axis(parents, live, 1)[stay]] for part in state)
    return [found[: options.n_best] for found in finished]


def _forbidden(tokens: np.ndarray, options: SearchOptions, special: SpecialIds) -> np.ndarray:
    """tokens so far [b, K, t] -> ids [b, K, c] that must not come next; see `decoding/constraints.py`."""
    length, size = tokens.shape[2], options.no_repeat_ngram_size
    banned = [*special.banned, *([special.eos] if length < options.min_length else [])]
    ids = np.broadcast_to(np.asarray(banned, np.int64), (*tokens.shape[:2], len(banned)))
    if special.absent is not None:
        absent = np.broadcast_to(special.absent[:, None], (*tokens.shape[:2], special.absent.shape[1]))
        ids = np.concatenate([ids, absent], axis=2)
    if not 0 < size <= length:
        return ids
    ngrams = np.lib.stride_tricks.sliding_window_view(tokens, size, axis=2)
    repeats = (ngrams[..., :-1] == tokens[:, :, None, length - size + 1 :]).all(axis=3)
    return np.concatenate([ids, np.where(repeats, ngrams[..., -1], banned[0])], axis=2)


def _rows(arrays: Arrays, rows: np.ndarray) -> Arrays:
    return tuple(array[rows] for array in arrays)
