"""Words to a line of text: the rule for spaces between words, and the marks where a text departs from the rule.

The rule is learned from the training texts (`words.py`). A text that follows the rule has no marks, so its tokens are
its words alone. Any other text has a mark at each departure, so that it comes back with its own spaces.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

JOIN, SPACE = "<join>", "<space>"
MARKS = (JOIN, SPACE)
"""Tokens between two words: no space here, a space here. "<join>" in a text is three words, so no text forges them."""
QUOTES = frozenset({'"', "'", "&quot;"})
"""Words that open and close in turn."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class JoiningRule:
    """Where a space stands between two words: everywhere, except after an opening word and before a closing word.

    Args:
        opening: words without a space after them.
        closing: words without a space before them.
    """

    opening: frozenset[str]
    closing: frozenset[str]

    def join(self, tokens: Sequence[str]) -> str:
        """Returns the text of words and marks."""
        return "".join(self.parts(tokens))

    def parts(self, tokens: Sequence[str]) -> list[str]:
        """Returns the text of each word with the space before it; a mark has the text ""."""
        text: list[str] = []
        reader = SpaceReader(self, Counter(token for token in tokens if token in QUOTES))
        marked: bool | None = None
        for token in tokens:
            if token in MARKS:
                marked = token == SPACE
                reader.depart(marked)
                text.append("")
                continue
            space = reader.expects_space(token) if marked is None else marked
            text.append(f" {token}" if space and not reader.at_start else token)
            reader.add(token, space)
            marked = None
        return text

    def to_json(self) -> str:
        """Returns the two sets of words as one string."""
        return json.dumps([sorted(self.opening), sorted(self.closing)], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> JoiningRule:
        """Reads the result of `to_json`."""
        opening, closing = json.loads(text)
        return cls(frozenset(opening), frozenset(closing))


ENGLISH = JoiningRule(
    opening=frozenset("$£€¥₹#@([{“‘/") | {"``"},
    closing=frozenset(",.;:!?%°)]}”’…/") | {"...", "''", "'s", "'S", "’s", "’S"},
)
"""The rule of tokenizers without a rule of their own."""
COMMON = JoiningRule(
    opening=ENGLISH.opening | frozenset("¿¡„«"),
    closing=ENGLISH.closing | frozenset("»।،؛؟、。！？"),
)
"""The rule for words that the training texts lack."""


class SpaceReader:
    """Reads the words of a text from left to right and predicts the space before each of them.

    A quote opens if it is closed and another one follows. A mark beside a quote shows whether the quote really opened
    or closed; the prediction for the next quote then starts from there.

    Args:
        quotes_left: number of each quote in the text that is read.
        open_quotes: quotes that are open before the first word.
        at_start: whether the first word is the first one of the text.
    """

    def __init__(
        self, rule: JoiningRule, quotes_left: Counter[str], open_quotes: Iterable[str] = (), at_start: bool = True
    ) -> None:
        self.rule, self.quotes_left, self.open_quotes = rule, quotes_left, set(open_quotes)
        self.at_start, self.opens = at_start, False
        self._last, self._space_before_last = "", True

    def expects_space(self, token: str) -> bool:
        """Whether the rule has a space between the last word and `token`."""
        closes = not self._quote_opens(token) if token in QUOTES else token in self.rule.closing
        return self.at_start or not (self.opens or closes)

    def depart(self, space: bool) -> None:
        """Notes that the text has a space after the last word (or none), against the rule."""
        if self._last in QUOTES and self._space_before_last != space:
            (self.open_quotes.discard if space else self.open_quotes.add)(self._last)

    def add(self, token: str, space: bool) -> None:
        """Adds the next word. `space`: whether the text has a space before it."""
        self.opens = token in self.rule.opening
        if token in QUOTES:
            self.opens = self._quote_opens(token)
            (self.open_quotes.add if self.opens else self.open_quotes.discard)(token)
            self.quotes_left[token] -= 1
        self._last, self._space_before_last, self.at_start = token, space, False

    def marks(self, words: Sequence[tuple[str, bool]]) -> list[str]:
        """Adds all words of a chunk of text, which stands between spaces.

        Args:
            words: each word, and whether a space stands before it.

        Returns:
            The mark before each word, and the mark after the last one; "" where the text follows the rule.
        """
        marks = []
        for token, space in words:
            departs = self.expects_space(token) != space
            if departs:
                self.depart(space)
            marks.append((SPACE if space else JOIN) if departs else "")
            self.add(token, space)
        marks.append(SPACE if self.opens else "")
        if self.opens:
            self.depart(True)
        return marks

    def _quote_opens(self, quote: str) -> bool:
        return quote not in self.open_quotes and (self.at_start or self.quotes_left[quote] > 1)


def one_line(text: str) -> str:
    """Replaces control characters and line ends by spaces, and every run of spaces by one."""
    return " ".join(_CONTROL.sub(" ", text).split())
