"""The figures by name. A new figure is a file in `figures/` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from .figures import (
    backpropagation,
    cells,
    clipping,
    eigenvalues,
    exposure_bias,
    position,
    sum_network,
    word_order,
    word_vectors,
)


class LectureFigure(NamedTuple):
    """Args:
    page: the page in docs/lecture/ that shows it.
    compute: gives the numbers.
    draw: from the numbers to the picture.
    facts: from the numbers to the rows of the table below the picture, name and value.
    """

    page: str
    compute: Callable[[], Any]
    draw: Callable[[Any], Figure]
    facts: Callable[[Any], dict[str, str]]


FIGURES: dict[str, LectureFigure] = {
    "sum_network": LectureFigure("sum_network.md", sum_network.compute, sum_network.draw, sum_network.facts),
    "backpropagation": LectureFigure(
        "backpropagation.md", backpropagation.compute, backpropagation.draw, backpropagation.facts
    ),
    "eigenvalues": LectureFigure("gradients.md", eigenvalues.compute, eigenvalues.draw, eigenvalues.facts),
    "cells": LectureFigure("gradients.md", cells.compute, cells.draw, cells.facts),
    "clipping": LectureFigure("gradients.md", clipping.compute, clipping.draw, clipping.facts),
    "word_order": LectureFigure("word_order.md", word_order.compute, word_order.draw, word_order.facts),
    "position": LectureFigure("position.md", position.compute, position.draw, position.facts),
    "exposure_bias": LectureFigure("exposure_bias.md", exposure_bias.compute, exposure_bias.draw, exposure_bias.facts),
    "word_vectors": LectureFigure("word_vectors.md", word_vectors.compute, word_vectors.draw, word_vectors.facts),
}
