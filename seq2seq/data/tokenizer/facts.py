"""The facts of a vocabulary: words that a headline should have only if its document has them.

Searches (`search.supported`) and training data (`data.corpus.supported`) use the same definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError

if TYPE_CHECKING:
    from .tokenizer import Tokenizer


@dataclass(frozen=True)
class Facts:
    """The numbers, or the numbers and names, among the words of a vocabulary.

    A number is a word with a digit: 11, 1,250.5, F-16. "three" is none. A name is a word with a capital letter. It is
    no name if the vocabulary has the same word in lower case at an earlier place, as a more frequent word: "The" and
    "Fire" are then capitalised by their place in a sentence or by the style of headlines.

    A document supports a fact if it has a word with the same form. The form is the word in lower case, without commas
    if the word is a number: Iran and IRAN, 1,250 and 1250.

    Args:
        ids: [c] ids of the facts, in increasing order.
        forms: [V] for each word the first id with the same form.
    """

    ids: np.ndarray
    forms: np.ndarray

    @classmethod
    def of(cls, tokenizer: Tokenizer, kind: str, key: str) -> Facts:
        """The facts of a tokenizer.

        Args:
            kind: numbers or entities (numbers and names).
            key: the option that asks for them, for errors.

        Raises UserError if the tokens are no whole words, or if no token is such a fact.
        """
        if tokenizer.kind != "word":
            raise UserError(
                f"{key}: {kind} needs a tokenizer of kind word, and this one is of kind {tokenizer.kind}: there, known "
                "pieces of different words can make up a new number or name; use nothing"
            )
        words = tokenizer.tokens
        numbers = [_is_number(word) for word in words]
        names = _names(words) if kind == "entities" else [False] * len(words)
        if not any(names if kind == "entities" else numbers):
            cure = "nothing" if kind == "numbers" else "numbers"
            fault = "a digit" if kind == "numbers" else "a capital letter that is not more frequent in lower case"
            raise UserError(f"{key}: {kind} has no effect, because no word of the vocabulary has {fault}; use {cure}")
        return cls(np.flatnonzero(np.array(numbers) | np.array(names)), _first_ids(words))


def _is_number(word: str) -> bool:
    return any(map(str.isdecimal, word))


def _names(words: Sequence[str]) -> list[bool]:
    place = {word: index for index, word in enumerate(words)}
    return [word.lower() != word and place.get(word.lower(), index) >= index for index, word in enumerate(words)]


def _first_ids(words: Sequence[str]) -> np.ndarray:
    """[V] for each word the first id with the same form."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(_form(word), index) for index, word in enumerate(words)])


def _form(word: str) -> str:
    return word.casefold().replace(",", "") if _is_number(word) else word.casefold()
