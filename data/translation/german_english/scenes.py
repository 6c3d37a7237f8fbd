"""The verbs with their objects, places and times: one function for each kind of scene, from a subject to a clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .clause import NOTHING, Clause
from .draw import Draw, Pair
from .lexicon import (
    BELONGINGS,
    CITIES,
    EVENTS,
    MODALS,
    ORIGINS,
    PLACES,
    PLANS,
    ROOMS,
    SHOPS,
    SIGHTS,
    TICKETS,
    TRANSPORT,
    VEHICLES,
    WERDEN,
    Noun,
    Verb,
    someone,
    someone_else,
)
from .numbers import duration, english_number, german_number, price
from .times import clock, date, exact_day, vague_day

GO = Verb("", "fahr", "fähr", "gefahren", "sein", "go", "goes", "went", "going")
FLY = Verb("", "flieg", "flieg", "geflogen", "sein", "fly", "flies", "flew", "flying")
MOVE = Verb("um", "zieh", "zieh", "umgezogen", "sein", "move", "moves", "moved", "moving")
COME_BACK = Verb(
    "zurück", "komm", "komm", "zurückgekommen", "sein", "come back", "comes back", "came back", "coming back"
)
GET_UP = Verb("auf", "steh", "steh", "aufgestanden", "sein", "get up", "gets up", "got up", "getting up")
CHANGE = Verb("um", "steig", "steig", "umgestiegen", "sein", "change trains", "changes trains", "changed trains")
CALL = Verb("an", "ruf", "ruf", "angerufen", "haben", "call _", "calls _", "called _", "calling _")
PICK_UP = Verb("ab", "hol", "hol", "abgeholt", "haben", "pick _ up", "picks _ up", "picked _ up", "picking _ up")
INVITE = Verb("ein", "lad", "läd", "eingeladen", "haben", "invite _", "invites _", "invited _", "inviting _")
MEET = Verb("", "treff", "triff", "getroffen", "haben", "meet _", "meets _", "met _", "meeting _")
VISIT = Verb("", "besuch", "besuch", "besucht", "haben", "visit _", "visits _", "visited _", "visiting _")
BUY = Verb("", "kauf", "kauf", "gekauft", "haben", "buy _", "buys _", "bought _", "buying _")
BOOK = Verb("", "buch", "buch", "gebucht", "haben", "book _", "books _", "booked _", "booking _")
PAY = Verb("", "bezahl", "bezahl", "bezahlt", "haben", "pay _", "pays _", "paid _", "paying _")
SPEND = Verb("aus", "geb", "gib", "ausgegeben", "haben", "spend _", "spends _", "spent _", "spending _")
EXCHANGE = Verb("um", "tausch", "tausch", "umgetauscht", "haben", "change _", "changes _", "changed _", "changing _")
STAY = Verb("", "bleib", "bleib", "geblieben", "sein", "stay", "stays", "stayed", "staying")
WAIT = Verb("", "wart", "warte", "gewartet", "haben", "wait", "waits", "waited", "waiting")
CANCEL = Verb("ab", "sag", "sag", "abgesagt", "haben", "cancel _", "cancels _", "cancelled _", "cancelling _")
POSTPONE = Verb(
    "", "verschieb", "verschieb", "verschoben", "haben", "postpone _", "postpones _", "postponed _", ("postponing _")
)
MISS = Verb("", "verpass", "verpass", "verpasst", "haben", "miss _", "misses _", "missed _")
BRING = Verb("mit", "bring", "bring", "mitgebracht", "haben", "bring _", "brings _", "brought _", "bringing _")
FORGET = Verb("", "vergess", "vergiss", "vergessen", "haben", "forget _", "forgets _", "forgot _")
LEAVE = Verb("ab", "fahr", "fähr", "abgefahren", "sein", "leave", "leaves", "left")
ARRIVE = Verb("an", "komm", "komm", "angekommen", "sein", "arrive", "arrives", "arrived")
START = Verb("an", "fang", "fäng", "angefangen", "haben", "start", "starts", "started")
TAKE_PLACE = Verb("statt", "find", "finde", "stattgefunden", "haben", "take place", "takes place", "took place")
OPEN = Verb("auf", "mach", "mach", "aufgemacht", "haben", "open", "opens", "opened")
CLOSE = Verb("zu", "mach", "mach", "zugemacht", "haben", "close", "closes", "closed")
COST = Verb("", "kost", "koste", "gekostet", "haben", "cost _", "costs _", "cost _")
LAST = Verb("", "dauer", "dauer", "gedauert", "haben", "take _", "takes _", "took _")


def to_city(draw: Draw) -> Pair:
    de, en = draw.pick(CITIES)
    return Pair(f"nach {de}", f"to {en}")


def in_city(draw: Draw) -> Pair:
    de, en = draw.pick(CITIES)
    return Pair(f"in {de}", f"in {en}")


def from_city(draw: Draw) -> Pair:
    de, en = draw.pick(CITIES)
    return Pair(f"aus {de}", f"from {en}")


def purchase(draw: Draw) -> Noun:
    """Tickets: "eine Buskarte", "drei Opernkarten"."""
    de, en = draw.pick(TICKETS).split("/")
    if draw.chance(0.5):
        return Noun(
            "",
            "",
            "",
            f"eine {de}karte",
            f"a {en} ticket" if en != "opera" else "an opera ticket",
            (f"keine {de}karte"),
        )
    number = draw.count(2, 30)
    return Noun("", "", "", f"{german_number(number)} {de}karten", f"{english_number(number)} {en} tickets")


def room(draw: Draw) -> Noun:
    de, en = draw.pick(ROOMS).split("/")
    if draw.chance(0.6):
        return Noun("", "", "", f"ein {de}zimmer", f"a {en} room", f"kein {de}zimmer")
    number = draw.count(2, 12)
    return Noun("", "", "", f"{german_number(number)} {de}zimmer", f"{english_number(number)} {en} rooms")


def amount(draw: Draw, low: int = 5, high: int = 900) -> Noun:
    de, en = price(draw, low, high)
    return Noun("", "", "", de, en)


def journey(draw: Draw, subject: Noun) -> Clause:
    verb = draw.weighted({GO: 4, FLY: 2, MOVE: 1, COME_BACK: 2})
    if verb == GO:
        manner = draw.pick(VEHICLES) if draw.chance(0.6) else NOTHING
        return Clause(subject, verb, manner=manner, place=to_city(draw))
    return Clause(subject, verb, place=from_city(draw) if verb == COME_BACK else to_city(draw))


def meeting(draw: Draw, subject: Noun) -> Clause:
    verb = draw.weighted({CALL: 4, PICK_UP: 3, INVITE: 2, MEET: 2, VISIT: 2})
    place = {PICK_UP: lambda: draw.pick(ORIGINS), MEET: lambda: draw.pick(PLACES), VISIT: lambda: in_city(draw)}
    return Clause(subject, verb, someone_else(draw, subject), place=place.get(verb, lambda: NOTHING)())


def sightseeing(draw: Draw, subject: Noun) -> Clause:
    return Clause(subject, VISIT, draw.pick(SIGHTS), place=in_city(draw))


def shopping(draw: Draw, subject: Noun) -> Clause:
    verb = draw.pick((BUY, BOOK))
    return Clause(subject, verb, purchase(draw) if verb == BUY else room(draw), place=in_city(draw))


def spending(draw: Draw, subject: Noun) -> Clause:
    verb = draw.pick((PAY, SPEND, EXCHANGE))
    if verb == PAY:
        de, en = draw.pick((("das Zimmer", "the room"), ("die Reise", "the trip"), ("den Koffer", "the suitcase")))
        return Clause(subject, verb, amount(draw), place=Pair(f"für {de}", f"for {en}"))
    return Clause(subject, verb, amount(draw), place=in_city(draw) if draw.chance(0.5) else NOTHING)


def stay(draw: Draw, subject: Noun) -> Clause:
    unit = draw.pick((Pair("Tage", "days"), Pair("Wochen", "weeks"), Pair("Nächte", "nights")))
    number = draw.count(2, 30)
    manner = Pair(f"{german_number(number)} {unit.de}", f"for {english_number(number)} {unit.en}")
    return Clause(subject, STAY, manner=manner, place=in_city(draw))


def waiting(draw: Draw, subject: Noun) -> Clause:
    de, en = duration(draw)
    noun = draw.pick(TRANSPORT)
    return Clause(
        subject, WAIT, manner=Pair(de, f"for {en}"), place=(Pair(f"auf {noun.accusative}", f"for {noun.object_en}"))
    )


def plans(draw: Draw, subject: Noun) -> Clause:
    if draw.chance(0.5):
        return Clause(subject, CANCEL, draw.pick(PLANS))
    day = exact_day(draw, past=False)
    while not day.de.startswith("am "):
        day = exact_day(draw, past=False)
    return Clause(
        subject, POSTPONE, draw.pick(PLANS), place=Pair(f"auf den{day.de[2:]}", day.en.replace("on ", "to ", 1))
    )


def things(draw: Draw, subject: Noun) -> Clause:
    verb = draw.pick((BRING, FORGET, MISS))
    return Clause(subject, verb, draw.pick(TRANSPORT[:3] if verb == MISS else BELONGINGS))


def routine(draw: Draw, subject: Noun) -> Clause:
    return Clause(subject, CHANGE, place=in_city(draw)) if draw.chance(0.5) else Clause(subject, GET_UP)


PERSONAL: dict[Callable[[Draw, Noun], Clause], int] = {
    journey: 7,
    meeting: 7,
    sightseeing: 2,
    shopping: 4,
    spending: 4,
    stay: 3,
    waiting: 2,
    plans: 3,
    things: 3,
    routine: 3,
}
"""Scenes of a person, with their weights."""
WITHOUT_CLOCK = (stay, waiting, plans)
COUNTING = (SPEND, PAY, EXCHANGE, STAY, WAIT)
"""Verbs whose sentences are about an amount: they are not negated."""


def personal(draw: Draw, subject: Noun | None = None, *, tense: str = "", modal: bool | None = None) -> Clause:
    """A clause about a person, with tense, time and perhaps a negation.

    Args:
        subject: drawn if it is None.
        tense: present or past; drawn if it is empty.
        modal: whether it has a modal verb; drawn if it is None.
    """
    scene = draw.weighted(PERSONAL)
    clause = scene(draw, subject or someone(draw))
    past = (tense or draw.weighted({"present": 3, "past": 2})) == "past"
    verb = draw.pick([*MODALS, WERDEN, WERDEN]) if (draw.chance(0.3) if modal is None else modal) else None
    if verb and past and (verb.past is None or (verb.auxiliary and not verb.past_auxiliary)):
        verb = MODALS[0]
    clause = replace(clause, tense="past" if past else "present", modal=verb)
    negatable = clause.verb not in COUNTING and (
        clause.object is None or bool(clause.object.negated) or clause.verb not in (BUY, BOOK)
    )
    if negatable and draw.chance(0.22):
        clause = replace(clause, negated=True)
    if scene == stay:
        return replace(clause, day=vague_day(draw, past))
    return timed(draw, clause, with_clock=scene not in WITHOUT_CLOCK)


def timed(draw: Draw, clause: Clause, *, with_clock: bool) -> Clause:
    """Adds a day, a time of day, or both."""
    past = clause.tense == "past"
    if clause.verb == GET_UP or (with_clock and draw.chance(0.35)):
        return replace(clause, clock=clock(draw), day=exact_day(draw, past) if draw.chance(0.7) else NOTHING)
    day = exact_day if draw.chance(0.6) else vague_day
    return replace(clause, day=day(draw, past)) if draw.chance(0.85) else clause


def scheduled(draw: Draw, *, tense: str = "") -> Clause:
    """A clause about a train, an event, a shop, a price or a duration."""
    past = (tense or draw.weighted({"present": 4, "past": 1})) == "past"
    kind = draw.weighted({"train": 4, "event": 3, "shop": 2, "price": 4, "duration": 2})
    if kind == "price":
        return replace(cost(draw), tense="past" if past else "present")
    if kind == "duration":
        noun = draw.pick((Noun("die Fahrt", "the journey"), Noun("der Flug", "the flight"), *EVENTS))
        place = to_city(draw) if noun.en in ("the journey", "the flight") else NOTHING
        subject = Noun(f"{noun.de} {place.de}".strip(), f"{noun.en} {place.en}".strip())
        de, en = duration(draw)
        return Clause(subject, LAST, Noun("", "", "", de, en), tense="past" if past else "present")
    if kind == "train":
        clause = train(draw)
    elif kind == "event":
        clause = Clause(draw.pick(EVENTS), draw.pick((START, TAKE_PLACE)))
    else:
        clause = Clause(draw.pick(SHOPS), draw.pick((OPEN, CLOSE)))
    clause = replace(clause, tense="past" if past else "present", negated=draw.chance(0.12))
    if clause.verb == TAKE_PLACE:
        day = date(draw) if draw.chance(0.4) else exact_day(draw, past)
        return replace(clause, day=day, place=in_city(draw) if draw.chance(0.5) else NOTHING)
    return replace(clause, clock=clock(draw), day=exact_day(draw, past) if draw.chance(0.4) else NOTHING)


def train(draw: Draw) -> Clause:
    noun = draw.pick(TRANSPORT[:3])
    if draw.chance(0.5):
        place = to_city(draw)
        return Clause(Noun(f"{noun.de} {place.de}", f"{noun.en} {place.en}"), LEAVE)
    place = from_city(draw)
    return Clause(
        Noun(f"{noun.de} {place.de}", f"{noun.en} {place.en}"),
        ARRIVE,
        place=(in_city(draw) if draw.chance(0.5) else NOTHING),
    )


def cost(draw: Draw) -> Clause:
    """A price of a ticket, a room or a thing."""
    if draw.chance(0.5):
        de, en = draw.pick(TICKETS).split("/")
        place = to_city(draw) if en in ("bus", "train", "plane") and draw.chance(0.6) else NOTHING
        subject = Noun(f"die {de}karte {place.de}".strip(), f"the {en} ticket {place.en}".strip())
        return Clause(subject, COST, amount(draw, 3, 400))
    if draw.chance(0.6):
        de, en = draw.pick(ROOMS).split("/")
        paid = amount(draw, 30, 400)
        night = replace(Clause(Noun(f"das {de}zimmer", f"the {en} room"), COST, paid))
        return replace(night, manner=Pair("pro Nacht", "per night")) if draw.chance(0.6) else night
    return Clause(Noun(*draw.pick(BELONGINGS)[:2]), COST, amount(draw, 20, 3000))
