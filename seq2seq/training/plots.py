"""Pictures of a training by matplotlib (the extra `plots`), as PNG and SVG files.

matplotlib is imported by the first picture, and needs no display.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seq2seq.files import atomic_writer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

DOTS_PER_INCH = 110
COLOURS = "viridis"


def panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure and its axes [rows, columns]. `size`: width and height of one panel in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * size[0], rows * size[1]), dpi=DOTS_PER_INCH, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure: Figure, file: Path) -> Path:
    """Writes `file`.png and `file`.svg. Returns the PNG file."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    # `savefig` would place all parts again for each file, which takes longer than to draw them.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    with atomic_writer(file.with_suffix(".png"), binary=True) as stream:
        FigureCanvasAgg(figure).print_png(stream)
    with rc_context({"svg.hashsalt": file.name}), atomic_writer(file.with_suffix(".svg"), binary=True) as stream:
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None})  # equal figures give equal files
    return file.with_suffix(".png")


def colours(axes: Axes, values: np.ndarray, title: str, **settings: Any) -> AxesImage:
    """A matrix as colours; NaN is white. Row 0 is at the top unless `origin="lower"`."""
    axes.set_title(title, fontsize=10)
    return axes.imshow(values, aspect="auto", cmap=COLOURS, interpolation="nearest", **settings)


def heat_map(axes: Axes, values: np.ndarray, title: str, label: str, **settings: Any) -> None:
    """The colours of a matrix with their scale."""
    axes.figure.colorbar(colours(axes, values, title, **settings), ax=axes, label=label)


def curves(axes: Axes, title: str, steps: Sequence[float], lines: Mapping[str, Sequence[float | None]]) -> None:
    """Lines over the steps of the training; None leaves a gap."""
    for name, values in lines.items():
        numbers = [np.nan if value is None else value for value in values]
        axes.plot(steps, numbers, marker="." if len(steps) < 30 else "", linewidth=1.2, label=name)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("step of training")
    axes.grid(alpha=0.3)
    if len(lines) > 4:  # they would hide the curves
        axes.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1, 1))
    elif len(lines) > 1:
        axes.legend(fontsize=6)
