"""Clauses: one meaning, written in the word order of each language.

German splits its verb: the inflected part stands second in a statement, first in a question, and last in a subordinate
clause. The rest of the verb (the separable prefix, the participle or the infinitive) stands at the end. The time comes
before manner and place. English keeps its verb together, and has the time at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .draw import Pair
from .lexicon import AUXILIARIES, BE, Modal, Noun, Verb

NOTHING = Pair("", "")


@dataclass(frozen=True)
class Clause:
    """The parts of one clause.

    Args:
        tense: the German perfect is the English simple past. A modal verb has a present and a past.
        negated: by "kein" if the object has that form, else by "nicht".
        manner: also a duration, as in "drei Tage", "for three days".
        place: also a direction or another object with a preposition.
        clock, day: the time. The day stands first in German and last in English.
    """

    subject: Noun
    verb: Verb
    object: Noun | None = None
    manner: Pair = NOTHING
    place: Pair = NOTHING
    clock: Pair = NOTHING
    day: Pair = NOTHING
    tense: Literal["present", "past"] = "present"
    modal: Modal | None = None
    negated: bool = False

    def german(self, order: Literal["statement", "question", "subordinate"], front: str = "") -> str:
        """The German clause without a capital and a full stop.

        Args:
            order: where the inflected verb stands.
            front: for a statement: the words before the verb instead of the subject. They may be the day or the object.
        """
        finite, rest = self._german_verb(order == "subordinate")
        if order == "subordinate":
            return _joined(self.subject.de, *self._middle(front), rest, finite)
        if order == "question":
            return _joined(finite, self.subject.de, *self._middle(front), rest)
        if front:
            return _joined(front, finite, self.subject.de, *self._middle(front), rest)
        return _joined(self.subject.de, finite, *self._middle(front), rest)

    def german_infinitive(self) -> str:
        """The clause with "zu", without its subject: "am Montag den Arzt anzurufen"."""
        return _joined(*self._middle(""), self.verb.zu_infinitive)

    def english(self, front: str = "") -> str:
        """The English statement, which is also the subordinate clause. `front`: the day, if it stands first."""
        return self._with_object(front, self.subject.en, self._english_verb(), *self._end(front))

    def english_question(self) -> str:
        auxiliary, rest, _ = self._english_parts()
        negation = "not" if self.negated else ""
        return self._with_object(auxiliary, self.subject.en, negation, rest, *self._end(""))

    def english_infinitive(self) -> str:
        return self._with_object("to", self.verb.base, *self._end(""))

    def _german_verb(self, joins_prefix: bool) -> tuple[str, str]:
        """The inflected part, and the rest."""
        person, verb = self.subject.person, self.verb
        if self.modal:
            return self.modal.german(person, self.tense == "past"), verb.infinitive
        if self.tense == "past":
            return AUXILIARIES[verb.auxiliary][person], verb.participle
        finite = verb.present(person)
        return (verb.prefix + finite, "") if joins_prefix else (finite, verb.prefix)

    def _middle(self, front: str) -> list[str]:
        noun = self.object
        accusative = "" if noun is None else noun.accusative
        if noun and self.negated and noun.negated:
            accusative = noun.negated
        day, accusative = ("" if part == front else part for part in (self.day.de, accusative))
        pronoun, other = (accusative, "") if noun and noun.pronoun else ("", accusative)
        return [pronoun, day, self.clock.de, other, "nicht" if self.says_not else "", self.manner.de, self.place.de]

    @property
    def says_not(self) -> bool:
        return self.negated and not (self.object and self.object.negated)

    def _english_parts(self) -> tuple[str, str, str]:
        """The auxiliary of a question or negation, the words after it, and the words of a plain statement."""
        person, verb, past = self.subject.person, self.verb, self.tense == "past"
        third = person == "er"
        do = "did" if past else "does" if third else "do"
        modal = self.modal
        if modal and modal.auxiliary:
            auxiliary = modal.past_auxiliary if past else modal.auxiliary
            rest = _joined(modal.before[0], verb.base)
            return auxiliary, rest, f"{auxiliary} {rest}"
        if modal:
            return do, f"{modal.before[0]} {verb.base}", f"{modal.before[2 if past else third]} {verb.base}"
        if past:
            return do, verb.base, verb.past
        if verb.continuous:
            return BE[person], verb.continuous, f"{BE[person]} {verb.continuous}"
        return do, verb.base, verb.third if third else verb.base

    def _english_verb(self) -> str:
        auxiliary, rest, plain = self._english_parts()
        if not self.negated:
            return plain
        return f"cannot {rest}" if auxiliary == "can" else f"{auxiliary} not {rest}"

    def _end(self, front: str) -> list[str]:
        day = "" if self.day.en == front else self.day.en
        return [self.place.en, self.manner.en, self.clock.en, day]

    def _with_object(self, *parts: str) -> str:
        """Puts the object at the place that the verb leaves for it."""
        return _joined(*_joined(*parts).replace("_", self.object.object_en if self.object else "").split())


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
