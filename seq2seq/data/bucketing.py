"""The plan of an epoch: which examples form which batch, on which rank, in which order.

Examples of similar lengths share a batch, which keeps the padding small. The plan is a pure function of (lengths,
options, seed, epoch): every rank computes the whole plan and takes its own part, without communication.

Training batches are planned for whole optimizer steps of `world_size * accumulate` batches, and the plan depends only
on this product: two processes take the same steps over the same batches as one process that accumulates two.

All epochs have the same number of batches with the same shapes, as trainers and learning rate schedules require; only
the members and the order of the batches change. To this end, lengths are rounded up to buckets before sorting, examples
with equal rounded lengths are shuffled, and the boundaries of the batches depend only on the rounded lengths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from ..errors import UserError
from ..options import check_limits, limited


class BatchPlan(NamedTuple):
    """One batch: positions in the encoded corpus, and the factor of its summed loss (None in evaluation)."""

    indices: np.ndarray
    loss_scale: float | None


@dataclass(frozen=True)
class BatchOptions:
    """How batches are formed.

    Args:
        tokens: the maximum number of padded tokens of a batch, documents and summaries together.
        examples: the maximum number of examples of a batch (null = limited only by `tokens`).
        bucket_width: documents whose lengths differ by less than this may share a batch. A larger width gives more
            random batches and more padding.
    """

    tokens: int = limited(8000, minimum=1)
    examples: int | None = limited(None, minimum=1)
    bucket_width: int = limited(4, minimum=1)

    def __post_init__(self) -> None:
        check_limits(self, "batches")


def batch_boundaries(documents: np.ndarray, targets: np.ndarray, options: BatchOptions) -> np.ndarray:
    """Divides examples into batches of neighbours; returns the first example of each batch, and n at the end.

    Args:
        documents, targets: [n] lengths. Batch [i, j) costs (j - i) * (max(documents[i:j]) + max(targets[i:j])) padded
            tokens.

    Raises UserError if one example alone exceeds the budget.
    """
    longest = int((documents + targets).max(initial=0))
    if longest > options.tokens:
        raise UserError(
            f"batches.tokens: the budget of {options.tokens} padded tokens is smaller than one example of {longest}; "
            "raise it or lower max_document_tokens"
        )
    count = len(documents)
    max_examples = options.examples or count
    boundaries = [0]
    while (start := boundaries[-1]) < count:
        size = min(max_examples, options.tokens // int(documents[start] + targets[start]), count - start)
        batch = slice(start, start + size)
        longest_pairs = np.maximum.accumulate(documents[batch]) + np.maximum.accumulate(targets[batch])
        fits = longest_pairs * np.arange(1, size + 1) <= options.tokens
        boundaries.append(start + (size if fits.all() else int(fits.argmin())))
    return np.asarray(boundaries)


def equalize_batches(boundaries: np.ndarray, world_size: int, accumulate: int) -> np.ndarray:
    """Halves the largest batches until their number is a multiple of `world_size * accumulate`; returns the boundaries.

    With fewer examples than that, the number is a multiple of `world_size`. Raises UserError if there are fewer
    examples than processes.
    """
    bounds = boundaries.tolist()
    step = world_size * accumulate
    multiple = step if bounds[-1] >= -(-(len(bounds) - 1) // step) * step else world_size
    while (len(bounds) - 1) % multiple:
        sizes = np.diff(bounds)
        largest = int(sizes.argmax())
        if sizes[largest] < 2:
            raise UserError(f"training on {world_size} processes needs at least as many examples; got {bounds[-1]}")
        bounds.insert(largest + 1, bounds[largest] + int(sizes[largest]) // 2)
    return np.asarray(bounds)


class BatchSampler:
    """The batches of one rank: an iterable of `BatchPlan` for the parameter `sampler` of a data loader.

    Lightning calls `set_epoch` on that object.

    Args:
        document_lengths, summary_lengths: [n] tokens of each example, without start and end symbols.
        shuffle: True for training: random order, loss scales, the same number of batches on every rank. False for
            evaluation: every example once, longest first; ranks without a last batch get an empty batch.
        world_size, rank: the number of processes, and the number of this process.
        accumulate: batches per rank and optimizer step.
        repeat: give every epoch the batches and the order of the first.
        end_symbol: whether each summary has an end symbol as a further target; labels have none.
    """

    def __init__(
        self,
        document_lengths: np.ndarray,
        summary_lengths: np.ndarray,
        options: BatchOptions,
        *,
        shuffle: bool,
        seed: int = 0,
        world_size: int = 1,
        rank: int = 0,
        accumulate: int = 1,
        repeat: bool = False,
        end_symbol: bool = True,
    ) -> None:
        self.options, self.shuffle, self.seed, self.epoch = options, shuffle, seed, 0
        self.repeat = repeat
        self.world_size, self.rank, self.accumulate = world_size, rank, accumulate
        targets = summary_lengths.astype(np.int32) + end_symbol
        width = options.bucket_width
        buckets = (np.maximum(document_lengths, 1).astype(np.int32) + (width - 1)) // width
        # Summary lengths rise in even buckets and fall in odd buckets, so that a batch across two buckets does not
        # contain the longest summaries of one and the shortest of the other.
        span = int(targets.max(initial=0)) + 1
        keys = buckets.astype(np.int64) * span + np.where(buckets % 2 == 0, targets, span - targets)
        keys = keys.astype(np.min_scalar_type(int(keys.max(initial=0))))  # usually 16 bits, which sort in linear time
        # These depend only on the lengths. An epoch only shuffles examples with equal keys, and the batches.
        self._order = np.argsort(keys, kind="stable").astype(np.int32)
        self._equal_key_bounds = np.flatnonzero(np.diff(keys[self._order], prepend=-1, append=-1))
        targets = targets[self._order]
        self._boundaries = batch_boundaries(buckets[self._order] * width, targets, options)
        if shuffle:
            self._boundaries = equalize_batches(self._boundaries, world_size, accumulate)
        starts = self._boundaries[:-1]
        self._target_tokens = np.add.reduceat(targets, starts, dtype=np.int64) if len(targets) else targets
        self._resumed_epoch, self._finished_batches = -1, 0

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch of the next iteration."""
        self.epoch = epoch

    def resume(self, epoch: int, batches: int) -> None:
        """Skips the first `batches` batches of this rank in one epoch, because they were finished before a stop."""
        self._resumed_epoch, self._finished_batches = epoch, batches

    def __len__(self) -> int:
        """The number of batches of this rank in every epoch, including skipped batches."""
        return -(-(len(self._boundaries) - 1) // self.world_size)

    def __iter__(self) -> Iterator[BatchPlan]:
        plans = self._training_plans() if self.shuffle else self._evaluation_plans()
        return islice(plans, self._finished_batches if self.epoch == self._resumed_epoch else 0, None)

    def _evaluation_plans(self) -> Iterator[BatchPlan]:
        batches = [self._order[start:end] for start, end in pairwise(self._boundaries.tolist())][::-1]
        empty = np.zeros(0, dtype=np.int32)
        for position in range(self.rank, len(self) * self.world_size, self.world_size):
            yield BatchPlan(batches[position] if position < len(batches) else empty, None)

    def _training_plans(self) -> Iterator[BatchPlan]:
        rng = np.random.default_rng((self.seed, 0 if self.repeat else self.epoch))
        order = self._order.copy()
        for first, last in pairwise(self._equal_key_bounds.tolist()):
            rng.shuffle(order[first:last])
        numbers = rng.permutation(len(self._target_tokens))
        step_size = self.world_size * self.accumulate
        for first in range(0, len(numbers), step_size):
            step = numbers[first : first + step_size]
            # The trainer averages gradients over ranks and divides them by `accumulate`; the factor reverses both.
            loss_scale = step_size / int(self._target_tokens[step].sum())
            for number in step[self.rank :: self.world_size]:
                yield BatchPlan(order[self._boundaries[number] : self._boundaries[number + 1]], loss_scale)
