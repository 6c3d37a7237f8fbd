"""The limits of the page's input: they bound the time and the memory of one request."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError


@dataclass(frozen=True)
class Limits:
    """The largest values that the page accepts.

    Args:
        characters, words: of a document; words are separated by spaces.
        beam_size: hypotheses of a search.
        max_length: tokens of a headline.
        waiting: requests that wait in the queue; further ones are refused.
    """

    characters: int = 20_000
    words: int = 2_000
    beam_size: int = 10
    max_length: int = 40
    waiting: int = 20

    def check(self, document: str, beam_size: int, max_length: int) -> None:
        """Raises UserError, without a part of the document, if a value is outside of its limits."""
        words = len(document.split())
        if not words:
            raise UserError("Write or paste a document first.")
        for value, limit, unit in ((len(document), self.characters, "characters"), (words, self.words, "words")):
            if value > limit:
                raise UserError(f"The document has {value:,} {unit}. The limit is {limit:,}. Shorten it.")
        for value, limit, name in (
            (beam_size, self.beam_size, "beam size"),
            (max_length, self.max_length, "maximum of tokens"),
        ):
            if not 1 <= value <= limit:
                raise UserError(f"The {name} is {value}. Choose a number from 1 to {limit}.")

    def text(self, max_document_tokens: int) -> str:
        """The limits as sentences for the page."""
        return (
            f"At most {self.characters:,} characters and {self.words:,} words. "
            f"The model reads the first {max_document_tokens:,} tokens."
        )
