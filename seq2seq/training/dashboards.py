"""Figures, pictures and tables on the dashboards of a run: W&B and TensorBoard.

Callbacks call these functions on rank 0. A run without such a logger has no dashboard, and nothing is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger

from .lightning_internals import logged_steps


def dashboards(trainer: Trainer) -> list[Logger]:
    """The loggers of a run that have a dashboard."""
    return [logger for logger in trainer.loggers if isinstance(logger, WandbLogger | TensorBoardLogger)]


class FigureFile(Callback):
    """A callback that writes figures into a file, with any logger and with none."""

    def write(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        """Writes the figures of the current optimizer step."""
        raise NotImplementedError


def log_figures(trainer: Trainer, figures: Mapping[str, float]) -> None:
    """Adds a point to the curve of each figure, at the current optimizer step: on dashboards and in curves.jsonl."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, FigureFile):
            callback.write(trainer, figures)
    for logger in dashboards(trainer):
        logger.log_metrics(dict(figures), logged_steps(trainer))


def log_picture(trainer: Trainer, name: str, file: Path) -> None:
    """Shows a PNG file under `name`, at the current optimizer step."""
    for logger in dashboards(trainer):
        if isinstance(logger, WandbLogger):
            logger.log_image(name, [str(file)], logged_steps(trainer))
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, _pixels(file), logged_steps(trainer), dataformats="HWC")


def log_table(trainer: Trainer, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Shows a table under `name`: a W&B table, or text in Markdown on TensorBoard."""
    for logger in dashboards(trainer):
        if isinstance(logger, WandbLogger):
            logger.log_table(name, columns=list(columns), data=[list(row) for row in rows], step=logged_steps(trainer))
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_text(name, _markdown(columns, rows), logged_steps(trainer))


def without_folders(value: Any) -> Any:
    """A copy of a config value in which an absolute path is its last part: dashboards show no folders of a machine."""
    if isinstance(value, Mapping):
        return {str(key): without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value


def _pixels(file: Path) -> Any:
    """[height, width, channels] of a PNG file."""
    from matplotlib.image import imread

    return imread(file)


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows)])
