"""Tokens to a line of text."""

from __future__ import annotations

import re
from collections.abc import Sequence

CLOSING = frozenset(",.;:!?%°)]}”’…") | {"...", "''", "'s", "'S", "’s", "’S"}
"""Tokens without a space before them."""
OPENING = frozenset("$£€¥₹#@([{“‘") | {"``"}
"""Tokens without a space after them."""
BINDING = frozenset("/")
"""Tokens without a space on either side."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def join_words(tokens: Sequence[str]) -> str:
    """Joins tokens of English text, with spaces where English has them. Straight quotes open and close in turn."""
    text: list[str] = []
    space_before = False
    quote_is_open = {'"': False, "'": False}
    for position, token in enumerate(tokens):
        opens, closes = token in OPENING or token in BINDING, token in CLOSING or token in BINDING
        if token in quote_is_open:
            opens = not quote_is_open[token] and (position == 0 or token in tokens[position + 1 :])
            quote_is_open[token], closes = opens, not opens
        text.append(f" {token}" if space_before and not closes else token)
        space_before = not opens
    return "".join(text)


def one_line(text: str) -> str:
    """Replaces control characters and line ends by spaces, and every run of spaces by one."""
    return " ".join(_CONTROL.sub(" ", text).split())
