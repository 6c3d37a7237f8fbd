"""Background sentences: each function returns sentences for many kinds of event. They are not the news of a story."""

from __future__ import annotations

from .desk import Desk, spelled


def market_details(d: Desk, company: str) -> list[str]:
    """Sentences about a company, for stories about business."""
    return [
        f"Shares in {company} [rose|fell|gained|lost] {d.percent(1, 9)} in [early|late|afternoon] trading.",
        '"[Few expected this|The timing is a surprise|Much depends on the next quarter|The market will need '
        f'convincing]," said {d.person()}, an analyst at {d.company()}.',
        f"{company} [employs|has] {d.round(1_000, 60_000):,} [people|workers|staff] in {spelled(d.count(3, 24))} "
        "countries.",
        f"{d.company()}, a [smaller|larger] competitor, [declined to comment|said it was watching closely].",
        f"The company was founded in {d.place()} in {d.count(1890, 1999)}.",
    ]


def rescue_details(d: Desk, country: str, weather: str = "[wind|frost|rain]") -> list[str]:
    """Sentences about help and weather, for stories about disasters."""
    return [
        '"[We heard the alarm and ran|I have never seen anything like it|We lost everything|It all happened so '
        f'fast]," said {d.person()}, a [teacher|farmer|shopkeeper|nurse] from {d.place()}.',
        f"[President|Prime Minister] {d.person()} [cut short|cancelled] a visit to {d.country()} and promised "
        f"{d.millions()} in aid.",
        f"[Troops|Doctors|Rescue teams|Volunteers] from {d.place()} [were sent to help|joined the effort|arrived late "
        f"on {d.day()}].",
        f"In {d.count(1950, 2019)} a similar disaster [claimed|took] {d.round(20, 300)} lives in {d.place()}.",
        f"{country}'s weather service [warned of|expects] more {weather} [before the weekend|by {d.day()}].",
    ]


def political_details(d: Desk, country: str) -> list[str]:
    """Sentences about reactions and polls, for stories about politics."""
    return [
        f"Opposition leader {d.person()} [called it a mistake|accused the cabinet of weakness|asked for a debate in "
        "parliament].",
        f"A poll in {d.month()} put support for the government at {d.percent(22, 61)}.",
        f"Neighbouring {d.country()} [welcomed the news|reacted with caution|has yet to respond].",
        f"Bonds of {country} were little changed, and its currency [gained|lost] {d.percent(1, 4)}.",
        f'"[Voters will remember this|It was long overdue|Nobody should be surprised]," said {d.person()}, who '
        f"teaches politics in {d.place()}.",
    ]


def sport_details(d: Desk) -> list[str]:
    """Sentences about players and other matches, for stories about sport."""
    return [
        f'"[We never stopped believing|The crowd carried us|It was a long day]," said [coach|captain] {d.person()}.',
        f"A crowd of {d.round(2_000, 60_000):,} watched in [heavy rain|bright sunshine|bitter cold].",
        f"In the other match of the day, {d.place()} and {d.place()} [drew 1-1|drew 2-2|drew without goals].",
        f"{d.person()}, the [captain|goalkeeper], was missing with [a knee injury|a fever|a broken finger].",
        f"{d.place()} [won|lifted] the cup in {d.count(1950, 2015)}, the last surprise of its kind.",
    ]


def science_details(d: Desk) -> list[str]:
    """Sentences about research, for stories about science."""
    return [
        f'"[It is a remarkable result|We need to see more data|This changes what we teach]," said {d.person()} of the '
        f"University of {d.place()}, who was not involved.",
        f"The [work|research] took {spelled(d.count(3, 14))} years and cost {d.millions(2, 90)}.",
        f"A team in {d.place()} [gave up|failed with|stopped] a similar attempt in {d.count(1990, 2020)}.",
        f"The [findings|results] will be [presented|published] in {d.month()}, project leader {d.person()} said.",
    ]
