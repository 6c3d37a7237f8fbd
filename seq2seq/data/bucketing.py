"""Which examples form which batch, on which rank, in which order: the plan of an epoch.

Examples of similar lengths share a batch, so that little padding is computed. The plan is a pure function of
(lengths, settings, seed, epoch): every rank computes the whole of it and takes its own part, without a word exchanged.

Training batches are planned for whole optimizer steps of `world_size * accumulate` batches, and the plan depends on
that product alone: two processes take the same steps over the same batches as one that accumulates two.

The *shapes* of an epoch's batches never change, only their members and their order do: lengths are rounded up to
buckets before sorting, members of a bucket are shuffled, and batches are cut by the rounded lengths alone. So every
epoch has the same number of batches, which is what trainers and learning rate schedules count on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from seq2seq.errors import UserError


class BatchPlan(NamedTuple):
    """One batch to be fetched: positions in the encoded corpus, and the factor of its summed loss."""

    indices: np.ndarray
    loss_scale: float | None


@dataclass(frozen=True)
class BatchOptions:
    """How batches are formed.

    Args:
        tokens: budget of a batch in padded tokens, documents and summaries together.
        examples: at most so many examples a batch (null = as many as the budget allows).
        bucket_width: documents whose lengths differ by less than this may share a batch; the larger, the more random
            the batches and the more padding.
    """

    tokens: int = 8000
    examples: int | None = None
    bucket_width: int = 4

    def __post_init__(self) -> None:
        for name in ("tokens", "examples", "bucket_width"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"batches.{name}: {value} is too small; give at least 1")


def cut(documents: np.ndarray, targets: np.ndarray, options: BatchOptions) -> np.ndarray:
    """Cut examples [n] into batches of neighbours: the starts of the batches, and n at the end.

    A batch from i to j costs (j - i) * (max(documents[i:j]) + max(targets[i:j])) padded tokens. Raises UserError if one
    example alone exceeds the budget.
    """
    longest = int((documents + targets).max(initial=0))
    if longest > options.tokens:
        raise UserError(
            f"batches.tokens: the budget of {options.tokens} padded tokens is smaller than one example of {longest}; "
            "raise it or lower max_document_tokens"
        )
    count = len(documents)
    most = options.examples or count
    starts = [0]
    while (start := starts[-1]) < count:
        size = min(most, options.tokens // int(documents[start] + targets[start]), count - start)
        batch = slice(start, start + size)
        peaks = np.maximum.accumulate(documents[batch]) + np.maximum.accumulate(targets[batch])
        fits = peaks * np.arange(1, size + 1) <= options.tokens
        starts.append(start + (size if fits.all() else int(fits.argmin())))
    return np.asarray(starts)


class BatchSampler:
    """The batches of one rank, epoch by epoch; an iterable of `BatchPlan`s for a data loader.

    Lightning calls `set_epoch` on a data loader's `sampler`: this object must be given as that.

    Args:
        document_lengths, summary_lengths: [n] tokens of each example, without start and end symbols.
        shuffle: True for training (equal numbers of batches on all ranks, random order, loss scales); False for
            evaluation (every example once, longest first; ranks that run out get empty batches).
        world_size, rank: the processes that share the corpus, and which of them this is.
        accumulate: batches of each rank that make up one optimizer step.
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
    ) -> None:
        self.options, self.shuffle, self.seed, self.epoch = options, shuffle, seed, 0
        self.world_size, self.rank, self.accumulate = world_size, rank, accumulate
        targets = summary_lengths.astype(np.int32) + 1  # the end symbol is predicted too
        width = options.bucket_width
        buckets = (np.maximum(document_lengths, 1).astype(np.int32) + (width - 1)) // width
        # Neighbouring buckets of documents run through the summaries' lengths in opposite directions, so that a batch
        # which spans two of them does not mix the longest summaries with the shortest.
        span = int(targets.max(initial=0)) + 1
        keys = buckets.astype(np.int64) * span + np.where(buckets % 2 == 0, targets, span - targets)
        keys = keys.astype(np.min_scalar_type(int(keys.max(initial=0))))  # 16 bits, as a rule: sorted in linear time
        # The order of the lengths never changes; an epoch only shuffles the examples whose keys are equal. So all that
        # depends on lengths alone is found once: `order`, where its runs of equal keys start, the batches, their words.
        self.order = np.argsort(keys, kind="stable").astype(np.int32)
        self.runs = np.flatnonzero(np.diff(keys[self.order], prepend=-1, append=-1))
        targets = targets[self.order]
        self.starts = self._split(cut(buckets[self.order] * width, targets, options))
        self.words = np.add.reduceat(targets, self.starts[:-1], dtype=np.int64) if len(targets) else targets
        self._resumed = (-1, 0)

    def _split(self, starts: np.ndarray) -> np.ndarray:
        """For training: halve the largest batches until every optimizer step gets the same number, and thereby every
        rank too. (With fewer examples than that, every rank at least.)"""
        if not self.shuffle:
            return starts
        bounds = starts.tolist()
        step = self.world_size * self.accumulate
        multiple = step if bounds[-1] >= -(-(len(bounds) - 1) // step) * step else self.world_size
        while (len(bounds) - 1) % multiple:
            sizes = np.diff(bounds)
            largest = int(sizes.argmax())
            if sizes[largest] < 2:
                raise UserError(
                    f"training on {self.world_size} processes needs at least as many examples; got {bounds[-1]}"
                )
            bounds.insert(largest + 1, bounds[largest] + int(sizes[largest]) // 2)
        return np.asarray(bounds)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration gives."""
        self.epoch = epoch

    def resume(self, epoch: int, batches: int) -> None:
        """Leave out the first batches of this one epoch: this rank has had them before a stop."""
        self._resumed = (epoch, batches)

    def __len__(self) -> int:
        """Batches of this rank in every epoch, those left out included."""
        return -(-(len(self.starts) - 1) // self.world_size)

    def _batches(self) -> list[tuple[np.ndarray, int]]:
        """All ranks' batches of the present epoch, in order, each with its target tokens."""
        order, which = self.order, np.arange(len(self.words))[::-1]
        if self.shuffle:
            rng = np.random.default_rng((self.seed, self.epoch))
            order = order.copy()
            for first, last in pairwise(self.runs.tolist()):
                rng.shuffle(order[first:last])
            which = rng.permutation(len(self.words))
        bounds = zip(self.starts[which].tolist(), self.starts[which + 1].tolist(), strict=True)
        return [(order[i:j], n) for (i, j), n in zip(bounds, self.words[which].tolist(), strict=True)]

    def __iter__(self) -> Iterator[BatchPlan]:
        epoch, batches = self._resumed
        return islice(self._plans(), batches if epoch == self.epoch else 0, None)

    def _plans(self) -> Iterator[BatchPlan]:
        batches = self._batches()
        if not self.shuffle:
            nothing = (np.zeros(0, dtype=np.int32), 0)
            for i in range(len(self)):
                position = i * self.world_size + self.rank
                yield BatchPlan((batches[position] if position < len(batches) else nothing)[0], None)
            return
        step = self.world_size * self.accumulate
        for start in range(0, len(batches), step):
            group = batches[start : start + step]
            tokens = sum(words for _, words in group)
            # The trainer averages gradients over ranks and divides them by `accumulate`; this undoes both.
            for batch, _ in group[self.rank :: self.world_size]:
                yield BatchPlan(batch, step / tokens)
