"""Data of the labelling tasks: documents with labels in, batches out."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import datasets

from seq2seq.batch import LabelledBatch, make_labelled_batch
from seq2seq.checkpoint import read_checkpoint
from seq2seq.data.bucketing import BatchOptions
from seq2seq.data.corpora import CorpusOptions, Split
from seq2seq.data.encoding import EncodedRows
from seq2seq.data.labels import LABELS
from seq2seq.data.tokenizer import TokenizerOptions

from .datamodule import HeadlineData, PlannedBatches, vocabulary_of


class LabelledData(HeadlineData):
    """Documents with labels in, batches out. In the corpus the labels stand in the column of the summaries.

    Args:
        corpus: source of the examples.
        tokenizer: how text becomes ids.
        batches: how training batches are formed.
        max_document_tokens: documents are cut to this number of tokens.
        eval_tokens: padded tokens of a batch, at most, in validation, testing and prediction.
        workers: processes that prepare batches beside the training process (0 = none; right for small corpora).
        seed: of the order of the training batches.
        predict_split: the split that `predict` reads.
        tokenizer_from: a checkpoint whose tokenizer and labels replace those of the training split. If the command is
            given a checkpoint, it sets this one.
    """

    with_labels = True
    task: ClassVar[str]

    def __init__(
        self,
        corpus: CorpusOptions,
        tokenizer: TokenizerOptions = TokenizerOptions(),  # noqa: B008 (frozen)
        batches: BatchOptions = BatchOptions(),  # noqa: B008
        max_document_tokens: int = 100,
        eval_tokens: int = 16000,
        workers: int = 0,
        seed: int = 1,
        predict_split: Split = "test",
        tokenizer_from: str | None = None,
    ) -> None:
        super().__init__(
            corpus,
            tokenizer,
            batches,
            max_document_tokens,
            max_summary_tokens=max_document_tokens,
            eval_tokens=eval_tokens,
            workers=workers,
            seed=seed,
            predict_split=predict_split,
            tokenizer_from=tokenizer_from,
        )

    @cached_property
    def labels(self) -> list[str]:
        """The labels of a checkpoint, or those of the training split, in the order of their ids."""
        if self.tokenizer_from:
            return list(read_checkpoint(self.tokenizer_from)["labels"])
        texts = self.split("train")["summary"]
        return list(LABELS[self.task].learn(texts, "data.corpus.train").names)

    def labels_of(self, split: Split) -> Any:
        return LABELS[self.task](tuple(self.labels), f"data.corpus.{split}")

    def tokenizer_texts(self) -> datasets.Dataset:
        """The documents alone: labels are no words."""
        return self.split("train").select_columns(["document"])

    def planned_batches(self, rows: EncodedRows, texts: datasets.Dataset | None) -> PlannedBatches:
        return LabelledBatches(rows, vocabulary_of(self.tokenizer), texts)


class LabelledBatches(PlannedBatches):
    """A data set whose items are batches of documents with labels."""

    def make_batch(
        self, documents: Any, summaries: Any, oov: Any, rows: Any, loss_scale: float | None
    ) -> LabelledBatch:
        return make_labelled_batch(documents, summaries, self.vocabulary, rows, loss_scale)
