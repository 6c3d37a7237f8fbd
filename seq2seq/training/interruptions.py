"""Ends of a run that are no fault of its settings: a stop signal, or the death of another process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from seq2seq.errors import UserError


class Stopped(Exception):
    """The run received SIGTERM and saved its state. The message is one line."""


@contextmanager
def process_errors() -> Iterator[None]:
    """Turns torch's long error about a dead process into a UserError of one line."""
    try:
        yield
    except RuntimeError as error:
        text = re.sub(r"\[/\S+\] ", "", str(error).strip()) or type(error).__name__  # without paths of torch's build
        first = text.splitlines()[0].split(". ")[0][:200]
        if "DataLoader worker" in str(error):
            raise UserError(
                f"data.workers: a process that prepares batches has died ({first}); if memory ran out, use fewer; "
                "continue with `--resume auto`"
            ) from error
        if re.search(r"gloo|NCCL|[Cc]onnection (closed|reset|refused)|TCPStore|Broken pipe", str(error)):
            raise UserError(
                f"another process of this run has ended ({first}); read its error message; continue with "
                "`--resume auto`"
            ) from error
        raise
