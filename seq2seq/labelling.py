"""From a checkpoint to labels: for `seq2seq decode` and programs. Needs neither Lightning nor datasets.

labeller = TextLabeller.from_checkpoint("runs/sentiment/best.ckpt")
labels = labeller.label(["the film was not bad at all"])          # [["positive"]]
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .batch import LabelledBatch, Vocabulary, make_labelled_batch
from .checkpoint import network_options, read_checkpoint, task_of
from .data.labels import LABELS
from .data.tokenizer import Tokenizer
from .entities import OUTSIDE
from .errors import UserError
from .inference import checked_documents, checkpoint_file, choose_device, in_chunks, length_batches, load_weights
from .model.labeller import LABELLERS, Labeller, build_labeller


class Label(NamedTuple):
    """The most probable label of a place, and its probability."""

    name: str
    probability: float


def predicted_labels(names: Sequence[str], log_probabilities: Tensor, batch: LabelledBatch) -> list[list[Label]]:
    """The most probable label of each place, for each document of a batch. `log_probabilities`: [P, labels]."""
    best = log_probabilities.max(dim=1)
    found = [Label(names[i], p) for i, p in zip(best.indices.tolist(), best.values.exp().tolist(), strict=True)]
    places = iter(found)
    return [[next(places) for _ in range(count)] for count in batch.places_each()]


def complete(task: str, labels: list[Label], document: str) -> list[Label]:
    """The labels of a whole document: tokens after the cut are outside of all entities, with probability 0."""
    missing = LABELS[task].places(document) - len(labels) if labels else 0
    return labels + [Label(OUTSIDE, 0.0)] * missing


class TextLabeller:
    """A trained network with its tokenizer and labels: text in, labels out.

    Args:
        task: classification (one label for a document) or annotation (one for each token, a word between spaces).
        labels: the labels in the order of their ids.
        max_document_tokens: longer documents are cut.
        batch_tokens: greatest number of document tokens in a batch, padding included.

    Attributes:
        cut: number of documents that were cut so far.
        empty: number of documents without a token so far; they get no label.
    """

    def __init__(
        self,
        task: str,
        network: Labeller,
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_document_tokens: int,
        device: str | torch.device = "cpu",
        batch_tokens: int = 80000,
    ) -> None:
        self.task, self.network, self.tokenizer = task, network.to(device).eval(), tokenizer
        self.labels, self.vocabulary = list(labels), network.vocabulary
        self.max_document_tokens, self.batch_tokens = max_document_tokens, batch_tokens
        self.device = torch.device(device)
        self.cut = self.empty = 0

    @classmethod
    def from_checkpoint(
        cls, path: str | os.PathLike[str], device: str | torch.device | int | None = "auto"
    ) -> TextLabeller:
        """Loads a checkpoint of a labelling task: a file, or the folder of a run, which stands for its best.ckpt.

        Args:
            device: as for `Summarizer.from_checkpoint`.

        Raises UserError if the checkpoint cannot be used, or is one of the summarizer.
        """
        device, file = choose_device(device), checkpoint_file(path)
        contents = read_checkpoint(file)
        task = task_of(contents)
        if task not in LABELLERS:
            raise UserError(f"{file}: a checkpoint of the task {task}, which gives no labels; load it as a Summarizer")
        vocabulary = Vocabulary(**contents["vocabulary"])
        network = build_labeller(network_options(contents), vocabulary, len(contents["labels"]))
        load_weights(network, contents, file)
        tokenizer = Tokenizer.from_dict(contents["tokenizer"])
        return cls(task, network, tokenizer, contents["labels"], contents["max_document_tokens"], device)

    def label(self, documents: Iterable[str]) -> list[list[str]]:
        """The labels of each document, in order: one for the document, or one for each of its tokens."""
        return [[label.name for label in labels] for labels in self.stream(documents)]

    def stream(
        self, documents: Iterable[str], chunk: int = 1024, batch_size: int | None = None, read_ahead: int = 4 << 20
    ) -> Iterator[list[Label]]:
        """Yields the labels of each document with their probabilities. Arguments: see `Summarizer.stream`."""
        return in_chunks(
            checked_documents(documents), chunk, read_ahead, lambda texts: self._label_chunk(texts, batch_size)
        )

    def _label_chunk(self, texts: list[str], batch_size: int | None) -> list[list[Label]]:
        kind = LABELS[self.task](tuple(self.labels))
        encoded, places = kind.encode(self.tokenizer, texts, [None] * len(texts), self.max_document_tokens)
        self.cut += sum(e.length > len(e.ids) for e in encoded)
        self.empty += sum(not e.ids for e in encoded)
        results: list[list[Label]] = [[]] * len(texts)
        for chosen in length_batches([len(e.ids) for e in encoded], self.batch_tokens, batch_size):
            ids = [encoded[i].ids for i in chosen], [places[i] for i in chosen]
            batch = make_labelled_batch(*ids, self.vocabulary).to(self.device)
            with torch.inference_mode():
                log_probabilities = self.network.log_probabilities(batch)
            for i, labels in zip(chosen, predicted_labels(self.labels, log_probabilities, batch), strict=True):
                results[i] = complete(self.task, labels, texts[i])
        return results
