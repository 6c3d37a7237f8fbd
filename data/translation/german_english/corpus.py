"""The pairs of a split.

The German text decides to which split a sentence belongs, so no sentence is in two splits of any size.
Some numbers are held out: training has no sentence with them in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from zlib import crc32

from .draw import Draw, Pair
from .sentences import sentence

SIZES = {"train": 6_000, "validation": 300, "test": 400}
SEED = 2024
SHARES = {"test": {0}, "validation": {1}, "train": set(range(2, 12))}
"""The twelfths of all sentences that belong to each split."""


def is_held_out(number: int) -> bool:
    """Whether a number from 100 on never occurs in words in the training split: every fifth."""
    return number % 5 == 3


def generate_pairs(split: str, size: int, seed: int = SEED) -> Iterator[tuple[str, Pair]]:
    """Yields the first `size` pairs of a split, each with its kind. Smaller splits are prefixes of larger ones."""
    seen: set[str] = set()
    for index in count():
        if len(seen) == size:
            return
        draw = Draw(f"translation {seed} {split} {index}", lambda number: split != "train" or not is_held_out(number))
        kind, pair = sentence(draw)
        if pair.de not in seen and crc32(pair.de.encode()) % 12 in SHARES[split]:
            seen.add(pair.de)
            yield kind, pair
