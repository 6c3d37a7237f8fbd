"""From the `data:` section of a config to batches: corpora, tokenizer, encoding and bucketing put together.

The tokenizer is made when the object is made (trained on the training split, or taken from where the config says),
because the network's size depends on it; it is cached by what it was made from. Splits are read when they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import datasets
import numpy as np
import torch
from filelock import FileLock
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import DataLoader, Dataset

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.checkpoint import read_checkpoint
from seq2seq.data.arrow_cache import fingerprint_of
from seq2seq.data.bucketing import BatchOptions, BatchPlan, BatchSampler
from seq2seq.data.corpora import CorpusOptions, load_split
from seq2seq.data.encoding import EncodedRows, encode_corpus
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, load_pretrained, train_tokenizer
from seq2seq.errors import UserError
from seq2seq.progress import Progress
from seq2seq.training.exact_resume import write_whole

Split = Literal["train", "validation", "test"]


class HeadlineData(LightningDataModule):
    """Text pairs in, batches out.

    Args:
        corpus: where the pairs come from.
        tokenizer: how text becomes ids.
        batches: how training batches are formed.
        max_document_tokens: documents are cut to so many tokens.
        max_summary_tokens: summaries are cut to so many tokens in training; references are scored uncut.
        eval_tokens: budget of padded tokens of a batch in validation, testing and prediction.
        workers: processes that prepare batches beside the training process (0 = none; right for small corpora).
        seed: of the order of the training batches.
        predict_split: the split that `predict` reads.
        tokenizer_from: a checkpoint whose tokenizer is used instead; set by the command when a checkpoint is given.
    """

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
        """Rows that `predict` has still to do; None = all. Set by who writes them."""
        self._splits: dict[Split, datasets.Dataset] = {}
        self._encoded: dict[tuple[Split, bool], datasets.Dataset] = {}
        self.plan: dict[str, Any] = {}  # all that the training batches are a function of; a checkpoint keeps it

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Of a checkpoint, pretrained, or trained on the training split (once for each corpus and setting)."""
        if self.tokenizer_from:
            return Tokenizer.from_dict(read_checkpoint(self.tokenizer_from)["tokenizer"])
        if self.tokenizer_options.kind == "pretrained":
            if not self.tokenizer_options.path:
                raise UserError(
                    "data.tokenizer.path: a pretrained tokenizer needs a name, a folder or a tokenizer.json"
                )
            return load_pretrained(self.tokenizer_options.path)
        train = self.split("train")
        folder = Path(datasets.config.HF_DATASETS_CACHE) / "seq2seq-tokenizers"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{fingerprint_of(1, train._fingerprint, asdict(self.tokenizer_options))}.json"
        with FileLock(f"{file}.lock"):  # several processes may start at once: one trains, the others wait and read
            if not file.exists():
                rank_zero_info(f"Training a {self.tokenizer_options.kind} tokenizer on {len(train):,} pairs")
                tokenizer = train_tokenizer(self.tokenizer_options, _texts(train), 2 * len(train))
                write_whole(file, [json.dumps(tokenizer.to_dict())])
            return Tokenizer.from_dict(json.loads(file.read_text(encoding="utf-8")))

    @property
    def vocabulary(self) -> dict[str, int]:
        """Size and special ids; the command links them to the model."""
        t = self.tokenizer
        return {"size": t.vocab_size, "pad": t.pad_id, "bos": t.bos_id, "eos": t.eos_id, "unk": t.unk_id}

    def setup(self, stage: str) -> None:
        """Open the splits that will be needed: a wrong file is told before the training, not after an epoch of it."""
        splits: dict[str, list[Split]] = {"fit": ["train", "validation"], "validate": ["validation"], "test": ["test"]}
        for split in splits.get(stage, [self.predict_split]):
            self.split(split)

    def split(self, split: Split) -> datasets.Dataset:
        """The pairs of a split as they came (`document`, `summary`)."""
        if split not in self._splits:
            self._splits[split] = load_split(self.corpus, split)
        return self._splits[split]

    def loader(self, split: Split, training: bool = False, only: np.ndarray | None = None) -> DataLoader:
        """Batches of a split: in training shuffled and without empty pairs, else every example once; or `only` some
        rows."""
        encoded, report = encode_corpus(
            self.split(split),
            self.tokenizer,
            max_document_tokens=self.max_document_tokens,
            max_summary_tokens=self.max_summary_tokens,
            training=training,
        )
        if (split, training) not in self._encoded:
            rank_zero_info(f"{split}: {report.lines()}")
        self._encoded[split, training] = encoded  # kept, so that its files stay open
        rows = EncodedRows(encoded if only is None or len(only) == len(encoded) else encoded.select(only))
        if training and not len(rows):
            raise UserError(f"data.corpus.{split}: no pair with both a document and a summary is left to train on")
        options = self.batches if training else BatchOptions(tokens=max(self.eval_tokens, self._longest()))
        trainer = self.trainer
        sampler = BatchSampler(
            *rows.lengths(),
            options,
            shuffle=training,
            seed=self.seed,
            world_size=trainer.world_size if trainer else 1,
            rank=trainer.global_rank if trainer else 0,
            accumulate=trainer.accumulate_grad_batches if trainer and training else 1,
        )
        if training:
            self.sampler = sampler
            self.plan = {
                "corpus": rows.digest(),
                "examples": len(rows),
                "batches": asdict(options),
                "seed": self.seed,
                "processes": sampler.world_size,
                "accumulate_grad_batches": sampler.accumulate,
            }
        return PlannedLoader(
            PlannedBatches(rows, Vocabulary(**self.vocabulary)),
            batch_size=None,  # the sampler plans whole batches
            sampler=sampler,  # type: ignore[arg-type]
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            pin_memory=bool(trainer and trainer.strategy.root_device.type == "cuda"),
        )

    def _longest(self) -> int:
        return self.max_document_tokens + self.max_summary_tokens + self.batches.bucket_width + 1

    def train_dataloader(self) -> DataLoader:
        return self.loader("train", training=True)

    def val_dataloader(self) -> DataLoader:
        return self.loader("validation")

    def test_dataloader(self) -> DataLoader:
        return self.loader("test")

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        return batch.to(device, non_blocking=device.type == "cuda")  # from pinned memory, beside the step before

    def predict_dataloader(self) -> DataLoader:
        return self.loader(self.predict_split, only=self.remaining() if self.remaining else None)


class PlannedLoader(DataLoader):
    """A data loader that plans an epoch when its first batch is asked for, not when its iterator is made.

    Lightning makes iterators early: before it names the epoch, and before a resumed run's position is known.
    """

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        yield from super().__iter__()


class PlannedBatches(Dataset):
    """The data set a loader sees: its items are whole batches, fetched by `BatchPlan`."""

    def __init__(self, rows: EncodedRows, vocabulary: Vocabulary) -> None:
        self.rows, self.vocabulary = rows, vocabulary

    def __getitem__(self, plan: BatchPlan) -> Batch:
        fetched = self.rows.fetch(plan.indices)
        rows, documents, summaries, oov = zip(*fetched, strict=True) if fetched else ((), (), (), ())
        return make_batch(documents, summaries, oov, self.vocabulary, rows, plan.loss_scale)


def _texts(pairs: datasets.Dataset, size: int = 1000) -> Iterator[list[str]]:
    """Documents and summaries in lists of some size, for training a tokenizer."""
    with Progress("Learning the vocabulary", len(pairs)) as progress:
        for chunk in pairs.iter(size):
            yield chunk["document"]
            yield chunk["summary"]
            progress.update(len(chunk["document"]))
