"""Results of `predict`: predictions-SPLIT.jsonl, written while the predictions are made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from seq2seq import __version__
from seq2seq.errors import UserError

from ..datamodule import HeadlineData, attached_data
from ..prediction_parts import PartWriter, PredictionParts
from ..task_module import TaskModule
from .result_files import count_lines, write_lines

FORMAT = "parts-2"
"""Part of the fingerprint: change it when the lines of the parts change."""


class PredictionFiles(Callback):
    """Writes predictions as they are made, each process into its own part, and merges the parts in corpus order.

    After an interruption the same command, with any number of processes, decodes only the examples that no part holds.
    With `trainer.limit_predict_batches` the file holds the predictions of those batches alone. Such a file never
    replaces a complete one.
    """

    def __init__(self) -> None:
        self.parts: PredictionParts | None = None
        self.writer: PartWriter | None = None
        self.limited = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "predict":
            return
        assert isinstance(pl_module, TaskModule)
        data, limit = attached_data(trainer), trainer.limit_predict_batches
        if data is None:
            raise UserError("PredictionFiles: the trainer needs a HeadlineData as datamodule, to know the corpus")
        if limit == 0:
            raise UserError("trainer.limit_predict_batches: 0 batches give no predictions; give more, or leave it out")
        self.limited = isinstance(limit, int) or limit < 1.0
        data.remaining = lambda: self._remaining(trainer, pl_module, data)

    def _remaining(self, trainer: Trainer, pl_module: TaskModule, data: HeadlineData) -> np.ndarray:
        """Rows still to be decoded. Lightning calls it on every rank after the weights are loaded."""
        count = len(data.split(data.predict_split, labelled=False))
        file = Path(trainer.default_root_dir) / f"predictions-{data.predict_split}.jsonl"
        if self.limited and file.exists() and count_lines(file) == count:
            raise UserError(
                f"{file} holds all {count:,} predictions, and with trainer.limit_predict_batches fewer would replace "
                "them; move the file, or give another --trainer.default_root_dir"
            )
        # A limited run has parts of its own: it must neither use nor remove those of an interrupted complete run.
        fingerprint = prediction_fingerprint(pl_module, data) + ("-limited" if self.limited else "")
        self.parts = PredictionParts(file, fingerprint, count)
        done = self.parts.done()
        if trainer.is_global_zero:
            if done.any():
                print(f"{int(done.sum()):,} of {count:,} predictions are there already: continuing", flush=True)
            for folder in self.parts.others():
                print(f"{folder}: left by an unfinished run with other settings; not used", flush=True)
        done[-1] &= not done.all()  # without a batch, Lightning would skip the hooks, and with them the merging
        return np.flatnonzero(~done)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.parts is not None
        self.writer = self.parts.writer(trainer.global_rank)  # all ranks have called `done` before the last barrier

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: list[Any],  # type: ignore[override]
        batch: Any,
        batch_idx: int,
        *_: Any,
    ) -> None:
        assert self.writer is not None
        self.writer.write([{"row": p.row, **p.record()} for p in outputs])

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.parts is not None
        assert self.writer is not None
        self.writer.close()
        trainer.strategy.barrier("all predictions are written")
        if trainer.is_global_zero:
            write_lines(self.parts.file, _without_rows(self.parts.merged(complete=not self.limited)))
            decoded = int(self.parts.done().sum())
            self.parts.remove()
            whole = f" of {self.parts.rows:,}" if decoded < self.parts.rows else ""
            print(f"{decoded:,}{whole} predictions -> {self.parts.file}", flush=True)


def _without_rows(records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        del record["row"]
        yield record


def prediction_fingerprint(pl_module: TaskModule, data: HeadlineData) -> str:
    """A digest of everything that predictions depend on: weights, tokenizer, search, limits and corpus."""
    digest = hashlib.sha256()
    for name, weights in pl_module.network.state_dict().items():
        digest.update(f"{name} {weights.dtype} {tuple(weights.shape)} ".encode())
        digest.update(weights.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    settings = [
        FORMAT,
        __version__,
        pl_module.tokenizer.fingerprint,
        pl_module.prediction_settings(),
        pl_module.max_document_tokens,
        str(pl_module.trainer.precision),
        data.predict_split,
        data.split(data.predict_split, labelled=False)._fingerprint,
    ]
    digest.update(json.dumps(settings).encode())
    return digest.hexdigest()[:16]
