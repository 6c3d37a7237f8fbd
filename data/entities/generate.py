"""Writes the corpus of entities: invented English sentences (`document`) with a BIO label for each token (`labels`).

    python data/entities/generate.py [--output DIR] [--seed N] [--train N] [--validation N] [--test N]

The labels are those of persons (PER), places (LOC) and organisations (ORG). The same word can be each of them:
"Jordan opened the door", "Jordan opened its border", "Jordan opened a second plant". Half of the names are such words
of a fixed list; the others are made of syllables, so that most of those in the test split are new. So neither the word
nor the words before it tell the label; the rest of the sentence does.

An example depends on the seed, the split and its index alone. All random numbers come from
`random.Random(text).random()`, which is the same in all versions of Python.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from writing import write_splits

SEED = 2026
SIZES = {"train": 2200, "validation": 300, "test": 300}

NAMES = (
    "Austin Bexley Carter Chelsea Clifton Dallas Devon Florence Francis Georgia Hamilton Hudson Jackson Jordan Kent "
    "Lancaster Lincoln London Madison Marlow Melrose Milan Mercer Morgan Nevada Newton Paris Preston Quincy Raleigh "
    "Ross Savannah Selby Stafford Sterling Sydney Trent Vernon Victoria Washington Wellington Winslow York"
).split()
SYLLABLES = "ba bel dor el fen gar hal is ka lan mar nor ost per ran sil tor ul ven wick".split()
FIRST_NAMES = "Anna Ben Carla David Emma Frank Grace Henry Ida Jack Karen Leo Maria Nick Olga Peter".split()

# {P}, {L} and {O}: a person, a place, an organisation. A title or "the" before a name is no part of it.
PAIRS = (
    ("{P} opened the door", "{O} opened a second plant", "{L} opened its border"),
    ("{P} fell on the stairs", "{O} fell by two percent on the stock exchange", "{L} fell to the enemy after a siege"),
    ("{P} grew up with two brothers", "{O} grew faster than its rivals", "{L} grew to a city of two million people"),
    ("{P} slept badly", "{O} hired ninety engineers", "{L} lies on a river"),
    ("{P} is thirty years old", "{O} is listed on the stock exchange", "{L} is two hours from the sea"),
    ("{P} voted against her own party", "{O} paid its shareholders less", "{L} voted for a new mayor"),
    ("everybody knows {P} , the painter", "everybody knows {O} , the bank", "everybody knows {L} , the capital"),
    ("they met {P} at her house", "they met {O} in court", "they met in {L}"),
    ("the report names {P} as a witness", "the report names {O} as the buyer", "the report names {L} as the venue"),
    (
        "we talked about {P} and her children",
        "we talked about {O} and its profits",
        "we talked about {L} and its streets",
    ),
    ("she left {P} after the wedding", "she left {O} for a better job", "she left {L} by train"),
    (
        "he read a book on {P} , who died last year",
        "he read a book on {O} , founded as a mill",
        "he read a book on {L} , north of the lake",
    ),
    ("he sued {P} , his neighbour", "he sued {O} , his employer", "he toured {L} , his birthplace"),
    ("{P} wrote to {O}", "{O} wrote to {P}", "{P} drove to {L}"),
    ("{P} of {L} won the race", "{O} of {L} won the contract", "{L} won the games over {L}"),
    (
        "{P} , a nurse , met {P} , a pilot",
        "{O} , a brewery , bought {O} , a hotel chain",
        "the road from {L} to {L} was closed",
    ),
    ("{P} sold {O} to {O}", "{O} sold its shops in {L}", "rain delayed flights from {L}"),
    ("{O} fired {P}", "{P} joined {O}", "{P} moved to {L}"),
    ("{P} married {P} in {L}", "{O} named {P} its chairman", "{O} left {L} for {L}"),
)
TAILS = ("", "", "", "", ", they say", ", according to {P}", ", a spokesman for {O} said", ", say people in {L}")


class Writer:
    """Makes one example from a generator of random numbers."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.rng.random() * len(choices))]

    def name(self) -> str:
        """A word of the list, or an invented one, which can have each label."""
        if self.rng.random() < 0.5:
            return self.pick(NAMES)
        return "".join(self.pick(SYLLABLES) for _ in range(2 + (self.rng.random() < 0.5))).capitalize()

    def entity(self, kind: str) -> list[str]:
        """The tokens of an entity. Two in five have a second word, which alone tells little or nothing."""
        name, draw = self.name(), self.rng.random()
        if draw < 0.6:
            return [name]
        if kind == "P":
            return [self.pick(FIRST_NAMES) if draw < 0.8 else self.name(), name]
        if kind == "L":
            return ["New", name] if draw < 0.8 else [name, self.pick(("Bay", "Falls", "Park"))]
        return [name, self.pick(("Park", "New", "Partners", "Motors"))] if draw < 0.8 else [name, "and", self.name()]

    def example(self) -> dict[str, str]:
        template = " ".join(filter(None, [self.pick(self.pick(PAIRS)), self.pick(TAILS)]))
        tokens: list[str] = []
        labels: list[str] = []
        kinds = {"{P}": "PER", "{L}": "LOC", "{O}": "ORG"}
        for word in [*template.split(), "."]:
            if word in kinds:
                words = self.entity(word[1])
                labels += [f"B-{kinds[word]}"] + [f"I-{kinds[word]}"] * (len(words) - 1)
            else:
                words = [word]
                labels.append("O")
            tokens += words
        tokens[0] = tokens[0][0].upper() + tokens[0][1:]
        return {"document": " ".join(tokens), "labels": " ".join(labels)}


def generate_examples(split: str, count: int, seed: int = SEED) -> Iterator[dict[str, str]]:
    """The first `count` examples of a split."""
    for index in range(count):
        yield Writer(random.Random(f"{seed} {split} {index}")).example()


def main() -> None:
    write_splits(Path(__file__).parent, "the invented corpus of entities", SIZES, SEED, generate_examples)


if __name__ == "__main__":
    main()
