"""Sample headlines beside the curves of a run."""

from __future__ import annotations

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from ..dashboards import dashboards, log_table
from ..explained_samples import evenly_spaced, explain, marked
from ..module import SummarizerModule

COLUMNS = ["step", "document", "reference", "prediction", "rougeL", "copied"]


class SampleHeadlines(Callback):
    """Shows some validation headlines after each validation: a table on the dashboard, lines in the log.

    The table has the optimizer step, and the headline once more with its copied words in square brackets.

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
        chosen = evenly_spaced(pl_module.outcome.predictions, self.count)
        if dashboards(trainer):
            step = trainer.global_step
            rows = [
                [step, p.document, p.reference, p.text, round(100 * p.rouge[2], 1), marked(explanation)]
                for p, explanation in zip(chosen, explain(pl_module, chosen), strict=True)
            ]
            log_table(trainer, "validation/samples", COLUMNS, rows)
        for p in chosen[: self.printed]:
            pl_module.print(f"    reference  {p.reference}\n    prediction {p.text}")
