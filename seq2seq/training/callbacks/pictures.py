"""Pictures of some headlines and of all lengths after each validation."""

from __future__ import annotations

import shutil
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from seq2seq.errors import UserError, require_packages

from ..dashboards import log_picture
from ..explained_samples import evenly_spaced, explain
from ..module import SummarizerModule
from ..sample_plots import draw_explanation, draw_lengths, length_confusion

FOLDER = "pictures"


class Pictures(Callback):
    """Draws the attention and the copying of some validation headlines, always for the same documents, and the lengths
    of all headlines beside those of their references. It does so after each validation.

    The PNG and SVG files are in the folder `pictures` of the run; their names have the optimizer step. The dashboard
    shows them too.

    Args:
        documents: headlines that are drawn (0 = no pictures).
    """

    def __init__(self, documents: int = 0) -> None:
        if documents < 0:
            raise UserError(f"pictures.documents: {documents} is too small; give at least 0")
        if documents:
            require_packages("pictures.documents", "plots", "matplotlib")
        self.documents = documents

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if not isinstance(pl_module, SummarizerModule):
            raise UserError("pictures.documents: only the headlines of a summarizer can be drawn; leave it out")

    @rank_zero_only
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.global_step:  # those of an earlier run
            shutil.rmtree(Path(trainer.default_root_dir) / FOLDER, ignore_errors=True)

    @rank_zero_only
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, SummarizerModule)
        if pl_module.outcome is None or trainer.sanity_checking:
            return
        folder, step = Path(trainer.default_root_dir) / FOLDER, f"step-{trainer.global_step:06}"
        predictions = pl_module.outcome.predictions
        explanations = explain(pl_module, evenly_spaced(predictions, self.documents))
        for number, explanation in enumerate(explanations, 1):
            if explanation is not None and explanation.headline_words:
                name = f"document-{number}"
                log_picture(trainer, f"{FOLDER}/{name}", draw_explanation(explanation, folder / f"{name}-{step}"))
        table = length_confusion([p.reference or "" for p in predictions], [p.text for p in predictions])
        log_picture(trainer, f"{FOLDER}/lengths", draw_lengths(table, folder / f"lengths-{step}"))
