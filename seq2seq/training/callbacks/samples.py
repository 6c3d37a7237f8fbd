"""Sample headlines beside the curves of a run."""

from __future__ import annotations

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from ..module import SummarizerModule

COLUMNS = ["document", "reference", "prediction", "rougeL"]


class SampleHeadlines(Callback):
    """Shows some validation headlines after each validation: a table on W&B, text on TensorBoard, lines in the log.

    Args:
        count: headlines in the table, evenly spaced in the split.
        printed: headlines that are also printed.
    """

    def __init__(self, count: int = 16, printed: int = 2) -> None:
        self.count, self.printed = count, printed

    @rank_zero_only
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not isinstance(pl_module, SummarizerModule) or pl_module.outcome is None or trainer.sanity_checking:
            return
        predictions = pl_module.outcome.predictions
        chosen = predictions[:: max(1, len(predictions) // self.count)][: self.count]
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                table = [[p.document, p.reference, p.text, round(100 * p.rouge[2], 1)] for p in chosen]
                logger.log_table("validation/samples", columns=COLUMNS, data=table)
            elif isinstance(logger, TensorBoardLogger):
                text = "\n\n".join(f"{p.reference} → {p.text}" for p in chosen)
                logger.experiment.add_text("validation/samples", text, trainer.global_step)
        for p in chosen[: self.printed]:
            pl_module.print(f"    reference  {p.reference}\n    prediction {p.text}")
