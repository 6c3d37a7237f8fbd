"""Confidence intervals and tests of differences by resampling. Everything is an array operation.

A score of a split is a function of sums over its pairs: ROUGE is a mean of pair scores, and BLEU is computed from
summed counts of n-grams. `Metric` holds the numbers of each pair, which are computed once. A trial only sums them anew.

All systems are resampled with the same pairs, so the tests are paired:

- paired bootstrap (Koehn 2004): pairs are drawn with replacement. The p-value is twice the share of trials in which
  the difference is zero or has the other sign (a two-sided test).
- approximate randomisation (Riezler and Maxwell 2005): for each pair, the outputs of the two systems are swapped with
  probability 1/2. The p-value is the share of trials in which the difference is at least as large as the real one.

In both, the real data count as one more trial, so a p-value is at least 1 / (trials + 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import fsum
from typing import NamedTuple

import numpy as np

CHUNK = 1 << 21
"""Numbers drawn at a time. It bounds the memory; the trials do not depend on it."""
ROUNDING = 1e-9
"""Scores are in percent. A difference below this one is zero: sums of the same numbers differ by less."""


class Metric(NamedTuple):
    """Scores of several systems on the same pairs.

    Args:
        names: the names of the F scores.
        statistics: for each system [pairs, K] numbers of each pair.
        score: sums of statistics [M, K] -> scores [M, F], in percent.
    """

    names: tuple[str, ...]
    statistics: list[np.ndarray]
    score: Callable[[np.ndarray], np.ndarray]


class Resampled(NamedTuple):
    """Results of one metric. S systems, F scores; the tests compare the systems after the first with the first.

    Args:
        scores: [S, F] the scores of all pairs.
        bounds: [S, F, 2] the ends of the 95 % interval.
        bootstrap_p, randomization_p: [S - 1, F] p-values of the differences.
    """

    scores: np.ndarray
    bounds: np.ndarray
    bootstrap_p: np.ndarray
    randomization_p: np.ndarray


def scores_of(metric: Metric) -> np.ndarray:
    """[S, F] the scores of all pairs. Sums are rounded once, so that the order of the pairs has no effect."""
    sums = np.array([[fsum(column) for column in values.T] for values in metric.statistics])
    return metric.score(sums)


def resample(metric: Metric, trials: int, seed: int) -> Resampled:
    """Intervals and p-values from `trials` trials for each test; empty arrays without trials (0)."""
    scores = scores_of(metric)
    if not trials:
        return Resampled(scores, np.empty(0), np.empty(0), np.empty(0))
    drawn = bootstrap_scores(metric, trials, seed)
    bounds = np.moveaxis(np.quantile(drawn, (0.025, 0.975), axis=0), 0, -1)
    differences = scores[1:] - scores[0]
    return Resampled(
        scores,
        bounds,
        bootstrap_p(differences, drawn[:, 1:] - drawn[:, :1]),
        randomization_p(differences, shuffled_differences(metric, trials, seed)),
    )


def bootstrap_scores(metric: Metric, trials: int, seed: int, chunk: int = CHUNK) -> np.ndarray:
    """[trials, S, F] scores of resamples. A resample has as many pairs as there are, drawn with replacement."""
    values = np.concatenate(metric.statistics, axis=1).astype(np.float64)
    sums = [counts @ values for counts in _resample_counts(len(values), trials, seed, chunk)]
    return _scores_of_sums(metric, np.concatenate(sums))


def shuffled_differences(metric: Metric, trials: int, seed: int, chunk: int = CHUNK) -> np.ndarray:
    """[trials, S - 1, F] scores of each later system minus those of the first, after outputs are swapped at random."""
    first, *others = (values.astype(np.float64) for values in metric.statistics)
    if not others:
        return np.zeros((trials, 0, len(metric.names)))
    changes = np.concatenate([other - first for other in others], axis=1)
    moved = np.concatenate([swaps @ changes for swaps in _random_swaps(len(first), trials, seed, chunk)])
    found = [
        metric.score(other.sum(axis=0) - part) - metric.score(first.sum(axis=0) + part)
        for other, part in zip(others, np.split(moved, len(others), axis=1), strict=True)
    ]
    return np.stack(found, axis=1)


def bootstrap_p(differences: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """[...] two-sided p-values of the real `differences` [...], given those of resamples, `drawn` [trials, ...]."""
    positive, negative = (drawn > ROUNDING).sum(axis=0), (drawn < -ROUNDING).sum(axis=0)
    agreeing = np.where(differences > ROUNDING, positive, np.where(differences < -ROUNDING, negative, 0))
    return np.minimum(2 * (len(drawn) - agreeing + 1) / (len(drawn) + 1), 1.0)


def randomization_p(differences: np.ndarray, shuffled: np.ndarray) -> np.ndarray:
    """[...] two-sided p-values of the real `differences` [...], given those after swaps, `shuffled` [trials, ...]."""
    as_large = (np.abs(shuffled) >= np.abs(differences) - ROUNDING).sum(axis=0)
    return (as_large + 1) / (len(shuffled) + 1)


def _scores_of_sums(metric: Metric, sums: np.ndarray) -> np.ndarray:
    """[trials, S, F] scores of the sums [trials, S * K]."""
    parts = np.split(sums, len(metric.statistics), axis=1)
    return np.stack([metric.score(part) for part in parts], axis=1)


def _resample_counts(pairs: int, trials: int, seed: int, chunk: int) -> Iterator[np.ndarray]:
    """Yields [rows, pairs]: how often each pair is in each resample."""
    rng = np.random.default_rng(seed)
    for rows in _chunks(trials, pairs, chunk):
        drawn = rng.integers(pairs, size=(rows, pairs))
        drawn += pairs * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * pairs).reshape(rows, pairs).astype(np.float64)


def _random_swaps(pairs: int, trials: int, seed: int, chunk: int) -> Iterator[np.ndarray]:
    """Yields [rows, pairs]: 1 for the pairs whose outputs are swapped, else 0."""
    rng = np.random.default_rng(seed)
    words = -(-pairs // 64)  # whole words of 64 bits for each trial: their order does not depend on the chunk
    for rows in _chunks(trials, pairs, chunk):
        bits = rng.integers(1 << 64, size=(rows, words), dtype=np.uint64).view(np.uint8)
        yield np.unpackbits(bits, axis=1, count=pairs).astype(np.float64)


def _chunks(trials: int, pairs: int, chunk: int) -> Iterator[int]:
    size = max(1, chunk // pairs)
    for start in range(0, trials, size):
        yield min(size, trials - start)
