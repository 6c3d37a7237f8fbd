"""Kinds of mistakes in headlines. `MISTAKES` holds one entry for each; another module can add its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from seq2seq.scoring import FIGURES, normalized_words

from .run import Prediction


@dataclass(frozen=True)
class Mistake:
    """A kind of mistake.

    Args:
        title: its name on the page.
        text: one sentence that defines it.
        found: whether a prediction has it.
        marks: whether a single word of a prediction is at fault; None if the mistake is one of the whole headline.
    """

    title: str
    text: str
    found: Callable[[Prediction], bool]
    marks: Callable[[Prediction, str], bool] | None = None


def figure(name: str, prediction: Prediction, text: str | None = None) -> float:
    """A figure of `scoring.FIGURES` for one prediction, or for one word `text` of it."""
    return FIGURES[name]([prediction.document], [prediction.text if text is None else text])


def is_unsupported(name: str) -> Callable[[Prediction, str], bool]:
    """Whether a precision of `FIGURES` is below 100 % for a text. It is NaN for a text without such words."""
    return lambda prediction, text: figure(name, prediction, text) < 100


def repeats(prediction: Prediction) -> bool:
    """Whether a pair of words occurs twice, or a word directly after itself."""
    (words,) = normalized_words("auto", [prediction.text])
    return figure("repeated_bigrams", prediction) > 0 or any(a == b for a, b in pairwise(words))


def words_in_common(prediction: Prediction) -> bool:
    """Whether prediction and reference share a word."""
    reference, text = normalized_words("auto", [prediction.reference, prediction.text])
    return not set(reference).isdisjoint(text)


def length_ratio(prediction: Prediction) -> float:
    """Characters of the prediction for each character of the reference."""
    return len(prediction.text) / max(len(prediction.reference), 1)


_wrong_number, _wrong_name = is_unsupported("number_precision"), is_unsupported("entity_precision")

MISTAKES: dict[str, Mistake] = {
    "number": Mistake(
        "A number that the document lacks",
        "A number of the headline does not stand in the document.",
        lambda p: _wrong_number(p, p.text),
        _wrong_number,
    ),
    "name": Mistake(
        "A capitalised word that the document lacks",
        "A capitalised word of the headline does not stand in the document. The first word can be an honest one.",
        lambda p: _wrong_name(p, p.text),
        _wrong_name,
    ),
    "repetition": Mistake("Repetition", "A pair of words occurs twice, or a word directly after itself.", repeats),
    "unknown": Mistake(
        "Unknown words",
        "The headline has the symbol <unk>, which stands for a word outside the vocabulary.",
        lambda p: figure("unk_share", p) > 0,
        lambda p, word: figure("unk_share", p, word) > 0,
    ),
    "empty": Mistake("No headline", "The headline has no word.", lambda p: not p.text.strip()),
    "unrelated": Mistake(
        "Nothing in common",
        "Headline and reference share no word.",
        lambda p: bool(p.text.strip() and p.reference.strip()) and not words_in_common(p),
    ),
    "short": Mistake(
        "Too short",
        "The headline has less than half the characters of the reference.",
        lambda p: bool(p.text.strip()) and length_ratio(p) < 0.5,
    ),
    "long": Mistake(
        "Too long",
        "The headline has more than twice the characters of the reference.",
        lambda p: bool(p.reference.strip()) and length_ratio(p) > 2,
    ),
}
"""Kinds of mistakes, by a short name."""


def found_mistakes(predictions: list[Prediction]) -> dict[str, list[int]]:
    """For each kind the rows of the predictions that have it."""
    return {name: [row for row, p in enumerate(predictions) if kind.found(p)] for name, kind in MISTAKES.items()}


def wrong_words(prediction: Prediction, words: list[str]) -> dict[int, str]:
    """By their positions, the words of a headline that a kind of mistake names, with the definition of that kind."""
    found: dict[int, str] = {}
    for position, word in enumerate(words):
        for kind in MISTAKES.values():
            if kind.marks and kind.marks(prediction, word):
                found.setdefault(position, kind.text)
    return found
