"""The learning curve of a training in a notebook, drawn anew after each epoch."""

from __future__ import annotations

import base64
import importlib.util
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from seq2seq.report import CURVES, read_curves

from ..plots import curves, panels

LEVELS = "▁▂▃▄▅▆▇█"
WIDTH = 60
"""Columns of a curve in text, at most."""
Points = list[tuple[float, float]]
"""(step, value) of a figure, by step."""


class LearningCurve(Callback):
    """Shows the losses and the main validation figure in a notebook, as a picture, or as text without matplotlib.

    It reads curves.jsonl of the run's folder, so a resumed run shows the curve of the whole run.

    Args:
        figure: the validation figure beside the losses, for example validation/rougeL.
    """

    def __init__(self, figure: str) -> None:
        self.figure = figure
        self._shown: Any = None

    @rank_zero_only
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        from IPython.display import display

        file = Path(trainer.default_root_dir) / CURVES
        records = read_curves(file) if file.is_file() else []
        names = ("train/loss", "validation/loss", self.figure)
        lines = {name: points for name in names if (points := points_of(records, name))}
        if not lines:
            return
        content = {"text/plain": text_curves(lines)}
        if importlib.util.find_spec("matplotlib"):
            content["image/png"] = base64.b64encode(picture(lines)).decode()
        if self._shown is None:
            self._shown = display(content, raw=True, display_id=True)
        else:
            self._shown.update(content, raw=True)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def points_of(records: Sequence[dict[str, float]], name: str) -> Points:
    """The values of one figure in the records of curves.jsonl."""
    return [(record["step"], record[name]) for record in records if name in record]


def text_curves(lines: dict[str, Points]) -> str:
    """One row for each figure: its name, its values as blocks of eight heights, its first and its last value."""
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {_blocks([value for _, value in points])}" for name, points in lines.items())


def _blocks(values: Sequence[float]) -> str:
    """At most WIDTH values at equal distances, the last one included."""
    count = min(WIDTH, len(values))
    kept = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, high = min(kept), max(kept)
    scale = (len(LEVELS) - 1) / (high - low) if high > low else 0.0
    drawn = "".join(LEVELS[round((value - low) * scale)] for value in kept)
    return f"{drawn}  {values[0]:.3f} -> {values[-1]:.3f}"


def picture(lines: dict[str, Points]) -> bytes:
    """The curves as PNG: losses on the left, the other figure on the right."""
    losses = {name: points for name, points in lines.items() if name.endswith("/loss")}
    groups = [group for group in (losses, {name: lines[name] for name in lines if name not in losses}) if group]
    figure, axes = panels(1, len(groups), (4.5, 2.8))
    for place, group in zip(axes[0], groups, strict=True):
        for name, points in group.items():
            curves(place, ", ".join(group), [step for step, _ in points], {name: [value for _, value in points]})
        if len(group) > 1:
            place.legend(fontsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=90)
    return stream.getvalue()
