"""Random choices for one sentence, and the pair of texts that everything is made of."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import floor
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Pair(NamedTuple):
    """A German text and its English translation."""

    de: str
    en: str


def words(text: str) -> list[str]:
    return text.split()


class Draw:
    """The random numbers of one sentence.

    Args:
        key: the seed.
        allowed: tells which numbers from 100 on may be written in words.
    """

    def __init__(self, key: str, allowed: Callable[[int], bool]) -> None:
        self.random = random.Random(key).random
        self.allowed = allowed

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def count(self, low: int, high: int) -> int:
        """A random integer from `low` to `high`, both included."""
        return low + floor(self.random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options. All have the same probability."""
        return options[floor(self.random() * len(options))]

    def weighted(self, options: dict[T, int]) -> T:
        """A key of `options`; the values are the weights."""
        draw = floor(self.random() * sum(options.values()))
        for option, weight in options.items():
            draw -= weight
            if draw < 0:
                return option
        raise AssertionError("the weights are no positive integers")

    def number(self, low: int, high: int) -> int:
        """A random number to write in words, from `low` to `high`."""
        while True:
            number = self.count(low, high)
            if number < 100 or self.allowed(number):
                return number
