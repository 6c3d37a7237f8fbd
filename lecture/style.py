"""The common look of the figures, and SVG files with the same bytes after each run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seq2seq.files import atomic_writer

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#3b6fb6", "#d9822b", "#3f9b5f", "#c23b4b", "#7a5ba6", "#7f7f7f"
"""Colours that are also different without the perception of red and green."""
CELL_COLOURS = {"elman": ORANGE, "lstm": BLUE, "gru": GREEN}
SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the same letters in every viewer
    "svg.hashsalt": "lecture",  # otherwise the ids in the file are random
}


@contextmanager
def common_style() -> Iterator[None]:
    """matplotlib without a window, with the settings of all figures."""
    with matplotlib.rc_context({"backend": "svg"} | SETTINGS):
        yield


def panels(count: int, width: float = 9.0, height: float = 3.2, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure with panels beside each other, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False, **options)[0])


def save_svg(figure: Figure, file: Path) -> None:
    """Writes the figure without a date. Path coordinates have two decimals, a hundredth of a point."""
    buffer = StringIO()
    with common_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    lines = (line.rstrip() for line in buffer.getvalue().splitlines())
    with atomic_writer(file) as out:
        out.write(_rounded("\n".join(lines)) + "\n")


def save_png(figure: Figure, file: Path) -> None:
    """The same picture in pixels."""
    with common_style():
        figure.savefig(file, format="png", dpi=130, metadata={"Software": None})


def _rounded(svg: str) -> str:
    def short(number: re.Match[str]) -> str:
        return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")

    def path(data: re.Match[str]) -> str:
        return f' d="{re.sub(r"-?[0-9]+[.][0-9]+", short, data[1])}"'

    return re.sub(r' d="([^"]*)"', path, svg)
