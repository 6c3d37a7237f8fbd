"""Results of `test`: metrics.json and predictions.jsonl."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from seq2seq import __version__
from seq2seq.files import atomic_writer
from seq2seq.model.ensemble import Ensemble

from ..task_module import TaskModule


class ResultFiles(Callback):
    """Writes scores with all settings, and the predictions, into the run's folder."""

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TaskModule)
        outcome = pl_module.outcome
        if outcome is None or not trainer.is_global_zero:
            return
        folder = Path(trainer.default_root_dir)
        metrics, predictions = folder / "metrics.json", folder / "predictions.jsonl"
        write_lines(predictions, (p.record() for p in outcome.predictions))
        settings = {
            **pl_module.result_settings(),
            "network": asdict(pl_module.options),
            "parameters": pl_module.parameter_count,
            "examples": len(outcome.predictions),
            "max_document_tokens": pl_module.max_document_tokens,
            "seed": pl_module.seed,
            "checkpoint": os.path.basename(str(trainer.ckpt_path or pl_module.source)),
            "seq2seq": __version__,
            "torch": torch.__version__,
        }
        if isinstance(pl_module.network, Ensemble):
            settings |= {"checkpoint": pl_module.network.names[0], "ensemble": pl_module.network.names}
        scores = {name: None if math.isnan(score) else score for name, score in outcome.scores.items()}
        with atomic_writer(metrics) as stream:
            stream.write(json.dumps(scores | {"settings": settings}, indent=2) + "\n")
        line = "  ".join(filter(None, [outcome.line(), str(outcome.signature)]))
        print(f"{line} -> {metrics}, {predictions}", flush=True)


def write_lines(file: Path, records: Iterable[dict[str, Any]]) -> None:
    """Writes JSON Lines atomically."""
    with atomic_writer(file) as stream:
        stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def count_lines(file: Path) -> int:
    """The number of lines of a file, in constant memory."""
    with file.open("rb") as stream:
        return sum(1 for _ in stream)
