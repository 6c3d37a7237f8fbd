"""Resampling against exhaustive enumeration of all resamples and of all swaps."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest

from seq2seq.scoring.significance import (
    Metric,
    bootstrap_p,
    bootstrap_scores,
    randomization_p,
    resample,
    scores_of,
    shuffled_differences,
)

TRIALS = 40_000
TOLERANCE = 4 * 0.5 / TRIALS**0.5
"""Four standard deviations of a share of 1/2."""


def means(*systems: list[float]) -> Metric:
    """The mean of one number for each pair."""
    pairs = len(systems[0])
    return Metric(("mean",), [np.array(values)[:, None] for values in systems], lambda sums: sums / pairs)


def ratios(*systems: list[tuple[float, float]]) -> Metric:
    """A score that is no mean: the quotient of two sums, as in BLEU."""
    return Metric(("ratio",), [np.array(values) for values in systems], lambda sums: sums[:, :1] / sums[:, 1:])


MEANS = means([0.2, 0.5, 0.1, 0.4], [0.3, 0.4, 0.6, 0.4])
RATIOS = ratios([(1, 4), (2, 3), (0, 5), (3, 3)], [(2, 4), (2, 4), (1, 3), (2, 3)])
EIGHT = means([0.2, 0.5, 0.1, 0.4, 0.0, 0.3, 0.3, 0.9], [0.3, 0.4, 0.6, 0.4, 0.1, 0.2, 0.6, 1.0])
EIGHT_RATIOS = ratios(
    [(1, 4), (2, 3), (0, 5), (3, 3), (1, 1), (1, 6), (2, 5), (0, 2)],
    [(2, 4), (2, 4), (1, 3), (2, 3), (1, 2), (2, 6), (4, 5), (1, 2)],
)


@pytest.mark.parametrize("metric", [MEANS, RATIOS], ids=["mean", "ratio"])
def test_bootstrap_against_all_resamples(metric: Metric) -> None:
    """All 4^4 resamples of four pairs: the p-value is twice the share without a positive difference."""
    every = np.array(
        [
            [metric.score(values[list(chosen)].sum(axis=0, keepdims=True))[0, 0] for values in metric.statistics]
            for chosen in product(range(4), repeat=4)
        ]
    )
    differences = scores_of(metric)[1:] - scores_of(metric)[:1]
    assert differences[0, 0] > 0
    expected = 2 * float(np.mean(every[:, 1] - every[:, 0] < 1e-9))
    assert 0.05 < expected < 0.8
    found = resample(metric, TRIALS, seed=3)
    assert found.bootstrap_p[0, 0] == pytest.approx(expected, abs=2 * TOLERANCE)
    drawn = bootstrap_scores(metric, TRIALS, seed=3)
    assert drawn.mean(axis=0)[:, 0] == pytest.approx(every.mean(axis=0), abs=0.01)
    bounds = np.quantile(every, (0.025, 0.975), axis=0)
    assert pytest.approx(bounds, abs=0.03) == found.bounds[:, 0].T


@pytest.mark.parametrize("metric", [EIGHT, EIGHT_RATIOS], ids=["mean", "ratio"])
def test_randomization_against_all_swaps(metric: Metric) -> None:
    """All 2^8 ways to swap the outputs of eight pairs."""
    first, other = metric.statistics
    real = abs((scores_of(metric)[1] - scores_of(metric)[0])[0])
    as_large = 0
    for swaps in product((False, True), repeat=8):
        mask = np.array(swaps)[:, None]
        a, b = np.where(mask, other, first), np.where(mask, first, other)
        difference = metric.score(b.sum(axis=0, keepdims=True)) - metric.score(a.sum(axis=0, keepdims=True))
        as_large += abs(difference[0, 0]) > real - 1e-9
    expected = as_large / 2**8
    assert 0.02 < expected < 0.8
    assert resample(metric, TRIALS, seed=5).randomization_p[0, 0] == pytest.approx(expected, abs=TOLERANCE)


def test_p_values_by_hand() -> None:
    """Nine trials and the real data. Seven agree in sign, one is zero, one has the other sign."""
    drawn = np.array([1.0, 2, 3, 1, 1, 2, 0.5, 0, -1])[:, None]
    assert bootstrap_p(np.array([1.0]), drawn).tolist() == [2 * 3 / 10]
    assert bootstrap_p(np.array([-1.0]), -drawn).tolist() == [2 * 3 / 10]
    assert bootstrap_p(np.array([0.0]), drawn).tolist() == [1.0]
    assert randomization_p(np.array([1.0]), drawn).tolist() == [(6 + 1 + 1) / 10]  # -1 counts too
    assert randomization_p(np.array([-3.0]), drawn).tolist() == [(1 + 1) / 10]


def test_equal_systems_do_not_differ() -> None:
    found = resample(means([0.1, 0.7, 0.3], [0.1, 0.7, 0.3]), 100, seed=0)
    assert found.bootstrap_p.tolist() == found.randomization_p.tolist() == [[1.0]]


def test_one_system_has_intervals_and_no_tests() -> None:
    found = resample(means([0.0, 1.0] * 50), 2000, seed=0)
    assert found.bounds[0, 0] == pytest.approx([0.5 - 1.96 * 0.05, 0.5 + 1.96 * 0.05], abs=0.02)
    assert found.bootstrap_p.shape == found.randomization_p.shape == (0, 1)


def test_trials_depend_on_the_seed_and_not_on_the_chunk() -> None:
    rng = np.random.default_rng(0)
    metric = means(*rng.random((3, 70)).tolist())
    for function in (bootstrap_scores, shuffled_differences):
        whole = function(metric, 50, 1)
        assert function(metric, 50, 1, chunk=1) == pytest.approx(whole, abs=1e-12)
        assert function(metric, 50, 1, chunk=7 * 70 + 3) == pytest.approx(whole, abs=1e-12)
        assert np.abs(function(metric, 50, 2) - whole).max() > 1e-3


@pytest.mark.slow
def test_ten_thousand_trials_take_seconds() -> None:
    """2,000 pairs, five systems, twelve scores; the target is 10 s on two cores."""
    rng = np.random.default_rng(0)
    metric = Metric(("x",) * 12, list(rng.random((5, 2000, 12))), lambda sums: sums / 2000)
    start = time.perf_counter()
    resample(metric, 10_000, seed=1)
    assert time.perf_counter() - start < 10
