"""The list of headlines, best first, with their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..explanation import Explanation
from ..markup import Element, classes, element


def headline_list(headlines: Sequence[Explanation], chosen: int = 0) -> Element:
    """A table of the headlines. Copied words are marked; a bar compares the scores.

    Args:
        chosen: position of the headline that the other views explain.
    """
    head = element("tr", *(element("th", name) for name in ("", "headline", "score", "probability")))
    best = max(headline.score for headline in headlines)
    rows = [_row(rank, headline, best, rank == chosen) for rank, headline in enumerate(headlines)]
    return element("table", element("thead", head), element("tbody", *rows), class_="s2s-headlines")


def _row(rank: int, headline: Explanation, best: float, chosen: bool) -> Element:
    bar = element("span", class_="s2s-bar", style=f"width:{100 * math.exp(headline.score - best):.1f}%")
    score = element("td", f"{headline.score:.3f}".replace("-", "\N{MINUS SIGN}"), bar, class_="s2s-number")
    probability = element("td", percent(math.exp(headline.log_prob)), class_="s2s-number")
    words = headline_words(headline) if headline.headline_words else element("em", "an empty headline")
    return element(
        "tr",
        element("td", str(rank + 1), class_="s2s-rank"),
        element("td", words),
        score,
        probability,
        class_="s2s-chosen" if chosen else None,
    )


def percent(share: float) -> str:
    """A share as a short text: 37 %, 0.4 %."""
    return f"{100 * share:.0f} %" if share >= 0.0095 else f"{100 * share:.2g} %"


def headline_words(headline: Explanation, numbered: bool = False) -> list[Element | str]:
    """The words of a headline; copied words are `mark` elements.

    Args:
        numbered: each word has its number as a class, and can have the keyboard's focus: see `marked.py`.
    """
    parts: list[Element | str] = []
    for position, (word, copied) in enumerate(zip(headline.headline_words, headline.copied, strict=True)):
        share, probability = headline.copied_shares[position], headline.probabilities[position]
        note = f"probability {percent(probability)}, of which the pointer gives {percent(share)}"
        parts.append(word[: len(word) - len(word.lstrip())])
        parts.append(
            element(
                "mark" if copied else "span",
                word.lstrip(),
                title=note,
                class_=classes("s2s-word", f"s2s-w{position}") if numbered else None,
                tabindex=0 if numbered else None,
            )
        )
    return parts
