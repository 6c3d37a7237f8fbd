"""Building blocks of HTML and SVG. Every text and every value of an attribute is escaped here."""

from __future__ import annotations

from html import escape
from typing import NewType

Markup = NewType("Markup", str)
"""A text that is already HTML or SVG; a plain string is not."""


def text(content: str) -> Markup:
    """A text as HTML: its characters appear as they are. `${` and `{{` would be placeholders in gradio's templates."""
    return Markup(escape(content))


def element(name: str, *content: Markup, **attributes: str | float | None) -> Markup:
    """One element with its content. An attribute None is left out. In names of attributes, "_" stands for "-", and a
    last "_" is dropped: `class_`."""
    given = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{''.join(content)}</{name}>")


def classes(*names: str | None) -> str | None:
    """The value of the attribute `class`; None without a name."""
    return " ".join(filter(None, names)) or None


def percent(share: float) -> str:
    """A share as a short text: 37 %, 0.4 %."""
    return f"{100 * share:.0f} %" if share >= 0.0095 else f"{100 * share:.2g} %"
