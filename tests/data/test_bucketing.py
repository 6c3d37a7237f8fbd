"""The plan of an epoch: budgets, shards, order, loss scales and speed, on random lengths."""

from __future__ import annotations

import time

import numpy as np
import pytest

from seq2seq.data.bucketing import BatchOptions, BatchSampler
from seq2seq.errors import UserError

RNG = np.random.default_rng(0)
DOCUMENTS, SUMMARIES = RNG.integers(1, 80, 500), RNG.integers(1, 20, 500)


def sampler(options: BatchOptions = BatchOptions(tokens=900), **settings: object) -> BatchSampler:  # noqa: B008
    return BatchSampler(DOCUMENTS, SUMMARIES, options, **({"shuffle": True} | settings))  # type: ignore[arg-type]


def epoch(s: BatchSampler, number: int) -> list[list[int]]:
    s.set_epoch(number)
    return [plan.indices.tolist() for plan in s]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(("tokens", "examples"), [(900, None), (900, 7), (101, None), (10**6, 64)])
def test_every_example_once_within_the_budget(shuffle: bool, tokens: int, examples: int | None) -> None:
    s = sampler(BatchOptions(tokens=tokens, examples=examples), shuffle=shuffle)
    for number in (0, 1):
        batches = epoch(s, number)
        assert len(batches) == len(s)
        assert sorted(i for batch in batches for i in batch) == list(range(500))
        for batch in batches:
            padded = len(batch) * (max(DOCUMENTS[batch]) + max(SUMMARIES[batch]) + 1)
            assert padded <= tokens
            assert examples is None or len(batch) <= examples


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    s = sampler()
    first, second = epoch(s, 0), epoch(s, 1)
    assert first == epoch(sampler(), 0)
    assert first == epoch(s, 0)  # an earlier epoch again
    assert first != second
    assert first != epoch(sampler(seed=5), 0)
    assert {tuple(sorted(b)) for b in first} != {tuple(sorted(b)) for b in second}  # members change, not only order


def test_little_padding() -> None:
    """The ratio of padded to real tokens. It would be about 1.7 for batches in random order."""
    batches = epoch(sampler(), 0)
    padded = sum(len(b) * (max(DOCUMENTS[b]) + max(SUMMARIES[b]) + 1) for b in batches)
    assert padded / (DOCUMENTS.sum() + SUMMARIES.sum() + 500) < 1.2


@pytest.mark.parametrize("world", [2, 3, 7])
def test_training_shards(world: int) -> None:
    """Shards are disjoint and complete, with the same number of batches on every rank, in every epoch."""
    ranks = [sampler(world_size=world, rank=r) for r in range(world)]
    for number in (0, 3):
        parts = [epoch(s, number) for s in ranks]
        assert {len(p) for p in parts} == {len(ranks[0])}
        assert sorted(i for p in parts for batch in p for i in batch) == list(range(500))
        assert all(batch for p in parts for batch in p)


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("examples", [2, 500])
def test_evaluation_shards(world: int, examples: int) -> None:
    """Every example occurs once. A rank without examples gets empty batches, so that all ranks have the same number."""
    parts = []
    for rank in range(world):
        options = BatchOptions(tokens=2000)
        s = BatchSampler(
            DOCUMENTS[:examples], SUMMARIES[:examples], options, shuffle=False, world_size=world, rank=rank
        )
        parts.append(epoch(s, 0))
    assert len({len(p) for p in parts}) == 1
    assert sorted(i for p in parts for batch in p for i in batch) == list(range(examples))


@pytest.mark.parametrize(("world", "accumulate"), [(1, 1), (1, 4), (2, 1), (2, 3)])
def test_loss_scales_average_over_the_tokens_of_a_step(world: int, accumulate: int) -> None:
    """The trainer averages over ranks and divides by `accumulate`. The product must be 1 / (tokens of the step)."""
    ranks = [sampler(world_size=world, rank=r, accumulate=accumulate) for r in range(world)]
    plans = [list(s) for s in ranks]
    for start in range(0, len(plans[0]), accumulate):
        step = [plan for part in plans for plan in part[start : start + accumulate]]
        tokens = sum(int((SUMMARIES[plan.indices] + 1).sum()) for plan in step)
        for plan in step:
            assert plan.loss_scale is not None
            assert plan.loss_scale / world / accumulate == pytest.approx(1 / tokens)


def test_impossible_budgets() -> None:
    with pytest.raises(UserError, match=r"batches\.tokens"):
        sampler(BatchOptions(tokens=50))
    with pytest.raises(UserError, match=r"batches\.examples"):
        BatchOptions(examples=0)
    with pytest.raises(UserError, match="3 processes"):
        BatchSampler(DOCUMENTS[:2], SUMMARIES[:2], BatchOptions(), shuffle=True, world_size=3)


def test_no_examples() -> None:
    nothing = np.zeros(0, dtype=np.int32)
    assert list(BatchSampler(nothing, nothing, BatchOptions(), shuffle=False)) == []


def test_the_sampler_is_quick() -> None:
    random = np.random.default_rng(0)
    documents, summaries = random.integers(1, 80, 4_000_000), random.integers(1, 20, 4_000_000)
    sampler = BatchSampler(documents, summaries, BatchOptions(tokens=16000), shuffle=True)
    start = time.process_time()
    plans = list(sampler)
    assert time.process_time() - start < 2
    members = np.concatenate([plan.indices for plan in plans])
    assert len(members) == 4_000_000
    assert np.bincount(members).max() == 1


def test_equal_lengths_change_places() -> None:
    """Every order of examples with equal lengths is possible; examples of other lengths stay in their places."""
    lengths = np.array([5, 9, 5, 5, 9, 13])
    sampler = BatchSampler(lengths, np.full(6, 3), BatchOptions(tokens=1000, bucket_width=1), shuffle=True)
    orders = set()
    for epoch in range(100):
        sampler.set_epoch(epoch)
        (plan,) = sampler
        assert lengths[plan.indices].tolist() == sorted(lengths)
        orders.add(tuple(plan.indices.tolist()))
    assert len(orders) == 6 * 2
