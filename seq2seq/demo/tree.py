"""The beams of a search as a tree in SVG: one column for each step, one box for each hypothesis.

A box stands below or above others in the order of their parents, so no lines cross.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..explanation import BeamNode
from ..markup import Element, classes, cut, element

BOX_WIDTH, BOX_HEIGHT = 82, 34
COLUMN, ROW = 104, 42  # distances between boxes
MARGIN, HEAD = 10, 28
CHARACTERS = 12  # of a word in a box


class Place(NamedTuple):
    """The left upper corner of a box."""

    x: float
    y: float


def beam_tree(nodes: Sequence[BeamNode]) -> Element:
    """The tree. Boxes of the path to the best headline are marked; finished hypotheses have round corners and, if they
    are among the returned headlines, their rank."""
    places = layout(nodes)
    winner = winning_path(nodes)
    extended = {node.parent for node in nodes}
    steps = max((node.step for node in nodes), default=0)
    width = 2 * MARGIN + (steps - 1) * COLUMN + BOX_WIDTH if steps else 0
    height = max((place.y for place in places), default=0) + BOX_HEIGHT + MARGIN
    titles = [
        element("text", str(step + 1), x=MARGIN + step * COLUMN + BOX_WIDTH / 2, y=16, class_="s2s-step")
        for step in range(steps)
    ]
    lines, boxes = [], []
    for position, node in enumerate(nodes):
        won = "s2s-won" if position in winner else None
        dead = None if node.finished or position in extended else "s2s-dead"
        if node.parent is not None:
            lines.append((won is not None, _line(places[node.parent], places[position], classes(won, dead))))
        finished = "s2s-finished" if node.finished else None
        boxes.append(_box(nodes, position, places[position], classes("s2s-node", finished, dead, won)))
    ordered = [line for _, line in sorted(lines, key=lambda line: line[0])]  # the winner's lines lie on top
    return element(
        "svg",
        *titles,
        element("g", *ordered, class_="s2s-lines"),
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        class_="s2s-tree",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        role="img",
        aria_label="beams of the search by step",
    )


def layout(nodes: Sequence[BeamNode]) -> list[Place]:
    """The place of each node. Nodes of a step are in the order of their parents, those of one parent by score."""
    columns: dict[int, list[int]] = {}
    for position, node in enumerate(nodes):
        columns.setdefault(node.step, []).append(position)
    tallest = max(map(len, columns.values()), default=0)
    order: dict[int | None, int] = {None: 0}
    places = [Place(0, 0)] * len(nodes)
    for step, column in sorted(columns.items()):
        column.sort(key=lambda position: (order[nodes[position].parent], -nodes[position].score))
        top = HEAD + (tallest - len(column)) * ROW / 2
        for row, position in enumerate(column):
            order[position] = row
            places[position] = Place(MARGIN + (step - 1) * COLUMN, top + row * ROW)
    return places


def winning_path(nodes: Sequence[BeamNode]) -> set[int]:
    """Positions of the nodes on the path to the best headline."""
    path: set[int] = set()
    position = next((position for position, node in enumerate(nodes) if node.rank == 0), None)
    while position is not None:
        path.add(position)
        position = nodes[position].parent
    return path


def hypothesis(nodes: Sequence[BeamNode], position: int | None) -> str:
    """The words of a hypothesis from the first step on."""
    words: list[str] = []
    while position is not None:
        words.append(nodes[position].text)
        position = nodes[position].parent
    return " ".join(filter(None, reversed(words)))


def _line(start: Place, end: Place, names: str | None) -> Element:
    x, y = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    to_x, to_y = end.x, end.y + BOX_HEIGHT / 2
    middle = (x + to_x) / 2
    path = f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
    return element("path", d=path, class_=names)


def _box(nodes: Sequence[BeamNode], position: int, place: Place, names: str | None) -> Element:
    node = nodes[position]
    ends = node.finished and not node.text
    word = "end" if ends else cut(node.text, CHARACTERS)
    score = f"{node.score:.2f}".replace("-", "\N{MINUS SIGN}")
    state = "finished" if node.finished else "live"
    note = f"{hypothesis(nodes, position)}\n{state}, score {node.score:.3f}, probability {math.exp(node.log_prob):.2g}"
    parts = [
        element("title", note),
        element("rect", width=BOX_WIDTH, height=BOX_HEIGHT, rx=BOX_HEIGHT / 2 if node.finished else 5),
        element("text", word, x=BOX_WIDTH / 2, y=14, class_=classes("s2s-label", "s2s-end" if ends else None)),
        element("text", score, x=BOX_WIDTH / 2, y=27, class_="s2s-score"),
    ]
    if node.rank is not None:
        parts.append(element("circle", cx=BOX_WIDTH - 4, cy=4, r=9, class_="s2s-badge"))
        parts.append(element("text", str(node.rank + 1), x=BOX_WIDTH - 4, y=8, class_="s2s-badge"))
    return element("g", *parts, transform=f"translate({place.x:g} {place.y:g})", class_=names)
