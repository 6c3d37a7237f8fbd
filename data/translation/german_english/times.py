"""Days, dates and times of day. A German clock time can need arithmetic: "halb neun" is half past eight."""

from __future__ import annotations

from .draw import Draw, Pair, words
from .numbers import ENGLISH, GERMAN, english_number, german_number, ordinal, year

DAYS = [
    Pair(*names.split("/"))
    for names in words(
        "Montag/Monday Dienstag/Tuesday Mittwoch/Wednesday Donnerstag/Thursday Freitag/Friday "
        "Samstag/Saturday Sonntag/Sunday"
    )
]
MONTHS = [
    Pair(*names.split("/"))
    for names in words(
        "Januar/January Februar/February März/March April/April Mai/May Juni/June Juli/July August/August "
        "September/September Oktober/October November/November Dezember/December"
    )
]
PARTS = [Pair("morgen", "morning"), Pair("nachmittag", "afternoon"), Pair("abend", "evening")]
SEASONS = [Pair("Sommer", "summer"), Pair("Herbst", "autumn"), Pair("Winter", "winter")]


def clock(draw: Draw) -> Pair:
    """A time of day with its preposition: "um fünf vor halb neun" is "at twenty-five past eight"."""
    german, english = clock_time(draw)
    return Pair(f"um {german}", f"at {english}")


def clock_time(draw: Draw) -> Pair:
    """A time of day without a preposition."""
    hour = draw.count(1, 12)
    following = hour % 12 + 1
    this_de, next_de, this_en, next_en = GERMAN[hour], GERMAN[following], ENGLISH[hour], ENGLISH[following]
    kind = draw.weighted({"full": 4, "half": 3, "past": 2, "to": 2, "near half": 2, "digits": 3})
    if kind == "half":
        return Pair(f"halb {next_de}", f"half past {this_en}")
    if kind in ("past", "to"):
        minutes = draw.pick((5, 10, 15, 20))
        de = "Viertel" if minutes == 15 else german_number(minutes)
        en = "a quarter" if minutes == 15 else english_number(minutes)
        return (
            Pair(f"{de} nach {this_de}", f"{en} past {this_en}")
            if kind == "past"
            else Pair(f"{de} vor {next_de}", f"{en} to {next_en}")
        )
    if kind == "near half":
        if draw.chance(0.5):
            return Pair(f"fünf vor halb {next_de}", f"twenty-five past {this_en}")
        return Pair(f"fünf nach halb {next_de}", f"twenty-five to {next_en}")
    if kind == "digits":
        hour, minute = draw.count(1, 23), draw.count(1, 59)
        half = "am" if hour < 12 else "pm"
        return Pair(f"{hour}:{minute:02} Uhr", f"{(hour - 1) % 12 + 1}:{minute:02} {half}")
    return Pair(f"{'ein' if hour == 1 else this_de} Uhr", f"{this_en} o'clock")


def date(draw: Draw, *, with_year: bool = False) -> Pair:
    """A date with its preposition: "am 3. Mai" is "on May 3", "am dritten Mai" is "on the third of May"."""
    german, english = draw.pick(MONTHS)
    day = draw.count(1, 28)
    if with_year:
        number = draw.count(1950, 2015)
        return Pair(f"am {day}. {german} {number}", f"on {english} {day}, {number}")
    if draw.chance(0.5):
        return Pair(f"am {day}. {german}", f"on {english} {day}")
    de, en = ordinal(day)
    return Pair(f"am {de}en {german}", f"on the {en} of {english}")


def in_year(draw: Draw) -> Pair:
    """A year with its preposition, in digits or in words."""
    number = draw.count(1300, 1999)
    de, en = year(number) if draw.chance(0.5) else Pair(str(number), str(number))
    return Pair(f"im Jahr {de}", f"in {en}")


def exact_day(draw: Draw, past: bool) -> Pair:
    """A day, as it stands beside a time of day."""
    weekday, part = draw.pick(DAYS), draw.pick(PARTS)
    kind = draw.count(0, 7)
    if kind == 0:
        return date(draw)
    if kind == 1:
        return Pair(f"am {weekday.de}{part.de}", f"on {weekday.en} {part.en}")
    if kind == 2:
        return (
            Pair(f"letzten {weekday.de}", f"last {weekday.en}")
            if past
            else Pair(f"nächsten {weekday.de}", f"next {weekday.en}")
        )
    if kind == 3:
        afternoon = draw.pick(PARTS[1:])
        return Pair(
            f"{'gestern' if past else 'morgen'} {afternoon.de.capitalize()}",
            (f"{'yesterday' if past else 'tomorrow'} {afternoon.en}"),
        )
    if kind == 4:
        return Pair("gestern", "yesterday") if past else Pair("morgen", "tomorrow")
    if kind == 5:
        return Pair("vorgestern", "the day before yesterday") if past else Pair("übermorgen", "the day after tomorrow")
    return Pair(f"am {weekday.de}", f"on {weekday.en}")


def vague_day(draw: Draw, past: bool) -> Pair:
    """A span of days, which has no time of day."""
    unit = draw.pick((Pair("Tagen", "days"), Pair("Wochen", "weeks"), Pair("Monaten", "months")))
    number = draw.count(2, 19)
    de, en = german_number(number), english_number(number)
    kind = draw.count(0, 4)
    if kind == 0:
        return (
            Pair(f"vor {de} {unit.de}", f"{en} {unit.en} ago")
            if past
            else Pair(f"in {de} {unit.de}", f"in {en} {unit.en}")
        )
    if kind == 1:
        return Pair("letzte Woche", "last week") if past else Pair("nächste Woche", "next week")
    if kind == 2:
        season = draw.pick(SEASONS)
        return (
            Pair(f"letzten {season.de}", f"last {season.en}")
            if past
            else Pair(f"im {season.de}", f"in the {season.en}")
        )
    if kind == 3 and past:
        return date(draw, with_year=True)
    if kind == 3:
        return Pair("am Wochenende", "at the weekend")
    month = draw.pick(MONTHS)
    return Pair(f"im {month.de}", f"in {month.en}")
