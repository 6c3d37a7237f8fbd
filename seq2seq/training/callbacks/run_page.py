"""The page of a run, written at the end of `fit` and `test`."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from seq2seq.explanation import Explanation
from seq2seq.files import atomic_writer
from seq2seq.report import PAGE, SAMPLES, VALIDATION, load_run, write_page

from ..evaluation import Prediction
from ..explained_samples import evenly_spaced, explain
from ..module import SummarizerModule
from ..task_module import TaskModule
from .curves import Curves
from .result_files import write_lines

STAGES = {"fit": "validation", "test": "test"}
"""The split whose predictions each command shows."""
KEPT_WEIGHTS, SMALLEST_WEIGHT = 8, 0.02
"""Attention weights of a word that are kept: the largest ones."""


class RunPage(Callback):
    """Writes index.html and, after `fit`, validation.jsonl into the run's folder; for headlines also samples.json.

    A page that cannot be written is a warning: the results of a run do not depend on it.

    Args:
        samples: predictions with attention, evenly from the split, and as many of those with the lowest ROUGE.
        predictions: validation predictions in validation.jsonl, evenly from the split, at most.
    """

    def __init__(self, samples: int = 12, predictions: int = 2000) -> None:
        self.samples, self.predictions = samples, predictions
        self._has_results = False

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lightning's check before the training scores a few examples of an untrained network: no result."""
        self._has_results = not trainer.sanity_checking

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._has_results = True

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Comes after the files of the results, and after the weights are averaged."""
        if stage in STAGES and trainer.is_global_zero and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            self._write(trainer, pl_module, STAGES[stage])

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """The page of a run that was stopped has its curves."""
        if any(isinstance(callback, Curves) and callback.written for callback in trainer.callbacks):  # type: ignore[attr-defined]
            self._write(trainer, pl_module, "")

    def _write(self, trainer: Trainer, pl_module: LightningModule, split: str) -> None:
        folder = Path(trainer.default_root_dir)
        try:
            if split and self._has_results and isinstance(pl_module, TaskModule) and pl_module.outcome:
                self._write_predictions(folder, pl_module, pl_module.outcome.predictions, split)
            write_page(load_run(folder), folder / PAGE)
        except Exception as error:
            logging.getLogger(__name__).warning(
                "%s was not written (%s: %s); the results are complete, and `seq2seq report %s` tries again",
                *(folder / PAGE, type(error).__name__, " ".join(str(error).split())[:200], folder),
            )

    def _write_predictions(self, folder: Path, module: TaskModule, found: list[Any], split: str) -> None:
        """Writes the predictions of a validation, and the attention of some headlines."""
        if split == "validation":
            found = evenly_spaced(found, self.predictions)
            write_lines(folder / VALIDATION, (prediction.record() for prediction in found))
        if not isinstance(module, SummarizerModule):
            return
        rows = sample_rows(found, self.samples)
        explained = zip(rows, explain(module, [found[row] for row in rows]), strict=True)
        samples = [{"row": row, **as_values(explanation)} for row, explanation in explained if explanation is not None]
        with atomic_writer(folder / SAMPLES) as stream:
            json.dump({"split": split, "samples": samples}, stream, ensure_ascii=False)


def sample_rows(predictions: Sequence[Prediction], count: int) -> list[int]:
    """Rows at equal distances, and those with the lowest ROUGE. Empty documents and headlines have no attention."""
    rows = [row for row, p in enumerate(predictions) if p.document.strip() and p.text.strip()]
    return sorted({*evenly_spaced(rows, count), *sorted(rows, key=lambda row: sum(predictions[row].rouge))[:count]})


def as_values(explanation: Explanation) -> dict[str, Any]:
    """An explanation as values of JSON, with the largest weights of each word of the headline."""
    attention = []
    for row in explanation.attention.tolist():
        largest = sorted(range(len(row)), key=lambda place: -row[place])[:KEPT_WEIGHTS]
        attention.append([(place, round(row[place], 3)) for place in largest if row[place] >= SMALLEST_WEIGHT])
    copied = [round(value, 3) for value in explanation.copied_shares.tolist()] if explanation.copy.any() else None
    return {
        "document": explanation.document_words,
        "headline": explanation.headline_words,
        "attention": attention,
        "copied": copied,
    }
