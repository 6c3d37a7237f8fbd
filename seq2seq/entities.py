"""Entities of BIO labels, for the scores of annotation and for its output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

OUTSIDE = "O"


class Entity(NamedTuple):
    """An entity of a sentence: its type, its first token (from 0), and the token after its last."""

    kind: str
    start: int
    end: int


def entities(labels: Sequence[str]) -> list[Entity]:
    """The entities of BIO labels (B-TYPE, I-TYPE, O) by the rules of conlleval.

    B- begins an entity. So does an I- after O or after another type (Tjong Kim Sang and De Meulder 2003).
    """
    found: list[Entity] = []
    kind, start = "", 0
    for position, label in enumerate([*labels, OUTSIDE]):
        prefix, _, new = label.partition("-")
        if kind and (prefix != "I" or new != kind):
            found.append(Entity(kind, start, position))
            kind = ""
        if prefix != OUTSIDE and not kind:
            kind, start = new, position
    return found
