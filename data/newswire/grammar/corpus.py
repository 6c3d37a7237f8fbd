"""The pairs of a split, and their file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .desk import Desk
from .document import write_document, write_headlines
from .events import KINDS

SIZES = {"train": 12_000, "validation": 600, "test": 600}
SEED = 2024
NAMES = 60_000  # number of places, companies and surnames (each)


def generate_pairs(
    split: str, count: int, seed: int = SEED, *, names: int = NAMES, kind: bool = False
) -> Iterator[dict[str, str]]:
    """Yields the first `count` pairs of a split. Each pair is a dict with the keys `document` and `summary`.

    Args:
        split: the name of the split. It may be any text. Each split has its own stories.
        count: the number of pairs. A smaller count gives a prefix.
        seed: the seed of the whole corpus.
        names: the number of places, companies and surnames (each). Use more names for a larger corpus.
        kind: adds the keys `kind` (the kind of event) and `usual` (the summary in its most frequent wording), for tests
            and reports. The files do not have these keys.
    """
    functions = list(KINDS.items())
    for index in range(count):
        desk = Desk(f"newswire {seed} {split} {index}", names)
        event, function = functions[desk.count(0, len(functions) - 1)]
        story = function(desk)
        document = write_document(desk, story)
        headline, usual = write_headlines(desk, story)
        pair = {"document": document, "summary": headline}
        yield {**pair, "kind": event, "usual": usual} if kind else pair


def write_split(path: Path, pairs: Iterator[dict[str, str]]) -> None:
    """Writes the pairs to a file in JSON Lines format, one pair per line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")
