"""Tables on the terminal, of `show` and `score`. Imports rich, so import this module only where a table is printed."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text


def new_console() -> Console:
    """A console for standard output: as wide as the terminal, or 140 characters where there is none."""
    return Console(width=None if sys.stdout.isatty() else 140)


def plain(text: str, console: Console) -> Text:
    """`text` for a table: square brackets are not markup, and characters that the output lacks are escapes, so that the
    widths of the table include them."""
    return Text(text.encode(console.encoding, "backslashreplace").decode(console.encoding))
