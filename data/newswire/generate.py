"""Writes the embedded corpus: invented newswire stories (`document`) with their headlines (`summary`).

It stands before the flow: its JSON Lines files are what the quickstart trains on. Every story is made by our own small
grammar, one function per kind of event; names of places, companies and people are composed of syllables, so most names of
the validation and test splits never occur in training and have to be copied from the document.

    python data/newswire/generate.py [--output DIR] [--seed N] [--train N --validation N --test N] [--names N] [--report]

Story i of a split is a pure function of (seed, split, i, names): a smaller count gives a prefix, and the splits do not
depend on each other's sizes. All chance comes from `random.Random(text).random()`, whose numbers Python promises to keep
(https://docs.python.org/3/library/random.html#notes-on-reproducibility), so every Python since 3.10 writes the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SIZES = {"train": 12_000, "validation": 600, "test": 600}
SEED = 2024
NAMES = 40_000  # how many different places, companies and surnames each there are
MIN_WORDS, MAX_WORDS = 25, 70

# ---------------------------------------------------------------------------------------------------------------- names

STARTS = (
    "Bal Bar Bel Bor Bran Cal Car Cor Dal Dar Del Dor Dun El Fal Far Fen Gar Gol Gran Hal Har Hel Hol Jar Kal Kar Kel Kol "
    "Kor Lan Lar Lor Mal Mar Mel Mor Nar Nel Nor Ol Or Os Pal Par Pel Por Quil Ral Ran Ros Sal Sar Sel Sil Sol Sor Tal Tar "
    "Tel Tol Tor Ul Val Var Vel Vol Wal War Wes Yar Zan Zel Zor Ast Brem Drav Esk Frel Grev Ilm Jun Krav Lund Mirs Nost Ond "
    "Prel Rusk Stev Trav Umb Vint"
).split()
MIDDLES = "an en in on un ar er or ad ed id am em im ov ev iv al el il ag eg ith eth ob ab es is as ul ur ak ek ik".split()
ENDINGS = {
    "place": "burg ford ton ville mere stad grad haven port moor wick dale field gate worth by holm vik nes mouth".split(),
    "company": "ex ix ax ora ica ent ium ano era io etta edyne omed otek avia onix ara ova una isys ancor elon".split(),
    "surname": "ak ic sen sson ova ini etti ov enko ez ard man ner well stad lund as is el er ides inger".split(),
    "country": "ia ania ora ana ea".split(),
}
UNSUITABLE = (
    "anal anus arse ass cock coon cum dago dick dik fag fuk gay homo isis jew kik nazi nig pedo piss poo porn rap sex shit slut spic "
    "tit turd wog whor hell hitl stalin bastard mord murd kill dead idiot moron cretin retard israel iran iraq"
).split()
FAMOUS = {
    "place": "Aldermoor Brackenford Castelmar Dunharrow Eastmere Fallowgate Greyhaven Highmarch Ironbridge Kingsholt".split(),
    "company": "Altivara Brightwell Cindertech Dovecote Everline Fairmont Globelink Harborside Ironwood Junipero".split(),
    "surname": "Ashdown Bellweather Crane Draper Ellery Fenwick Garrow Holloway Iverson Jarrow".split(),
    "country": "Arvania Belmora Cordovia Drelland Estoria Galdora Kestria Lutania Mirovia Norland Ostrana Velmark".split(),
}
ADJECTIVES = {"Drelland": "Drellish", "Norland": "Norlandic", "Velmark": "Velmarkian"}
FIRST_NAMES = (
    "Ada Alma Anton Arne Astrid Bela Boris Carla Cesar Clara Dario Diana Edgar Elena Elias Emil Erik Esther Fabio Felix Flora "
    "Greta Hanna Hugo Ida Igor Ines Iris Ivan Jana Jonas Julia Karel Kira Lars Lena Leo Lucia Magda Marco Maria Milan Mira Nadia "
    "Nils Nina Olga Oscar Otto Paula Petra Rafael Rita Rosa Ruth Sara Simon Sofia Stefan Sven Tamara Teresa Thea Tomas Vera Viktor "
    "Wanda Yusuf Zora"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SMALL = "zero one two three four five six seven eight nine".split()


def compose(kind: str, index: int) -> str:
    """Name number `index` of a kind: a start, one or two middles and an ending; short names come before long ones."""
    endings = ENDINGS[kind]
    short = len(STARTS) * len(MIDDLES) * len(endings)
    middles = 1 if index < short else 2
    space = short * len(MIDDLES) ** (middles - 1)
    code = index * 7_368_787 % space  # a prime that divides no space: neighbours in number look nothing alike
    code, end = divmod(code, len(endings))
    parts = [endings[end]]
    for _ in range(middles):
        code, middle = divmod(code, len(MIDDLES))
        parts.insert(0, MIDDLES[middle])
    return STARTS[code % len(STARTS)] + "".join(parts)


def is_suitable(name: str) -> bool:
    """No unfortunate words inside a name, and nothing unpronounceable (a letter three times)."""
    lower = name.lower()
    return not any(word in lower for word in UNSUITABLE) and not re.search(r"(.)\1\1", lower)


class Country(NamedTuple):
    """A country and the adjective that goes with it."""

    name: str
    adjective: str

    def __str__(self) -> str:
        return self.name


class Person(NamedTuple):
    """A person: documents give the whole name, headlines the surname."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first} {self.last}"


class Desk:
    """The desk one story is written at: its chance, and the names it has used (no two things share a name)."""

    def __init__(self, key: str, names: int) -> None:
        self.random = random.Random(key).random
        self.names = names
        self.used: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def int(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, *options: str) -> str:
        return options[int(self.random() * len(options))]

    def shuffled(self, items: list[str]) -> list[str]:
        items = list(items)
        for last in range(len(items) - 1, 0, -1):
            other = self.int(0, last)
            items[last], items[other] = items[other], items[last]
        return items

    def expand(self, text: str) -> str:
        """Replaces each `[this|that]` by one of its alternatives, the innermost first."""
        while (match := re.search(r"\[([^\[\]]*)\]", text)) is not None:
            text = text[: match.start()] + self.pick(*match.group(1).split("|")) + text[match.end() :]
        return text

    def name(self, kind: str) -> str:
        """A name not yet used in this story; one in six is among the few that occur again and again."""
        while True:
            if self.chance(0.17):
                name = self.pick(*FAMOUS[kind])
            else:
                name = compose(kind, self.int(0, self.names - 1))
            if name not in self.used and is_suitable(name):
                self.used.append(name)
                return name

    def place(self) -> str:
        return self.name("place")

    def company(self) -> str:
        return self.name("company")

    def person(self) -> Person:
        return Person(self.pick(*FIRST_NAMES), self.name("surname"))

    def country(self) -> Country:
        name = self.name("country")
        return Country(name, ADJECTIVES.get(name, name + "n"))

    def day(self) -> str:
        return self.pick(*DAYS)

    def month(self) -> str:
        return self.pick(*MONTHS)

    def percent(self, low: int, high: int) -> str:
        return f"{self.int(low, high)} percent"

    def millions(self, low: int = 12, high: int = 950) -> str:
        return f"${self.int(low, high)} million"

    def billions(self) -> str:
        return f"${self.int(1, 19)}.{self.int(1, 9)} billion"

    def money(self) -> str:
        return self.billions() if self.chance(0.5) else self.millions()

    def round(self, low: int, high: int) -> int:
        """A number from low to high that somebody could have counted or estimated: 40, 850, 1,250, 36,000."""
        number = self.int(low, high)
        unit = 1 if number < 50 else 10 if number < 1_000 else 50 if number < 10_000 else 1_000
        return max(low, number // unit * unit)


class Story(NamedTuple):
    """What a kind of event hands over: the lead with its headline, and sentences that are not the news."""

    lead: str
    headline: str
    details: list[str]  # may follow the lead
    openers: list[str]  # may come before it


def spelled(number: int) -> str:
    """A count as running text has it: words below ten."""
    return SMALL[number] if number < 10 else f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    return f"{spelled(number)} {one if number == 1 else many}"


def people(number: int) -> str:
    return counted(number, "person", "people")


def an(word: str) -> str:
    return f"{'an' if word[0] in 'AEIOUaeiou' else 'a'} {word}"


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


# ------------------------------------------------------------------------------------------- sentences many kinds share


def market_details(d: Desk, company: str) -> list[str]:
    """Sentences about a company that could stand under any business story."""
    return [
        f"Shares in {company} [rose|fell|gained|lost] {d.percent(1, 9)} in [early|late|afternoon] trading.",
        f'"[Few expected this|The timing is a surprise|Much depends on the next quarter|The market will need convincing]," said '
        f"{d.person()}, an analyst at {d.company()}.",
        f"{company} [employs|has] {d.round(1_000, 60_000):,} [people|workers|staff] in {spelled(d.int(3, 24))} countries.",
        f"{d.company()}, a [smaller|larger] competitor, [declined to comment|said it was watching closely].",
        f"The company was founded in {d.place()} in {d.int(1890, 1999)}.",
    ]


def rescue_details(d: Desk, country: Country) -> list[str]:
    """Sentences that could stand under any disaster story."""
    return [
        f'"[We heard the alarm and ran|I have never seen anything like it|We lost everything|It all happened so fast]," said '
        f"{d.person()}, a [teacher|farmer|shopkeeper|nurse] from {d.place()}.",
        f"[President|Prime Minister] {d.person()} [cut short|cancelled] a visit to {d.country()} and promised {d.millions()} in aid.",
        f"[Troops|Doctors|Rescue teams|Volunteers] from {d.place()} [were sent to help|joined the effort|arrived late on {d.day()}].",
        f"In {d.int(1950, 2019)} a similar disaster [claimed|took] {d.round(20, 900)} lives in {d.place()}.",
        f"{country}'s weather service [warned of|expects] more [wind|rain|heat] [before the weekend|by {d.day()}].",
    ]


def political_details(d: Desk, country: Country) -> list[str]:
    """Sentences that could stand under any story about a government."""
    return [
        f"Opposition leader {d.person()} [called it a mistake|accused the cabinet of weakness|asked for a debate in parliament].",
        f"A poll in {d.month()} put support for the government at {d.percent(22, 61)}.",
        f"Neighbouring {d.country()} [welcomed the news|reacted with caution|has yet to respond].",
        f"{country.adjective} [bonds|stocks] were little changed, and the currency [gained|lost] {d.percent(1, 4)}.",
        f'"[Voters will remember this|It was long overdue|Nobody should be surprised]," said {d.person()}, who teaches politics in '
        f"{d.place()}.",
    ]


def sport_details(d: Desk, place: str) -> list[str]:
    """Sentences that could stand under any story about sport."""
    return [
        f'"[We never stopped believing|The crowd carried us|It was a long day]," said [coach|captain] {d.person()}.',
        f"A crowd of {d.round(2_000, 60_000):,} watched in [heavy rain|bright sunshine|bitter cold].",
        f"In the other match of the day, {d.place()} and {d.place()} [drew 1-1|drew 2-2|drew without goals].",
        f"{d.person()}, the [captain|goalkeeper], was missing with [a knee injury|a fever|a broken finger].",
        f"{place} last won the [cup|title] in {d.int(1950, 2015)}.",
    ]


def science_details(d: Desk) -> list[str]:
    """Sentences that could stand under any story about research."""
    return [
        f'"[It is a remarkable result|We need to see more data|This changes what we teach]," said {d.person()} of the University '
        f"of {d.place()}, who was not involved.",
        f"The work took {spelled(d.int(3, 14))} years and cost {d.millions(2, 90)}.",
        f"A team in {d.place()} [gave up a similar search|failed with a similar attempt|stopped similar work] in {d.int(1990, 2020)}.",
        f"The [findings|results] will be [presented|published] in {d.month()}, project leader {d.person()} said.",
    ]


# ---------------------------------------------------------------------------------------------------- kinds of event


def earnings(d: Desk) -> Story:
    company, rival, day = d.company(), d.company(), d.day()
    goods = d.pick("phones", "trucks", "chips", "shoes", "batteries", "tyres", "toys", "furniture")
    trade = f"{goods.removesuffix('s')} maker"
    quarter, size, amount = d.pick("first", "second", "third", "fourth"), d.int(2, 60), d.money()
    up = d.chance(0.5)
    verb = ("soars" if size >= 35 else "jumps" if size >= 15 else "edges up") if up else (
        "plunges" if size >= 35 else "falls" if size >= 15 else "slips")
    kind = d.int(0, 3)
    if kind == 0:
        change = "[lift|raise|push up]" if up else "[contain|explain|account for]"
        lead = (
            f"Better sales of {goods} helped {trade} {company} {change} {quarter}-quarter profit by {size} percent to {amount}."
            if up else
            f"Profit at {trade} {company} was {size} percent lower at {amount} in the {quarter} quarter, [hurt|dragged down] by slow sales of {goods}."
        )
        headline = f"{company} {quarter}-quarter profit {verb} {size} percent"
    elif kind == 1:
        lead = f"Costs for {d.pick('steel', 'energy', 'shipping', 'labour')} rose faster than prices and left {trade} {company} with a loss of {amount} in the {quarter} quarter, its first in {spelled(d.int(3, 12))} years."
        headline = f"{company} swings to {amount} loss as costs rise"
    elif kind == 2:
        lead = f"{sentence(trade)} {company} [told investors on {day}|warned on {day}] that annual profit would [miss|fall short of] its target of {amount} because of weak demand in {(market := d.country())}."
        headline = f"{company} warns on profit, blames weak {market} demand"
    else:
        lead = f"After a {quarter} quarter in which orders for {goods} {'grew' if up else 'shrank'}, {company} {'lifted' if up else 'lowered'} its profit forecast for the year to {amount} on {day}."
        headline = f"{company} {'raises' if up else 'cuts'} profit forecast to {amount}"
    details = market_details(d, company) + [
        f"Rival {rival} [reported|posted] a [rise|drop] of {d.percent(2, 60)} in {d.month()}.",
        f"A year earlier the figure was {d.money()}, and analysts had expected {d.money()}.",
    ]
    openers = [
        f"Rival {rival} set a [gloomy|cheerful] tone last week with a profit of {d.money()}.",
        f"Analysts polled by {d.company()} had been looking for a profit of {d.money()}.",
    ]
    return Story(lead, headline, details, openers)


KINDS: dict[str, Callable[[Desk], Story]] = {"earnings": earnings}
