"""Limits of option values and conditions on other options, written once beside each option: metadata of its field.

@dataclass(frozen=True)
class SearchOptions:
    beam_size: int = limited(1, minimum=1)
    length_penalty: float = limited(1.0, unused=[When("beam_size", lambda o: o.beam_size == 1)])

    def __post_init__(self) -> None:
        check_limits(self, "search")

`check_effects(options, "search")` refuses a `length_penalty` other than 1.0 beside `beam_size` 1.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from .environment import PLUGINS
from .errors import UserError, did_you_mean

Choices = Iterable[str] | Callable[[], Iterable[str]]
"""Names, or a function that returns them, for names that plugins can add to."""


@dataclass(frozen=True)
class When:
    """A condition under which an option has no effect.

    Args:
        other: the option on which it depends.
        holds: the condition, a function of all options of the section.
    """

    other: str
    holds: Callable[[Any], bool]


def limited(
    default: Any,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Choices | None = None,
    unused: Sequence[When] = (),
) -> Any:
    """A dataclass field with limits: minimum <= value <= maximum, above < value < below. None means no limit.

    `choices`: the names that are values, usually a registry; for a list or a dictionary the names of its entries.

    `unused`: when the option has no effect (each condition alone suffices); see `check_effects`.
    """
    limits = {"minimum": minimum, "maximum": maximum, "above": above, "below": below}
    known: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
    metadata = {"limits": known, "choices": choices, "unused": unused}
    return field(default=default, metadata=metadata)


def argument_texts(options: type) -> dict[str, str]:
    """Reads the text of each field from the "Args:" sections of the docstrings of a class and its bases."""
    entries: list[tuple[str, str]] = []
    for base in reversed(options.__mro__):
        section = (inspect.getdoc(base) or "").partition("\nArgs:\n")[2]
        entries += re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()).removesuffix(".") for name, text in entries}


def choices_of(option: Field[Any]) -> Iterable[str] | None:
    """The names that are values of a field, of those registered so far; None = not limited to names."""
    choices = option.metadata.get("choices")
    return choices() if callable(choices) else choices


def check_limits(options: Any, section: str) -> None:
    """Raises UserError, naming `section.field`, for a value outside the field's limits, its Literal type, or its type
    if that is bool, int or float.

    A field with limits accepts None if None is its default. Numbers must be finite. Numbers of numpy and torch become
    those of Python in the (frozen) options.
    """
    types = get_type_hints(type(options))
    for option in fields(options):
        key, value = f"{section}.{option.name}", _plain(getattr(options, option.name))
        object.__setattr__(options, option.name, value)
        _check_type(key, value, types[option.name])
        choices = [choice for choice in get_args(types[option.name]) if isinstance(choice, str)]
        if choices:
            check_choice(key, value, choices)
        names = choices_of(option)
        if names is not None:
            for name in [value] if isinstance(value, str) else value or ():
                check_choice(key, name, names)
        limits = option.metadata.get("limits")
        if value is not None and limits:
            _check_number(key, value, **limits)


def check_effects(options: Any, section: str, given: Collection[str] | None = None) -> None:
    """Raises UserError, naming both options, for an option that is set although another one takes its effect away.

    An option is set if its value differs from the default of the field.

    Args:
        given: names of the options to check; None = all.
    """
    for option in fields(options):
        if getattr(options, option.name) == _default(option) or (given is not None and option.name not in given):
            continue
        unused = next((when for when in option.metadata.get("unused", ()) if when.holds(options)), None)
        if unused:
            other, its_value = f"{section}.{unused.other}", getattr(options, unused.other)
            reason = f"without {other}" if its_value is None else f"with {other}: {its_value}"
            cure = f"leave it out (default: {_default(option)}) or change {other}"
            raise UserError(f"{section}.{option.name} has no effect {reason}; {cure}")


def _default(option: Field[Any]) -> Any:
    return option.default if option.default_factory is MISSING else option.default_factory()


def check_choice(key: str, value: Any, choices: Iterable[str]) -> None:
    """Raises UserError, with the most similar choice, if `value` is not one of `choices`. If they are a registry (a
    dictionary), the error also names the variable by which plugins add to it."""
    if value in choices:
        return
    known = ", ".join(choices) or "nothing is registered"
    plugins = f"{PLUGINS} names the modules that register others" if isinstance(choices, dict) else ""
    hints = "; ".join(filter(None, [did_you_mean(str(value), choices), plugins]))
    raise UserError(f"{key}: {value!r} is none of {known}" + (f"; {hints}" if hints else ""))


def _plain(value: Any) -> Any:
    """The Python value of a scalar of numpy or torch; other values as they are."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def _check_type(key: str, value: Any, kind: Any) -> None:
    """Raises UserError if `kind` is bool, int or float (or one of them or None) and `value` is something else."""
    kinds = set(get_args(kind)) if get_origin(kind) in (Union, UnionType) else {kind}
    if not kinds <= {bool, int, float, type(None)}:
        return
    names = {bool: "true or false", int: "a whole number", float: "a number"}
    allowed = kinds | ({int} if float in kinds else set())
    if not isinstance(value, tuple(allowed)):
        expected = " or ".join(text for kind, text in names.items() if kind in kinds)
        raise UserError(f"{key}: {value!r} is not {expected}")


def _check_number(
    key: str,
    value: float,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> None:
    if not math.isfinite(value):
        raise UserError(f"{key}: {value} is not a finite number")
    if minimum is not None and value < minimum:
        raise UserError(f"{key}: {value} is too small; give at least {minimum}")
    if above is not None and value <= above:
        raise UserError(f"{key}: {value} is too small; give more than {above}")
    if maximum is not None and value > maximum:
        raise UserError(f"{key}: {value} is too large; give at most {maximum}")
    if below is not None and value >= below:
        raise UserError(f"{key}: {value} is too large; give less than {below}")
