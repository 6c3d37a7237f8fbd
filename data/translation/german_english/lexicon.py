"""Verbs, persons, places and things."""

from __future__ import annotations

from typing import NamedTuple

from .draw import Draw, Pair, words

PERSONS = ("ich", "du", "er", "wir")
"""Persons of a verb. The forms of "wir" and of the third person plural ("they") are equal."""


class Verb(NamedTuple):
    """A verb with its translation.

    Args:
        prefix: of a separable verb: "ab" of "abfahren"; else "".
        stem: of the infinitive, and of the first person.
        changed: the stem of the second and third person singular.
        participle: with its prefix.
        auxiliary: haben or sein.
        base, third, past: of the English verb. The object stands at "_": "pick _ up".
        continuous: the participle on -ing where English has the present continuous ("We are going to Bonn"); else "".
    """

    prefix: str
    stem: str
    changed: str
    participle: str
    auxiliary: str
    base: str
    third: str
    past: str
    continuous: str = ""

    @property
    def ending(self) -> str:
        return "n" if self.stem.endswith("er") else "en"

    @property
    def infinitive(self) -> str:
        return f"{self.prefix}{self.stem}{self.ending}"

    @property
    def zu_infinitive(self) -> str:
        """ "abzufahren", "zu fahren"."""
        return f"{self.prefix}zu{self.stem}{self.ending}" if self.prefix else f"zu {self.infinitive}"

    def present(self, person: str) -> str:
        """The present tense, without the prefix."""
        if person == "ich":
            return f"{self.stem}e"
        if person == "wir":
            return self.stem + self.ending
        return self.changed + ("t" if person == "er" or self.changed[-1] in "sßz" else "st")


class Modal(NamedTuple):
    """A modal verb with its translation.

    Args:
        forms: for each of `PERSONS`.
        past: the same in the past.
        auxiliary: of English, or "" if questions and negations need "do".
        before: the words before the infinitive; of the third person and of the past, if there is no auxiliary.
    """

    forms: str
    past: str | None
    auxiliary: str = ""
    past_auxiliary: str = ""
    before: tuple[str, str, str] = ("", "", "")

    def german(self, person: str, past: bool) -> str:
        return (self.past if past and self.past else self.forms).split()[PERSONS.index(person)]


MODALS = [
    Modal("muss musst muss müssen", "musste musstest musste mussten", before=("have to", "has to", "had to")),
    Modal("will willst will wollen", "wollte wolltest wollte wollten", before=("want to", "wants to", "wanted to")),
    Modal("kann kannst kann können", "konnte konntest konnte konnten", "can", "could"),
    Modal("möchte möchtest möchte möchten", None, "would", before=("like to",) * 3),
    Modal("soll sollst soll sollen", None, "should"),
]
WERDEN = Modal("werde wirst wird werden", None, "will")
AUXILIARIES = {
    "haben": {"ich": "habe", "du": "hast", "er": "hat", "wir": "haben"},
    "sein": {"ich": "bin", "du": "bist", "er": "ist", "wir": "sind"},
}
BE = {"ich": "am", "du": "are", "er": "is", "wir": "are"}


class Noun(NamedTuple):
    """A person or a thing as subject or object.

    Args:
        de, en: as a subject.
        person: of the verb.
        accusative, object_en: as an object. No accusative: never an object, because it has two translations.
        negated: the accusative with "kein"; "" if "nicht" negates the sentence.
        pronoun: whether it stands directly behind the verb.
    """

    de: str
    en: str
    person: str = "er"
    accusative: str = ""
    object_en: str = ""
    negated: str = ""
    pronoun: bool = False


PRONOUNS = [
    Noun("ich", "I", "ich", "mich", "me", pronoun=True),
    Noun("du", "you", "du", "dich", "you", pronoun=True),
    Noun("er", "he", "er", "ihn", "him", pronoun=True),
    Noun("sie", "she", "er"),
    Noun("wir", "we", "wir", "uns", "us", pronoun=True),
    Noun("sie", "they", "wir"),
]
MEN = "Bruder/brother Vater/father Sohn/son Freund/friend Onkel/uncle Kollege/colleague Nachbar/neighbour Chef/boss"
WOMEN = "Schwester/sister Mutter/mother Tochter/daughter Tante/aunt Ärztin/doctor Lehrerin/teacher Cousine/cousin"
FIRST_NAMES = words("Anna Clara Emil Felix Greta Jonas Julia Karl Lena Lukas Maria Max Nina Otto Paula Peter Sofia Tim")
SURNAMES = (
    words("Berg Stein Wald Bach Feld Hof Linden Rosen Eichen Birken Neu Alt Kirch Mühl Brunn Sand Korn Wein"),
    words("mann er meyer hauser brink huber müller schmidt thal kamp"),
)
GROUPS = [
    Noun("meine Eltern", "my parents", "wir", "meine Eltern", "my parents"),
    Noun("die Kinder", "the children", "wir", "die Kinder", "the children"),
    Noun("unsere Freunde", "our friends", "wir", "unsere Freunde", "our friends"),
    Noun("die Gäste", "the guests", "wir", "die Gäste", "the guests"),
]


def relative(draw: Draw) -> Noun:
    """A person by kinship or work: "mein Bruder", "unsere Lehrerin"."""
    de_owner, en_owner = draw.pick((("mein", "my"), ("unser", "our"), ("dein", "your")))
    male = draw.chance(0.5)
    de, en = draw.pick((MEN if male else WOMEN).split()).split("/")
    if not male:
        return Noun(f"{de_owner}e {de}", f"{en_owner} {en}", "er", f"{de_owner}e {de}", f"{en_owner} {en}")
    accusative = f"{de_owner}en {de}{'n' if de in ('Kollege', 'Nachbar') else ''}"
    return Noun(f"{de_owner} {de}", f"{en_owner} {en}", "er", accusative, f"{en_owner} {en}")


def named(draw: Draw) -> Noun:
    """A person with a name, which the translation copies. Some surnames are in no training pair."""
    if draw.chance(0.5):
        name = draw.pick(FIRST_NAMES)
        return Noun(name, name, "er", name, name)
    surname = draw.pick(SURNAMES[0]) + draw.pick(SURNAMES[1])
    if draw.chance(0.5):
        return Noun(f"Frau {surname}", f"Ms {surname}", "er", f"Frau {surname}", f"Ms {surname}")
    return Noun(f"Herr {surname}", f"Mr {surname}", "er", f"Herrn {surname}", f"Mr {surname}")


def someone(draw: Draw) -> Noun:
    """A subject."""
    kind = draw.weighted({"pronoun": 5, "relative": 4, "named": 3, "group": 1})
    if kind == "pronoun":
        return draw.pick(PRONOUNS)
    return {"relative": relative, "named": named}.get(kind, lambda draw: draw.pick(GROUPS))(draw)


def someone_else(draw: Draw, subject: Noun) -> Noun:
    """A person as object, another one than the subject."""
    while True:
        noun = someone(draw)
        both_first = {noun.person, subject.person} == {"ich", "wir"} and noun.pronoun and subject.pronoun
        if noun.accusative and noun.en != subject.en and not both_first:
            return noun


CITIES = [
    Pair(*names.split("/"))
    for names in words(
        "Köln/Cologne München/Munich Wien/Vienna Rom/Rome Prag/Prague Mailand/Milan Genf/Geneva Zürich/Zurich "
        "Venedig/Venice Warschau/Warsaw Brüssel/Brussels Kopenhagen/Copenhagen Nürnberg/Nuremberg Hannover/Hanover "
        "Lissabon/Lisbon Florenz/Florence Athen/Athens Moskau/Moscow Neapel/Naples Straßburg/Strasbourg Berlin/Berlin "
        "Hamburg/Hamburg Paris/Paris London/London Madrid/Madrid Bonn/Bonn Oslo/Oslo Dresden/Dresden Leipzig/Leipzig "
        "Amsterdam/Amsterdam Barcelona/Barcelona Bremen/Bremen Salzburg/Salzburg Stuttgart/Stuttgart"
    )
]
VEHICLES = [
    Pair("mit dem Zug", "by train"),
    Pair("mit dem Bus", "by bus"),
    Pair("mit dem Auto", "by car"),
    Pair("mit der Fähre", "by ferry"),
    Pair("mit dem Fahrrad", "by bike"),
]
PLACES = [
    Pair("am Bahnhof", "at the station"),
    Pair("am Flughafen", "at the airport"),
    Pair("im Hotel", "at the hotel"),
    Pair("im Museum", "at the museum"),
    Pair("im Rathaus", "at the town hall"),
    Pair("in der Schule", "at school"),
]
ORIGINS = [
    Pair("vom Bahnhof", "from the station"),
    Pair("vom Flughafen", "from the airport"),
    Pair("vom Hotel", "from the hotel"),
    Pair("von der Schule", "from school"),
]
TICKETS = words("Bus/bus Zug/train Flug/plane Kino/cinema Theater/theatre Konzert/concert Museums/museum Opern/opera")
ROOMS = words("Einzel/single Doppel/double Hotel/hotel Eck/corner Familien/family")
SIGHTS = [
    Noun("der Dom", "the cathedral", "er", "den Dom", "the cathedral"),
    Noun("das Museum", "the museum", "er", "das Museum", "the museum"),
    Noun("das Schloss", "the castle", "er", "das Schloss", "the castle"),
    Noun("der Turm", "the tower", "er", "den Turm", "the tower"),
    Noun("die Brücke", "the bridge", "er", "die Brücke", "the bridge"),
    Noun("das Rathaus", "the town hall", "er", "das Rathaus", "the town hall"),
]
PLANS = [
    Noun("die Reise", "the trip", "er", "die Reise", "the trip"),
    Noun("der Termin", "the appointment", "er", "den Termin", "the appointment"),
    Noun("das Treffen", "the meeting", "er", "das Treffen", "the meeting"),
    Noun("der Kurs", "the course", "er", "den Kurs", "the course"),
    Noun("das Fest", "the party", "er", "das Fest", "the party"),
]
BELONGINGS = [
    Noun("der Koffer", "the suitcase", "er", "den Koffer", "the suitcase"),
    Noun("der Schlüssel", "the key", "er", "den Schlüssel", "the key"),
    Noun("die Tasche", "the bag", "er", "die Tasche", "the bag"),
    Noun("die Kamera", "the camera", "er", "die Kamera", "the camera"),
    Noun("das Gepäck", "the luggage", "er", "das Gepäck", "the luggage"),
]
TRANSPORT = [
    Noun("der Zug", "the train", "er", "den Zug", "the train"),
    Noun("der Bus", "the bus", "er", "den Bus", "the bus"),
    Noun("die Fähre", "the ferry", "er", "die Fähre", "the ferry"),
    Noun("die Straßenbahn", "the tram", "er", "die Straßenbahn", "the tram"),
]
EVENTS = [
    Noun("der Film", "the film"),
    Noun("das Konzert", "the concert"),
    Noun("das Spiel", "the match"),
    Noun("die Ausstellung", "the exhibition"),
    Noun("die Führung", "the guided tour"),
    *PLANS[2:],
]
SHOPS = [
    Noun("die Bank", "the bank"),
    Noun("das Museum", "the museum"),
    Noun("die Apotheke", "the pharmacy"),
    Noun("der Laden", "the shop"),
    Noun("die Bäckerei", "the bakery"),
    Noun("das Schwimmbad", "the swimming pool"),
]
