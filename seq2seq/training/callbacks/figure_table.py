"""The figures of `test` and `validate` as a table on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lightning.pytorch import Callback, LightningModule, Trainer

from ..task_module import TaskModule

UNDEFINED = "-: not defined for this split, for example the precision of numbers if no prediction has a number"


class FigureTable(Callback):
    """Prints all figures with four significant digits. Lightning's own table has up to 16 digits and "nan".

    `--verbose false` turns it off, as it does for the table of Lightning.
    """

    def __init__(self) -> None:
        self._verbose = False

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._take_over(trainer.validate_loop)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._take_over(trainer.test_loop)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TaskModule)
        if self._verbose and trainer.is_global_zero and pl_module.outcome is not None:
            print_table(pl_module.outcome.scores)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "validate":  # a validation of `fit` has its line alone
            self.on_test_end(trainer, pl_module)

    def _take_over(self, loop: object) -> None:
        """Turns off the table of a loop of Lightning, which prints it after the last callback."""
        self._verbose, loop.verbose = loop.verbose, False  # type: ignore[attr-defined]


def print_table(scores: Mapping[str, float]) -> None:
    """Prints figures by name, with a note if a figure is not defined."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("value", justify="right")
    for name, value in scores.items():
        table.add_row(name, short(value))
    console = Console(highlight=False)
    console.print(table)
    if any(map(math.isnan, scores.values())):
        console.print(UNDEFINED, soft_wrap=True)


def short(value: float) -> str:
    """A number with four significant digits, and "-" for NaN. Digits before the point are not rounded away."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if 1e4 <= abs(value) < math.inf else f"{value:#.4g}" if value else "0"
