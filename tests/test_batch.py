"""Batches: a part of a batch is the batch of these examples."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from seq2seq.batch import Batch, Vocabulary, make_batch

VOCABULARY = Vocabulary(size=9, pad=0, bos=1, eos=2, unk=3)
DOCUMENTS = [[4, 5, 9, 6, 10], [7], [9, 8, 4]]
SUMMARIES = [[9], [7, 3, 4], [5, 9]]
OOV = [["a", "b"], [], ["c"]]


def the_batch(examples: slice) -> Batch:
    batch = make_batch(DOCUMENTS[examples], SUMMARIES[examples], OOV[examples], VOCABULARY, [8, 3, 5][examples], 0.5)
    batch.documents, batch.references = ["d", "e", "f"][examples], ["r", "s", "t"][examples]
    return batch


def test_a_part() -> None:
    """The last two of three examples; they have the longest summary, so its width stays."""
    part, expected = the_batch(slice(3)).part(slice(1, 3)), the_batch(slice(1, 3))
    for name in (field.name for field in fields(Batch)):
        one: Any = getattr(part, name)
        other: Any = getattr(expected, name)
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other, name
    assert part.tokens() == 1 + 3 + 4 + 3
