"""Random text as training batches: the same work for all benchmarks of training speed and memory.

`reuters` has the sizes of the comparison with other toolkits: vocabulary 10,000, embeddings 128, encoder 2 x 128,
decoder 2 x 256, 64 documents of up to 80 words a batch. `gigaword` has vocabulary 50,000, embeddings 300, encoder
2 x 512, decoder 2 x 512, and 4,000 tokens a batch. Lengths are distributed as in the corpora.

`revision_child.py` uses this file with earlier revisions of the package too, so it imports only names that they have.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np
import torch

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.data.bucketing import BatchOptions, BatchSampler

UNKNOWN_SHARE = 0.03
EXAMPLES = 20_000


class Size(NamedTuple):
    """The size of a training.

    Args:
        words: vocabulary, special symbols included.
        network: options of the network that differ from their defaults.
        batches: options of the batches.
        document, longest, summary: mean length of a document, its limit, mean length of a summary, in words.
    """

    words: int
    network: dict[str, int]
    batches: BatchOptions
    document: float
    longest: int
    summary: float


SIZES = {
    "reuters": Size(10_000, {}, BatchOptions(tokens=8000, examples=64), 74.8, 80, 8.3),
    "gigaword": Size(
        50_000,
        {"embedding_size": 300, "encoder_size": 512, "decoder_size": 512},
        BatchOptions(tokens=4000),
        34.1,
        80,
        8.3,
    ),
}


def vocabulary(words: int) -> Vocabulary:
    """A vocabulary of `words` ids, special symbols included."""
    return Vocabulary(words, pad=0, bos=2, eos=3, unk=1)


def batches(size: str, number: int, seed: int = 0) -> list[Batch]:
    """The first `number` batches of random text with the lengths of a size."""
    words, _, options, document, longest, summary = SIZES[size]
    rng = np.random.default_rng(seed)
    documents = np.minimum(rng.poisson(document, EXAMPLES), longest).clip(8)
    summaries = rng.poisson(summary, EXAMPLES).clip(3, 20)
    return list(islice(random_batches(words, documents, summaries, options, rng), number))


def random_batches(
    words: int, documents: np.ndarray, summaries: np.ndarray, options: BatchOptions, rng: np.random.Generator
) -> Iterator[Batch]:
    """Yields batches without end, epoch after epoch. Word frequencies follow Zipf's law; 3 % of the words are unknown.

    Args:
        words: size of the vocabulary.
        documents, summaries: [n] lengths of the examples, in words.
    """

    def text(length: int) -> list[int]:
        known = 3 + ((words - 4) ** rng.random(length)).astype(int)
        is_unknown = rng.random(length) < UNKNOWN_SHARE
        return np.where(is_unknown, words + rng.integers(0, 3, length), known).tolist()

    sampler = BatchSampler(documents, summaries, options, shuffle=True)
    for epoch in count():
        sampler.set_epoch(epoch)
        for plan in sampler:
            texts = [text(documents[i]) for i in plan.indices], [text(summaries[i]) for i in plan.indices]
            oov = [["x"] * 3] * len(plan.indices)
            yield make_batch(*texts, oov, vocabulary(words), loss_scale=plan.loss_scale)


def update(network: torch.nn.Module, optimizer: torch.optim.Optimizer, loss: Any) -> None:
    """The second half of a training step: gradients of the loss, clipping, and the optimizer's step."""
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()


def new_optimizer(network: torch.nn.Module) -> torch.optim.Optimizer:
    """AdamW as `seq2seq fit` uses it."""
    return torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
