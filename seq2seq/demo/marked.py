"""Headline and document with the copied words marked, and with the attention of one headline word on hover."""

from __future__ import annotations

import numpy as np

from ..explanation import Explanation
from ..markup import Element, element
from .headlines import headline_words, percent

HOVER = "Point at a word of the headline to see its attention."
LEAST_ATTENTION = 0.01
"""Smaller weights are left out: a reader does not see them."""
LEAST_SHARE = 0.1
"""A position of the document is a source of a copied word if it gives at least this part of the copy."""


def copied_positions(explanation: Explanation) -> np.ndarray:
    """[S] True where the document has the source of a copied word of the headline."""
    copied = explanation.copy * explanation.sources
    shares = copied / np.maximum(copied.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return (shares[explanation.copied] >= LEAST_SHARE).any(axis=0)


def marked_text(explanation: Explanation) -> Element:
    """The headline, and below it the document as the network reads it.

    Styles do the work of the hover, without a script: the weights of headline word t are the variables --a<t> of the
    document's words, and a rule for each t makes them visible.
    """
    sources = copied_positions(explanation)
    document: list[Element | str] = []
    for position, word in enumerate(explanation.document_words):
        weights = enumerate(explanation.attention[:, position])
        style = ";".join(f"--a{t}:{weight:.2f}" for t, weight in weights if weight >= LEAST_ATTENTION)
        document.append(word[: len(word) - len(word.lstrip())])
        document.append(
            element("mark" if sources[position] else "span", word.lstrip(), style=style or None, class_="s2s-d")
        )
    # gradio adds selectors to those of the style sheet, which would win against these rules
    rules = [
        f".s2s-marked:has(.s2s-w{t}:is(:hover,:focus)) .s2s-d"
        f"{{background:color-mix(in srgb,var(--s2s-attention) calc(var(--a{t},0)*100%),transparent)!important}}"
        for t in range(len(explanation.headline_words))
    ]
    return element(
        "div",
        element("style", *rules),
        element("p", headline_words(explanation, numbered=True), class_="s2s-headline"),
        element("p", *document, class_="s2s-document"),
        element("p", f"{copy_report(explanation)} {HOVER}", class_="s2s-note"),
        class_="s2s-marked",
    )


def copy_report(explanation: Explanation) -> str:
    """One sentence about the copied words."""
    count, words = int(explanation.copied.sum()), len(explanation.headline_words)
    if not explanation.copy.any():
        return f"The model has no pointer: it generates all {words} words."
    mean = percent(float(explanation.copied_shares.mean())) if words else "0 %"
    return f"Copied words: {count} of {words}. The pointer gives {mean} of a word's probability on average."
