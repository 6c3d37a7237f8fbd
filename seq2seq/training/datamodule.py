"""From the `data` section of a config to batches: corpora, tokenizer, encoding and bucketing put together.

The tokenizer is made when it is first needed, because the size of the network depends on it; splits are read when they
are needed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, ClassVar

import datasets
import numpy as np
import torch
from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import DataLoader, Dataset

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.checkpoint import read_checkpoint
from seq2seq.data.bucketing import BatchOptions, BatchPlan, BatchSampler
from seq2seq.data.corpora import CorpusOptions, Split, load_split
from seq2seq.data.encoding import EncodedRows, encode_corpus
from seq2seq.data.labels import Labels
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, cached_tokenizer, train_tokenizer
from seq2seq.errors import UserError

from .lightning_internals import KeptSampler, replaces_samplers

SPLITS: dict[str, list[Split]] = {"fit": ["train", "validation"], "validate": ["validation"], "test": ["test"]}
"""The splits that a stage of the trainer reads; `predict` reads `predict_split`."""


class HeadlineData(LightningDataModule):
    """Text pairs in, batches out.

    Args:
        corpus: source of the pairs.
        tokenizer: how text becomes ids.
        batches: how training batches are formed.
        max_document_tokens: documents are cut to this number of tokens.
        max_summary_tokens: summaries are cut to this number of tokens in training; references are scored uncut.
        eval_tokens: padded tokens of a batch, at most, in validation, testing and prediction.
        workers: processes that prepare batches beside the training process (0 = none; right for small corpora).
        seed: of the order of the training batches.
        predict_split: the split that `predict` reads.
        tokenizer_from: a checkpoint whose tokenizer replaces `tokenizer`, for pre-training on other texts. If the
            command is given a checkpoint, it sets this one.
    """

    with_labels: ClassVar[bool] = False
    """Whether the summaries of the corpus are labels."""

    def __init__(
        self,
        corpus: CorpusOptions,
        tokenizer: TokenizerOptions = TokenizerOptions(),  # noqa: B008 (frozen)
        batches: BatchOptions = BatchOptions(),  # noqa: B008
        max_document_tokens: int = 100,
        max_summary_tokens: int = 30,
        eval_tokens: int = 16000,
        workers: int = 0,
        seed: int = 1,
        predict_split: Split = "test",
        tokenizer_from: str | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("max_document_tokens", max_document_tokens), ("max_summary_tokens", max_summary_tokens)):
            if value < 1:
                raise UserError(f"data.{name}: {value} is too small; give at least 1")
        self.corpus, self.tokenizer_options, self.batches = corpus, tokenizer, batches
        self.max_document_tokens, self.max_summary_tokens = max_document_tokens, max_summary_tokens
        self.eval_tokens, self.workers, self.seed, self.predict_split = eval_tokens, workers, seed, predict_split
        self.tokenizer_from = tokenizer_from
        self.remaining: Callable[[], np.ndarray] | None = None
        """Gives the rows that `predict` still has to decode; None = all. Set by the callback that writes them."""
        self.plan: dict[str, Any] = {}
        """Everything that determines the training batches; part of a checkpoint."""
        self._splits: dict[tuple[Split, bool], datasets.Dataset] = {}
        self._encoded: dict[tuple[Split, bool], datasets.Dataset] = {}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of a checkpoint, a pretrained one, or one trained on the training split."""
        if self.tokenizer_from:
            return Tokenizer.from_dict(read_checkpoint(self.tokenizer_from)["tokenizer"])
        options = self.tokenizer_options
        if options.kind == "pretrained":
            return train_tokenizer(options, [])
        return cached_tokenizer(self.tokenizer_texts(), options)

    def setup(self, stage: str) -> None:
        """Opens the splits of the stage: a wrong file is reported before the training, not after the first epoch."""
        if stage == "predict":
            self.split(self.predict_split, labelled=False)
        for split in SPLITS.get(stage, []):
            if stage == "fit" and split == "validation" and not self.validates:
                rank_zero_info("data.corpus.validation is not set: training without validation and early stopping")
            else:
                self.split(split)

    @property
    def validates(self) -> bool:
        """Whether there are validation data; training can do without."""
        return self.corpus.validation is not None or self.corpus.name is not None

    def split(self, split: Split, labelled: bool = True) -> datasets.Dataset:
        """The pairs of a split as they were read (`document`, `summary`).

        Args:
            labelled: False if the summaries are not needed: missing ones are None.
        """
        if (split, labelled) not in self._splits:
            self._splits[split, labelled] = load_split(self.corpus, split, labelled=labelled, labels=self.with_labels)
        return self._splits[split, labelled]

    def tokenizer_texts(self) -> datasets.Dataset:
        """The columns on which a tokenizer is trained."""
        return self.split("train")

    def planned_batches(self, rows: EncodedRows, texts: datasets.Dataset | None) -> PlannedBatches:
        """The batches of encoded rows. `texts`: see `PlannedBatches`."""
        return PlannedBatches(rows, vocabulary_of(self.tokenizer), texts)

    def labels_of(self, split: Split) -> Labels | None:
        """The labels that stand in the place of the summaries of a split; None if they are texts."""
        return None

    def train_dataloader(self) -> DataLoader:
        """Shuffled batches of the training pairs in which both sides have a token."""
        rows = self._rows("train", self.split("train"), training=True)
        if not len(rows):
            raise UserError("data.corpus.train: no pair with both a document and a summary is left to train on")
        accumulate = self.trainer.accumulate_grad_batches if self.trainer else 1
        self.sampler = self._sampler(rows, self.batches, shuffle=True, accumulate=accumulate)
        self.plan = {
            "corpus": rows.digest(),
            "examples": len(rows),
            "batches": asdict(self.batches),
            "seed": self.seed,
            "processes": self.sampler.world_size,
            "accumulate_grad_batches": accumulate,
        }
        return self._loader(rows, self.sampler)

    def val_dataloader(self) -> DataLoader | list[DataLoader]:
        return self._evaluation_loader("validation") if self.validates else []

    def test_dataloader(self) -> DataLoader:
        return self._evaluation_loader("test")

    def predict_dataloader(self) -> DataLoader:
        only = self.remaining() if self.remaining else None
        return self._evaluation_loader(self.predict_split, only, labelled=False)

    def _evaluation_loader(self, split: Split, only: np.ndarray | None = None, labelled: bool = True) -> DataLoader:
        """Batches with their texts: every example of a split once, or the examples `only`."""
        pairs = self.split(split, labelled)
        longest = self.max_document_tokens + self.max_summary_tokens + self.batches.bucket_width + 1
        options = BatchOptions(tokens=max(self.eval_tokens, longest))
        rows = self._rows(split, pairs, only=only)
        return self._loader(rows, self._sampler(rows, options), texts=pairs)

    def _rows(
        self, split: Split, pairs: datasets.Dataset, training: bool = False, only: np.ndarray | None = None
    ) -> EncodedRows:
        kind, facts = self.corpus.supported, None
        if training and kind != "nothing":
            facts = self.tokenizer.facts(kind, "data.corpus.supported")
        encoded, report = encode_corpus(
            pairs,
            self.tokenizer,
            max_document_tokens=self.max_document_tokens,
            max_summary_tokens=self.max_summary_tokens,
            training=training,
            facts=facts,
            labels=self.labels_of(split),
        )
        if (split, training) not in self._encoded:
            rank_zero_info(f"{split}: {report.lines()}")
        self._encoded[split, training] = encoded  # keeps its files open
        return EncodedRows(encoded if only is None or len(only) == len(encoded) else encoded.select(only))

    def _sampler(
        self, rows: EncodedRows, options: BatchOptions, *, shuffle: bool = False, accumulate: int = 1
    ) -> BatchSampler:
        trainer = self.trainer
        if trainer and trainer.world_size > 1 and replaces_samplers(trainer):
            raise UserError(
                "trainer.use_distributed_sampler: HeadlineData distributes its batches itself, and Lightning would "
                "distribute each part again; set it to false"
            )
        return BatchSampler(
            *rows.lengths(),
            options,
            shuffle=shuffle,
            seed=self.seed,
            world_size=trainer.world_size if trainer else 1,
            rank=trainer.global_rank if trainer else 0,
            accumulate=accumulate,
            repeat=bool(trainer and trainer.overfit_batches),  # type: ignore[attr-defined]
            end_symbol=not self.with_labels,
        )

    def _loader(self, rows: EncodedRows, sampler: BatchSampler, texts: datasets.Dataset | None = None) -> DataLoader:
        return PlannedLoader(
            self.planned_batches(rows, texts),
            batch_size=None,  # the sampler plans whole batches
            sampler=KeptSampler(sampler),
            num_workers=self.workers,
            worker_init_fn=ignore_interrupts,
            persistent_workers=self.workers > 0,
            pin_memory=bool(self.trainer and self.trainer.strategy.root_device.type == "cuda"),
        )

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch.to(device, non_blocking=device.type == "cuda")  # from pinned memory, during the previous step


def attached_data(trainer: Trainer) -> HeadlineData | None:
    """The data that the trainer was started with; None if it was started with plain data loaders."""
    data = getattr(trainer, "datamodule", None)
    return data if isinstance(data, HeadlineData) else None


def vocabulary_of(tokenizer: Tokenizer) -> Vocabulary:
    """Size and special ids of a tokenizer."""
    t = tokenizer
    return Vocabulary(size=t.vocab_size, pad=t.pad_id, bos=t.bos_id, eos=t.eos_id, unk=t.unk_id)


def ignore_interrupts(worker: int) -> None:
    """Leaves Ctrl-C, which every process of a terminal receives, to the training process, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class PlannedLoader(DataLoader):
    """A data loader that plans an epoch when its first batch is requested, not when its iterator is made.

    Lightning makes iterators early: before it sets the epoch, and before the position of a resumed run is known.
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        yield from super().__iter__()


class PlannedBatches(Dataset):
    """A data set whose items are whole batches, chosen by `BatchPlan`.

    Args:
        texts: the pairs as they were read, for batches that carry their texts; None for training.
    """

    def __init__(self, rows: EncodedRows, vocabulary: Vocabulary, texts: datasets.Dataset | None = None) -> None:
        self.rows, self.vocabulary, self.texts = rows, vocabulary, texts

    def __getitem__(self, plan: BatchPlan) -> Any:
        fetched = self.rows.fetch(plan.indices)
        rows, documents, summaries, oov = zip(*fetched, strict=True) if fetched else ((), (), (), ())
        batch = self.make_batch(documents, summaries, oov, rows, plan.loss_scale)
        if self.texts is None:
            return batch
        pairs = self.texts[batch.rows]
        return replace(batch, documents=list(pairs["document"]), references=list(pairs["summary"]))

    def make_batch(self, documents: Any, summaries: Any, oov: Any, rows: Any, loss_scale: float | None) -> Any:
        """The padded batch of some encoded rows, without texts."""
        return make_batch(documents, summaries, oov, self.vocabulary, rows, loss_scale)
