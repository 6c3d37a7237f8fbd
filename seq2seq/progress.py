"""How far a long piece of work is: a bar on a terminal, a plain line now and then in a log file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

SECONDS = 15.0  # between two lines in a log; what is done sooner says nothing


class Progress:
    """`with Progress("Encoding", total) as progress: progress.update(count)`. Writes to standard error.

    Args:
        what: the work, in a word or two.
        total: how many there are; None = not known.
        unit: of what.
        seconds: time between two lines in a log.
    """

    def __init__(self, what: str, total: int | None = None, unit: str = "pairs", seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.what, self.total, self.unit, self.done = what, total, unit, 0
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(desc=what, total=total, unit=f" {unit}", unit_scale=True)

    def __enter__(self) -> Progress:
        self._start = self._told = time.monotonic()
        return self

    def update(self, count: int) -> None:
        """`count` more are done."""
        self.done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._told >= self.seconds:
            self._told = time.monotonic()
            self._tell(f"{self.what}: {self.done:,}" + (f" of {self.total:,}" if self.total else ""))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None and self._told > self._start:
            self._tell(f"{self.what}: {self.done:,}")

    def _tell(self, text: str) -> None:
        seconds = max(time.monotonic() - self._start, 1e-9)
        print(f"{text} {self.unit} ({seconds:,.0f} s, {self.done / seconds:,.0f}/s)", file=sys.stderr, flush=True)
