"""Builds a document and its headline from a story."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from .desk import Desk, Story

MIN_WORDS, MAX_WORDS = 25, 70  # of a document


def count_words(text: str) -> int:
    return len(text.split())


def count_sentences(text: str) -> int:
    """Counts the ends of sentences: a full stop, with or without a quotation mark, before a space or the end."""
    return len(re.findall(r'[.!?]"?(?=\s|$)', text))


def write_document(d: Desk, story: Story) -> str:
    """Returns the lead with one to three other sentences.

    The distractor comes first with probability 0.35, and second with probability 0.25. An opener comes first with
    probability 0.2. Details in random order fill the document. A detail is left out if it makes the document too long.
    """
    sentences = [d.expand(story.lead)]
    position = d.random()
    if position < 0.55:
        sentences.insert(0, d.expand(story.distractor if position < 0.35 else d.pick(*story.openers)))
    elif position < 0.8:
        sentences.append(d.expand(story.distractor))
    wanted = 2 if (draw := d.random()) < 0.2 else 3 if draw < 0.7 else 4
    for detail in d.shuffled(story.details):
        length = count_words(" ".join(sentences))
        if len(sentences) >= wanted and length >= MIN_WORDS:
            break
        text = d.expand(detail)
        if length + count_words(text) <= MAX_WORDS:
            sentences.append(text)
    return " ".join(sentences)


def write_headlines(d: Desk, story: Story) -> tuple[str, str]:
    """Returns the headline in a random wording, and the headline in its most frequent wording."""
    wording, hundreds = d.pick_weighted(story.headlines), d.chance(0.5)
    return round_amounts(wording, hundreds), round_amounts(story.headlines[0], hundreds)


def round_amounts(headline: str, hundreds: bool) -> str:
    """Rounds $4.68 billion to $4.7 billion and, if `hundreds` is true, 1,240 to 1,200."""
    headline = re.sub(r"\$\d+\.\d\d billion", lambda match: f"${rounded(match[0][1:-8], 1)} billion", headline)
    if hundreds:
        headline = re.sub(r"\b\d,\d\d0\b", lambda match: f"{int(rounded(match[0].replace(',', ''), -2)):,}", headline)
    return headline


def rounded(number: str, digits: int) -> Decimal:
    """Rounds a decimal number half up: 4.65 with `digits` 1 gives 4.7, and 1250 with `digits` -2 gives 1300."""
    return Decimal(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
