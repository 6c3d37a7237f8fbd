"""A batch of encoded pairs, and the legend of the shape letters.

Stands between `data/`, which fills it, and `model/`, which reads it; imports neither.

Shape letters
    B examples, K beams, N rows of a decoder call (B, or B*K), S document length, T summary length,
    E embedding, H hidden, C encoder states (2H of the encoder), A attention, F features, V vocabulary,
    X distinct out-of-vocabulary words of one document (the maximum over a batch), V' = V + X the extended vocabulary,
    M real target words of a batch.

Ids are *extended*: below V they name the vocabulary; V + k names the k-th distinct unknown word of the row's own
document (See et al. 2017, section 2.2). Masks are boolean, True = real token, and are made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor


class Vocabulary(NamedTuple):
    """Size and special ids of a tokenizer. The network needs nothing else of it."""

    size: int
    pad: int
    bos: int
    eos: int
    unk: int


ON_CPU = {"lengths", "words"}
"""Tensors of a batch that stay on the CPU, where they are counted."""


@dataclass(kw_only=True)  # not frozen: the trainer's float64 and bfloat16 precisions refuse to look into frozen ones
class DocumentBatch:
    """B encoded documents: the part of a batch that all tasks share.

    Args:
        document: [B, S] extended ids, padded.
        lengths: [B] document lengths, always on the CPU.
        mask: [B, S] True where `document` holds a token.
        rows: positions of the examples in their split.
        loss_scale: factor of the summed loss. It averages gradients over the tokens of the whole optimizer step (all
            ranks, all accumulated batches); None = 1 / this batch's tokens.
        documents, references: the texts of the examples, in evaluation; empty in training. A reference is None if the
            example has no summary and no label.
    """

    document: Tensor
    lengths: Tensor
    mask: Tensor
    rows: list[int]
    loss_scale: float | None = None
    documents: list[str] = field(default_factory=list)
    references: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def to(self, device: Any, non_blocking: bool = False) -> Self:
        """The batch on `device`, without the tensors of `ON_CPU`."""
        tensors = self._tensors()
        moved = {name: tensors[name].to(device, non_blocking=non_blocking) for name in tensors.keys() - ON_CPU}
        return replace(self, **moved)

    def pin_memory(self) -> Self:
        """The batch in page-locked memory (the data loader calls this)."""
        return replace(self, **{name: tensor.pin_memory() for name, tensor in self._tensors().items()})

    def _tensors(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}


@dataclass(kw_only=True)
class Batch(DocumentBatch):
    """B encoded pairs (or documents alone, with `summary` of length 1: only the start symbol).

    Args:
        summary: [B, T+1] extended ids: start symbol, words, end symbol, padding. With K candidates for each document
            [B*K, T+1]; those of one document are neighbours.
        summary_mask: [B, T] or [B*K, T], True where `targets` holds a token.
        target_positions: [M] positions in the flattened `summary_mask` that are True, found on the CPU so that no
            training step waits for a GPU.
        words: [U] the distinct ids below V of documents and summaries in increasing order, always on the CPU; empty for
            documents alone.
        oov: for each example its out-of-vocabulary words, with the ids V, V + 1, ...

    For the other fields see `DocumentBatch`.
    """

    summary: Tensor
    summary_mask: Tensor
    target_positions: Tensor
    words: Tensor
    oov: list[list[str]] = field(default_factory=list)

    @property
    def summaries_each(self) -> int:
        """K: summaries of each document."""
        return len(self.summary) // len(self)

    @property
    def previous(self) -> Tensor:
        """[B, T] inputs of the decoder under teacher forcing."""
        return self.summary[:, :-1]

    @property
    def targets(self) -> Tensor:
        """[B, T] words that the decoder must predict."""
        return self.summary[:, 1:]

    @property
    def extension(self) -> int:
        """X: the number of ids above the vocabulary that this batch needs."""
        return max(map(len, self.oov), default=0)

    def tokens(self) -> int:
        """Real document and summary tokens (end symbols included); a host-side count."""
        return int(self.lengths.sum()) + len(self.target_positions)

    def part(self, rows: slice) -> Batch:
        """Some of the examples (at least one), padded to their own longest document."""
        lengths = self.lengths[rows]
        width = int(lengths.max())
        document, summary = self.document[rows, :width], self.summary[rows]
        ids = torch.cat([document.flatten(), summary.flatten()]).to(self.words.device)
        return replace(
            self,
            document=document,
            lengths=lengths,
            mask=self.mask[rows, :width],
            summary=summary,
            summary_mask=self.summary_mask[rows],
            target_positions=true_positions(self.summary_mask[rows]),
            words=self.words[torch.isin(self.words, ids)],
            rows=self.rows[rows],
            oov=self.oov[rows],
            documents=self.documents[rows],
            references=self.references[rows],
        )


UNLABELLED, CONTINUATION = -1, -2
"""In the labels of an example: a place without a known label, and a token that continues a word and has no place."""


@dataclass(kw_only=True)
class LabelledBatch(DocumentBatch):
    """B encoded documents and their labels: L of them for each document, 1 for the whole or one for each token.

    Args:
        labels: [B, L] ids of the labels; negative where there is none.
        places: [P] positions in the flattened `labels` that can have a label, found on the CPU.
        target_positions: [M] those of them that have one.

    For the other fields see `DocumentBatch`.
    """

    labels: Tensor
    places: Tensor
    target_positions: Tensor

    def tokens(self) -> int:
        """Real document tokens; a host-side count."""
        return int(self.lengths.sum())

    def places_each(self) -> list[int]:
        """The number of places of each document."""
        width = max(self.labels.shape[1], 1)
        return torch.bincount(self.places.cpu() // width, minlength=len(self)).tolist()


def length_mask(lengths: Tensor, width: int) -> Tensor:
    """[B] lengths -> [B, width] boolean mask, True = real token."""
    return torch.arange(width, device=lengths.device) < lengths[:, None]


def true_positions(mask: Tensor) -> Tensor:
    """The positions in the flattened mask that are True."""
    return mask.flatten().nonzero().flatten()


def distinct_words(vocabulary: int, *ids: Tensor) -> Tensor:
    """The distinct ids below V of some tensors on the CPU, in increasing order."""
    seen = np.zeros(vocabulary + 1, dtype=bool)  # numpy takes a tenth of torch's time; the last place is for larger ids
    for some in ids:
        seen[np.minimum(some.numpy(), vocabulary)] = True
    return torch.from_numpy(seen[:vocabulary].nonzero()[0])


def pad(sequences: Sequence[Sequence[int]], value: int) -> tuple[Tensor, Tensor]:
    """Ragged ids -> ([B, longest] padded with `value`, [B] lengths)."""
    lengths = np.fromiter((len(s) for s in sequences), np.int64, len(sequences))
    padded = np.full((len(sequences), int(lengths.max(initial=0))), value, np.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(padded), torch.from_numpy(lengths)


def _document_fields(
    documents: Sequence[Sequence[int]], vocabulary: Vocabulary, rows: Sequence[int] | None, loss_scale: float | None
) -> dict[str, Any]:
    """The fields of a `DocumentBatch`. An empty document becomes the end symbol alone, because attention needs at least
    one position."""
    document, lengths = pad([ids if len(ids) else [vocabulary.eos] for ids in documents], vocabulary.pad)
    return {
        "document": document,
        "lengths": lengths,
        "mask": length_mask(lengths, document.shape[1]),
        "rows": list(range(len(documents)) if rows is None else rows),
        "loss_scale": loss_scale,
    }


def make_batch(
    documents: Sequence[Sequence[int]],
    summaries: Sequence[Sequence[int]] | None,
    oov: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    rows: Sequence[int] | None = None,
    loss_scale: float | None = None,
) -> Batch:
    """Pad B encoded documents and summaries (extended ids, no special symbols) into a `Batch`.

    An empty document becomes the end symbol alone.
    """
    shared = _document_fields(documents, vocabulary, rows, loss_scale)
    if summaries is None:
        summary, summary_lengths = pad([[vocabulary.bos]] * len(documents), vocabulary.pad)
        words = summary.new_empty(0)
    else:
        framed = [[vocabulary.bos, *ids, vocabulary.eos] for ids in summaries]
        summary, summary_lengths = pad(framed, vocabulary.pad)
        words = distinct_words(vocabulary.size, shared["document"], summary)
    summary_mask = length_mask(summary_lengths - 1, max(summary.shape[1] - 1, 0))
    return Batch(
        **shared,
        summary=summary,
        summary_mask=summary_mask,
        target_positions=true_positions(summary_mask),
        words=words,
        oov=[list(words) for words in oov],
    )


def make_labelled_batch(
    documents: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    vocabulary: Vocabulary,
    rows: Sequence[int] | None = None,
    loss_scale: float | None = None,
) -> LabelledBatch:
    """Pad B encoded documents and the ids of their labels into a `LabelledBatch`.

    An empty document becomes the end symbol alone. Its labels must be empty.
    """
    padded, _ = pad(labels, CONTINUATION)
    return LabelledBatch(
        **_document_fields(documents, vocabulary, rows, loss_scale),
        labels=padded,
        places=true_positions(padded != CONTINUATION),
        target_positions=true_positions(padded >= 0),
    )
