"""Numbers, ordinals, years and prices in both languages."""

from __future__ import annotations

from .draw import Draw, Pair, words

GERMAN = words(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
ENGLISH = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
GERMAN_TENS = words("- zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
ENGLISH_TENS = words("- ten twenty thirty forty fifty sixty seventy eighty ninety")
GERMAN_ORDINALS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
ENGLISH_ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}


def german_number(number: int) -> str:
    """A number from 0 to 9,999 in one word: 21 is "einundzwanzig"."""
    if number >= 1000:
        return _german_part(number // 1000, "tausend", number % 1000)
    if number >= 100:
        return _german_part(number // 100, "hundert", number % 100)
    if number < 20:
        return GERMAN[number]
    tens, ones = GERMAN_TENS[number // 10], number % 10
    return f"{'ein' if ones == 1 else GERMAN[ones]}und{tens}" if ones else tens


def _german_part(count: int, unit: str, rest: int) -> str:
    return ("ein" if count == 1 else GERMAN[count]) + unit + (german_number(rest) if rest else "")


def english_number(number: int) -> str:
    """A number from 0 to 9,999 in words: 121 is "one hundred and twenty-one"."""
    if number >= 1000:
        thousands, rest = f"{ENGLISH[number // 1000]} thousand", number % 1000
        return thousands + (f"{' and' if rest < 100 else ''} {english_number(rest)}" if rest else "")
    if number >= 100:
        hundreds, rest = f"{ENGLISH[number // 100]} hundred", number % 100
        return hundreds + (f" and {english_number(rest)}" if rest else "")
    if number < 20:
        return ENGLISH[number]
    tens, ones = ENGLISH_TENS[number // 10], number % 10
    return f"{tens}-{ENGLISH[ones]}" if ones else tens


def ordinal(number: int) -> Pair:
    """A number from 1 to 31 as an ordinal. The German text lacks its ending: "dritt", "third"."""
    german = GERMAN_ORDINALS.get(number) or german_number(number) + ("t" if number < 20 else "st")
    tens, ones = (0, number) if number < 20 else divmod(number, 10)
    if number >= 20 and not ones:
        return Pair(german, ENGLISH_TENS[tens].removesuffix("y") + "ieth")
    last = ENGLISH_ORDINALS.get(ones) or ENGLISH[ones] + "th"
    return Pair(german, f"{ENGLISH_TENS[tens]}-{last}" if tens else last)


def year(number: int) -> Pair:
    """A year from 1100 to 1999 in words: 1905 is "neunzehnhundertfünf", "nineteen oh five"."""
    century, rest = divmod(number, 100)
    if not rest:
        return Pair(f"{GERMAN[century]}hundert", f"{ENGLISH[century]} hundred")
    english = f"oh {ENGLISH[rest]}" if rest < 10 else english_number(rest)
    return Pair(f"{GERMAN[century]}hundert{german_number(rest)}", f"{ENGLISH[century]} {english}")


def counted(draw: Draw, low: int, high: int) -> Pair:
    """A number above 1 in words, or in digits if it has four: "3.450" is "3,450"."""
    number = draw.number(low, high)
    if number >= 1000 and draw.chance(0.5):
        number = number // 10 * 10
        return Pair(f"{number:,}".replace(",", "."), f"{number:,}")
    return Pair(german_number(number), english_number(number))


def price(draw: Draw, low: int, high: int) -> Pair:
    """An amount of euros: "zwölf Euro fünfzig", "87 Euro", "12,50 Euro", "zweihundert Euro"."""
    number = draw.number(low, high)
    if draw.chance(0.3):
        cents = f"{draw.count(1, 19) * 5:02}" if number < 100 and draw.chance(0.7) else ""
        digits = f"{number:,}" + (f".{cents}" if cents else "")
        return Pair(f"{digits.translate(str.maketrans(',.', '.,'))} Euro", f"{digits} euros")
    words = Pair(f"{german_number(number)} Euro", f"{english_number(number)} euros")
    if number < 100 and draw.chance(0.3):
        cents_in_words = draw.count(2, 19) * 5
        return Pair(f"{words.de} {german_number(cents_in_words)}", f"{words.en} {english_number(cents_in_words)}")
    return words


def duration(draw: Draw) -> Pair:
    """A span of time, as after a verb: "zweieinhalb Stunden" is "two and a half hours"."""
    kind = draw.count(0, 5)
    number = draw.count(2, 9)
    if kind == 0:
        return Pair("anderthalb Stunden", "an hour and a half")
    if kind == 1:
        return Pair(f"{german_number(number)}einhalb Stunden", f"{english_number(number)} and a half hours")
    if kind == 2:
        minutes = draw.count(10, 59)
        return Pair(f"{german_number(minutes)} Minuten", f"{english_number(minutes)} minutes")
    if kind == 3:
        minutes = draw.count(2, 11) * 5
        german = f"{german_number(number)} Stunden und {german_number(minutes)} Minuten"
        return Pair(german, f"{english_number(number)} hours and {english_number(minutes)} minutes")
    return Pair(f"{german_number(number)} Stunden", f"{english_number(number)} hours")
