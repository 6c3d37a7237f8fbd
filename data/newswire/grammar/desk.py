"""Tools of the event functions: random choice, names, amounts, and the result type `Story`."""

from __future__ import annotations

import random
import re
from math import floor
from typing import NamedTuple, TypeVar

from .names import DAYS, DIVISORS, FIRST_NAMES, FREQUENT, MONTHS, SMALL_NUMBERS, compose, is_suitable

T = TypeVar("T")

WEIGHTS = (15, 3, 2)  # of the three wordings of a headline


class Person(NamedTuple):
    """A person. Documents give the full name, headlines the surname."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first} {self.last}"


class Story(NamedTuple):
    """The texts of one event. They may still contain `[this|that]`."""

    lead: str  # the sentence with the news
    headlines: list[str]  # wordings of the headline, the most frequent one first
    distractor: str  # a similar event at another time or place, in a sentence like a lead
    details: list[str]  # sentences for the rest of the document
    openers: list[str]  # sentences for the start of the document, before the lead


class Desk:
    """The state of one story: a random number generator, and the names in use. Names are unique within a story.

    Args:
        key: the seed of the random numbers.
        names: the number of places, companies and surnames (each).
    """

    def __init__(self, key: str, names: int) -> None:
        self.random = random.Random(key).random
        self.names = names
        self.used: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def count(self, low: int, high: int) -> int:
        """Returns a random integer from `low` to `high`, both included."""
        return low + floor(self.random() * (high - low + 1))

    def pick(self, *options: T) -> T:
        """Returns one of the options. All have the same probability."""
        return options[floor(self.random() * len(options))]

    def pick_weighted(self, options: list[T]) -> T:
        """Returns one of at most three options. Of three, the probabilities are 75, 15 and 10 percent."""
        draw = self.random() * sum(WEIGHTS[: len(options)])
        for option, weight in zip(options, WEIGHTS, strict=False):
            draw -= weight
            if draw < 0:
                return option
        return options[0]

    def shuffled(self, items: list[str]) -> list[str]:
        items = list(items)
        for last in range(len(items) - 1, 0, -1):
            other = self.count(0, last)
            items[last], items[other] = items[other], items[last]
        return items

    def expand(self, text: str) -> str:
        """Replaces each `[this|that]` by one of its alternatives. Inner brackets come first."""
        while (match := re.search(r"\[([^\[\]]*)\]", text)) is not None:
            text = text[: match.start()] + self.pick(*match.group(1).split("|")) + text[match.end() :]
        return text

    def name(self, category: str) -> str:
        """Returns a new name for this story. One name in six comes from the list of frequent names."""
        while True:
            if self.chance(0.17):
                name = self.pick(*FREQUENT[category])
            else:
                name = compose(category, self.count(0, self.names // DIVISORS[category] - 1))
            if name not in self.used and is_suitable(name):
                self.used.append(name)
                return name

    def place(self) -> str:
        return self.name("place")

    def river(self) -> str:
        return self.name("river")

    def company(self) -> str:
        return self.name("company")

    def person(self) -> Person:
        return Person(self.pick(*FIRST_NAMES), self.name("surname"))

    def country(self) -> str:
        return self.name("country")

    def day(self) -> str:
        return self.pick(*DAYS)

    def month(self) -> str:
        return self.pick(*MONTHS)

    def before(self) -> str:
        """Returns a past time, for an event that is not the news."""
        return self.pick(f"In {self.month()}", "A year ago", "Last winter", "Some weeks ago")

    def percent(self, low: int, high: int) -> str:
        return f"{self.count(low, high)} percent"

    def millions(self, low: int = 12, high: int = 950) -> str:
        return f"${self.round(low, high)} million"

    def billions(self) -> str:
        """Returns an amount with two decimals (probability 0.6) or one. Headlines round two decimals to one."""
        cents = self.count(1, 9) if self.chance(0.6) else ""
        return f"${self.count(1, 19)}.{self.count(1, 9)}{cents} billion"

    def money(self) -> str:
        return self.billions() if self.chance(0.5) else self.millions()

    def round(self, low: int, high: int) -> int:
        """Returns a random number from `low` to `high`, rounded as in news: 43, 850, 1,240, 36,000."""
        number = self.count(low, high)
        unit = 1 if number < 100 else 10 if number < 10_000 else 1_000 if number < 100_000 else 10_000
        return max(low, number // unit * unit)


def spelled(number: int) -> str:
    """Writes a number below ten as a word, a larger one in digits."""
    return SMALL_NUMBERS[number] if number < 10 else f"{number:,}"


def people(number: int) -> str:
    return f"{spelled(number)} {'person' if number == 1 else 'people'}"


def an(word: str) -> str:
    """Puts the article "a" or "an" before a word."""
    return f"{'an' if word[0] in 'AEIOUaeiou' else 'a'} {word}"


def sentence(text: str) -> str:
    """Writes the first letter as a capital."""
    return text[0].upper() + text[1:]
