"""Progress of long work on standard error: a bar on a terminal, a line from time to time in a log file."""

from __future__ import annotations

import sys
import time


class Progress:
    """`with Progress("Encoding", total) as progress: progress.update(count)`.

    Args:
        label: the name of the work.
        total: the number of units of the whole work; None = unknown.
        unit: the name of a unit, in plural.
        interval: seconds between two lines in a log file. Work that ends earlier writes no line.
        announce: write the label at once in a log file, for work that can wait before its first unit.
    """

    def __init__(
        self, label: str, total: int | None = None, unit: str = "pairs", interval: float = 15.0, announce: bool = False
    ) -> None:
        self.label, self.total, self.unit, self.interval, self.done = label, total, unit, interval, 0
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(desc=label, total=total, unit=f" {unit}", unit_scale=True)
        elif announce:
            print(label, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        self._start = self._last_line = time.monotonic()
        return self

    def expect(self, total: int) -> None:
        """Sets the number of units of the whole work, once it is known."""
        self.total = total
        if self._bar is not None:
            self._bar.total = total
            self._bar.refresh()

    def update(self, count: int) -> None:
        """Adds `count` finished units. A negative count takes back units of work that has to be done again."""
        self.done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._last_line >= self.interval:
            self._last_line = time.monotonic()
            self._write_line(f"{self.label}: {self.done:,}" + (f" of {self.total:,}" if self.total else ""))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None and self._last_line > self._start:
            self._write_line(f"{self.label}: {self.done:,}")

    def _write_line(self, text: str) -> None:
        seconds = max(time.monotonic() - self._start, 1e-9)
        print(f"{text} {self.unit} ({seconds:,.0f} s, {self.done / seconds:,.0f}/s)", file=sys.stderr, flush=True)
