"""Invented names. Most names are composed of syllables. A short list of fixed names occurs often."""

from __future__ import annotations

import re


def words(text: str) -> list[str]:
    return text.split()


# Syllables of composed names
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
# A name must not contain one of these.
UNSUITABLE = words("anal anus arse ass dago dik isis kik sex tit turd stalin mord murd kill moron")
# Divisors of the number of names: a category with divisor 2 has half as many names as one with divisor 1.
DIVISORS = {"place": 1, "company": 1, "surname": 1, "country": 2, "river": 4}
# Fixed names: they occur in many stories.
FREQUENT = {
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
SMALL_NUMBERS = words("zero one two three four five six seven eight nine")


def compose(category: str, index: int) -> str:
    """Returns name number `index` of a category. The first numbers give short names, later numbers long names.

    A short name has a start, one middle and an ending. A long name has two middles.
    """
    endings = ENDINGS[category]
    short = len(STARTS) * len(MIDDLES) * len(endings)
    middles = 1 if index < short else 2
    space = short * len(MIDDLES) ** (middles - 1)
    code = index * 7_368_787 % space  # a prime, coprime to every `space`: adjacent indices give dissimilar names
    code, end = divmod(code, len(endings))
    parts = [endings[end]]
    for _ in range(middles):
        code, middle = divmod(code, len(MIDDLES))
        parts.insert(0, MIDDLES[middle])
    return STARTS[code % len(STARTS)] + "".join(parts)


def is_suitable(name: str) -> bool:
    """Returns False for a name with an unsuitable word inside, or with three equal letters in a row."""
    lower = name.lower()
    return not any(word in lower for word in UNSUITABLE) and not re.search(r"(.)\1\1", lower)
