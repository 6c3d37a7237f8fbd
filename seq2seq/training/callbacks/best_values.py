"""The best value of each validation figure so far, beside its curve."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from ..dashboards import log_figures
from ..monitors import better


class BestValues(Callback):
    """Logs `best/NAME` after each validation, for each figure whose large or small values are known to be good."""

    def __init__(self) -> None:
        self._best: dict[str, float] = {}

    def state_dict(self) -> dict[str, Any]:
        return dict(self._best)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._best = dict(state_dict)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """All ranks have the same scores, and keep the same values: any of them can write a checkpoint."""
        outcome: Any = pl_module.outcome
        if outcome is None or trainer.sanity_checking or trainer.state.fn != "fit":
            return
        for name, value in outcome.scores.items():
            mode = better(name)
            if mode and value == value:  # a figure that is not defined is NaN
                self._best[name] = (max if mode == "max" else min)(value, self._best.get(name, value))
        if trainer.is_global_zero:
            log_figures(trainer, {f"best/{name}": value for name, value in self._best.items()})
