"""Writes the sentiment corpus: invented opinions in English and German (`document`), positive or negative (`label`).

    python data/sentiment/generate.py [--output DIR] [--seed N] [--train N] [--validation N] [--test N]

A clause gives a thing a good or a bad property, with or without a negation. A sentence has one clause, or two clauses
of opposite meaning with a conjunction, of which the main clause counts. So the words of a sentence do not tell its
label: "good, but expensive" and "expensive, but good" have the same words.

An example depends on the seed, the split and its index alone. All random numbers come from
`random.Random(text).random()`, which is the same in all versions of Python.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parents[1]))

from writing import write_splits

SEED = 2025
SIZES = {"train": 3000, "validation": 400, "test": 400}
LABELS = ("negative", "positive")


class Language(NamedTuple):
    """The words and clauses of a language. Index 0 of `adjectives` is bad, index 1 good.

    Clauses have the places {thing}, {object} (the same thing as an object) and {word}. `main` are main clauses, and
    `dependent` clauses that follow a conjunction. Each is a list of (clause, whether it turns the meaning).
    """

    things: Sequence[tuple[str, str]]
    adjectives: tuple[Sequence[str], Sequence[str]]
    degrees: Sequence[str]
    main: Sequence[tuple[str, bool]]
    dependent: Sequence[tuple[str, bool]]
    second_counts: Sequence[str]
    first_counts: Sequence[str]
    openings: Sequence[str]
    closings: Sequence[str]


def _english_things() -> list[tuple[str, str]]:
    words = (
        "film story music acting ending hotel room breakfast service staff food soup wine menu book cover plot style "
        "phone camera screen battery keyboard concert band sound light train journey ticket"
    )
    return [(f"the {word}", f"the {word}") for word in words.split()]


def _german_things() -> list[tuple[str, str]]:
    masculine = "Film Ton Schluss Service Wein Stil Bildschirm Akku Zug Empfang Kuchen"
    feminine = "Musik Geschichte Suppe Karte Kamera Tastatur Reise Band Bedienung Handlung"
    neuter = "Hotel Zimmer Essen Buch Licht Konzert Handy Frühstück Ticket Ende"
    return [
        *((f"der {word}", f"den {word}") for word in masculine.split()),
        *((f"die {word}", f"die {word}") for word in feminine.split()),
        *((f"das {word}", f"das {word}") for word in neuter.split()),
    ]


ENGLISH = Language(
    things=_english_things(),
    adjectives=(
        "bad poor awful boring terrible weak dull dreadful useless annoying ugly disappointing".split(),
        "good great excellent charming wonderful superb lovely brilliant pleasant fine perfect delightful".split(),
    ),
    degrees=("", "", "really ", "quite ", "simply "),
    main=[
        ("{thing} was {word}", False),
        ("I found {object} {word}", False),
        ("{thing} seemed {word} to us", False),
        ("everybody called {object} {word}", False),
        ("{thing} was not {word}", True),
        ("{thing} was anything but {word}", True),
        ("I would not call {object} {word}", True),
        ("nobody found {object} {word}", True),
        ("nobody would say that {thing} was not {word}", False),
    ],
    dependent=[
        ("{thing} was {word}", False),
        ("we found {object} {word}", False),
        ("{thing} was not {word}", True),
        ("nobody called {object} {word}", True),
        ("{thing} was never {word}", True),
    ],
    second_counts=(
        "{main}, but {other_main}",
        "although {dependent}, {other_main}",
        "though {dependent}, {other_main}",
    ),
    first_counts=("{main}, although {dependent}", "{main}, even though {dependent}", "{main}, though {dependent}"),
    openings=("", "", "", "We went there on Friday. ", "My sister was with me. ", "Honestly, ", "To be clear: "),
    closings=(".", ".", "!", ". It was raining that evening.", ". We paid by card."),
)
GERMAN = Language(
    things=_german_things(),
    adjectives=(
        "schlecht langweilig schwach furchtbar mies öde enttäuschend lieblos grauenhaft lästig hässlich fade".split(),
        "gut großartig schön spannend hervorragend wunderbar herrlich gelungen angenehm toll perfekt reizend".split(),
    ),
    degrees=("", "", "wirklich ", "ziemlich ", "einfach "),
    main=[
        ("{thing} war {word}", False),
        ("ich fand {object} {word}", False),
        ("{thing} wirkte auf uns {word}", False),
        ("alle nannten {object} {word}", False),
        ("{thing} war nicht {word}", True),
        ("{thing} war alles andere als {word}", True),
        ("ich würde {object} nicht {word} nennen", True),
        ("niemand fand {object} {word}", True),
        ("niemand würde sagen, dass {thing} nicht {word} war", False),
    ],
    dependent=[
        ("{thing} {word} war", False),
        ("wir {object} {word} fanden", False),
        ("{thing} nicht {word} war", True),
        ("niemand {object} {word} nannte", True),
        ("{thing} nie {word} war", True),
    ],
    second_counts=(
        "{main}, aber {other_main}",
        "{main}, doch {other_main}",
        "auch wenn {dependent}: {other_main}",
    ),
    first_counts=("{main}, obwohl {dependent}", "{main}, auch wenn {dependent}", "{main}, obgleich {dependent}"),
    openings=("", "", "", "Wir waren am Freitag dort. ", "Meine Schwester war dabei. ", "Ehrlich gesagt: ", "Kurz: "),
    closings=(".", ".", "!", ". An dem Abend hat es geregnet.", ". Wir haben mit Karte bezahlt."),
)
SINGLE_CLAUSE = 0.3
"""Share of the sentences with one clause."""


class Writer:
    """Makes one example from a generator of random numbers."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.language: Language = self.pick((ENGLISH, GERMAN))
        self.things = list(self.language.things)

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.rng.random() * len(choices))]

    def clause(self, clauses: Sequence[tuple[str, bool]], positive: bool) -> str:
        """A clause with the given meaning about a thing that the sentence has not named."""
        form, turns = self.pick(clauses)
        thing, as_object = self.things.pop(int(self.rng.random() * len(self.things)))
        word = self.pick(self.language.adjectives[positive != turns])
        if not turns:
            word = self.pick(self.language.degrees) + word
        return form.format(thing=thing, object=as_object, word=word)

    def example(self) -> dict[str, str]:
        language, positive = self.language, self.rng.random() < 0.5
        if self.rng.random() < SINGLE_CLAUSE:
            text = self.clause(language.main, positive)
        else:
            second = self.rng.random() < 0.5
            form = self.pick(language.second_counts if second else language.first_counts)
            text = form.format(
                main=self.clause(language.main, positive != second),
                other_main=self.clause(language.main, positive),
                dependent=self.clause(language.dependent, not positive),
            )
        opening = self.pick(language.openings)
        if not opening.rstrip().endswith((",", ":")):
            text = text[0].upper() + text[1:]
        return {"document": opening + text + self.pick(language.closings), "label": LABELS[positive]}


def generate_examples(split: str, count: int, seed: int = SEED) -> Iterator[dict[str, str]]:
    """The first `count` examples of a split."""
    for index in range(count):
        yield Writer(random.Random(f"{seed} {split} {index}")).example()


def main() -> None:
    write_splits(Path(__file__).parent, "the invented sentiment corpus", SIZES, SEED, generate_examples)


if __name__ == "__main__":
    main()
