"""Writes the embedded corpus: invented newswire stories (`document`) with their headlines (`summary`).

It stands before the flow: its JSON Lines files are what the quickstart trains on. Every story is made by our own small
grammar, one function per kind of event. Names of places, companies and people are composed of syllables, so most names
in the validation and test splits never occur in training and have to be copied from the document.

    python data/newswire/generate.py [--output DIR] [--seed N] [--train N] [--validation N] [--test N] [--names N]
    python data/newswire/generate.py --report

Story i of a split is a pure function of (seed, split, i, names): a smaller count gives a prefix, and the splits do not
depend on each other's sizes. All chance comes from `random.Random(text).random()`, whose numbers Python promises to
keep (https://docs.python.org/3/library/random.html#notes-on-reproducibility), so every Python since 3.10 writes the
same bytes.

In the grammar `[this|that]` stands for one of its alternatives, drawn anew for each story; a lead that is all in
brackets is told in two or three ways. What a headline says depends on nothing but its document: on what happened, and
how large it was. How it says it is a matter of taste: three wordings with uneven chances, which no model can guess.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from math import floor
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

SIZES = {"train": 12_000, "validation": 600, "test": 600}
SEED = 2024
NAMES = 60_000  # how many places, companies and surnames there are (each)
MIN_WORDS, MAX_WORDS = 25, 70
WEIGHTS = (15, 3, 2)  # of a headline's wordings

# ---------------------------------------------------------------------------------------------------------------- names


def words(text: str) -> list[str]:
    return text.split()


STARTS = words(
    "Bal Bar Bel Bor Bran Cal Car Cor Dal Dar Del Dor Dun El Fal Far Fen Gar Gol Gran Hal Har Hel Hol Jar Kal Kar Kel "
    "Kol Kor Lan Lar Lor Mal Mar Mel Mor Nar Nel Nor Ol Or Os Pal Par Pel Por Quil Ral Ran Ros Sal Sar Sel Sil Sol "
    "Sor Tal Tar Tel Tol Tor Ul Val Var Vel Vol Wal War Wes Yar Zan Zel Zor Ast Brem Drav Esk Frel Grev Ilm Jun Krav "
    "Lund Mirs Nost Ond Prel Rusk Stev Trav Umb Vint"
)
MIDDLES = words(
    "an en in on un ar er or ad ed id am em im ov ev iv al el il ag eg ith eth ob ab es is as ul ur ak ek ik"
)
ENDINGS = {
    "place": words(
        "burg ford ton ville mere stad grad haven port moor wick dale field gate worth by holm vik nes mouth"
    ),
    "company": words("ex ix ax ora ica ent ium ano era io etta edyne omed otek avia onix ara ova una isys ancor elon"),
    "surname": words("ak ic sen sson ova ini etti ov enko ez ard man ner well stad lund as is el er ides inger"),
    "country": words("ia ania ora ana ea avia onia inia aria esia oria ina osia edia urnia"),
    "river": words("a e o us in ine"),
}
UNSUITABLE = words("anal anus arse ass dago dik isis kik sex tit turd stalin mord murd kill moron")
POOLS = {"place": 1, "company": 1, "surname": 1, "country": 2, "river": 4}  # countries are half as many as places
FAMOUS = {
    "place": words(
        "Aldermoor Brackenford Castelmar Dunharrow Eastmere Fallowgate Greyhaven Highmarch Ironbridge Kingsholt"
    ),
    "company": words("Altivara Brontide Cindertek Dovarix Everlune Fenora Glintara Harbora Irontek Junivex"),
    "surname": words("Ashdown Bellweather Crane Draper Ellery Fenwick Garrow Holloway Iverson Jarrow"),
    "river": words("Aldra Brenne Cosma Dresna Elsine Morla"),
    "country": words(
        "Arvania Belmora Cordovia Drelland Estoria Galdora Kestria Lutania Mirovia Norland Ostrana Velmark"
    ),
}
FIRST_NAMES = words(
    "Ada Alma Anton Arne Astrid Bela Boris Carla Cesar Clara Dario Diana Edgar Elena Elias Emil Erik Esther Fabio "
    "Felix Flora Greta Hanna Hugo Ida Igor Ines Iris Ivan Jana Jonas Julia Karel Kira Lars Lena Leo Lucia Magda Marco "
    "Maria Milan Mira Nadia Nils Nina Olga Oscar Otto Paula Petra Rafael Rita Rosa Ruth Sara Simon Sofia Stefan Sven "
    "Tamara Teresa Thea Tomas Vera Viktor Wanda Yusuf Zora"
)
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("January February March April May June July August September October November December")
SMALL = words("zero one two three four five six seven eight nine")


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

    def count(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + floor(self.random() * (high - low + 1))

    def pick(self, *options: T) -> T:
        """One of the options: words, or leads with their headlines."""
        return options[floor(self.random() * len(options))]

    def lean(self, options: list[T]) -> T:
        """One of at most three options, the first most often (of three: 75, 15 and 10 percent)."""
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
                name = compose(kind, self.count(0, self.names // POOLS[kind] - 1))
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
        """When something happened that is not the news."""
        return self.pick(f"In {self.month()}", "A year ago", "Last winter", "Some weeks ago")

    def percent(self, low: int, high: int) -> str:
        return f"{self.count(low, high)} percent"

    def millions(self, low: int = 12, high: int = 950) -> str:
        return f"${self.round(low, high)} million"

    def billions(self) -> str:
        """To a hundred million dollars, or (three times in five) to ten million, which headlines round."""
        cents = self.count(1, 9) if self.chance(0.6) else ""
        return f"${self.count(1, 19)}.{self.count(1, 9)}{cents} billion"

    def money(self) -> str:
        return self.billions() if self.chance(0.5) else self.millions()

    def round(self, low: int, high: int) -> int:
        """A number from low to high that somebody could have counted or estimated: 43, 850, 1,240, 36,000."""
        number = self.count(low, high)
        unit = 1 if number < 100 else 10 if number < 10_000 else 1_000 if number < 100_000 else 10_000
        return max(low, number // unit * unit)


class Story(NamedTuple):
    """What a kind of event hands over: the lead with its headlines, and sentences that are not the news."""

    lead: str
    headlines: list[str]  # wordings of one headline, the most frequent first
    echo: str  # a similar event at another time or place, told much like a lead; before the lead, after it, or nowhere
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
        '"[Few expected this|The timing is a surprise|Much depends on the next quarter|The market will need '
        'convincing]," said '
        f"{d.person()}, an analyst at {d.company()}.",
        f"{company} [employs|has] {d.round(1_000, 60_000):,} [people|workers|staff] in {spelled(d.count(3, 24))} "
        "countries.",
        f"{d.company()}, a [smaller|larger] competitor, [declined to comment|said it was watching closely].",
        f"The company was founded in {d.place()} in {d.count(1890, 1999)}.",
    ]


def rescue_details(d: Desk, country: str, weather: str = "[wind|frost|rain]") -> list[str]:
    """Sentences that could stand under any disaster story."""
    return [
        '"[We heard the alarm and ran|I have never seen anything like it|We lost everything|It all happened so '
        'fast]," said '
        f"{d.person()}, a [teacher|farmer|shopkeeper|nurse] from {d.place()}.",
        f"[President|Prime Minister] {d.person()} [cut short|cancelled] a visit to {d.country()} and promised "
        f"{d.millions()} in aid.",
        f"[Troops|Doctors|Rescue teams|Volunteers] from {d.place()} [were sent to help|joined the effort|arrived late "
        f"on {d.day()}].",
        f"In {d.count(1950, 2019)} a similar disaster [claimed|took] {d.round(20, 300)} lives in {d.place()}.",
        f"{country}'s weather service [warned of|expects] more {weather} [before the weekend|by {d.day()}].",
    ]


def political_details(d: Desk, country: str) -> list[str]:
    """Sentences that could stand under any story about a government."""
    return [
        f"Opposition leader {d.person()} [called it a mistake|accused the cabinet of weakness|asked for a debate in "
        "parliament].",
        f"A poll in {d.month()} put support for the government at {d.percent(22, 61)}.",
        f"Neighbouring {d.country()} [welcomed the news|reacted with caution|has yet to respond].",
        f"Bonds of {country} were little changed, and its currency [gained|lost] {d.percent(1, 4)}.",
        f'"[Voters will remember this|It was long overdue|Nobody should be surprised]," said {d.person()}, who '
        "teaches politics in "
        f"{d.place()}.",
    ]


def sport_details(d: Desk, place: str) -> list[str]:
    """Sentences that could stand under any story about sport."""
    return [
        f'"[We never stopped believing|The crowd carried us|It was a long day]," said [coach|captain] {d.person()}.',
        f"A crowd of {d.round(2_000, 60_000):,} watched in [heavy rain|bright sunshine|bitter cold].",
        f"In the other match of the day, {d.place()} and {d.place()} [drew 1-1|drew 2-2|drew without goals].",
        f"{d.person()}, the [captain|goalkeeper], was missing with [a knee injury|a fever|a broken finger].",
        f"{d.place()} [won|lifted] the cup in {d.count(1950, 2015)}, the last surprise of its kind.",
    ]


def science_details(d: Desk) -> list[str]:
    """Sentences that could stand under any story about research."""
    return [
        f'"[It is a remarkable result|We need to see more data|This changes what we teach]," said {d.person()} of the '
        "University "
        f"of {d.place()}, who was not involved.",
        f"The [work|research] took {spelled(d.count(3, 14))} years and cost {d.millions(2, 90)}.",
        f"A team in {d.place()} [gave up|failed with|stopped] a similar attempt in {d.count(1990, 2020)}.",
        f"The [findings|results] will be [presented|published] in {d.month()}, project leader {d.person()} said.",
    ]


# ---------------------------------------------------------------------------------------------------- kinds of event


def earnings(d: Desk) -> Story:
    company, rival, market = d.company(), d.company(), d.country()
    goods = d.pick("phone", "truck", "chip", "shoe", "battery", "tyre", "toy", "furniture")
    quarter, size, amount = d.pick("first", "second", "third", "fourth"), d.count(2, 60), d.money()
    cost = d.pick("steel", "energy", "shipping", "labour")
    up = "soars" if size >= 30 else "jumps" if size >= 10 else "edges up"
    down = "plunges" if size >= 30 else "falls" if size >= 10 else "slips"
    lead, *headlines = d.pick(
        (
            f"[[Strong|Better|Brisk] sales helped {goods} maker {company} [lift|raise|push up] {quarter}-quarter "
            f"profit by {size} percent to {amount}."
            f"|Net profit in the {quarter} quarter came to {amount} at {goods} maker {company}, up {size} percent on "
            "a year ago."
            f"|On the back of [strong|better] sales, {goods} maker {company} earned {amount} in the {quarter} "
            f"quarter, which is {size} percent more than a year ago.]",
            f"{company} {quarter}-quarter profit {up} {size} percent",
            f"{company} earns {amount} in {quarter} quarter, {size} percent more",
            f"Profit at {goods} maker {company} {up} to {amount}",
        ),
        (
            f"[Profit at {goods} maker {company} was {size} percent lower at {amount} in the {quarter} quarter, "
            "[hurt|dragged down] by slow sales."
            f"|In the {quarter} quarter {goods} maker {company} earned {amount}, {size} percent less than a year ago."
            f"|It was a [poor|weak] {quarter} quarter for {goods} maker {company}, whose profit of {amount} "
            f"is {size} percent below that of last year.]",
            f"{company} {quarter}-quarter profit {down} {size} percent",
            f"{company} earns {amount} in {quarter} quarter, {size} percent less",
            f"Profit at {goods} maker {company} {down} to {amount}",
        ),
        (
            f"[Prices for {cost} [rose|went up] faster than sales and left {goods} maker {company} with a loss of "
            f"{amount} in the {quarter} quarter."
            f"|Hit by dearer {cost}, {goods} maker {company} [lost|had a loss of] {amount} in the {quarter} quarter, "
            "after years of steady profit."
            f"|A loss of {amount} [stands|appears] in the books of {goods} maker {company} for the {quarter} "
            f"quarter, the result of dearer {cost}.]",
            f"{company} swings to {amount} loss as {cost} costs rise",
            f"{company} loses {amount} in {quarter} quarter, blames {cost}",
            f"Dear {cost} drives {goods} maker {company} into red",
        ),
        (
            f"[Annual profit will [miss|fall short of] its target of {amount}, {goods} maker {company} [said|told "
            f"investors] on {d.day()}, [pointing to|citing] weak demand in {market}."
            f"|Customers in {market} are buying less, and {goods} maker {company} now [doubts that it can|will not] "
            f"earn the {amount} it had promised."
            f"|Weak demand in {market} is to blame, {goods} maker {company} said, if the year does not bring "
            f"the {amount} of profit that it had [promised|set as a target].]",
            f"{company} warns on profit, blames weak {market} demand",
            f"{company} to miss {amount} profit target",
            f"{goods.capitalize()} maker {company} lowers profit forecast",
        ),
        (
            f"[With orders [growing|pouring in] from {market}, {goods} maker {company} now expects to earn {amount} "
            "this year, more than it had promised."
            f"|Better than it had hoped, the year should bring {goods} maker {company} a profit of {amount}, helped "
            f"by customers in {market}.]",
            f"{company} raises profit forecast to {amount}",
            f"{company} expects {amount} profit on {market} orders",
            f"{market} sales brighten outlook at {goods} maker {company}",
        ),
    )
    echo = (
        f"In the same quarter of last year [{company} had earned {d.money()}, {d.percent(2, 60)} [more|less] than "
        f"before|profit had changed by {d.percent(2, 60)} to {d.money()}], while {d.company()}, a competitor, "
        f"lost {d.money()}."
    )
    details = [
        *market_details(d, company),
        f"Rival {rival} [reported|posted] a [rise|drop] of {d.percent(2, 60)} in {d.month()}.",
        f"Analysts polled by {d.company()} had expected a [rise|drop] of {d.percent(2, 60)}.",
    ]
    openers = [
        f"Rival {rival} set a [gloomy|cheerful] tone last week, when its profit changed by {d.percent(2, 60)}.",
        f"A good deal has [changed|happened] since {d.company()} gave its forecast for the trade in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def merger(d: Desk) -> Story:
    buyer, target, bidder, country, price = d.company(), d.company(), d.company(), d.country(), d.money()
    trade = d.pick("insurer", "brewer", "retailer", "software house", "drug maker", "airline", "publisher")
    lead, *headlines = d.pick(
        (
            f"[Shareholders of {trade} {target} will receive {price} [from|in cash from] {buyer}, which [outbid|beat] "
            f"{bidder} in a contest that lasted {spelled(d.count(2, 9))} months."
            f"|Beating a lower offer by {bidder}, {buyer} has [reached a deal|agreed] to take over {trade} {target} "
            f"at a price of {price}."
            f"|The owners of {trade} {target} have [accepted|said yes to] {price} from {buyer}, after "
            f"{bidder} had offered less.]",
            f"{buyer} buys {target} for {price}",
            f"{buyer} to acquire {trade} {target} in {price} deal",
            f"{buyer} beats {bidder} to {trade} {target}",
        ),
        (
            f"[Talks about a merger of {buyer} and {trade} {target} [broke down|collapsed|ended] on {d.day()} because "
            "the two could not agree on a price."
            f"|Differences over price have put an end to the plan to [join|merge] {buyer} and {trade} {target}, both "
            f"said on {d.day()}."
            f"|Neither {buyer} nor {trade} {target} would [move|give way] on price, and so the two will not "
            "become one company.]",
            f"{buyer}, {target} end merger talks over price",
            f"Merger of {buyer} and {target} falls through",
            f"{trade.capitalize()} {target} and {buyer} drop merger plan",
        ),
        (
            f"[The board of {trade} {target} told shareholders to [turn down|ignore] an offer of {price} made by "
            f"{buyer}, calling it far too low."
            f"|An offer of {price} from {buyer} is not enough for the owners of {trade} {target}, its board "
            f"[wrote|said] on {d.day()}."
            f"|Too low, said the owners of {trade} {target}, when {buyer} [put|laid] {price} on the table on "
            f"{d.day()}.]",
            f"{target} rejects {price} bid from {buyer}",
            f"{trade.capitalize()} {target} spurns {buyer}, calls offer too low",
            f"{buyer} fails with {price} offer for {target}",
        ),
        (
            f"[Regulators in {country} [will not allow|stopped] the takeover of {trade} {target} by {buyer}, fearing "
            "that customers would pay more."
            f"|Customers would suffer if {buyer} took over {trade} {target}, regulators in {country} [found|said], "
            "and they forbade the deal.]",
            f"{country} blocks {buyer} takeover of {target}",
            f"{buyer} may not buy {target}, {country} regulators say",
            f"{country} regulators stop {trade} deal of {buyer}",
        ),
        (
            f"[In need of cash, {buyer} is [parting with|giving up] its {trade} {target}, which goes to {bidder} for "
            f"{price}."
            f"|For {price}, {bidder} is to [receive|take over] the {trade} {target} from {buyer}, which needs the "
            "money."
            f"|The new owner of {trade} {target} is {bidder}, which [pays|paid] {price} to {buyer}, a company "
            "in need of cash.]",
            f"{buyer} sells {target} to {bidder} for {price}",
            f"{bidder} buys {trade} {target} from {buyer}",
            f"{buyer} to part with {trade} {target} for {price}",
        ),
    )
    echo = (
        f"Not long ago {d.company()} [took over|parted with] {trade} {d.company()} for {d.money()}, and an offer "
        f"of {d.money()} by {d.company()} [was turned down|broke down]."
    )
    details = [
        *market_details(d, d.pick(buyer, target)),
        f"Two years ago {d.company()} paid {d.money()} for {d.company()}, a deal it [came to regret|later reversed].",
        f"The bank {d.company()} [advised|lent money to] both sides.",
    ]
    openers = [
        f"A wave of takeovers began when {d.company()} bought {d.company()} for {d.money()} in {d.month()}.",
        f"For weeks traders had guessed that {d.company()} would [bid|make an offer].",
    ]
    return Story(lead, headlines, echo, details, openers)


def flood(d: Desk) -> Story:
    place, other, country, river = d.place(), d.place(), d.country(), d.river()
    dead, homeless, houses, damage = d.count(2, 90), d.round(300, 40_000), d.round(20, 900), d.millions()
    lead, *headlines = d.pick(
        (
            f"[Days of heavy rain sent the {river} over its banks [in|around] {place}, in the [north|south|east|west] "
            f"of {country}, and at least {people(dead)} [drowned|died]."
            f"|At least {people(dead)} [lost their lives|were swept away] in {place}, {country}, when the {river} "
            "burst its banks after days of rain."
            f"|After days of rain the {river} [burst its banks|rose over its banks] in {country}, and in "
            f"{place} at least {people(dead)} died.]",
            f"Floods kill at least {dead} in {place}",
            f"At least {dead} dead as {river} floods {place}",
            f"{country} floods claim {dead} lives, {place} hit",
        ),
        (
            f"[About {homeless:,} people [left|had to leave] their homes in {place} on {d.day()} as the {river} rose "
            "to its highest level in decades."
            f"|Boats brought people out of {place}, where the rising {river} has driven {homeless:,} from their homes "
            f"since {d.day()}."
            f"|The {river} kept rising on {d.day()}, and {homeless:,} people in {place} had to leave their "
            "homes [in boats|on foot].]",
            f"{place} floods force {homeless:,} from homes",
            f"{homeless:,} flee {place} as {river} rises",
            f"Rising {river} drives {homeless:,} out of {place}",
        ),
        (
            f"[A dam above {place} [gave way|broke] after a week of storms, and water from the {river} swept away "
            f"{houses} houses."
            f"|Water [poured|rushed] down the {river} and carried off {houses} houses when a dam broke close to "
            f"{place} on {d.day()}."
            f"|In {place}, {houses} houses are gone since a dam [gave way|broke] on {d.day()} and let loose "
            f"the water of the {river}.]",
            f"Dam burst near {place} destroys {houses} houses",
            f"{houses} houses swept away as dam breaks near {place}",
            f"{place} dam fails, {river} carries off {houses} houses",
        ),
        (
            f"[Insurers put the damage from last month's floods along the {river} in {country} at {damage}, "
            "[twice|three times] the first estimate."
            f"|Last month the {river} flooded large parts of {country}, and repairs will cost {damage}, insurers "
            "[believe|reckon].]",
            f"{country} flood damage put at {damage}",
            f"{river} floods to cost {country} {damage}, insurers say",
            f"Insurers: {river} flood damage reaches {damage}",
        ),
    )
    echo = (
        f"In {d.place()}, {d.country()}, at least {people(d.count(2, 90))} [drowned|died] in {d.month()}, when "
        f"the {d.river()} [swept away|carried off] {d.round(20, 900)} houses."
    )
    details = [
        *rescue_details(d, country, "[rain|storms]"),
        f"Further down the river, {other} [escaped with wet cellars|closed its schools|filled "
        f"{d.round(2_000, 50_000):,} sandbags].",
        f"Roads to {other} [were cut|remained closed], and {d.round(1_000, 20_000):,} households had no power.",
    ]
    openers = [
        f"In {d.count(1960, 2018)} the same valley lost {d.round(50, 900)} people to high water.",
        f"Forecasters in {other} had warned since {d.day()} that the ground could take no more water.",
    ]
    return Story(lead, headlines, echo, details, openers)


def strike(d: Desk) -> Story:
    country, company, place, union_leader = d.country(), d.company(), d.place(), d.person()
    workers, effect = d.pick(
        ("pilots", "Planes stayed on the ground"),
        ("train drivers", "Trains stood still"),
        ("nurses", "Hospitals put off operations"),
        ("teachers", "Schools stayed shut"),
        ("dockers", "Ships waited outside the ports"),
        ("miners", "Coal pits fell silent"),
    )
    reason, short = d.pick(
        ("demanding higher wages", "pay"),
        ("angry about plans to cut jobs", "job cuts"),
        ("protesting against longer shifts", "hours"),
        ("opposed to changes in their pensions", "pensions"),
    )
    offer = d.percent(2, 12)
    lead, *headlines = d.pick(
        (
            f"[{effect} across {country} on {d.day()} when {d.round(1_000, 90_000):,} {workers} [walked out|stopped "
            f"work], {reason}."
            f"|Some {d.round(1_000, 90_000):,} {workers} in {country} stayed away from work on {d.day()}, {reason}."
            f"|Demands of the {workers} in {country} were not met, and {d.round(1_000, 90_000):,} of them "
            f"[walked out|stopped work] on {d.day()}, {reason}.]",
            f"{country} {workers} strike over {short}",
            f"{workers.capitalize()} in {country} walk out over {short}",
            f"{country} hit as {workers} stop work over {short}",
        ),
        (
            f"[Staff at {company} laid down tools at the plant in {place} on {d.day()}, {reason}."
            f"|There was no work at the {company} plant in {place} on {d.day()}, where the staff [walked out|stood "
            f"outside the gates], {reason}."
            f"|The gates stayed shut at {place} on {d.day()}, where workers of {company} [refused to "
            f"work|stood outside], {reason}.]",
            f"{company} workers strike in {place} over {short}",
            f"{place} plant idle as {company} workers walk out",
            f"Staff at {company} in {place} down tools over {short}",
        ),
        (
            f"[A walkout planned for {d.day()} at {company} will not take place after managers [came up with|made] an "
            f"offer of {offer} more pay."
            f"|With {offer} more pay on the table, workers at {company} will not [walk out|leave their posts] on "
            f"{d.day()} as planned."
            f"|Managers of {company} [raised|improved] their offer to {offer} more pay, enough for the "
            f"workers to stay at their posts on {d.day()}.]",
            f"{company} workers call off strike after {offer} offer",
            f"{company} averts walkout with {offer} pay rise",
            f"No strike at {company} as workers accept {offer}",
        ),
        (
            f"[A court in {place} [ruled|decided] that {workers} in {country} must go back to work, "
            f"{spelled(d.count(3, 20))} days after they walked out."
            f"|The walkout of {workers} in {country} is [illegal|against the law] and has to end, judges in {place} "
            f"said on {d.day()}.]",
            f"Court orders striking {country} {workers} back to work",
            f"{country} {workers} must end walkout, {place} judges rule",
            f"Walkout of {country} {workers} illegal, court says",
        ),
    )
    echo = (
        f"In {d.country()}, {d.round(1_000, 90_000):,} {workers} [walked out|stopped work] in {d.month()}, and "
        f"{d.company()} in {d.place()} settled for {d.percent(2, 12)} more pay."
    )
    details = [
        f"Labour minister {d.person()} [called for calm|offered to help|declined to comment].",
        f'"[Our patience is at an end|We were left no choice|We will be back]," said union leader {union_leader}.',
        f"The union represents {d.round(2_000, 90_000):,} people and has asked for {d.percent(4, 15)} more pay.",
        f"A similar dispute at {d.company()} [lasted|dragged on for] {spelled(d.count(2, 9))} weeks and cost "
        f"{d.millions()}.",
    ]
    openers = [
        f"Just a week after {d.company()} settled with its workers, [another|a new] dispute has begun.",
        f"Union leader {union_leader} had [promised|threatened] a hot {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def election(d: Desk) -> Story:
    country, winner, loser, place = d.country(), d.person(), d.person(), d.place()
    share = d.count(41, 68)
    verb = "sweeps" if share >= 60 else "wins" if share >= 50 else "leads"
    lead, *headlines = d.pick(
        (
            f"[With {share} percent of the vote, {winner} [defeated|left behind] {loser} in the election for "
            f"president of {country}."
            f"|In the race for the presidency of {country}, {winner} [received|took] {share} percent of the vote and "
            f"{loser} the second place."
            f"|The defeat of {loser} is [clear|certain]: {winner} has won {share} percent of the vote and "
            f"will be president of {country}.]",
            f"{winner.last} {verb} {country} election with {share} percent",
            f"{winner.last} beats {loser.last} in {country} presidential vote",
            f"{country} elects {winner.last} president with {share} percent",
        ),
        (
            f"[Neither {winner} nor {loser} [reached|won] half of the votes for president of {country}, so the two "
            f"will meet again in {(month := d.month())}."
            f"|No candidate for the presidency of {country} [got|gathered] enough votes on {d.day()}, and {winner} "
            f"must face {loser} again in {month}.]",
            f"{country} election heads for {month} run-off",
            f"{winner.last} to face {loser.last} in {country} run-off",
            f"No winner in {country}, {winner.last} meets {loser.last} in {month}",
        ),
        (
            f"[Voters in {place} chose {winner}, "
            f"{an(d.pick('engineer', 'baker', 'novelist', 'former goalkeeper', 'lawyer'))}, as their next mayor over "
            f"{loser}, who had held the office for {spelled(d.count(4, 20))} years."
            f"|After {spelled(d.count(4, 20))} years in the town hall of {place}, {loser} [must make way for|lost to] "
            f"{winner}, who received {share} percent of the vote."
            f"|A new mayor, {winner}, [moves into|enters] the town hall of {place}, from which voters sent "
            f"{loser} home with {share} percent of the vote.]",
            f"{winner.last} ousts {loser.last} as {place} mayor",
            f"{place} votes {loser.last} out, elects {winner.last} mayor",
            f"{winner.last} defeats {loser.last} in race for {place} town hall",
        ),
        (
            f"[{country} will vote [in|as early as] {(month := d.month())}, a year ahead of time, after the coalition "
            f"of {winner} [lost|failed to keep] its majority."
            f"|Because {winner} [lost the support of|fell out with] a partner in the coalition, the people of "
            f"{country} go to the polls in {month}, earlier than planned.]",
            f"{country} calls early election for {month}",
            f"{country} to vote in {month} after {winner.last} coalition fails",
            f"Early vote in {country} as {winner.last} loses majority",
        ),
        (
            f"[The electoral court of {country} [threw out|cancelled] the result in {place} after finding "
            f"{d.round(200, 9_000):,} ballots that had been counted twice."
            f"|Voters in {place} have to go to the polls again, as judges in {country} [found|saw] "
            f"{d.round(200, 9_000):,} false ballots.]",
            f"{country} court annuls {place} election result",
            f"{place} must vote again, {country} judges rule",
            f"{country} judges throw out {place} vote over ballots",
        ),
    )
    echo = (
        f"In neighbouring {d.country()}, {d.person()} [defeated|lost to] {d.person()} with {d.percent(41, 68)} of "
        f"the vote in {d.month()}."
    )
    details = [
        *political_details(d, country)[1:],
        f"Turnout was {d.percent(38, 88)}, compared with {d.percent(38, 88)} four years ago.",
        f"Observers from {d.country()} [reported|saw] few [irregularities|problems].",
        f"{d.person()} of the Harvest Party came [third|fourth] with {d.percent(3, 14)}.",
    ]
    openers = [
        f"Polls had favoured {loser} for most of the summer.",
        f"The campaign was overshadowed by the resignation of minister {d.person()} in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def verdict(d: Desk) -> Story:
    accused, judge, place, company, years = d.person(), d.person(), d.place(), d.company(), d.count(2, 25)
    crime = d.pick("fraud", "bribery", "smuggling", "arson", "blackmail", "tax evasion")
    job = d.pick("banker", "mayor", "surgeon", "property developer", "art dealer", "shipowner")
    lead, *headlines = d.pick(
        (
            f"[Judge {judge} sent {job} {accused} to prison for {spelled(years)} years on {d.day()} after a jury in "
            f"{place} found {d.pick('enough proof', 'clear evidence')} of {crime}."
            f"|For {spelled(years)} years {job} {accused} [must go|goes] to prison, judge {judge} of {place} said on "
            f"{d.day()}, for {crime} on a large scale."
            f"|There was [enough proof|clear evidence] of {crime}, judge {judge} told a court in {place}, and "
            f"{job} {accused} must spend {spelled(years)} years in prison.]",
            f"{accused.last} jailed {years} years for {crime} in {place}",
            f"{place} judge sends {job} {accused.last} to prison for {crime}",
            f"{job.capitalize()} {accused.last} gets {years} years for {crime}",
        ),
        (
            f"[A jury in {place} did not believe the main witness, {judge}, and [cleared|acquitted] {job} {accused} "
            f"of {crime}."
            f"|Accused of {crime}, {job} {accused} left the court in {place} a free person after the jury "
            f"[doubted|did not trust] the word of {judge}."
            f"|Nobody could [prove|show] that {job} {accused} was guilty of {crime}, not even witness "
            f"{judge}, and the jury in {place} said so.]",
            f"{place} jury clears {accused.last} of {crime}",
            f"{job.capitalize()} {accused.last} walks free in {crime} trial",
            f"{accused.last} not guilty of {crime}, {place} court finds",
        ),
        (
            f"[{company} must pay {(sum_ := d.millions())} to [former customers|neighbours of its plant|small "
            f"investors], a court in {place} ruled on {d.day()}."
            f"|Judges in {place} [sided with|agreed with] {d.round(20, 900)} former customers and told {company} to "
            f"pay them {sum_}."
            f"|A claim against {company} by [former customers|small investors] has succeeded in {place}, "
            f"where judges set the sum to be paid at {sum_}.]",
            f"{place} court orders {company} to pay {sum_}",
            f"{company} must pay {sum_}, judges in {place} rule",
            f"{company} loses {place} case, owes {sum_}",
        ),
        (
            f"[The prison sentence of {job} {accused} was [halved|cut in half] by an appeals court in {place}, which "
            f"found that judge {judge} had been too strict."
            f"|Higher judges in {place} found judge {judge} too strict and let {job} {accused} serve only half of the "
            "prison term.]",
            f"{place} appeals court halves {accused.last} sentence",
            f"{job.capitalize()} {accused.last} wins shorter sentence on appeal",
            f"{place} judges cut prison term of {accused.last} by half",
        ),
    )
    echo = (
        f"For the same crime {d.person()}, [a banker|an art dealer|a mayor] from {d.place()}, [went to prison for "
        f"{spelled(d.count(2, 25))} years|had to pay {d.millions()}] in {d.month()}."
    )
    details = [
        f"The case of {d.person()}, heard by the same judges, begins in {d.month()}.",
        f'"[We will appeal|Justice has been done|This is a sad day]," said lawyer {d.person()}.',
        f"In a similar case in {d.place()}, {d.person()} [was fined {d.millions(2, 60)}|received "
        f"{spelled(d.count(2, 9))} years].",
        f"The trial lasted {spelled(d.count(3, 40))} days and heard {d.count(20, 90)} witnesses.",
        f"[The affair|The case] came to light when {d.person()}, a clerk at {d.company()}, spoke to reporters.",
    ]
    openers = [
        f"Last month a court in {d.place()} let {d.person()} go free [for lack of evidence|after a mistake by the "
        "police].",
        f"Outside the court {d.person()}, a neighbour, [had been waiting|waited] since dawn.",
    ]
    return Story(lead, headlines, echo, details, openers)


def recall(d: Desk) -> Story:
    company, rival, country, number = d.company(), d.company(), d.country(), d.round(2_000, 900_000)
    thing, fault, cause = d.pick(
        ("cars", "brakes that may fail", "brakes"),
        ("heaters", "a switch that can catch fire", "fire risk"),
        ("prams", "wheels that come off", "wheels"),
        ("toasters", "cables that give electric shocks", "cables"),
        ("bicycles", "forks that can snap", "forks"),
        ("motorcycles", "leaking fuel tanks", "fuel leaks"),
    )
    lead, *headlines = d.pick(
        (
            f"[Owners of {number:,} {thing} made by {company} [should|were told to] return them because of {fault}, "
            f"the company said on {d.day()}."
            f"|Because of {fault}, {company} is calling back {number:,} {thing} that it sold [in|since] "
            f"{d.count(2012, 2023)}."
            f"|The {number:,} {thing} that {company} sold [until|since] {d.count(2012, 2023)} have {fault}, "
            "and owners are asked to bring them back.]",
            f"{company} recalls {number:,} {thing} over {cause}",
            f"{company} {thing} unsafe, {number:,} called back",
            f"{company} to take back {number:,} {thing} because of {cause}",
        ),
        (
            f"[Shops in {country} [must take|have to take] {thing} by {company} off their shelves after safety "
            f"inspectors found {fault}."
            f"|With immediate effect, {thing} by {company} may not be sold in {country}, where inspectors [warned "
            f"of|pointed to] {fault}."
            f"|Inspectors found {fault}, and no shop in {country} may [sell|offer] the {thing} of {company} "
            "any longer.]",
            f"{country} bans {company} {thing} over {cause}",
            f"{country} inspectors stop sale of {company} {thing}",
            f"{company} {thing} off shelves in {country} over {cause}",
        ),
        (
            f"[Tests in {country} showed no danger, so {company} may once more [sell|deliver] the {thing} that it "
            f"withdrew in {d.month()} because of {fault}."
            f"|The {thing} of {company} are back in the shops of {country} on {d.day()}, after repairs for {fault}.]",
            f"{company} resumes sales of {thing} in {country}",
            f"{company} {thing} back on sale in {country}",
            f"{country} shops may sell {company} {thing} again",
        ),
    )
    echo = (
        f"In {d.country()}, {d.company()} [called back|took back] {d.round(2_000, 900_000):,} {thing} in "
        f"{d.month()} [after tests|because of complaints]."
    )
    details = [
        *market_details(d, company)[:4],
        f"No injuries [have been reported|are known], but {spelled(d.count(2, 40))} customers complained.",
        f"{rival} [withdrew|recalled] {d.round(2_000, 90_000):,} {thing} of its own in {d.month()}.",
        f"The parts were supplied by {d.company()}, which will [bear|share] the cost of {d.millions()}.",
    ]
    openers = [
        f"The safety of {thing} has been in question since a recall by {rival} in {d.count(2005, 2022)}.",
        f"Supplier {d.company()} admitted [mistakes|a mix-up] at its plant in {d.place()} last week.",
    ]
    return Story(lead, headlines, echo, details, openers)


def match(d: Desk) -> Story:
    winner, loser, scorer, place = d.place(), d.place(), d.person(), d.place()
    goals = d.count(2, 5)
    score = f"{goals}-{d.count(0, goals - 1)}"
    margin = goals - int(score[-1])
    verb = "thrash" if margin >= 3 else "beat" if margin == 2 else "edge"
    stage = d.pick("final", "semi-final", "quarter-final")
    lead, *headlines = d.pick(
        (
            f"[{scorer} [scored twice|was the hero|struck late] as {loser} lost {score} to {winner} on {d.day()} in "
            f"the cup {stage}."
            f"|Two goals by {scorer} [helped|carried] {winner} past {loser} in the cup {stage} on {d.day()}, which "
            f"ended {score}."
            f"|The cup {stage} on {d.day()} was [lost|over early] for {loser} after two goals by {scorer}, "
            f"and {winner} won {score}.]",
            f"{winner} {verb} {loser} {score} in cup {stage}",
            f"{scorer.last} sends {winner} past {loser} in cup {stage}",
            f"{loser} lose {score} to {winner} in cup {stage}",
        ),
        (
            f"[Neither side found the net in {place} for two hours before {winner} [held their nerve|were luckier] "
            f"against {loser} from the penalty spot in the cup {stage}."
            f"|Only penalties could [separate|divide] {winner} and {loser} in the cup {stage} in {place}, and {loser} "
            "missed twice."
            f"|Twice {loser} [missed|shot wide] when the cup {stage} in {place} came down to penalties, and "
            f"{winner} did not.]",
            f"{winner} beat {loser} on penalties in cup {stage}",
            f"Penalties carry {winner} past {loser} in {place}",
            f"{loser} miss penalties, {winner} win cup {stage}",
        ),
        (
            f"[A [draw|goalless draw] at {place} was enough for {winner} to secure the league title, "
            f"{spelled(d.count(2, 9))} points ahead of {loser}."
            f"|Champions at last, {winner} needed just one point at {place} and got it, while {loser} [came "
            "second|fell short].]",
            f"{winner} draw at {place} to win league title",
            f"{winner} champions after draw at {place}",
            f"{winner} secure title, {loser} finish second",
        ),
        (
            f"[After {spelled(d.count(3, 9))} defeats in a row, the last of them against {loser}, {winner} [parted "
            f"with|dismissed] coach {scorer} on {d.day()}."
            f"|A defeat against {loser} [cost|has cost] {scorer} the job of coach at {winner} after "
            f"{spelled(d.count(3, 9))} games without a point."
            f"|Coach {scorer} has to [leave|go], {winner} said after losing to {loser}, the defeat number "
            f"{spelled(d.count(3, 9))} in a row.]",
            f"{winner} sack coach {scorer.last} after {loser} defeat",
            f"Coach {scorer.last} out at {winner} after losing streak",
            f"{loser} defeat costs {winner} coach {scorer.last} job",
        ),
        (
            f"[The wait is over for {winner}, whose [striker|young striker] {scorer} [ended|finished] a run of "
            f"{spelled(run := d.count(4, 14))} games without a win with a goal against {loser}."
            f"|A goal by {scorer} against {loser} [gave|brought] {winner} a victory at last, after {spelled(run)} "
            "games without one.]",
            f"{scorer.last} goal ends {winner} winless run at {run}",
            f"{winner} win at last as {scorer.last} beats {loser}",
            f"{winner} beat {loser} for first win in {run} games",
        ),
    )
    echo = (
        f"Earlier in the cup {d.place()} [lost|had lost] {(g := d.count(2, 5))}-{d.count(0, g - 1)} to "
        f"{d.place()}, for whom {d.person()} scored twice."
    )
    details = [
        *sport_details(d, place),
        f"The two sides last met in {d.month()}, when the game ended {d.count(0, 4)}-{d.count(0, 4)}.",
        f"Referee {d.person()} showed {spelled(d.count(2, 8))} yellow cards.",
    ]
    openers = [
        f"{d.person()} of {d.place()} had called it the match of the season.",
        "Rain had fallen all week and left the pitch heavy.",
    ]
    return Story(lead, headlines, echo, details, openers)


def product(d: Desk) -> Story:
    company, rival, country, price = d.company(), d.company(), d.country(), d.count(4, 99) * 10 + 9
    thing = d.pick(
        "electric van",
        "folding phone",
        "robot mower",
        "smart watch",
        "solar heater",
        "translation headset",
        "delivery drone",
        "electric scooter",
    )
    when = d.month()
    lead, *headlines = d.pick(
        (
            f"[Customers [can|will be able to] buy the {thing} of {company} from {when}, the firm said at a "
            f"[show|fair] in {d.place()}, and it will cost ${price}."
            f"|In {when} {company} [will start|starts] to sell its {thing} for ${price}, and orders are taken from "
            f"{d.day()}."
            f"|The price is ${price}, and the day of the first sale is in {when}: {company} "
            f"[showed|presented] its {thing} in {d.place()}.]",
            f"{company} to launch ${price} {thing} in {when}",
            f"{company} {thing} on sale from {when} for ${price}",
            f"{when} start for {company} {thing} at ${price}",
        ),
        (
            f"[Problems with [software|batteries|suppliers] mean that the {thing} promised by {company} will not "
            f"reach shops before {when}."
            f"|Buyers of the {thing} by {company} must wait until {when}, because there were problems with [the "
            "wiring|its suppliers]."
            f"|Not before {when} will {company} be able to [sell|deliver] its {thing}, which has problems "
            "with [batteries|software].]",
            f"{company} delays {thing} launch until {when}",
            f"{company} {thing} not in shops before {when}",
            f"Buyers must wait until {when} for {company} {thing}",
        ),
        (
            f"[To keep up with {rival}, {company} has taken ${price} off the price of its {thing} in {country}."
            f"|The {thing} of {company} is ${price} cheaper in {country} from {d.day()}, as rival {rival} [gains "
            "ground|is winning customers]."
            f"|Rival {rival} is [strong|growing] in {country}, and {company} answered on {d.day()} by making "
            f"its {thing} ${price} cheaper.]",
            f"{company} cuts {thing} price by ${price} in {country}",
            f"{thing.capitalize()} by {company} ${price} cheaper in {country}",
            f"{company} answers {rival} with cheaper {thing}",
        ),
        (
            f"[Few people wanted the {thing} of {company}, and production at {d.place()} [will end|comes to an end] "
            f"in {when}."
            f"|After {spelled(d.count(2, 9))} years {company} will make no more of its {thing}, for which it found "
            "[few|hardly any] buyers.]",
            f"{company} scraps {thing} after poor sales",
            f"{company} to stop making {thing}, few buyers found",
            f"Weak demand ends {company} {thing}",
        ),
    )
    echo = (
        f"{d.before()} {d.company()} [began to sell|withdrew] its {thing} in {d.country()}, where it cost "
        f"${d.count(4, 99) * 10 + 9}."
    )
    details = [
        *market_details(d, company),
        f"A model by {rival} [sells for|costs] ${d.count(4, 99) * 10 + 9} and has found {d.round(2_000, 900_000):,} "
        "buyers.",
        f"Designer {d.person()} [spent|worked] {spelled(d.count(2, 7))} years on the project.",
    ]
    openers = [
        f"Its competitor {rival} was first to the market in {d.month()}.",
        f"[Rumours|Pictures] had spread since {d.day()}, when a worker in {d.place()} talked too much.",
    ]
    return Story(lead, headlines, echo, details, openers)


def appointment(d: Desk) -> Story:
    company, new, old, former, country = d.company(), d.person(), d.person(), d.company(), d.country()
    post, short = d.pick(
        ("chief executive", "chief"),
        ("finance director", "finance director"),
        ("chairman", "chairman"),
        ("head of research", "research head"),
    )
    ministry = d.pick("finance", "health", "defence", "transport", "education", "trade")
    lead, *headlines = d.pick(
        (
            f"[{company} has [turned to|chosen] {new}, until now at {former}, to [succeed|follow] {old} as {post}."
            f"|The new {post} of {company} is {new}, who [worked|served] at {former} and will take over from {old} in "
            f"{d.month()}."
            f"|When {old} leaves the post of {post} at {company}, the [successor|next in line] will be {new} "
            f"of {former}.]",
            f"{company} names {new.last} as {short}",
            f"{new.last} to follow {old.last} as {company} {short}",
            f"{former} manager {new.last} becomes {short} of {company}",
        ),
        (
            f"[The next {ministry} minister of {country} will be {new}, [an economist|a lawyer|a former mayor] from "
            f"{d.place()}, who takes over from {old}."
            f"|{country} has a new {ministry} minister in {new}, who [replaces|follows] {old} after "
            f"{spelled(d.count(2, 9))} years."
            f"|In {country} the post of {ministry} minister [passes|goes] from {old} to {new}, [an "
            "economist|a lawyer] by training.]",
            f"{country} picks {new.last} as {ministry} minister",
            f"{new.last} replaces {old.last} as {country} {ministry} minister",
            f"{new.last} to lead {ministry} ministry of {country}",
        ),
        (
            f"[{new} is leaving {former} after {spelled(d.count(3, 20))} years to become {post} of {company}, a "
            "[smaller|younger] firm."
            f"|Lured away from {former} by {company}, {new} will [begin|start] as {post} there in {d.month()}."
            f"|The loss of {former} is the gain of {company}, where {new} will [become|be] {post} in {d.month()}.]",
            f"{company} hires {new.last} from {former} as {short}",
            f"{new.last} leaves {former} for top post at {company}",
            f"{company} gets new {short} in {new.last}",
        ),
        (
            f"[Musicians of the {(town := d.place())} Symphony have [voted for|elected] {new} as their next "
            f"conductor, the first [woman|foreigner] in the post, after {old} retired."
            f"|The new conductor of the {town} Symphony will be {new}, whom the musicians preferred to {old}.]",
            f"{town} Symphony picks {new.last} as conductor",
            f"{new.last} to conduct {town} Symphony",
            f"{town} musicians choose {new.last} as next conductor",
        ),
    )
    echo = (
        f"{d.before()} {d.person()} [left|was leaving] {d.company()} to [succeed|follow] {d.person()} at {d.company()}."
    )
    details = [
        '"[I look forward to the task|There is much to do|I will listen first]," the newcomer said.',
        f"The job had also attracted {d.person()} and {d.person()}.",
        f"{d.person()}, a former deputy, will [stay on|act as adviser] until {d.month()}.",
        f"[Friends|Former colleagues] in {d.place()} speak of a leader who is "
        f"{d.pick('patient', 'tireless', 'careful', 'direct')}.",
        f"In {d.count(2005, 2022)} the post went to {d.person()}, who left after {spelled(d.count(4, 18))} months.",
    ]
    openers = [
        f"For months {d.person()} of {d.company()} was seen as the favourite.",
        f"The search [began|started] in {d.month()}, when {old} announced plans to retire.",
    ]
    return Story(lead, headlines, echo, details, openers)


def resignation(d: Desk) -> Story:
    person, country, company, place, successor = d.person(), d.country(), d.company(), d.place(), d.person()
    ministry = d.pick("finance", "health", "defence", "transport", "education", "trade")
    reason, short = d.pick(
        ("reports about unpaid taxes", "tax affair"),
        ("a row over a new airport", "airport row"),
        ("questions about free holidays", "holiday gifts"),
        ("criticism of a failed computer system", "computer failure"),
        ("a dispute about the budget", "budget dispute"),
    )
    lead, *headlines = d.pick(
        (
            f"[[Bowing to pressure|Worn down] after {reason}, {person} [stepped down|gave up the post] as "
            f"{ministry} minister of {country} on {d.day()}."
            f"|The {ministry} ministry of {country} is without a head since {person} [left|resigned] on {d.day()} "
            f"amid {reason}."
            f"|Worn down by {reason}, the {ministry} minister of {country}, {person}, [resigned|gave up] on "
            f"{d.day()}.]",
            f"{country} {ministry} minister {person.last} quits over {short}",
            f"{person.last} steps down in {country} after {short}",
            f"{country} loses {ministry} minister {person.last} amid {short}",
        ),
        (
            f"[{person} will [not stay on|leave the post] as chief executive of {company}, following {reason}, and "
            f"{successor} takes charge for now."
            f"|The chief executive of {company}, {person}, has [handed in a resignation|left] amid {reason}, and "
            f"{successor} will stand in."
            f"|In place of {person}, who [left|resigned] after {reason}, {successor} becomes chief executive "
            f"of {company}.]",
            f"{company} chief {person.last} quits over {short}",
            f"{person.last} leaves top post at {company} amid {short}",
            f"{successor.last} takes over at {company} as {person.last} goes",
        ),
        (
            f"[Despite {reason}, mayor {person} told the city council of {place} on {d.day()} that [leaving office "
            "was out of the question|there would be no resignation]."
            f"|Pressed to go because of {reason}, mayor {person} of {place} [will stay in office|has no thought of "
            "leaving], a spokesman said.]",
            f"{place} mayor {person.last} refuses to quit over {short}",
            f"Mayor {person.last} stays in office in {place} despite {short}",
            f"{person.last} will not resign in {place} amid {short}",
        ),
        (
            f"[Prime Minister {successor} [dismissed|let go of] {ministry} minister {person} on {d.day()} after "
            f"{reason} that had occupied {country} for weeks."
            f"|Because of {reason}, the {ministry} minister of {country}, {person}, had to go on {d.day()} on the "
            f"orders of Prime Minister {successor}."
            f"|Out of office since {d.day()} is {person}, until then {ministry} minister of {country}, whom "
            f"Prime Minister {successor} [sent home|let go] for {reason}.]",
            f"{country} premier fires {ministry} minister over {short}",
            f"{successor.last} dismisses {ministry} minister {person.last} after {short}",
            f"{ministry.capitalize()} minister {person.last} loses post in {country}",
        ),
    )
    echo = (
        f"In {d.country()}, {ministry} minister {d.person()} [stepped down|resigned|had to go] in {d.month()}, "
        f"and so did {d.person()}, chief executive of {d.company()}."
    )
    details = [
        f"In a survey, {d.percent(41, 88)} of those asked [spoke of lost trust|had expected nothing else].",
        f'"[It has been a long month|Nobody should be surprised|There are no winners]," said {d.person()}, a '
        f"columnist in {d.place()}.",
        f"[Deputy|Party colleague] {d.person()} [had long warned of trouble|declined to comment].",
        f"The newspaper of {d.place()} first [wrote about|reported] the matter in {d.month()}.",
        f"{d.person()}, a predecessor, [also left early|lasted only {spelled(d.count(3, 9))} months].",
    ]
    openers = [
        f"A similar affair had [toppled|brought down] {d.person()} of {d.place()} in {d.month()}.",
        f"As late as {d.day()}, spokesman {d.person()} had denied everything.",
    ]
    return Story(lead, headlines, echo, details, openers)


def rates(d: Desk) -> Story:
    country, governor, neighbour = d.country(), d.person(), d.country()
    level = f"{d.count(1, 9)}.{d.pick('25', '5', '75')} percent"
    lead, *headlines = d.pick(
        (
            f"[Borrowing will become dearer in {country}, where the central bank [lifted|moved up] its main rate to "
            f"{level} on {d.day()} to [tame|fight] inflation."
            f"|To slow down prices, {country} will have an interest rate of {level} from {d.day()}, more than "
            f"governor {governor} had [hinted at|led markets to expect]."
            f"|Inflation left no choice to governor {governor}: from {d.day()} the main interest rate of "
            f"{country} is [higher|up] at {level}.]",
            f"{country} raises interest rate to {level}",
            f"{country} central bank lifts main rate to {level}",
            f"Loans dearer in {country} as rate reaches {level}",
        ),
        (
            f"[Hoping to [revive|help] the economy, central bank governor {governor} lowered the main interest rate "
            f"of {country} to {level}."
            f"|Loans get cheaper in {country} after governor {governor} and the central bank [brought|took] the main "
            f"rate down to {level}."
            f"|The main interest rate is [lower|down] at {level} in {country}, as central bank governor "
            f"{governor} tries to help the economy.]",
            f"{country} cuts interest rate to {level}",
            f"{country} central bank lowers main rate to {level}",
            f"Loans cheaper in {country} as {governor.last} cuts rate",
        ),
        (
            f"[The central bank of {country} left its main rate at {level} on {d.day()}, as governor {governor} wants "
            "to [wait for|see] new figures."
            f"|No change in {country}: the main interest rate stays at {level}, governor {governor} [announced|said] "
            f"on {d.day()}."
            f"|At {level}, where it was, the central bank of {country} and its governor {governor} "
            f"[left|kept] the main interest rate on {d.day()}.]",
            f"{country} holds interest rate at {level}",
            f"{country} rate stays at {level}, {governor.last} says",
            f"{governor.last} leaves {country} interest rate unchanged",
        ),
        (
            f"[Governor {governor} [told|warned] parliament that borrowing costs in {country} could rise "
            f"[again|further] before {(month := d.month())}."
            f"|Loans in {country} may be dearer by {month}, a speech by central bank governor {governor} "
            f"[suggested|indicated] on {d.day()}.]",
            f"{country} central bank hints at rate rise by {month}",
            f"{governor.last} sees higher {country} rates before {month}",
            f"Loans in {country} may cost more by {month}",
        ),
    )
    echo = (
        f"Before that the rate [was|stood at] {d.count(1, 9)}.{d.pick('25', '5', '75')} percent, while "
        f"{d.country()} [moved|brought] its own to {d.count(1, 9)}.{d.pick('25', '5', '75')} percent under "
        f"governor {d.person()}."
    )
    details = [
        f"Neighbouring {neighbour} [raised|lowered] its own rate to {d.count(1, 9)}.{d.pick('25', '5', '75')} percent "
        f"in {d.month()}.",
        f"Inflation stands at {d.count(4, 14)}.{d.count(1, 9)} percent, above the target of "
        f"{spelled(d.count(2, 3))} percent.",
        f'"[The bank had little choice|It is too late|Home owners will feel it]," said {d.person()}, an economist at '
        f"{d.company()}.",
        f"The currency [gained|lost] {d.percent(1, 4)} against that of {d.country()}.",
        f"The decision was [unanimous|not unanimous], according to deputy governor {d.person()}.",
    ]
    openers = [
        f"A day earlier the central bank of {neighbour} had [surprised|shocked] markets.",
        f"Economists at {d.company()} had [predicted|expected] a different outcome.",
    ]
    return Story(lead, headlines, echo, details, openers)


def quake(d: Desk) -> Story:
    place, country, other, dead, hurt = d.place(), d.country(), d.place(), d.count(2, 400), d.round(10, 900)
    size = f"{d.count(4, 7)}.{d.count(0, 9)}"
    adjective = "strong" if size >= "6" else "moderate"
    lead, *headlines = d.pick(
        (
            f"[The earth shook for almost a minute near {place}, in {country}, on {d.day()}, and {people(dead)} died "
            "[in|under] collapsed buildings."
            f"|Many houses in {place}, {country}, did not [withstand|survive] an earthquake on {d.day()}, in which "
            f"{people(dead)} [lost their lives|died]."
            f"|When an earthquake [struck|hit] {country} on {d.day()}, houses fell in {place}, and "
            f"{people(dead)} died.]",
            f"Quake near {place} kills {dead} people",
            f"{dead} dead in {country} as earthquake shakes {place}",
            f"{place} earthquake claims {dead} lives in {country}",
        ),
        (
            f"[An earthquake with a magnitude of {size} [hit|shook] {place} in the [early morning|night], but "
            f"{country} [escaped without|reported no] deaths."
            f"|Everybody was safe in {place} after a magnitude {size} earthquake, officials in {country} said on "
            f"{d.day()}."
            f"|No deaths were [reported|known] in {country} after an earthquake of magnitude {size} near "
            f"{place} on {d.day()}.]",
            f"{sentence(adjective)} quake hits {place}, none dead",
            f"Magnitude {size} earthquake shakes {place}, all safe",
            f"{country} escapes deaths as earth trembles in {place}",
        ),
        (
            f"[Rescuers in {place} [pulled|freed] a {d.pick('boy', 'girl', 'woman', 'man')} alive from the ruins "
            f"{spelled(days := d.count(3, 9))} days after the earthquake that struck {country}."
            f"|Against all hope, a {d.pick('boy', 'girl', 'woman', 'man')} was [dug|brought] out alive in {place}, "
            f"{country}, {spelled(days)} days after the earthquake.]",
            f"Survivor found in {place} {days} days after quake",
            f"Rescue in {place} {days} days after {country} earthquake",
            f"{country} quake survivor freed after {days} days",
        ),
        (
            f"[At least {hurt} people needed treatment after an earthquake of magnitude {size} threw down walls in "
            f"{place}, a port in {country}."
            f"|Falling walls [hurt|wounded] {hurt} people in {place}, a port in {country}, when an earthquake of "
            f"magnitude {size} struck on {d.day()}.]",
            f"{sentence(adjective)} quake injures {hurt} in {country} port",
            f"{hurt} hurt as earthquake strikes {place}",
            f"Falling walls injure {hurt} in {place} earthquake",
        ),
    )
    echo = (
        f"In {d.place()}, {d.country()}, an earthquake of magnitude {d.count(4, 7)}.{d.count(0, 9)} [hurt|killed] "
        f"{d.round(10, 900)} people in {d.month()}."
    )
    details = [
        *rescue_details(d, country),
        f"The tremor was felt as far away as {other}, {d.round(60, 600)} kilometres to the [north|south|east|west].",
        f"A quake of magnitude {d.count(5, 7)}.{d.count(0, 9)} [killed|claimed the lives of] {d.round(100, 900)} "
        "people "
        f"in {d.country()} in {d.count(1950, 2018)}.",
    ]
    openers = [
        f"People in {other} still remember the great quake of {d.count(1930, 2010)}.",
        f"Only last week researchers in {d.place()} had warned of rising tension in the rock.",
    ]
    return Story(lead, headlines, echo, details, openers)


def festival(d: Desk) -> Story:
    place, artist, other, visitors, country = d.place(), d.person(), d.person(), d.round(3_000, 300_000), d.country()
    art, prize = d.pick(
        ("film", "best film"),
        ("jazz", "best band"),
        ("poetry", "best poem"),
        ("puppet theatre", "best play"),
        ("dance", "best show"),
        ("comic", "best book"),
    )
    lead, *headlines = d.pick(
        (
            f"[More people than ever before, {visitors:,} in all, came to this year's {art} festival in {place}, "
            f"which [closed|ended] on {d.day()}."
            f"|When the {art} festival of {place} [came to an end|closed] on {d.day()}, {visitors:,} guests had come, "
            "the most in its history."
            f"|The organisers in {place} counted {visitors:,} guests when their {art} festival [closed|ended] "
            f"on {d.day()}, more than in any year before.]",
            f"{place} {art} festival draws record {visitors:,}",
            f"Record {visitors:,} guests visit {art} festival in {place}",
            f"{art.capitalize()} festival in {place} ends with {visitors:,} guests",
        ),
        (
            f"[The jury of the {art} festival in {place} [gave|handed] its main award to {artist}, [ahead of|and not "
            f"to] the favourite {other}."
            f"|On the last night of {place}'s {art} festival, {artist} [took home|received] the award that many had "
            f"expected for {other}."
            f"|Many had expected {other} to [win|take home] the main award of the {art} festival in {place}, "
            f"but the jury gave it to {artist}.]",
            f"{artist.last} wins top prize at {place} {art} festival",
            f"{place} festival jury prefers {artist.last} to {other.last}",
            f"Main {art} award in {place} goes to {artist.last}",
        ),
        (
            f"[There will be no {art} festival in {place} this {d.pick('spring', 'summer', 'autumn')}, because its "
            f"sponsor, {(sponsor := d.company())}, [withdrew|pulled out]."
            f"|Without the money of {sponsor}, which has [left|dropped out], {place} cannot hold its {art} festival "
            "this year.]",
            f"{place} cancels {art} festival after {sponsor} withdraws",
            f"No {art} festival in {place} without {sponsor} money",
            f"{sponsor} exit ends {place} {art} festival",
        ),
        (
            f"[{artist} will [open|start] the {art} festival in {place} in {(month := d.month())}, the first guest "
            f"from {country} in its history."
            f"|A show by {artist} of {country} will be the first event of {place}'s {art} festival, which "
            f"[begins|starts] in {month}.]",
            f"{artist.last} to open {place} {art} festival in {month}",
            f"{place} {art} festival begins with {artist.last} of {country}",
            f"{country} artist {artist.last} first on stage in {place}",
        ),
    )
    echo = (
        f"{d.before()} the {art} festival of {d.place()} closed after {d.round(3_000, 300_000):,} guests, and "
        f"{d.person()} [took home|received] its award."
    )
    details = [
        f"Last year's award for the {prize} went to {d.person()}.",
        f"A rival event in {d.place()} counted {d.round(3_000, 90_000):,} guests.",
        f'"[It was magical|The town is one big stage|Next year we need more beds]," said organiser {d.person()}.',
        f"The programme listed {d.count(20, 300)} events in {spelled(d.count(3, 30))} halls, and tickets cost up to "
        f"${d.count(12, 180)}.",
        f"{d.company()} paid {d.millions(2, 40)} to be the main partner until {d.count(2027, 2035)}.",
    ]
    openers = [
        f"The hotels of {d.place()} next door were full too.",
        f"Founder {d.person()} began with {d.count(20, 90)} chairs in a barn.",
    ]
    return Story(lead, headlines, echo, details, openers)


def vaccine(d: Desk) -> Story:
    company, country, rival, rate, number = (
        d.company(),
        d.country(),
        d.company(),
        d.count(31, 97),
        d.round(2_000, 60_000),
    )
    illness = d.pick("malaria", "flu", "dengue", "measles", "cholera", "tuberculosis")
    adverb = "highly effective" if rate >= 80 else "effective" if rate >= 60 else "weak"
    lead, *headlines = d.pick(
        (
            f"[In a trial with {number:,} [volunteers|people], a vaccine by {company} [prevented|stopped] {rate} "
            f"percent of {illness} cases."
            f"|Of those who got the {illness} vaccine of {company} in a study, {rate} percent were [protected|safe], "
            "compared with few in a group without it."
            f"|A {illness} vaccine made by {company} [stopped|prevented] {rate} percent of cases among "
            f"{number:,} people in a study.]",
            f"{company} {illness} vaccine {adverb} in trial",
            f"{company} vaccine prevents {rate} percent of {illness} cases",
            f"{illness.capitalize()} vaccine by {company} protects {rate} percent",
        ),
        (
            f"[{company} [broke off|ended] the test of its {illness} vaccine in {country} on {d.day()} after "
            f"{spelled(d.count(2, 9))} volunteers fell ill."
            f"|Testing of the {illness} vaccine of {company} has stopped in {country} since "
            f"[some|{spelled(d.count(2, 9))}] volunteers became unwell.]",
            f"{company} halts {illness} vaccine trial in {country}",
            f"{illness.capitalize()} vaccine test in {country} stopped as volunteers fall ill",
            f"Sick volunteers end {company} vaccine test in {country}",
        ),
        (
            f"[Doctors in {country} may [use|give] the {illness} vaccine of {company} from {d.month()}, the health "
            f"ministry decided, while that of {rival} must wait."
            f"|The health ministry of {country} has [given the green light|said yes] to a {illness} vaccine by "
            f"{company}, but not to that of {rival}."
            f"|It was {company}, and not {rival}, that [got|received] permission in {country} on {d.day()} to "
            f"offer a {illness} vaccine.]",
            f"{country} approves {company} {illness} vaccine",
            f"{country} allows {company} {illness} vaccine, {rival} must wait",
            f"{company} gets green light for {illness} vaccine in {country}",
        ),
        (
            f"[{country} [will buy|ordered] {(doses := d.count(2, 60))} million doses of a {illness} vaccine from "
            f"{company} and none from {rival}, whose price was higher."
            f"|A contract for {doses} million doses of {illness} vaccine [goes to|went to] {company} and not to "
            f"{rival}, officials in {country} said."
            f"|The offer of {rival} was [dearer|too high], and so {company} will deliver {doses} million "
            f"doses of a {illness} vaccine to {country}.]",
            f"{country} orders {doses} million {company} {illness} vaccine doses",
            f"{company} wins {country} contract for {doses} million {illness} doses",
            f"{country} picks {company} over {rival} for {illness} vaccine",
        ),
    )
    echo = (
        f"{d.before()} a {illness} vaccine by {d.company()} [prevented|stopped] {d.percent(31, 97)} of cases in "
        f"{d.country()}, where {d.count(2, 60)} million doses were ordered."
    )
    details = [
        *science_details(d),
        f"The product of {rival} [reached|showed] {d.percent(31, 97)} in an earlier study.",
        f"Shares in {company} [rose|fell] {d.percent(2, 19)}.",
        f"The illness [killed|claimed] {d.round(2_000, 90_000):,} people in {d.country()} last year.",
    ]
    openers = [
        f"Researchers at {rival} [gave up|failed] in {d.count(2010, 2022)}.",
        f"An outbreak in {d.country()} has [frightened|alarmed] doctors since {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def bankruptcy(d: Desk) -> Story:
    company, bank, place, debt, jobs = d.company(), d.company(), d.place(), d.money(), d.round(200, 20_000)
    trade = d.pick("airline", "toy chain", "shipyard", "travel agency", "builder", "department store", "steel maker")
    lead, *headlines = d.pick(
        (
            f"[Unable to repay {debt} to {bank} and other lenders, {trade} {company} [asked a court in {place} for "
            f"protection|sought protection in a court in {place}] on {d.day()}."
            f"|With debts of {debt}, {trade} {company} [can no longer pay its bills|is out of money] and went to "
            f"court in {place} on {d.day()}, to the surprise of {bank}."
            f"|A court in {place} will [decide|rule] on the future of {trade} {company}, which owes {debt} to "
            f"{bank} and others and can no longer pay.]",
            f"{company} files for bankruptcy with {debt} debt",
            f"{trade.capitalize()} {company} seeks court protection in {place}",
            f"{company} bankrupt, owes lenders {debt}",
        ),
        (
            f"[No buyer was found for {trade} {company}, so the [last|remaining] {jobs:,} employees in {place} will "
            "lose their work."
            f"|The end has come for {trade} {company} of {place}, where {jobs:,} people [are losing|lose] their work "
            f"after talks with {bank} failed."
            f"|For {jobs:,} people in {place} it was the last week at {trade} {company}, which is closing "
            f"since {bank} [found|saw] no buyer.]",
            f"{company} to close, {jobs:,} jobs lost",
            f"End of {trade} {company} costs {jobs:,} jobs in {place}",
            f"{jobs:,} in {place} lose work as {company} closes",
        ),
        (
            f"[The {trade} {company} [can carry on|will live on] after {bank} and other lenders agreed to "
            f"[forgive|write off] {debt}."
            f"|By giving up {debt}, {bank} and other lenders have [kept|saved] {trade} {company} from ruin.]",
            f"Lenders save {company}, forgive {debt} debt",
            f"{bank} and others write off {debt} to save {company}",
            f"{trade.capitalize()} {company} survives as lenders give up {debt}",
        ),
        (
            f"[Investor {(investor := d.person())} [takes over|is taking over] what remains of {trade} {company}, "
            f"which went bankrupt in {d.month()} owing {debt}."
            f"|There is hope for the bankrupt {trade} {company} of {place}, because {investor} [will put in|is "
            f"bringing] {d.millions()}.]",
            f"{investor.last} rescues bankrupt {trade} {company}",
            f"Bankrupt {trade} {company} finds investor in {investor.last}",
            f"{investor.last} takes over what remains of {company}",
        ),
    )
    echo = (
        f"{d.before()} {d.company()} of {d.place()}, another {trade}, [went to court|closed] with debts of "
        f"{d.money()}, and {d.round(200, 20_000):,} people lost their work."
    )
    details = [
        *market_details(d, company)[2:],
        f"Its rival {d.company()} went under in {d.count(1995, 2022)} with debts of {d.money()}.",
        f"Administrator {d.person()} will [meet|write to] creditors in {d.month()}.",
        f'"[We fought to the end|Costs ate us up|Customers stayed away]," said founder {d.person()}.',
    ]
    openers = [
        f"Suppliers such as {d.company()} had [demanded cash|stopped deliveries] for weeks.",
        f"When {d.person()} took charge in {d.month()}, there was [still hope|talk of growth].",
    ]
    return Story(lead, headlines, echo, details, openers)


def accord(d: Desk) -> Story:
    one, two, host, place = d.country(), d.country(), d.country(), d.place()
    subject, short = d.pick(
        ("their border", "border"),
        ("fishing rights", "fishing"),
        ("the water of a shared river", "water"),
        ("the return of refugees", "refugee"),
        ("trade in grain", "grain"),
    )
    lead, *headlines = d.pick(
        (
            f"[At a meeting in {place}, [ministers|envoys] from {one} and {two} put their names to a treaty on "
            f"{subject}, [with help from|brokered by] {host}."
            f"|Years of quarrel over {subject} ended on {d.day()} when {one} and {two} [signed|concluded] a treaty in "
            f"{place}, watched by {host}."
            f"|A treaty on {subject}, signed in {place} on {d.day()}, [binds|brings together] {one} and "
            f"{two}, and {host} had a hand in it.]",
            f"{one}, {two} sign {short} accord in {place}",
            f"{one} and {two} settle {short} dispute with treaty",
            f"{place} treaty ends {one}, {two} {short} quarrel",
        ),
        (
            f"[{one} [walked out of|left] the talks about {subject} with {two} on {d.day()}, {spelled(d.count(3, 12))} "
            f"days after they began in {host}."
            f"|Envoys of {one} [flew home|went home] from {host} on {d.day()}, saying that talks with {two} about "
            f"{subject} had no purpose."
            f"|The talks that {host} [arranged|hosted] about {subject} are over, as the envoys of {one} left "
            f"those of {two} sitting at the table.]",
            f"{one} quits {short} talks with {two}",
            f"{one} envoys walk out on {two} in {host}",
            f"{short.capitalize()} talks between {one} and {two} collapse",
        ),
        (
            f"[{host} has offered to [mediate|act as a go-between] in the quarrel between {one} and {two} over "
            f"{subject}."
            f"|Unable to agree on {subject}, {one} and {two} could [soon|shortly] meet in {host}, which wants to "
            "help.]",
            f"{host} offers to mediate in {one}, {two} {short} dispute",
            f"{host} ready to help {one} and {two} over {short}",
            f"{host} wants to end {short} quarrel of {one}, {two}",
        ),
        (
            f"[For the first time in {spelled(d.count(5, 40))} years, trains [can cross|are crossing] the border "
            f"between {one} and {two} at {place}."
            f"|Gates at {place} on the border of {one} and {two} [opened|went up] on {d.day()}, after "
            f"{spelled(d.count(5, 40))} years.]",
            f"{one}, {two} reopen border at {place}",
            f"Border of {one} and {two} open again at {place}",
            f"{place} crossing links {one} and {two} once more",
        ),
    )
    echo = (
        f"{d.before()} {d.country()} and {d.country()} [signed|walked away from] a treaty on {subject} in {d.place()}."
    )
    details = [
        '"[This is a good day for both peoples|Trust takes time|Words must be followed by deeds]," said '
        f"[envoy|minister] {d.person()}.",
        f"The dispute goes back to {d.count(1900, 1990)}, when {d.country()} left the region.",
        f"Talks in {d.place()} had [failed|stalled] in {d.month()}.",
        f"{d.country()} and {d.country()} have a similar quarrel that [remains unsolved|is before a court].",
        f"Some {d.round(2_000, 90_000):,} people live in the area, most of them around {d.place()}.",
    ]
    openers = [
        f"Few diplomats in {d.country()} had expected news before {d.month()}.",
        f"A first round, held in {d.place()} in {d.month()}, [brought little|led nowhere].",
    ]
    return Story(lead, headlines, echo, details, openers)


def derailment(d: Desk) -> Story:
    place, start, end, country, hurt, dead = (
        d.place(),
        d.place(),
        d.place(),
        d.country(),
        d.count(2, 90),
        d.count(2, 40),
    )
    cargo = d.pick("grain", "fuel", "coal", "timber", "cement")
    lead, *headlines = d.pick(
        (
            f"[A night train on its way from {start} to {end} left the rails [outside|near] {place} on {d.day()}, and "
            f"{people(dead)} [lost their lives|died]."
            f"|At least {people(dead)} died on the line from {start} to {end} when a night train [crashed|overturned] "
            f"close to {place} on {d.day()}."
            f"|The journey of a night train from {start} to {end} ended near {place} on {d.day()}, where it "
            f"[left the rails|overturned] and {people(dead)} died.]",
            f"Train crash near {place} kills {dead} people",
            f"{dead} dead as night train leaves rails near {place}",
            f"Night train to {end} crashes at {place}, {dead} dead",
        ),
        (
            f"[An express from {start} to {end} jumped the track at {place} on {d.day()}, and {people(hurt)} were "
            "[taken to hospital|hurt]."
            f"|Doctors treated {people(hurt)} on {d.day()} after a train from {start} to {end} came off the rails at "
            f"{place}."
            f"|Near {place} a train to {end} that had left {start} at dawn came off the rails, and "
            f"{people(hurt)} [needed a doctor|were hurt].]",
            f"{place} train derailment injures {hurt} people",
            f"{hurt} hurt as {start} train leaves rails at {place}",
            f"Train to {end} derails, {hurt} hurt in {place}",
        ),
        (
            f"[Wagons loaded with {cargo} [blocked|lay across] the main line at {place} after a freight train came "
            f"off the rails, so nothing moved between {start} and {end}."
            f"|The line between {start} and {end} is closed at {place}, where a train carrying {cargo} [derailed|left "
            f"the rails] on {d.day()}.]",
            f"Derailed {cargo} train blocks line at {place}",
            f"{start}, {end} line closed after {cargo} train derails",
            f"{cargo.capitalize()} wagons stop traffic between {start} and {end}",
        ),
        (
            f"[A broken rail, and not the driver from {start}, was to blame for the train crash at {place}, "
            f"investigators in {country} [found|said]."
            f"|The crash of the train from {start} at {place} was [caused by|due to] a broken rail, a report for the "
            f"government of {country} says.]",
            f"Broken rail blamed for {place} train crash",
            f"{place} accident due to broken rail, {country} says",
            f"Report: broken rail caused accident at {place}",
        ),
    )
    echo = (
        f"{d.before()} a train from {d.place()} to {d.place()} [left the rails|crashed] close to {d.place()}, "
        f"and {people(d.count(2, 90))} died."
    )
    details = [
        *rescue_details(d, country)[:1],
        f"Transport minister {d.person()} [promised|ordered] an inquiry.",
        f"Services between {d.place()} and {d.place()} will [resume|start again] on {d.day()}.",
        f"The train was {d.count(12, 45)} years old and belonged to {d.company()}.",
        f"In {d.count(1960, 2020)} an accident at {d.place()} [killed|cost the lives of] {d.count(20, 90)} people.",
    ]
    openers = [
        f"The line through {d.place()} was [repaired|renewed] only last year.",
        f"Railway unions in {country} have complained about [old tracks|long shifts] since {d.count(2005, 2022)}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def theft(d: Desk) -> Story:
    place, museum, painter, value, other = d.place(), d.place(), d.person(), d.millions(2, 90), d.place()
    thing = d.pick("painting", "crown", "violin", "statue", "tapestry", "vase")
    lead, *headlines = d.pick(
        (
            f"[Thieves [broke|climbed] into the museum of {place} on {d.day()} night and [escaped|made off] with a "
            f"{thing} worth {value}."
            f"|A {thing} worth {value} is missing from the museum in {place} after a break-in on {d.day()}, and the "
            f"trail leads to {other}."
            f"|Police in {place} are looking for those who [took|carried off] a {thing} worth {value} from "
            f"the museum on {d.day()}.]",
            f"Thieves steal {value} {thing} from {place} museum",
            f"{place} museum loses {value} {thing} to burglars",
            f"{thing.capitalize()} worth {value} stolen in {place}",
        ),
        (
            f"[A {thing} that [vanished|was stolen] from a museum in {museum} in {(year := d.count(1970, 2020))} has "
            f"turned up in a [garage|cellar|barn] in {place}."
            f"|Forgotten in a [garage|cellar|barn] in {place}, police found a {thing} that the museum of {museum} has "
            f"missed since {year}."
            f"|The museum of {museum} will get back a {thing}, stolen in {year}, that was found in a "
            f"[garage|cellar|barn] in {place}.]",
            f"{thing.capitalize()} stolen in {year} found in {place}",
            f"{museum} museum {thing} turns up in {place}",
            f"Long lost {museum} {thing} discovered in {place}",
        ),
        (
            f"[Police in {place} [arrested|caught] {painter}, "
            f"{an(d.pick('dealer', 'guard', 'electrician', 'former clown'))}, in connection with the {thing} missing "
            f"from the museum of {museum}."
            f"|{painter} is being held by the police in {place}, who [suspect|believe] that the museum of {museum} "
            f"lost a {thing} with inside help.]",
            f"{place} police arrest {painter.last} over {museum} {thing}",
            f"{painter.last} held in {place} over missing {thing}",
            f"Police suspect {painter.last} in {museum} museum theft",
        ),
        (
            f"[The {thing} shown in the museum of {place} for {spelled(d.count(8, 60))} years is not real, experts "
            "from "
            f"{other} [found|concluded]."
            f"|Experts from {other} looked closely at a famous {thing} in the museum of {place} and [called|declared] "
            "it a forgery.]",
            f"{place} museum {thing} is fake, experts say",
            f"Experts call {thing} in {place} museum forgery",
            f"{other} experts: {thing} in {place} not real",
        ),
    )
    echo = (
        f"{d.before()} thieves [made off|escaped] with a {thing} worth {d.millions(2, 90)} from the museum of "
        f"{d.place()}, and police there arrested {d.person()}."
    )
    details = [
        f'"[I have no words|We had no idea|I could hardly sleep]," said director {d.person()}.',
        f"The collection, a gift of {d.person()}, is [valued|insured] at {d.millions(20, 900)}.",
        f"Alarms [failed|stayed silent], and guard {d.person()} noticed nothing.",
        f"A similar case in {d.place()} in {d.count(1985, 2020)} was [never|quickly] solved.",
        f"The insurer {d.company()} [offers|promised] a reward for information.",
    ]
    openers = [
        f"Last year burglars [failed|gave up] at the museum of {d.place()}.",
        f"Collector {d.person()} of {d.place()} could hardly believe the news.",
    ]
    return Story(lead, headlines, echo, details, openers)


def wildfire(d: Desk) -> Story:
    place, country, other, area, homes = d.place(), d.country(), d.place(), d.round(200, 60_000), d.round(20, 900)
    lead, *headlines = d.pick(
        (
            f"[Driven by [strong|hot] winds, flames have [blackened|eaten through] {area:,} hectares of forest around "
            f"{place}, in {country}, since {d.day()}."
            f"|Firefighters in {country} are [losing|fighting] a battle near {place}, where {area:,} hectares of "
            f"forest have burned since {d.day()}.]",
            f"Wildfire burns {area:,} hectares near {place}",
            f"{area:,} hectares of {country} forest burn near {place}",
            f"Flames around {place} eat through {area:,} hectares",
        ),
        (
            f"[A forest fire that began near {other} reached {place} on {d.day()}, where {homes} houses [burned "
            "down|were lost]."
            f"|After flames swept down from {other}, {place} counted {homes} houses [lost to the fire|in ashes] on "
            f"{d.day()}."
            f"|In {place}, {homes} houses [burned|were lost] on {d.day()}, when flames came over the hill "
            f"from {other}.]",
            f"Wildfire destroys {homes} houses in {place}",
            f"{place} loses {homes} houses to forest fire",
            f"{homes} houses burn as fire reaches {place}",
        ),
        (
            f"[After {spelled(d.count(4, 20))} days, crews in {country} have [put out|mastered] the forest fire that "
            f"had threatened {place}."
            f"|The forest fire close to {place} is out, crews in {country} [said|reported] after "
            f"{spelled(d.count(4, 20))} days of work.]",
            f"{country} crews put out {place} wildfire",
            f"Forest fire near {place} out, {country} crews say",
            f"{place} safe as crews master forest fire",
        ),
        (
            f"[Buses took {(number := d.round(400, 20_000)):,} people out of {place} as a forest fire [came "
            f"closer|moved down the hills] from {other}."
            f"|In {place}, {number:,} people have to go [to a safe place|elsewhere], because a forest fire near "
            f"{other} is moving towards them."
            f"|Flames near {other} are [coming closer|too close], and {number:,} people were told to leave {place}.]",
            f"{place} evacuates {number:,} as wildfire nears",
            f"{number:,} leave {place} as forest fire comes closer",
            f"Fire near {other} drives {number:,} from {place}",
        ),
    )
    echo = (
        f"{d.before()} flames around {d.place()}, in {d.country()}, [burned|blackened] {d.round(200, 60_000):,} "
        f"hectares and {d.round(20, 900)} houses."
    )
    details = [
        *rescue_details(d, country, "[wind|heat]"),
        f"Planes from {d.country()} [dropped|brought] water, and {d.count(60, 900)} firefighters were at work near "
        f"{d.place()}.",
        f"Last summer {d.round(200, 60_000):,} hectares burned [around|near] {d.place()}.",
    ]
    openers = [
        f"It has not rained in {other} for {spelled(d.count(5, 20))} weeks.",
        f"A careless camper from {d.place()} has been [questioned|charged].",
    ]
    return Story(lead, headlines, echo, details, openers)


def harvest(d: Desk) -> Story:
    country, other, amount, size = d.country(), d.country(), d.count(3, 90), d.count(3, 45)
    crop = d.pick("wheat", "maize", "rice", "barley", "cotton", "sugar", "coffee", "soybean")
    up = "soar" if size >= 25 else "rise"
    down = "slump" if size >= 25 else "drop"
    reason, short = d.pick(
        ("a late frost", "frost"), ("a plague of beetles", "beetles"), ("too much rain", "rain"), ("hot winds", "heat")
    )
    lead, *headlines = d.pick(
        (
            f"[Farmers in {country} will bring in {amount} million tonnes of {crop} this year, {size} percent more "
            "than last season, the farm ministry [predicts|expects]."
            f"|The {crop} harvest of {country} will be {size} percent larger this season and [reach|come to] {amount} "
            "million tonnes."
            f"|This year the fields of {country} will [give|yield] {amount} million tonnes of {crop}, or "
            f"{size} percent more than last season.]",
            f"{country} {crop} crop to {up} {size} percent",
            f"{country} expects {amount} million tonnes of {crop}",
            f"{country} farmers to bring in {size} percent more {crop}",
        ),
        (
            f"[Because of {reason}, the {crop} harvest in {country} will be {size} percent smaller at {amount} "
            "million tonnes, according to [traders|the farm ministry]."
            f"|Farmers in {country} have [suffered from|had] {reason} and will bring in only {amount} million tonnes "
            f"of {crop}, {size} percent less."
            f"|Only {amount} million tonnes of {crop} are expected in {country}, a [loss|drop] of {size} "
            f"percent after {reason}.]",
            f"{country} {crop} crop to {down} {size} percent on {short}",
            f"{short.capitalize()} to cut {country} {crop} harvest by {size} percent",
            f"{country} {crop} harvest falls to {amount} million tonnes",
        ),
        (
            f"[With {crop} [scarce|short] after {reason}, {country} will [not let any leave|keep all of it in] the "
            f"country until {(month := d.month())}."
            f"|Until {month}, no ship with {crop} may leave {country}, which has [suffered|had] {reason} and fears "
            "shortages.]",
            f"{country} bans {crop} exports until {month}",
            f"{country} keeps {crop} at home until {month}",
            f"No {crop} to leave {country} before {month}",
        ),
        (
            f"[Mills in {country} have [ordered|bought] {amount} million tonnes of {crop} from {other} after {reason} "
            "spoiled the fields at home."
            f"|Since {reason} spoiled its own fields, {country} will [get|receive] {amount} million tonnes of {crop} "
            f"from {other}.]",
            f"{country} buys {amount} million tonnes of {other} {crop}",
            f"{other} sells {amount} million tonnes of {crop} to {country}",
            f"{country} turns to {other} for {crop} after {short}",
        ),
    )
    echo = (
        f"Last season {country} brought in {d.count(3, 90)} million tonnes of {crop}, {d.percent(3, 45)} "
        f"[more|less] than before, and {d.country()} [sold|bought] {d.count(3, 90)} million tonnes."
    )
    details = [
        f"Prices in {d.place()} [rose|fell] {d.percent(1, 9)} to ${d.round(120, 900)} a tonne.",
        f"In {d.country()} the outlook is [better|worse], with {d.count(3, 90)} million tonnes expected.",
        f'"[The fields look good|It has been a hard year|Our silos are full]," said {d.person()}, who farms near '
        f"{d.place()}.",
        f"Last year's harvest came to {d.count(3, 90)} million tonnes.",
        f"Traders at {d.company()} [doubt the figures|had expected less|had expected more].",
    ]
    openers = [
        f"In {d.country()} the harvest is already over, and {d.count(3, 90)} million tonnes are in store.",
        f"Trader {d.person()} of {d.company()} travelled through the fields in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def bridge(d: Desk) -> Story:
    place, other, river, cost, length, builder = (
        d.place(),
        d.place(),
        d.river(),
        d.money(),
        d.round(300, 9_000),
        d.company(),
    )
    lead, *headlines = d.pick(
        (
            f"[Drivers [crossed|could cross] the {river} at {place} for the first time on {d.day()} on a bridge that "
            f"{builder} built for {cost}."
            f"|A bridge that cost {cost} has [carried|taken] cars over the {river} in {place} since {d.day()}, to the "
            f"pride of builder {builder}."
            f"|The {river} can be crossed at {place} since {d.day()}, as builder {builder} has "
            f"[finished|completed] a bridge for {cost}.]",
            f"{place} opens {cost} bridge over {river}",
            f"New {river} bridge in {place} opens to traffic",
            f"{builder} completes {cost} bridge at {place}",
        ),
        (
            f"[Engineers found cracks in the bridge over the {river} at {place}, and traffic must [go round|make a "
            f"detour] by way of {other}."
            f"|No car may use the bridge at {place} across the {river}, in which inspectors from {other} "
            "[found|discovered] cracks.]",
            f"Cracks shut {river} bridge at {place}",
            f"{place} closes {river} bridge over cracks",
            f"Cracks found in {place} bridge, traffic stopped",
        ),
        (
            f"[{builder} [will build|won the contract for] a tunnel of {length:,} metres under the {river} between "
            f"{place} and {other}, worth {cost}."
            f"|Worth {cost}, the order for a tunnel under the {river} from {place} to {other} [goes|went] to "
            f"{builder}, which will start in {d.month()}."
            f"|Between {place} and {other}, {length:,} metres of tunnel will pass under the {river}, "
            f"[built|dug] by {builder} at a price of {cost}.]",
            f"{builder} wins {cost} {river} tunnel contract",
            f"{builder} to build {river} tunnel for {cost}",
            f"{place}, {other} tunnel order goes to {builder}",
        ),
        (
            f"[The bridge that is to link {place} and {other} will cost {cost}, [twice as much as planned|far more "
            f"than planned], builder {builder} admitted."
            f"|Builder {builder} [now wants|asks for] {cost} for the bridge from {place} to {other}, far more than "
            "first agreed.]",
            f"Cost of {place} bridge climbs to {cost}",
            f"{builder} asks {cost} for {place}, {other} bridge",
            f"Bridge between {place} and {other} dearer than planned",
        ),
    )
    echo = (
        f"{d.before()} cars [crossed|could cross] the {d.river()} at {d.place()} on a bridge that {d.company()} "
        f"built for {d.money()}."
    )
    details = [
        f"The old crossing dates from {d.count(1850, 1960)} and was designed by {d.person()}.",
        f"About {d.round(2_000, 90_000):,} cars a day use the road to {d.place()}.",
        f'"[We waited long enough|It is a work of art|My children will use it]," said {d.person()}, a '
        f"[baker|driver|ferryman] in {d.place()}.",
        f"A similar project in {d.place()} took {spelled(d.count(3, 15))} years and {d.money()}.",
        f"Transport minister {d.person()} [praised the workers|asked for patience].",
    ]
    openers = [
        f"Last {d.month()} a new bridge near {d.place()} [cut|shortened] the way to {d.place()} by an hour.",
        f"Plans by {d.company()} were [rejected|shelved] in {d.count(1980, 2015)}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def leak(d: Desk) -> Story:
    company, country, place, number, firm = d.company(), d.country(), d.place(), d.count(2, 90), d.company()
    data = d.pick("passport numbers", "bank details", "health records", "passwords", "home addresses", "phone numbers")
    trade = d.pick("hotel chain", "retailer", "insurer", "airline", "network", "clinic group")
    lead, *headlines = d.pick(
        (
            f"[Strangers [copied|got hold of] the {data} of {number} million customers of {trade} {company}, the "
            f"security firm {firm} [found|discovered]."
            f"|The {data} of {number} million people were open to anyone on a server of {trade} {company}, "
            f"[said|reported] the security firm {firm}."
            f"|Security firm {firm} has [found|come across] the {data} of {number} million people, all of "
            f"them customers of {trade} {company}.]",
            f"{company} leak exposes {number} million {data}",
            f"{data.capitalize()} of {number} million {company} customers exposed",
            f"{trade.capitalize()} {company} fails to protect {data} of {number} million",
        ),
        (
            f"[An attack on the computers of {trade} {company} [kept|left] its offices in {place} closed on "
            f"{d.day()}, and the intruders want {(ransom := d.millions(2, 60))}."
            f"|Intruders [locked|froze] the computers of {trade} {company} in {place} and will only free them for "
            f"{ransom}, police said on {d.day()}.]",
            f"Hackers demand {ransom} from {company}",
            f"{company} computers attacked, intruders want {ransom}",
            f"Attack hits {trade} {company} in {place}",
        ),
        (
            f"[{country} [ordered|told] {trade} {company} to pay {(fine := d.millions(2, 300))} because it had stored "
            f"{data} without protection."
            f"|A penalty of {fine} [awaits|faces] {trade} {company} in {country}, whose officials found {data} lying "
            "open.]",
            f"{country} fines {company} {fine} over data leak",
            f"{company} to pay {fine} for exposing {data}",
            f"{country} penalty of {fine} for {trade} {company}",
        ),
        (
            f"[Police in {place} [caught|arrested] a student of {d.count(17, 24)} who is said to have taken {data} "
            "from "
            f"{trade} {company}."
            f"|A student is [in custody|under arrest] in {place}, suspected of breaking into the computers of {trade} "
            f"{company} to steal {data}.]",
            f"{place} student held over {company} hack",
            f"Student in {place} suspected of stealing {company} {data}",
            f"Police in {place} catch {company} data thief",
        ),
    )
    echo = (
        f"{d.before()} strangers copied {data} of {d.count(2, 90)} million customers of {trade} {d.company()}, "
        f"which [paid|had to pay] {d.millions(2, 300)} in {d.country()}."
    )
    details = [
        *market_details(d, company)[:4],
        f"{d.company()} lost the data of {d.count(2, 90)} million people in {d.count(2010, 2023)}.",
        f"Customers in {d.country()} [were not affected|should change their passwords].",
        f"Expert {d.person()} of {d.company()} [blamed|pointed to] an old server in {d.place()}.",
    ]
    openers = [
        f"Only last week {d.company()} had [boasted|said] that its systems were safe.",
        f"A warning by {d.person()}, a former employee, went unheard in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def wages(d: Desk) -> Story:
    company, union, country, rise, staff = d.company(), d.person(), d.country(), d.count(2, 15), d.round(1_000, 90_000)
    group = d.pick(
        "cleaners", "bus drivers", "bakers", "postal workers", "electricians", "cabin crews", "steel workers"
    )
    lead, *headlines = d.pick(
        (
            f"[After {spelled(d.count(5, 40))} hours of talks, {company} and the union led by {union} agreed on {rise} "
            f"percent more pay for {staff:,} {group}."
            f"|The {group} at {company} will [get|receive] {rise} percent more pay, union leader {union} said after a "
            "long night."
            f"|Union leader {union} [got|won] {rise} percent more pay for the {group} of {company}, where "
            "talks had lasted all night.]",
            f"{company} agrees {rise} percent pay rise for {group}",
            f"{group.capitalize()} at {company} to get {rise} percent more",
            f"{union.last} wins {rise} percent for {company} {group}",
        ),
        (
            f"[The {group} of {country} [voted against|said no to] an offer of {rise} percent more pay, although "
            f"union leader {union} had recommended it."
            f"|An offer of {rise} percent more pay does not [satisfy|please] the {group} of {country}, a vote held by "
            f"union leader {union} showed."
            f"|Although {union}, who leads the union, [liked|praised] it, an offer of {rise} percent found no "
            f"favour with the {group} of {country}.]",
            f"{country} {group} reject {rise} percent pay offer",
            f"{group.capitalize()} in {country} vote down {rise} percent rise",
            f"{country} {group} want more than {rise} percent",
        ),
        (
            f"[From {(month := d.month())}, {group} at {company} will [work|come in] only four days a week for the "
            f"same money, under a deal signed by {union}."
            f"|Fridays will be free for the {group} of {company} from {month}, union leader {union} [announced|said], "
            "and wages stay the same.]",
            f"{company} {group} win four-day week from {month}",
            f"Four days are enough for {company} {group} from {month}",
            f"Shorter week for {group} at {company}, {union.last} says",
        ),
        (
            f"[The lowest wage allowed in {country} will [go up|climb] by {rise} percent in {(month := d.month())}, "
            f"labour minister {union} [announced|said]."
            f"|Low earners in {country} will get {rise} percent more from {month}, when the legal minimum [rises|goes "
            f"up], minister {union} said.]",
            f"{country} to lift minimum wage {rise} percent in {month}",
            f"Lowest wage in {country} goes up {rise} percent",
            f"{country} low earners to get {rise} percent more",
        ),
    )
    echo = (
        f"{d.before()} the {group} at {d.company()} [got|received] {d.percent(2, 15)} more pay, and those of "
        f"{d.country()} [voted against|accepted] {d.percent(2, 15)}."
    )
    details = [
        f"At {d.company()}, workers [won|received] {d.percent(2, 15)} in {d.month()}.",
        f'"[It is a fair result|The money is there|We wanted more]," said {d.person()}, who has worked in {d.place()} '
        f"for {d.count(12, 40)} years.",
        f"Employers, led by {d.person()}, had [first offered|started with] {d.percent(1, 4)}.",
        f"Prices have risen {d.percent(2, 14)} in a year, more than in {d.country()}.",
        f"A [similar|comparable] agreement in {d.country()} cost {d.millions()}.",
    ]
    openers = [
        f"Earlier talks in {d.place()} had ended [without result|in anger].",
        f"{d.company()} [led the way|made the first move] with a deal in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def drought(d: Desk) -> Story:
    country, place, river, other, level = d.country(), d.place(), d.river(), d.place(), d.count(8, 38)
    lead, *headlines = d.pick(
        (
            f"[People in {place} may [no longer water|not water] gardens or wash cars from {d.day()}, since the "
            f"reservoir is only {level} percent full."
            f"|With its reservoir only {level} percent full, {place} will [limit|ration] the use of water from "
            f"{d.day()}, as {other} has done."
            f"|The reservoir of {place} [holds|contains] only {level} percent of what it could, and from "
            f"{d.day()} water will be limited there.]",
            f"{place} rations water as reservoir falls to {level} percent",
            f"{place} limits water use, reservoir {level} percent full",
            f"Water short in {place} as reservoir dries up",
        ),
        (
            f"[{country} declared an emergency in {spelled(provinces := d.count(2, 14))} provinces after "
            f"{spelled(d.count(3, 18))} months with [almost no|hardly any] rain."
            f"|Hardly any rain has fallen in {spelled(provinces)} provinces of {country}, which are now [under|in] a "
            "state of emergency.]",
            f"{country} declares drought emergency in {provinces} provinces",
            f"{provinces} {country} provinces under emergency for lack of rain",
            f"{country} calls emergency as rain stays away",
        ),
        (
            f"[Water in the {river} is so low that [ships|barges] can [no longer reach|not get to] {place}, and goods "
            f"pile up in {other}."
            f"|No ship has [reached|come to] {place} since {d.day()} because the {river} carries too little water, "
            f"merchants in {other} said."
            f"|Goods pile up in {other} since the {river} became too low for the ships that [supply|serve] {place}.]",
            f"Low water on {river} cuts off {place}",
            f"{place} out of reach for ships as {river} falls",
            f"{river} too shallow for ships to {place}",
        ),
        (
            f"[The first rain in {spelled(months := d.count(3, 18))} months [fell|came down] on {place} on {d.day()}, "
            f"and {country} may lift limits on water."
            f"|People danced in the streets of {place} on {d.day()} as rain [fell|poured down] after "
            f"{spelled(months)} dry months.]",
            f"Rain ends {months}-month drought in {place}",
            f"{place} sees first rain in {months} months",
            f"Dry spell over in {place} after {months} months",
        ),
    )
    echo = (
        f"In {d.place()} the reservoir was [still|already] {d.count(8, 60)} percent full in {d.month()}, and "
        f"ships [could use|had left] the {d.river()}."
    )
    details = [
        f"In {d.place()} [wells have run dry|trees are losing their leaves|cattle are being sold].",
        f'"[I have never seen the lake so small|Every drop counts|We pray for clouds]," said farmer {d.person()} from '
        f"{d.place()}.",
        f"The last dry spell, in {d.count(1950, 2015)}, cost farmers in {d.country()} {d.millions()}.",
        f"Water minister {d.person()} wants to [drill|dig] {d.count(20, 300)} wells.",
        f"Meteorologist {d.person()} expects [showers|clouds] over {d.place()} by {d.day()}.",
    ]
    openers = [
        f"Neighbouring {d.country()} has been short of water since {d.month()}.",
        f"The lake near {d.place()} was a place for swimmers until {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def blaze(d: Desk) -> Story:
    place, company, country, dead, other = d.place(), d.company(), d.country(), d.count(2, 60), d.place()
    building = d.pick("factory", "warehouse", "hotel", "market hall", "theatre", "paint plant")
    damage = d.millions(2, 300)
    lead, *headlines = d.pick(
        (
            f"[At least {people(dead)} [did not get out|were trapped and died] when flames raced through a {building} "
            f"in {place} on {d.day()}."
            f"|A {building} in {place} burned to the ground on {d.day()}, and at least {people(dead)} [lost their "
            "lives|died] in the flames."
            f"|For at least {people(dead)} there was no way out of a {building} in {place} when it [caught "
            f"fire|went up in flames] on {d.day()}.]",
            f"{place} {building} fire kills {dead} people",
            f"{dead} die as flames destroy {building} in {place}",
            f"At least {dead} dead in {place} {building} blaze",
        ),
        (
            f"[A fire that began in the kitchen [gutted|destroyed] a {building} owned by {company} in {place}, "
            f"causing damage of {damage}."
            f"|Damage of {damage} was done by flames in a {building} in {place} on {d.day()}, the owner {company} "
            "[said|reported]."
            f"|Owner {company} lost a {building} in {place} to a fire on {d.day()} and [reckons with|expects] "
            f"damage of {damage}.]",
            f"Fire at {place} {building} causes {damage} damage",
            f"Flames gut {company} {building} in {place}",
            f"{company} loses {building} in {damage} blaze",
        ),
        (
            f"[Thick smoke from a burning {building} made the authorities in {place} [shut|close] the "
            f"{(closed := d.pick('port', 'airport', 'motorway', 'railway station'))} on {d.day()}."
            f"|A {building} in {place} caught fire on {d.day()}, and the {closed} nearby [was closed|had to close] "
            "because of the smoke.]",
            f"{building.capitalize()} fire shuts {place} {closed}",
            f"Smoke from burning {building} closes {closed} in {place}",
            f"{place} {closed} shut as {building} burns",
        ),
        (
            f"[Prosecutors in {place} charged {(owner := d.person())}, owner of the {building} that burned down in "
            f"{d.month()}, with ignoring safety rules."
            f"|{owner}, who owns a {building} in {place} that burned down, must [appear|stand] in court in "
            f"{d.month()} for ignoring safety rules.]",
            f"{place} {building} owner {owner.last} charged over fire",
            f"{owner.last} to face court over {place} {building} fire",
            f"Prosecutors blame owner {owner.last} for {building} blaze",
        ),
    )
    echo = (
        f"{d.before()} a {building} in {d.place()} owned by {d.company()} burned down, and "
        f"{people(d.count(2, 60))} died; damage was put at {d.millions(2, 300)}."
    )
    details = [
        *rescue_details(d, country)[:4],
        f"It took {d.count(20, 300)} firefighters {spelled(d.count(3, 20))} hours to [control|put out] the blaze.",
        f"In {other} a fire at a {d.pick('bakery', 'shoe shop', 'school')} on {d.day()} [hurt|injured] "
        f"{spelled(d.count(2, 9))} people.",
        f"Inspectors from {d.place()} had [visited|checked] the site in {d.month()}.",
    ]
    openers = [
        f"Fire chief {d.person()} of {other} called it a black week.",
        f"At first neighbours in nearby {other} thought of [fireworks|thunder].",
    ]
    return Story(lead, headlines, echo, details, openers)


def space(d: Desk) -> Story:
    country, company, place, scientist, other = d.country(), d.company(), d.place(), d.person(), d.country()
    task, short = d.pick(
        ("watch the weather", "weather"),
        ("map the ice", "ice"),
        ("carry phone calls", "phone"),
        ("study the sun", "sun"),
        ("look for water on the moon", "moon"),
    )
    lead, *headlines = d.pick(
        (
            f"[A rocket [rose|lifted off] from {place} on {d.day()} with a satellite of {country} that will "
            f"{task}."
            f"|A satellite of {country} that will {task} is [on its way|in orbit] after the launch "
            f"of a rocket at {place} on {d.day()}."
            f"|From {place} a rocket [took|carried] a satellite on its way on {d.day()}, with which {country} "
            f"will {task}.]",
            f"{country} launches {short} satellite from {place}",
            f"{short.capitalize()} satellite of {country} lifts off from {place}",
            f"Rocket carries {country} {short} satellite into orbit",
        ),
        (
            f"[The rocket of {company} [exploded|broke up] {d.count(40, 190)} seconds after lift-off from {place} and "
            f"took with it a satellite built to {task}."
            f"|A satellite built to {task} was [lost|destroyed] on {d.day()} when a rocket of {company} blew up over "
            f"{place}."
            f"|Above {place} a rocket blew up that {company} had [launched|sent up] with a satellite on "
            f"board, built to {task}.]",
            f"{company} rocket explodes with {short} satellite",
            f"{short.capitalize()} satellite lost as {company} rocket blows up",
            f"{company} launch at {place} ends in flames",
        ),
        (
            f"[[Bad weather|High wind|A faulty valve] kept the rocket at {place} on the ground, and {company} will "
            f"[try again|make a new attempt] on {(day := d.day())} to send up a satellite meant to {task}."
            f"|A satellite meant to {task} has to wait until {day}, since {company} [stopped|called off] the launch "
            f"at {place} seconds before the start.]",
            f"{company} delays {short} satellite launch to {day}",
            f"{short.capitalize()} satellite must wait until {day}",
            f"{company} stops rocket launch at {place}",
        ),
        (
            f"[Contact with the satellite that {country} sent up in {d.count(2010, 2023)} to {task} has been "
            f"[lost|broken off] since {d.day()}, engineer {scientist} said."
            f"|The satellite with which {country} [hoped|wanted] to {task} no longer answers, engineer {scientist} "
            f"said on {d.day()}.]",
            f"{country} loses contact with {short} satellite",
            f"{country} {short} satellite silent, engineer {scientist.last} says",
            f"{short.capitalize()} satellite of {country} no longer answers",
        ),
    )
    echo = (
        f"{d.before()} a rocket of {d.company()} [lifted off|exploded after lift-off] from {d.place()} with a "
        f"satellite that {d.country()} had built."
    )
    details = [
        *science_details(d),
        f"{other} [plans|is preparing] a launch of its own in {d.month()}.",
        f"The craft weighs {d.round(100, 5_000):,} kilograms and was built by {d.company()}.",
        f"An earlier attempt at {d.place()} [ended in the sea|ended in flames].",
    ]
    openers = [
        f"Crowds had gathered on the beach of {d.place()} since dawn.",
        f"In {d.month()} a rocket of {d.company()} [fell into the sea|missed its orbit].",
    ]
    return Story(lead, headlines, echo, details, openers)


def layoffs(d: Desk) -> Story:
    company, place, rival, jobs, share = d.company(), d.place(), d.company(), d.round(100, 20_000), d.count(4, 40)
    trade = d.pick("bank", "carmaker", "phone maker", "retailer", "newspaper group", "shipping line")
    reason, short = d.pick(
        ("falling sales", "sales fall"),
        ("new machines", "machines take over"),
        ("high debts", "debts mount"),
        ("the loss of a big order", "order is lost"),
    )
    lead, *headlines = d.pick(
        (
            f"[[Citing|Pointing to] {reason}, {trade} {company} said on {d.day()} that it would part with {jobs:,} "
            f"employees, most of them in {place}."
            f"|In {place}, {jobs:,} people will lose their work at {trade} {company}, which [spoke of|gave as the "
            f"reason] {reason}."
            f"|Because of {reason}, {jobs:,} people [must leave|will lose their work at] {trade} {company}, "
            f"most of them in {place}.]",
            f"{company} cuts {jobs:,} jobs as {short}",
            f"{trade.capitalize()} {company} to shed {jobs:,} in {place}",
            f"{jobs:,} lose work at {company} as {short}",
        ),
        (
            f"[The {company} plant in {place} will [close|shut its doors] in {(month := d.month())}, the {trade} told "
            f"{jobs:,} workers there."
            f"|By {month} {trade} {company} will have [left|given up] its plant in {place}, where {jobs:,} people "
            "work."
            f"|The plant at {place}, where {jobs:,} people work, has no future [with|at] {trade} {company} "
            f"and will stand empty from {month}.]",
            f"{company} to shut {place} plant in {month}",
            f"{trade.capitalize()} {company} gives up {place}, {jobs:,} affected",
            f"{place} to lose {company} plant with {jobs:,} workers",
        ),
        (
            f"[One year after dismissing {d.round(100, 900)} people, {trade} {company} is [looking for|taking on] "
            f"{jobs:,} new workers in {place}."
            f"|There will be work for {jobs:,} more people in {place}, where {trade} {company} is [growing|adding a "
            "night shift]."
            f"|New orders have [arrived|come in], and {trade} {company} needs {jobs:,} more people in {place}.]",
            f"{company} to hire {jobs:,} in {place}",
            f"{trade.capitalize()} {company} seeks {jobs:,} workers in {place}",
            f"{jobs:,} new jobs at {company} in {place}",
        ),
        (
            f"[Managers at {trade} {company} will go without {share} percent of their pay to [protect|save] {jobs:,} "
            f"jobs in {place}."
            f"|To [avoid|prevent] the loss of {jobs:,} jobs in {place}, those who run {trade} {company} accept "
            f"{share} percent less pay.]",
            f"{company} managers take {share} percent pay cut to save jobs",
            f"{company} managers give up {share} percent of wages",
            f"Lower wages for managers save {jobs:,} {company} jobs",
        ),
    )
    echo = (
        f"{d.before()} {trade} {rival} [closed|opened] a plant in {d.place()}, where {d.round(100, 20_000):,} "
        "people [had worked|found work]."
    )
    details = [
        *market_details(d, company),
        f"{rival} [let go|dismissed] {d.round(100, 9_000):,} people in {d.month()}.",
        f'"[We are shocked|Whole families work here|It came without warning]," said union leader {d.person()}.',
    ]
    openers = [
        f"Just a month ago rival {rival} [closed|sold] its plant in {d.place()}.",
        f"{d.person()}, the mayor of {d.place()}, spoke of a [bitter|grey] day.",
    ]
    return Story(lead, headlines, echo, details, openers)


def plant(d: Desk) -> Story:
    company, place, country, cost, jobs = d.company(), d.place(), d.country(), d.money(), d.round(100, 9_000)
    goods, good = d.pick(
        ("batteries", "battery"),
        ("solar panels", "solar panel"),
        ("engines", "engine"),
        ("medicines", "medicine"),
        ("paper", "paper"),
        ("wind turbines", "turbine"),
        ("ceramics", "ceramics"),
        ("bicycles", "bicycle"),
    )
    lead, *headlines = d.pick(
        (
            f"[{company} will spend {cost} on a factory for {goods} in {place}, [winning over|after a contest with] "
            f"two other sites in {country}."
            f"|Ground was [broken|cleared] in {place} on {d.day()} for a factory in which {company} will make "
            f"{goods}, at a cost of {cost}."
            f"|No other site in {country} was as cheap as {place}, where {company} will put {cost} into a "
            f"factory [for|that makes] {goods}.]",
            f"{company} to build {cost} {good} plant in {place}",
            f"{place} gets {good} factory from {company}",
            f"{company} spends {cost} on {goods} in {place}",
        ),
        (
            f"[The first {goods} [left|rolled out of] the new factory of {company} in {place} on {d.day()}, where "
            f"{jobs:,} people have found work."
            f"|With {jobs:,} people, {company} has [begun|started] to make {goods} in a new factory in {place}, a "
            f"first for {country}."
            f"|In {place} a factory of {company} has [begun|started] to turn out {goods}, with {jobs:,} "
            f"people, the first of its kind in {country}.]",
            f"{company} opens {place} {good} plant with {jobs:,} jobs",
            f"{company} starts to make {goods} in {place}",
            f"New {company} factory gives {place} {jobs:,} jobs",
        ),
        (
            f"[After protests by residents, {company} no longer [wants|plans] to make {goods} in {place} and is "
            f"looking at sites in {country}."
            f"|Residents of {place} have [won|had their way], as {company} gives up its plan to make {goods} there.]",
            f"{company} drops {place} {good} plant after protests",
            f"{place} residents stop {company} {good} factory",
            f"{company} will not make {goods} in {place}",
        ),
        (
            f"[{country} is [giving|paying] {company} {cost} so that it makes {goods} in {place} and not abroad."
            f"|Because it will make {goods} in {place}, {company} [gets|receives] {cost} from the government of "
            f"{country}.]",
            f"{country} grants {company} {cost} for {place} plant",
            f"{company} gets {cost} from {country} for {good} factory",
            f"{country} pays {company} to make {goods} in {place}",
        ),
    )
    echo = (
        f"{d.before()} {d.company()} [opened|gave up] a factory for {goods} in {d.place()}, which cost "
        f"{d.money()} and [gave|had given] work to {d.round(100, 9_000):,} people."
    )
    details = [
        *market_details(d, company)[:4],
        f"{d.company()} makes {goods} in {d.place()} with {d.round(100, 9_000):,} workers.",
        f"Economy minister {d.person()} [called it a turning point|spoke of a great day].",
        f"A first plan, for {d.place()}, would have cost {d.money()}.",
    ]
    openers = [
        f"The mayor of {d.place()}, {d.person()}, had [lobbied|fought] for the project in vain.",
        f"Demand for {goods} has [doubled|tripled] since {d.count(2015, 2022)}, according to {d.company()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def oil(d: Desk) -> Story:
    company, country, place, other, amount = d.company(), d.country(), d.place(), d.country(), d.count(2, 90) * 10
    thing = d.pick("oil", "gas", "copper", "lithium", "gold")
    lead, *headlines = d.pick(
        (
            f"[Drilling [off the coast|in the hills|in the desert] of {country} has [paid off|ended well] for "
            f"{company}, which [came upon|struck] a large field of {thing} near {place}."
            f"|A large field of {thing} [lies|was discovered] beneath {place}, {company} said on {d.day()}, and "
            f"{country} can hope for new income."
            f"|Near {place}, in {country}, the drills of {company} [hit|reached] a large field of {thing}.]",
            f"{company} finds {thing} near {place} in {country}",
            f"{company} strikes large {thing} field at {place}",
            f"{country} hopes for income as {company} discovers {thing}",
        ),
        (
            f"[{country} will let {company} look for {thing} around {place} for {spelled(years := d.count(5, 30))} "
            f"years, [turning down|against the wishes of] {other}."
            f"|For {spelled(years)} years only {company} may [take|bring] {thing} out of the ground of {country}, "
            f"around {place}, and {other} goes away with nothing.]",
            f"{company} wins {years}-year {country} {thing} licence",
            f"{country} opens {place} to {company} for {thing}",
            f"{country} prefers {company} to {other} for {thing}",
        ),
        (
            f"[After a leak, {company} [closed|turned off] its {thing} field at {place} on {d.day()}, which supplies "
            f"much of {country}."
            f"|No {thing} is coming out of the field at {place} since {d.day()}, where {company} found a leak, and "
            f"{country} fears shortages."
            f"|A leak was [found|reported] on {d.day()} in the field at {place} where {company} gets {thing} "
            f"for {country}, and nothing flows any more.]",
            f"Leak shuts {company} {thing} field at {place}",
            f"{company} stops {thing} at {place} after leak",
            f"{country} {thing} supply hit by {place} accident",
        ),
        (
            f"[{country} [is taking|took] the {thing} fields at {place} away from {company}, which it accuses of "
            "paying too little tax."
            f"|Soldiers [stood|moved in] on {d.day()} at the {thing} fields of {company} at {place}, which now belong "
            f"to {country}.]",
            f"{country} seizes {company} {thing} fields at {place}",
            f"{company} loses {thing} fields in {country}",
            f"{country} takes {place} {thing} from {company}",
        ),
    )
    echo = f"{d.before()} {d.company()} [struck|lost] a field of {thing} near {d.place()}, in {d.country()}."
    details = [
        *market_details(d, company)[:4],
        f"In {d.count(2005, 2023)} the region [produced|supplied] {amount} tonnes of {thing} a day.",
        f"{d.company()} gave up its search near {d.place()} in {d.count(1995, 2020)}.",
        f"Prices [rose|fell] {d.percent(1, 7)} after the news, dealers in {d.place()} said.",
        f"Environment groups led by {d.person()} [fear|warned of] damage to the coast.",
    ]
    openers = [
        f"A find of {thing} near {d.place()} made headlines in {other} last {d.month()}.",
        f"Geologist {d.person()} had [believed in|told everybody about] the region since {d.count(1980, 2010)}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def inflation(d: Desk) -> Story:
    country, other, month, minister = d.country(), d.country(), d.month(), d.person()
    rate, years = f"{d.count(1, 14)}.{d.count(1, 9)} percent", d.count(2, 30)
    goods = d.pick("food", "fuel", "rent", "energy", "bread", "clothing")
    wares = d.pick("wine", "machines", "steel", "toys", "cheese", "timber")
    lead, *headlines = d.pick(
        (
            f"[Shoppers in {country} paid {rate} more in {month} than a year before, [chiefly|mostly] because of "
            f"dearer {goods}."
            f"|Dearer {goods} [pushed|drove] the rise of prices in {country} to {rate} in {month}, official figures "
            "show."
            f"|Prices in {country} were {rate} higher in {month} than a year earlier, [chiefly|mostly] "
            f"because {goods} is dearer.]",
            f"{country} inflation hits {rate} on {goods} prices",
            f"Dear {goods} lifts {country} inflation to {rate}",
            f"{country} prices up {rate} in {month}",
        ),
        (
            f"[Thanks to cheaper {goods}, prices in {country} rose by just {rate} in {month}, the [smallest|lowest] "
            f"increase in {spelled(years)} years."
            f"|Not for {spelled(years)} years have prices in {country} [risen|gone up] as little as in {month}, when "
            f"the increase was {rate}.]",
            f"{country} inflation slows to {rate}, lowest in {years} years",
            f"Prices in {country} rise just {rate} in {month}",
            f"{country} price rises smallest in {years} years",
        ),
        (
            f"[Unemployment in {country} [reached|climbed to] {rate} in {month} as factories sent workers home."
            f"|In {month}, {rate} of workers in {country} were [without|looking for] a job, more than in the month "
            "before."
            f"|Factories in {country} [let people go|closed] in {month}, and {rate} of workers had no job.]",
            f"{country} jobless rate climbs to {rate} in {month}",
            f"Unemployment in {country} reaches {rate}",
            f"{rate} of {country} workers without job in {month}",
        ),
        (
            f"[The economy of {country} [shrank|contracted] by {rate} in the half-year to {month}, finance "
            f"minister {minister} said."
            f"|It was a bad season for {country}, whose economy is {rate} smaller than a year ago, according to "
            f"finance minister {minister}."
            f"|Finance minister {minister} told parliament in {country} on {d.day()} that the economy is "
            f"{rate} [smaller|down].]",
            f"{country} economy shrinks {rate}, minister says",
            f"{minister.last}: {country} economy {rate} smaller",
            f"Output in {country} falls {rate}, {minister.last} says",
        ),
        (
            f"[Led by a boom in {wares}, exports from {country} [rose|grew] by {rate} in {month}, the fastest pace in "
            f"{spelled(years)} years."
            f"|{country} sold {rate} more goods abroad in {month} than a year before, [above all|mostly] {wares}, "
            f"finance minister {minister} said.]",
            f"{country} exports grow {rate} on {wares} boom",
            f"{country} sells {rate} more abroad thanks to {wares}",
            f"Demand for {wares} drives {country} exports up {rate}",
        ),
    )
    echo = (
        f"[The month before|In the spring] the figure was {d.count(1, 14)}.{d.count(1, 9)} percent, and in "
        f"{other} prices rose by {d.count(1, 14)}.{d.count(1, 9)} percent, minister {d.person()} said."
    )
    details = [
        f"In neighbouring {other} the figure was {d.count(1, 14)}.{d.count(1, 9)} percent.",
        f"Economists at {d.company()} had [forecast|expected] {d.count(1, 14)}.{d.count(1, 9)} percent.",
        f'"[Families feel it every day|The worst is over|The numbers speak for themselves]," said {d.person()}, an '
        f"economist at {d.company()}.",
        f"The central bank, led by {d.person()}, [meets|will decide on rates] on {d.day()}.",
        f"A year earlier it had been {d.count(1, 14)}.{d.count(1, 9)} percent.",
    ]
    openers = [
        f"Figures from {other} had [raised|dampened] hopes on {d.day()}.",
        f"Trade minister {d.person()} [had promised|promised] better numbers in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def transfer(d: Desk) -> Story:
    player, old, new, other, fee = d.person(), d.place(), d.place(), d.place(), d.millions(2, 90)
    role = d.pick("striker", "goalkeeper", "defender", "midfielder", "winger")
    weeks = d.count(2, 20)
    lead, *headlines = d.pick(
        (
            f"[{role.capitalize()} {player} [moves|is moving] from {old} to {new}, who will pay {fee} after {other} "
            "[had pulled out|lost interest]."
            f"|For {fee}, {new} have [bought|brought in] {role} {player} from {old}, to the regret of {other}."
            f"|The fee is {fee}, the player {role} {player}: while {other} [looked on|hesitated], {old} "
            f"agreed with {new}.]",
            f"{new} sign {old} {role} {player.last} for {fee}",
            f"{player.last} leaves {old} for {new} in {fee} move",
            f"{role.capitalize()} {player.last} joins {new}, {other} miss out",
        ),
        (
            f"[{player} will be out for {spelled(weeks)} weeks, {old} said, after the {role} [hurt a knee|broke a "
            f"toe] in the game against {other}."
            f"|Against {other} the {role} {player} of {old} was carried off and will [not play|be missing] for "
            f"{spelled(weeks)} weeks.]",
            f"{old} lose {role} {player.last} for {weeks} weeks",
            f"Injured {player.last} out for {weeks} weeks, {old} say",
            f"{role.capitalize()} {player.last} hurt in {other} game",
        ),
        (
            f"[Despite an offer of {fee} from {other}, {role} {player} has [put pen to paper|agreed to stay] at {old} "
            f"until {(year := d.count(2027, 2032))}."
            f"|Until {year} {role} {player} will [wear|keep] the colours of {old}, although {other} had offered "
            f"{fee}."
            f"|Neither {fee} nor {other} could [tempt|win over] {role} {player}, who has signed at {old} "
            f"until {year}.]",
            f"{player.last} to stay at {old} until {year}",
            f"{old} keep {role} {player.last} despite {other} offer",
            f"{player.last} turns down {fee} move to {other}",
        ),
        (
            f"[At the age of {(age := d.count(31, 42))}, {role} {player} of {old} will [play no more|hang up the "
            "boots] "
            f"after the game against {other}."
            f"|One more game, against {other}, and {role} {player} will [say goodbye|take leave] to {old} and to "
            f"football, aged {age}.]",
            f"{old} {role} {player.last} to retire at {age}",
            f"{player.last} to end career after {other} game",
            f"{role.capitalize()} {player.last} bids farewell to {old}",
        ),
    )
    echo = f"{d.before()} {role} {d.person()} [moved|went] from {d.place()} to {d.place()} for {d.millions(2, 90)}."
    details = [
        *sport_details(d, d.place())[:4],
        f"In {d.month()} {d.person()} [moved|went] to {d.place()} for {d.millions(2, 90)}.",
        f"The {role} has scored {d.count(3, 60)} goals in {d.count(61, 300)} games.",
    ]
    openers = [
        f"There has been much talk about players since {d.person()} left {d.place()}.",
        f"Agent {d.person()} had been seen in {d.place()} on {d.day()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def dig(d: Desk) -> Story:
    place, leader, country, other, age = d.place(), d.person(), d.country(), d.place(), d.count(3, 60) * 100
    thing = d.pick("temple", "ship", "tomb", "palace", "chapel", "theatre", "mosaic", "gold hoard")
    finder = d.pick("Builders", "Students", "Divers", "Farmers", "Children")
    lead, *headlines = d.pick(
        (
            f"[{finder} [stumbled upon|uncovered] a {thing} some {age:,} years old [near|outside] {place}, "
            f"archaeologist {leader} said."
            f"|A {thing} that lay in the ground near {place} for {age:,} years has come to light by the luck of some "
            f"{finder.lower()}, {leader} [said|reported]."
            f"|Under a field near {place}, some {finder.lower()} [came upon|struck] what archaeologist "
            f"{leader} calls a {thing} of {age:,} years.]",
            f"{finder} find {age:,}-year-old {thing} near {place}",
            f"{thing.capitalize()} from {age:,} years ago discovered at {place}",
            f"{finder} uncover ancient {thing}, {leader.last} says",
        ),
        (
            f"[The {thing} of {place} is {age:,} years old, much older than [anyone thought|the books say], a study "
            f"led by {leader} in {country} shows."
            f"|A team from {country} under {leader} has [dated|traced] the {thing} of {place} to a time {age:,} years "
            "ago."
            f"|Older than [anyone thought|the books say] is the {thing} of {place}: {age:,} years, according "
            f"to a team from {country} under {leader}.]",
            f"{place} {thing} is {age:,} years old, study shows",
            f"Study puts age of {place} {thing} at {age:,} years",
            f"{leader.last} team dates {place} {thing}",
        ),
        (
            f"[After {spelled(d.count(2, 9))} years of work, visitors can [see|walk round] the ancient {thing} of "
            f"{place} from {(month := d.month())}."
            f"|The doors of the ancient {thing} in {place} will be [open to|opened for] the public from {month}, "
            f"{leader} said.]",
            f"Ancient {place} {thing} opens to visitors in {month}",
            f"Visitors to see ancient {thing} in {place} from {month}",
            f"{place} opens doors of ancient {thing}",
        ),
        (
            f"[{country} wants the museum of {other} to [give back|hand over] the ancient {thing} that was taken from "
            f"{place} in {d.count(1850, 1950)}."
            f"|An ancient {thing} from {place}, now shown in {other}, [belongs|should go] back home, the government "
            f"of {country} wrote.]",
            f"{country} demands ancient {thing} back from {other}",
            f"{other} museum should return {thing}, {country} says",
            f"{country} wants {place} {thing} to come home",
        ),
    )
    echo = (
        f"{d.before()} [students|divers|builders] found a {thing} some {d.count(3, 60) * 100:,} years old near "
        f"{d.place()}, archaeologist {d.person()} said."
    )
    details = [
        f'"[Every stone tells a story|We have waited for this|It belongs to all of us]," said {d.person()}, a '
        f"historian in {d.place()}.",
        f"The [digging|research] at {d.place()} next door has cost {d.millions(2, 90)} so far.",
        f"A {d.pick('helmet', 'harbour', 'road', 'coin')} found at {d.place()} in {d.count(1900, 2015)} is "
        f"{d.count(3, 60) * 100:,} years old.",
        f"The site [belongs to|is owned by] {d.company()}, which wanted to build [offices|a car park] there.",
    ]
    openers = [
        f"Until now {d.place()} was thought to have the oldest ruins of the region.",
        f"When {d.person()} dug here in {d.count(1900, 1990)}, nothing came to light.",
    ]
    return Story(lead, headlines, echo, details, openers)


def rescue(d: Desk) -> Story:
    place, ship, country, number, port = d.place(), d.river(), d.country(), d.count(3, 90), d.place()
    vessel, group = d.pick(
        ("ferry", "passengers"), ("trawler", "fishermen"), ("yacht", "sailors"), ("freighter", "crew members")
    )
    lead, *headlines = d.pick(
        (
            f"[Helicopters [lifted|brought] {number} {group} to safety when the {vessel} {ship}, bound for {port}, "
            f"began to sink off {place} on {d.day()}."
            f"|All {number} {group} of the {vessel} {ship} are [safe|on dry land] after it began to sink off {place} "
            f"on the way to {port}."
            f"|On its way to {port} the {vessel} {ship} began to sink off {place}, but {number} {group} were "
            "[lifted out|saved] by helicopters.]",
            f"{number} {group} saved from sinking {vessel} off {place}",
            f"{vessel.capitalize()} {ship} sinks off {place}, {number} rescued",
            f"All {number} {group} of {vessel} {ship} safe",
        ),
        (
            f"[The {vessel} {ship} went down in a storm [off|near] {place}, and {spelled(number)} {group} are "
            f"[missing|unaccounted for], the coast guard of {country} said."
            f"|There is no trace of {spelled(number)} {group} of the {vessel} {ship}, which [sank|was lost] near "
            f"{place} on {d.day()}."
            f"|The coast guard of {country} has [lost hope|little hope] for {spelled(number)} {group} of the "
            f"{vessel} {ship}, which went down near {place}.]",
            f"{number} {group} missing after {vessel} sinks off {place}",
            f"{vessel.capitalize()} {ship} lost near {place} with {number} {group}",
            f"Search for {number} {group} of {vessel} {ship}",
        ),
        (
            f"[Lost in fog on the way to {port}, the {vessel} {ship} [ran onto|struck] rocks near {place}, but nobody "
            "was hurt."
            f"|With a [damaged|broken] rudder, the {vessel} {ship} came to rest on a sandbank close to {place}, far "
            f"from {port}.]",
            f"{vessel.capitalize()} {ship} runs aground near {place}",
            f"Stranded {vessel} {ship} fails to reach {port}",
            f"{vessel.capitalize()} {ship} stuck close to {place}",
        ),
        (
            f"[Divers off {place} have [found|located] the {vessel} {ship}, which sank in "
            f"{(year := d.count(1900, 1990))} on a voyage to {port}."
            f"|The {vessel} {ship}, which never arrived in {port} in {year}, [lies|rests] on the sea floor off "
            f"{place}, divers report.]",
            f"Wreck of {vessel} lost in {year} found off {place}",
            f"Divers find {vessel} {ship} off {place}",
            f"{vessel.capitalize()} {ship}, missing since {year}, discovered",
        ),
    )
    echo = (
        f"{d.before()} the {vessel} {d.river()} [sank|went down] off {d.place()} on the way to {d.place()}, and "
        f"{d.count(10, 90)} people [were saved|are missing]."
    )
    details = [
        f'"[The sea was as black as ink|These waters forgive nothing|We know every rock here]," said {d.person()}, a '
        f"fisherman from {d.place()}.",
        f"{country}'s weather service [warned of|expects] more wind [before the weekend|by {d.day()}].",
        f"A boat from {d.place()} [was the first to arrive|turned back with engine trouble].",
        f"In {d.count(1950, 2019)} the ferry {d.river()} sank near {d.place()} with {d.count(60, 300)} people on "
        "board.",
        f"Captain {d.person()} of the coast guard called these waters [dangerous|hard to read].",
    ]
    openers = [
        f"Waves of {spelled(d.count(4, 12))} metres kept the boats of {d.place()} in harbour.",
        f"Harbour master {d.person()} of {d.place()} heard the first call at dawn.",
    ]
    return Story(lead, headlines, echo, details, openers)


def fine(d: Desk) -> Story:
    company, country, rival, amount, head = d.company(), d.country(), d.company(), d.money(), d.person()
    trade = d.pick("search engine", "bank", "brewer", "cement maker", "power company", "railway operator")
    offence, short = d.pick(
        ("fixing prices with rivals", "price fixing"),
        ("hiding risks from investors", "hidden risks"),
        ("pouring waste into a lake", "lake pollution"),
        ("spying on its own staff", "staff spying"),
        ("misleading customers in its advertising", "false advertising"),
    )
    lead, *headlines = d.pick(
        (
            f"[For {offence}, {trade} {company} must [hand over|pay] {amount} to the state, regulators in {country} "
            f"[ruled|decided] on {d.day()}."
            f"|In {country}, {trade} {company} has been [ordered|told] to pay a penalty of {amount} for {offence}."
            f"|A penalty of {amount} was [set|handed down] in {country} on {d.day()} for {trade} {company}, "
            f"which is guilty of {offence}.]",
            f"{country} fines {company} {amount} for {short}",
            f"{company} to pay {country} {amount} over {short}",
            f"{trade.capitalize()} {company} gets {amount} penalty",
        ),
        (
            f"[Investigators [searched|combed through] the offices of {trade} {company} in {country} on suspicion of "
            f"{offence}, as they had done at {rival} in {d.month()}."
            f"|Officers [arrived|appeared] at the doors of {trade} {company} in {country} on {d.day()} and carried "
            f"off papers that may prove {offence}.]",
            f"{country} raids {company} offices over {short}",
            f"Investigators search {trade} {company} in {country}",
            f"{country} officers look for {short} proof at {company}",
        ),
        (
            f"[{trade.capitalize()} {company} will not have to pay {amount} after all, since judges in {country} "
            f"[saw|found] no proof of {offence}."
            f"|Judges in {country} [cancelled|lifted] a penalty of {amount} against {trade} {company} on {d.day()}, "
            f"as nobody could prove {offence}."
            f"|Since {offence} could not be [proved|shown], judges in {country} took a penalty of {amount} "
            f"away from {trade} {company}.]",
            f"{company} escapes {amount} {country} fine",
            f"{country} judges lift {amount} penalty for {company}",
            f"{company} cleared of {short} in {country}",
        ),
        (
            f"[{country} is [looking into|examining] whether {trade} {company} has been {offence}, {head} of the "
            "competition office [said|confirmed]."
            f"|An inquiry into {trade} {company} has [begun|started] in {country}, where it is suspected of "
            f"{offence}, according to {head}.]",
            f"{country} probes {company} over {short}",
            f"{country} inquiry looks into {short} at {company}",
            f"{trade.capitalize()} {company} under suspicion of {short}",
        ),
    )
    echo = (
        f"{d.before()} regulators in {d.country()} told {rival} to pay {d.money()}, but [judges|courts] "
        f"[cancelled|lifted] a penalty of {d.money()} against {d.company()}."
    )
    details = [
        *market_details(d, company)[:4],
        f"In {d.count(2005, 2023)} {rival} [was fined|paid] {d.money()} in a similar case.",
        f"Consumer groups led by {d.person()} [were pleased|want more].",
        f"Authorities in {d.country()} [closed|dropped] their own inquiry in {d.month()}.",
    ]
    openers = [
        f"Its competitor {rival} has [just settled|settled] a case in {d.country()} for {d.money()}.",
        f"A letter by former accountant {d.person()} set things in motion in {d.month()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


def blackout(d: Desk) -> Story:
    place, country, company, other, homes = d.place(), d.country(), d.company(), d.place(), d.round(2_000, 900_000)
    cause, short = d.pick(
        ("A storm", "storm"),
        ("A broken cable", "broken cable"),
        ("Ice on the lines", "ice"),
        ("A fire at a substation", "substation fire"),
        ("A curious squirrel", "squirrel"),
    )
    lead, *headlines = d.pick(
        (
            f"[{cause} [left|plunged] {homes:,} homes in {place} [without electricity|into darkness] on {d.day()}, "
            f"supplier {company} said."
            f"|There was no electricity in {homes:,} homes in {place} on {d.day()}, and supplier {company} "
            f"[blamed|named as the cause] {cause[0].lower()}{cause[1:]}."
            f"|Supplier {company} was [looking for|repairing] the fault on {d.day()}, while {homes:,} homes "
            f"in {place} had no electricity: {cause[0].lower()}{cause[1:]} was to blame.]",
            f"{sentence(short)} cuts power to {homes:,} {place} homes",
            f"{homes:,} homes in {place} dark after {short}",
            f"{place} loses electricity, {company} blames {short}",
        ),
        (
            f"[The lights are [back on|burning again] in {place} after {spelled(hours := d.count(5, 60))} hours, "
            f"following repairs by {company} near {other}."
            f"|It took {company} {spelled(hours)} hours to [restore|bring back] electricity to {place}, as a line "
            f"near {other} had to be mended."
            f"|At last, after {spelled(hours)} hours, there is electricity in {place}, as {company} has "
            f"[mended|replaced] a line near {other}.]",
            f"Power returns to {place} after {hours} hours",
            f"{company} restores {place} electricity after {hours} hours",
            f"{place} lights back on after {company} repairs",
        ),
        (
            f"[Electricity in {country} will be [switched off|cut] for {spelled(hours := d.count(2, 9))} hours a day "
            f"from {d.month()}, as the power station at {place} [lacks coal|needs repairs]."
            f"|For {spelled(hours)} hours each day, people in {country} will [sit in the dark|have no electricity], "
            f"since the power station at {place} is out of order.]",
            f"{country} plans {hours}-hour daily power cuts",
            f"{country} to go without electricity {hours} hours daily",
            f"{country} to sit in dark for {hours} hours each day",
        ),
        (
            f"[{company} must [compensate|repay] {homes:,} customers in {place} who sat in the dark in {d.month()}, a "
            f"court in {other} [ruled|decided]."
            f"|Judges in {other} [sided with|agreed with] {homes:,} customers in {place} who want money from "
            f"{company} for a night without electricity.]",
            f"{company} must compensate {homes:,} for {place} blackout",
            f"{homes:,} in {place} win money from {company}",
            f"{other} court tells {company} to pay for blackout",
        ),
    )
    echo = (
        f"{d.before()} {d.round(2_000, 900_000):,} homes in {d.place()} [sat in the dark|had no electricity] "
        f"until {d.company()} had mended a line, after {d.count(10, 60)} hours."
    )
    details = [
        f"In {d.place()} [trams stopped|lifts stood still|traffic lights failed], and {spelled(d.count(2, 30))} people "
        "were stuck.",
        f'"[We lit candles and sang|The freezer is a lake|It was very quiet]," said {d.person()} of {d.place()}.',
        f"A failure in {d.count(1990, 2020)} [affected|hit] {d.round(2_000, 900_000):,} homes in {d.country()}.",
        f"Hospitals [used|relied on] generators, according to mayor {d.person()}.",
        f"{d.company()} plans to spend {d.millions()} on new lines.",
    ]
    openers = [
        f"The network around {other} is [old|overloaded], an inspector wrote in {d.month()}.",
        f"In {d.place()}, electrician {d.person()} has hardly slept this week.",
    ]
    return Story(lead, headlines, echo, details, openers)


def marathon(d: Desk) -> Story:
    place, winner, second, country, runners = d.place(), d.person(), d.person(), d.country(), d.round(900, 40_000)
    event = d.pick("marathon", "cycle race", "ski race", "rowing regatta", "chess open", "tennis open")
    times = d.count(3, 9)
    lead, *headlines = d.pick(
        (
            f"[{winner} from {country} [left|kept] {second} behind on {d.day()} and [finished first|came out on top] "
            f"in the {place} {event}."
            f"|In front of {second}, who had led for hours, {winner} of {country} [took first place|won] in the "
            f"{place} {event}."
            f"|Second place was all that {second} [got|won] in the {place} {event}, in which {winner} of "
            f"{country} came first.]",
            f"{winner.last} beats {second.last} to win {place} {event}",
            f"{place} {event} won by {winner.last} of {country}",
            f"{winner.last} leaves {second.last} behind at {place} {event}",
        ),
        (
            f"[Nobody had won the {place} {event} {spelled(times)} times before {winner} did so on {d.day()}, "
            f"[with|in front of] {second} in second place."
            f"|With victory number {spelled(times)} at the {place} {event} on {d.day()}, {winner} has [more "
            f"than|outdone] anyone before, {second} included.]",
            f"{winner.last} takes record {times} wins at {place} {event}",
            f"{winner.last} makes {event} history in {place}",
            f"No one matches {winner.last} in {place} {event}",
        ),
        (
            f"[Officials [took away|withdrew] the victory of {winner} in the {place} {event} after a failed drug "
            f"test, so {second} is the winner."
            f"|Drugs were [found|detected] in the blood of {winner}, and the title of the {place} {event} passes to "
            f"{second}.]",
            f"{winner.last} loses {place} {event} title over drug test",
            f"{second.last} gets {place} {event} title as {winner.last} fails test",
            f"Drugs cost {winner.last} victory in {place} {event}",
        ),
        (
            f"[An injury [will keep|keeps] {winner} out of the {place} {event}, which makes {second} of {country} the "
            "favourite."
            f"|Without {winner}, who is [hurt|injured], the {place} {event} should be an easy task for {second} of "
            f"{country}."
            f"|The favourite in the {place} {event} is now {second} of {country}, because {winner} has [an "
            "injury|a bad knee] and will not take part.]",
            f"Injured {winner.last} to miss {place} {event}",
            f"{place} {event} without {winner.last}, {second.last} favourite",
            f"Injury keeps {winner.last} out of {place} {event}",
        ),
    )
    echo = (
        f"{d.before()} {d.person()} of {d.country()} [won|finished first in] the {d.place()} {event}, in front "
        f"of {d.person()}."
    )
    details = [
        f"{d.person()} of {d.country()} came third.",
        f"Some {runners:,} people [watched|came to watch], among them {d.person()}, the champion of "
        f"{d.count(1980, 2022)}.",
        f'"[I have seen many champions|Form comes and goes|What a season]," said [coach|former champion] {d.person()}.',
        f"Last year's event, won by {d.person()}, [was cut short|took place in snow].",
        f"The prize money of ${d.round(5_000, 90_000):,} was given by {d.company()}.",
    ]
    openers = [
        f"Before the start all eyes were on {d.person()} of {d.country()}.",
        f"A week ago {d.person()} won a similar event in {d.place()}.",
    ]
    return Story(lead, headlines, echo, details, openers)


KINDS: dict[str, Callable[[Desk], Story]] = {
    function.__name__: function
    for function in (
        earnings, merger, flood, strike, election, verdict, recall, match, product, appointment, resignation,
        rates, quake, festival, vaccine, bankruptcy, accord, derailment, theft, wildfire, harvest, bridge, leak,
        wages, drought, blaze, space, layoffs, plant, oil, inflation, transfer, dig, rescue, fine, blackout,
        marathon,
    )
}  # fmt: skip


# -------------------------------------------------------------------------------------------------- stories and splits


def count_words(text: str) -> int:
    return len(text.split())


def count_sentences(text: str) -> int:
    """Sentences end in a full stop, with or without a closing quotation mark; the stop in 4.7 is inside a word."""
    return len(re.findall(r'[.!?]"?(?=\s|$)', text))


def write_document(d: Desk, story: Story) -> str:
    """The lead among one to three other sentences: every other time one that is not the news comes first."""
    sentences = [d.expand(story.lead)]
    place = d.random()
    if place < 0.55:
        sentences.insert(0, d.expand(story.echo if place < 0.35 else d.pick(*story.openers)))
    elif place < 0.8:
        sentences.append(d.expand(story.echo))
    wanted = 2 if (draw := d.random()) < 0.2 else 3 if draw < 0.7 else 4
    for detail in d.shuffled(story.details):
        words = count_words(" ".join(sentences))
        if len(sentences) >= wanted and words >= MIN_WORDS:
            break
        text = d.expand(detail)
        if words + count_words(text) <= MAX_WORDS:
            sentences.append(text)
    return " ".join(sentences)


def write_headlines(d: Desk, story: Story) -> tuple[str, str]:
    """The headline in one of its wordings, and in the most frequent one."""
    wording, hundreds = d.lean(story.headlines), d.chance(0.5)
    return round_amounts(wording, hundreds), round_amounts(story.headlines[0], hundreds)


def round_amounts(headline: str, hundreds: bool) -> str:
    """Shortens $4.68 billion to $4.7 billion, and 1,240 to 1,200 if `hundreds`."""
    headline = re.sub(r"\$\d+\.\d\d billion", lambda match: f"${rounded(match[0][1:-8], 1)} billion", headline)
    if hundreds:
        headline = re.sub(r"\b\d,\d\d0\b", lambda match: f"{int(rounded(match[0].replace(',', ''), -2)):,}", headline)
    return headline


def rounded(number: str, digits: int) -> Decimal:
    """Rounded to so many digits behind the point, halves upwards: 4.65 to 4.7, 1,250 (digits -2) to 1,300."""
    return Decimal(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def generate_pairs(
    split: str, count: int, seed: int = SEED, *, names: int = NAMES, kind: bool = False
) -> Iterator[dict[str, str]]:
    """The first `count` pairs of a split, each a dict with the keys `document` and `summary`.

    Args:
        split: any text; every split has stories of its own.
        count: how many; asking for fewer gives a prefix.
        seed: of the whole corpus.
        names: how many places, companies and surnames (each) there are to draw from; raise it with `count`.
        kind: adds the keys `kind`, the kind of event, and `usual`, the summary in its most frequent wording (for tests
            and reports; the files do not have them).
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
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")


def words_of(text: str) -> list[str]:
    """Words and amounts without the punctuation around them."""
    return re.findall(r"\$?\d[\d.,-]*\d|\$?\d|[^\W\d_]+", text)


def unseen_share(pairs: list[dict[str, str]], known: Counter[str], letters_only: bool = False) -> float:
    """The share of summaries with at least one word (or number, unless `letters_only`) that is not in `known`."""
    unseen = [
        any(word not in known and (word.isalpha() or not letters_only) for word in words_of(pair["summary"]))
        for pair in pairs
    ]
    return sum(unseen) / len(unseen)


def rouge_1(references: list[str], candidates: list[str]) -> float | None:
    """Mean ROUGE-1 F1 x 100 of the candidates (stemmer on); None without the package rouge-score."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        return None
    scorer = RougeScorer(["rouge1"], use_stemmer=True)
    scores = [scorer.score(*texts)["rouge1"].fmeasure for texts in zip(references, candidates, strict=True)]
    return 100 * sum(scores) / len(scores)


def report(splits: dict[str, list[dict[str, str]]], seed: int, names: int) -> None:
    """Prints the figures the README quotes."""
    train = splits["train"]
    known = Counter(word for pair in train for key in ("document", "summary") for word in words_of(pair[key]))
    frequent = [word for word, times in known.items() if times > 2]
    plain = [word for word in frequent if word[0].islower()]
    print(f"seed {seed}, {names:,} names of each sort, {len(KINDS)} kinds of event")
    print(
        f"training words: {len(known):,} different, {len(frequent):,} more than twice, {len(plain):,} of these in "
        "lower case"
    )
    for split, pairs in splits.items():
        documents = [count_words(pair["document"]) for pair in pairs]
        summaries = [count_words(pair["summary"]) for pair in pairs]
        sentences = Counter(count_sentences(pair["document"]) for pair in pairs)
        line = (
            f"{split}: {len(pairs):,} pairs; document {min(documents)}-{max(documents)} words, mean "
            f"{sum(documents) / len(pairs):.1f}; summary {min(summaries)}-{max(summaries)}, mean "
            f"{sum(summaries) / len(pairs):.1f}; "
            f"sentences {dict(sorted(sentences.items()))}"
        )
        if split != "train":
            line += (
                f"; summaries with a word unseen in training {100 * unseen_share(pairs, known):.1f} %"
                f" (numbers aside {100 * unseen_share(pairs, known, letters_only=True):.1f} %)"
            )
        headlines = [pair["summary"] for pair in pairs]
        lead8 = rouge_1(headlines, [" ".join(pair["document"].split()[:8]) for pair in pairs])
        usual = rouge_1(headlines, [pair["usual"] for pair in pairs])
        if lead8 is not None:
            line += f"; ROUGE-1 F1 of lead-8 {lead8:.1f}, of the most frequent wordings {usual:.1f}"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the invented newswire corpus as JSON Lines.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder (default: this file's)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--names", type=int, default=NAMES, help="different places, companies, surnames each")
    for split, size in SIZES.items():
        parser.add_argument(f"--{split}", type=int, default=size, metavar="PAIRS", help=f"default {size:,}")
    parser.add_argument("--report", action="store_true", help="print figures and write nothing")
    options = parser.parse_args()
    sizes = {split: getattr(options, split) for split in SIZES}
    fewest = 1 if options.report else 0
    if min(sizes.values()) < fewest or options.names < 1_000:
        sys.exit(f"generate.py: give --train, --validation and --test from {fewest} up and at least 1,000 --names")
    if options.report:
        pairs = {
            split: list(generate_pairs(split, size, options.seed, names=options.names, kind=True))
            for split, size in sizes.items()
        }
        report(pairs, options.seed, options.names)
        return
    options.output.mkdir(parents=True, exist_ok=True)
    for split, size in sizes.items():
        write_split(options.output / f"{split}.jsonl", generate_pairs(split, size, options.seed, names=options.names))


if __name__ == "__main__":
    main()
