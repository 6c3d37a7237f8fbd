"""The list of headlines, best first, with their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..explanation import Explanation
from .markup import Markup, classes, element, percent, text


def headline_list(headlines: Sequence[Explanation], chosen: int = 0) -> Markup:
    """A table of the headlines. Copied words are marked; a bar compares the scores.

    Args:
        chosen: position of the headline that the other views explain.
    """
    head = element("tr", *(element("th", text(name)) for name in ("", "headline", "score", "probability")))
    best = max(headline.score for headline in headlines)
    rows = [_row(rank, headline, best, rank == chosen) for rank, headline in enumerate(headlines)]
    return element("table", element("thead", head), element("tbody", *rows), class_="s2s-headlines")


def _row(rank: int, headline: Explanation, best: float, chosen: bool) -> Markup:
    bar = element("span", class_="s2s-bar", style=f"width:{100 * math.exp(headline.score - best):.1f}%")
    score = element("td", text(f"{headline.score:.3f}".replace("-", "\N{MINUS SIGN}")), bar, class_="s2s-number")
    probability = element("td", text(percent(math.exp(headline.log_prob))), class_="s2s-number")
    words = headline_words(headline) if headline.headline_words else element("em", text("an empty headline"))
    return element(
        "tr",
        element("td", text(str(rank + 1)), class_="s2s-rank"),
        element("td", words),
        score,
        probability,
        class_="s2s-chosen" if chosen else None,
    )


def headline_words(headline: Explanation, numbered: bool = False) -> Markup:
    """The words of a headline; copied words are `mark` elements.

    Args:
        numbered: each word has its number as a class, and can have the keyboard's focus: see `marked.py`.
    """
    parts = []
    for position, (word, copied) in enumerate(zip(headline.headline_words, headline.copied, strict=True)):
        share, probability = headline.copied_shares[position], headline.probabilities[position]
        note = f"probability {percent(probability)}, of which the pointer gives {percent(share)}"
        parts.append(text(word[: len(word) - len(word.lstrip())]))
        parts.append(
            element(
                "mark" if copied else "span",
                text(word.lstrip()),
                title=note,
                class_=classes("s2s-word", f"s2s-w{position}") if numbered else None,
                tabindex=0 if numbered else None,
            )
        )
    return Markup("".join(parts))
