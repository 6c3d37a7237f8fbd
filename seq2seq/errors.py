"""`UserError`: an error that the user can correct. Stands below everything else and imports nothing of the package."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Bad input, settings or files. The message is one line: the fault, its place (file, line or key) and the cure.

    The command line prints it as one line and exits with a non-zero status; in Python it is an ordinary exception.
    """


def require_packages(place: str, extra: str, *packages: str) -> None:
    """Raises UserError, with the command that installs the `extra`, if one of its packages is not installed.

    Args:
        place: the command or the option that needs the packages.
    """
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        raise UserError(f'{place}: {", ".join(missing)} not installed; pip install "seq2seq-headlines[{extra}]"')


def first_line(error: BaseException) -> str:
    """The first line of an error's text without its last dot, or the error's type if it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns "did you mean 'X'?" for the known word most similar to `word`, or "" if none is similar."""
    similar = get_close_matches(word, list(known), 1)
    return f"did you mean {similar[0]!r}?" if similar else ""
