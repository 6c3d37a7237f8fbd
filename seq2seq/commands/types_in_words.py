"""Types of options in words, for the errors of wrong values."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "null",
    dict: "a mapping ({KEY: VALUE})",
    list: "a list ([A, B])",
}


def type_in_words(hint: Any) -> str:
    """A type as the end of a sentence: "a whole number or null"."""
    words = list(dict.fromkeys(_words(hint)))
    if WORDS[float] in words and WORDS[int] in words:  # a whole number is a number
        words.remove(WORDS[int])
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def class_names(hint: Any) -> list[str]:
    """The names of all known subclasses of the classes in a type: possible values of `class_path`."""
    names = []
    for member in _members(hint):
        if _is_class(member):
            names += [kind.__name__ for kind in _subclasses(member)]
    return names


def _words(hint: Any) -> Iterator[str]:
    for member in _members(hint):
        if get_origin(member) is Literal:
            yield from map(str, get_args(member))
        elif member in WORDS:
            yield WORDS[member]
        elif _is_class(member):
            yield f"the name of a {member.__name__} class, or class_path and init_args"
        else:
            kind = get_origin(member)
            yield WORDS[dict if isinstance(kind, type) and issubclass(kind, Mapping) else list] if kind else str(member)


def _members(hint: Any) -> Iterator[Any]:
    """The types of a union, and of unions in it."""
    if get_origin(hint) in (Union, UnionType):
        for member in get_args(hint):
            yield from _members(member)
    else:
        yield hint


def _is_class(member: Any) -> bool:
    """Whether a type stands for objects that a config describes by `class_path`."""
    return (
        inspect.isclass(member) and get_origin(member) is None and not issubclass(member, Iterable | str | float | int)
    )


def _subclasses(kind: type) -> Iterator[type]:
    subclasses: list[type] = kind.__subclasses__()
    for inner in subclasses:
        yield inner
        yield from _subclasses(inner)
