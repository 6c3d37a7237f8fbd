"""A heat map: words of the headline by words of the document, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..markup import Element, classes, element
from .headlines import percent

VISIBLE = 0.005
"""A cell with a smaller weight is empty."""
FAINT = 0.05
"""A column whose weights are all smaller is hidden at first."""


def heat_map(weights: np.ndarray, rows: Sequence[str], columns: Sequence[str], kind: str, meaning: str) -> Element:
    """A table whose cells are as intense as their weights. A check box shows the columns with small weights.

    Args:
        weights: [T, S], 0 to 1.
        rows: [T] words of the headline; columns: [S] words of the document.
        kind: the colour, a name in the style sheet: attention or copy.
        meaning: one sentence for the reader.
    """
    faint = [bool(column.max() < FAINT) for column in weights.T]
    head = [element("td", class_="s2s-corner")]
    head += [
        element("th", element("span", word.strip()), class_="s2s-faint" if hidden else None, scope="col")
        for word, hidden in zip(columns, faint, strict=True)
    ]
    body = []
    for word, row in zip(rows, weights, strict=True):
        cells = [_cell(weight, hidden) for weight, hidden in zip(row, faint, strict=True)]
        body.append(element("tr", element("th", word.strip(), scope="row"), *cells))
    table = element(
        "table", element("thead", element("tr", *head)), element("tbody", *body), class_=classes("s2s-heat", kind)
    )
    shown = faint.count(False)
    toggle = element(
        "label",
        element("input", type="checkbox", class_="s2s-all"),
        f" all {len(columns)} words of the document ({shown} have a weight of at least {percent(FAINT)})",
    )
    note = element("p", meaning, class_="s2s-note")
    return element("div", note, toggle, element("div", table, class_="s2s-scroll"), class_="s2s-map")


def _cell(weight: float, hidden: bool) -> Element:
    hide = "s2s-faint" if hidden else None
    if weight < VISIBLE:
        return element("td", class_=hide)
    return element("td", class_=hide, style=f"--w:{weight:.3f}", title=percent(weight))
