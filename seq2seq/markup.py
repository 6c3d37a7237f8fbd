"""HTML and SVG as a tree of elements. The text of a tree is escaped when the tree is written, without exception."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

Element = ElementTree.Element

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that HTML forbids, and those that turn the direction of the text around them."""


def element(name: str, /, *children: Any, **attributes: Any) -> Element:
    """An element with texts, elements, and lists of both. None adds nothing.

    Args:
        attributes: `_` stands for `-`, and a last `_` is left out: class_, stroke_width. None leaves one out.
    """
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    made = Element(name, {key: plain(str(value)) for key, value in named.items()})
    _add(made, children)
    return made


def _add(parent: Element, children: Iterable[Any]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + plain(child)
            else:
                parent.text = (parent.text or "") + plain(child)
        elif isinstance(child, Element):
            parent.append(child)
        else:
            _add(parent, child)


def plain(text: str) -> str:
    """A text with U+FFFD for each control character."""
    return _CONTROLS.sub("\ufffd", text)


def cut(text: str, characters: int) -> str:
    """A text of at most `characters` characters. Three dots stand for the rest."""
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def classes(*names: str | None) -> str | None:
    """The value of the attribute `class`; None without a name."""
    return " ".join(filter(None, names)) or None


def to_html(root: Element) -> str:
    """An element as text: a part of a page."""
    return ElementTree.tostring(root, encoding="unicode", method="html")


def to_document(root: Element) -> str:
    """The document of an element `html`."""
    return f"<!doctype html>\n{to_html(root)}\n"
