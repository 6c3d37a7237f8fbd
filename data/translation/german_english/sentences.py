"""Kinds of sentences: how clauses are joined, and plain facts with numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .clause import NOTHING, Clause
from .draw import Draw, Pair
from .lexicon import CITIES, PRONOUNS, SIGHTS, Noun, Verb, named, relative, someone
from .numbers import counted, english_number, german_number
from .scenes import COST, FORGET, GO, LAST, MISS, personal, scheduled, to_city, train
from .times import MONTHS, clock_time, date, in_year, ordinal

SAY = [
    Verb("", "sag", "sag", "gesagt", "haben", "say", "says", "said"),
    Verb("", "glaub", "glaub", "geglaubt", "haben", "believe", "believes", "believed"),
    Verb("", "hoff", "hoff", "gehofft", "haben", "hope", "hopes", "hoped"),
]


def any_clause(draw: Draw) -> Clause:
    return personal(draw) if draw.chance(0.7) else scheduled(draw)


def event(draw: Draw) -> Clause:
    """A clause without a time, for questions with "when"."""
    while True:
        clause = any_clause(draw)
        if clause.verb not in (COST, LAST):
            return replace(clause, day=NOTHING, clock=NOTHING, negated=False)


def statement(draw: Draw) -> Pair:
    """The subject, the day or (rarely) the object stands first. English has no place for an object there."""
    clause = any_clause(draw)
    noun = clause.object
    if noun and noun.accusative.startswith(("den ", "meinen ", "unseren ", "deinen ")) and draw.chance(0.3):
        return Pair(clause.german("statement", noun.accusative) + ".", clause.english() + ".")
    if clause.day.de and draw.chance(0.4):
        return Pair(clause.german("statement", clause.day.de) + ".", clause.english(clause.day.en) + ".")
    return Pair(clause.german("statement") + ".", clause.english() + ".")


def question(draw: Draw) -> Pair:
    clause = any_clause(draw)
    if draw.chance(0.35):
        clause, word = event(draw), Pair("wann", "when")
        if clause.place.en.startswith("in ") and draw.chance(0.4):
            clause, word = replace(clause, place=NOTHING), Pair("wo", "where")
        return Pair(f"{word.de} {clause.german('question')}?", f"{word.en} {clause.english_question()}?")
    return Pair(clause.german("question") + "?", clause.english_question() + "?")


def reported(draw: Draw) -> Pair:
    """ "Sie sagt, dass ...": a clause with the verb at the end."""
    speaker = Clause(someone(draw), draw.pick(SAY), tense="past" if draw.chance(0.4) else "present")
    clause = any_clause(draw)
    return Pair(
        f"{speaker.german('statement')}, dass {clause.german('subordinate')}.",
        f"{speaker.english()} that {clause.english()}.",
    )


def doubt(draw: Draw) -> Pair:
    """ "Ich weiß nicht, ob ...", "Weißt du, wann ...?" """
    if draw.chance(0.5):
        clause = any_clause(draw)
        return Pair(f"ich weiß nicht, ob {clause.german('subordinate')}.", f"I do not know whether {clause.english()}.")
    clause = event(draw)
    return Pair(f"weißt du, wann {clause.german('subordinate')}?", f"do you know when {clause.english()}?")


def reason(draw: Draw) -> Pair:
    link = draw.pick((Pair("weil", "because"), Pair("obwohl", "although")))
    first, second = personal(draw), any_clause(draw)
    return Pair(
        f"{first.german('statement')}, {link.de} {second.german('subordinate')}.",
        f"{first.english()} {link.en} {second.english()}.",
    )


def condition(draw: Draw) -> Pair:
    """The clause with "wenn" stands first, and the verb of the main clause follows it."""
    first = scheduled(draw, tense="present") if draw.chance(0.5) else personal(draw, tense="present", modal=False)
    second = personal(draw, tense="present", modal=True)
    return Pair(
        f"wenn {first.german('subordinate')}, {second.german('question')}.",
        f"if {first.english()}, {second.english()}.",
    )


def before(draw: Draw) -> Pair:
    subject = draw.pick(PRONOUNS)
    first = replace(personal(draw, subject, tense="past", modal=False), negated=False)
    second = replace(personal(draw, subject, tense="past", modal=False), day=NOTHING)
    return Pair(
        f"bevor {first.german('subordinate')}, {second.german('question')}.",
        f"before {first.english()}, {second.english()}.",
    )


def purpose(draw: Draw) -> Pair:
    """ "..., um den Arzt anzurufen": "zu" stands inside a separable verb."""
    subject = someone(draw)
    first = Clause(subject, GO, place=to_city(draw), tense="past" if draw.chance(0.5) else "present")
    aim = aim_of(draw, subject)
    return Pair(
        f"{first.german('statement')}, um {aim.german_infinitive()}.", f"{first.english()} {aim.english_infinitive()}."
    )


def intention(draw: Draw) -> Pair:
    """ "Er hat vergessen, den Koffer mitzubringen." """
    subject = someone(draw)
    verb, past = draw.pick(
        (
            (Verb("", "versuch", "versuch", "versucht", "haben", "try", "tries", "tried", "trying"), None),
            (Verb("vor", "hab", "ha", "vorgehabt", "haben", "plan", "plans", "planned"), False),
            (Verb("", "vergess", "vergiss", "vergessen", "haben", "forget", "forgets", "forgot"), True),
        )
    )
    past = draw.chance(0.5) if past is None else past
    first, aim = Clause(subject, verb, tense="past" if past else "present"), aim_of(draw, subject)
    return Pair(
        f"{first.german('statement')}, {aim.german_infinitive()}.", f"{first.english()} {aim.english_infinitive()}."
    )


def aim_of(draw: Draw, subject: Noun) -> Clause:
    """A clause to write as an infinitive: in the present, without a modal verb or a negation."""
    while True:
        clause = personal(draw, subject, tense="present", modal=False)
        if clause.verb not in (FORGET, MISS, GO):
            return replace(clause, negated=False, place=NOTHING if clause.place.en.startswith("in ") else clause.place)


def with_relative_clause(draw: Draw) -> Pair:
    """ "Der Zug, der um neun Uhr abfährt, ..." """
    noun = relative(draw)
    inner = personal(draw, Noun(*noun[:2]), tense="past", modal=False)
    outer = personal(draw, noun)
    pronoun = "die" if noun.de.split()[0].endswith("e") else "der"
    left = replace(inner, subject=Noun("", "", "er"))
    subject = Noun(
        f"{noun.de}, {pronoun} {left.german('subordinate')},", f"{noun.en} who {left.english()}", noun.person
    )
    whole = replace(outer, subject=subject)
    return Pair(whole.german("statement") + ".", whole.english() + ".")


def age(draw: Draw) -> Pair:
    noun, number = draw.pick((relative, named))(draw), draw.count(2, 99)
    return Pair(
        f"{noun.de} ist {german_number(number)} Jahre alt.", f"{noun.en} is {english_number(number)} years old."
    )


def born(draw: Draw) -> Pair:
    noun, (de, en) = draw.pick((relative, named))(draw), date(draw, with_year=True)
    city = draw.pick(CITIES)
    return Pair(f"{noun.de} ist {de} in {city.de} geboren.", f"{noun.en} was born in {city.en} {en}.")


def built(draw: Draw) -> Pair:
    sight, city, when = draw.pick(SIGHTS), draw.pick(CITIES), in_year(draw)
    if draw.chance(0.5):
        return Pair(f"{when.de} wurde in {city.de} {sight.de} gebaut.", f"{when.en} {sight.en} was built in {city.en}.")
    return Pair(f"{sight.de} in {city.de} wurde {when.de} gebaut.", f"{sight.en} in {city.en} was built {when.en}.")


def distance(draw: Draw) -> Pair:
    first, second = draw.pick(CITIES), draw.pick(CITIES)
    number = counted(draw, 20, 2500)
    return Pair(
        f"{first.de} ist {number.de} Kilometer von {second.de} entfernt.",
        f"{first.en} is {number.en} kilometres from {second.en}.",
    )


def size(draw: Draw) -> Pair:
    sight = draw.pick(SIGHTS[2:5])
    de, en = draw.pick((("lang", "long"), ("hoch", "high"), ("breit", "wide")))
    number = counted(draw, 12, 900)
    return Pair(f"{sight.de} ist {number.de} Meter {de}.", f"{sight.en} is {number.en} metres {en}.")


def inhabitants(draw: Draw) -> Pair:
    """The subject is the number, at the end of the German sentence."""
    city, number = draw.pick(CITIES), counted(draw, 100, 9999)
    kind = draw.pick((("wohnen", "Studenten", "students live"), ("arbeiten", "Menschen", "people work")))
    return Pair(f"in {city.de} {kind[0]} {number.de} {kind[1]}.", f"{number.en} {kind[2]} in {city.en}.")


def today(draw: Draw) -> Pair:
    if draw.chance(0.5):
        time = clock_time(draw)
        while ":" in time.de:
            time = clock_time(draw)
        return Pair(f"es ist {time.de}.", f"it is {time.en}.")
    month, day = draw.pick(MONTHS), draw.count(1, 31)
    de, en = ordinal(day)
    word = draw.pick((Pair("heute", "today"), Pair("morgen", "tomorrow")))
    return Pair(f"{word.de} ist der {de}e {month.de}.", f"{word.en} is the {en} of {month.en}.")


def delay(draw: Draw) -> Pair:
    """ "Der Zug nach Bonn hat zwölf Minuten Verspätung": a noun becomes an adjective."""
    noun, number = train(draw).subject, draw.count(2, 99)
    return Pair(
        f"{noun.de} hat {german_number(number)} Minuten Verspätung.",
        f"{noun.en} is {english_number(number)} minutes late.",
    )


KINDS: dict[str, tuple[Callable[[Draw], Pair], int]] = {
    "statement": (statement, 30),
    "question": (question, 12),
    "reported": (reported, 12),
    "doubt": (doubt, 6),
    "reason": (reason, 9),
    "condition": (condition, 7),
    "before": (before, 4),
    "purpose": (purpose, 5),
    "intention": (intention, 6),
    "relative": (with_relative_clause, 4),
    "age": (age, 2),
    "born": (born, 2),
    "built": (built, 3),
    "distance": (distance, 3),
    "size": (size, 2),
    "inhabitants": (inhabitants, 3),
    "today": (today, 3),
    "delay": (delay, 2),
}
"""The kinds of sentences, and their weights."""


def sentence(draw: Draw) -> tuple[str, Pair]:
    """The kind of a sentence and its two texts, with a capital at the start."""
    kind = draw.weighted({name: weight for name, (_, weight) in KINDS.items()})
    de, en = KINDS[kind][0](draw)
    return kind, Pair(de[0].upper() + de[1:], en[0].upper() + en[1:])
