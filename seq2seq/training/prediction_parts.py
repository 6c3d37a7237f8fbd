"""Results that are written as they come: one part for each process, continued after an interruption, merged at the end.

A part is JSON Lines in a folder of its own, `parts.<fingerprint>`; the fingerprint stands for all that the results
depend on, so that parts of another checkpoint, other settings or another corpus are never mixed in. Each line has the
`row` it is about. A line counts once it is whole: what a killed process left half-written is cut off.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.errors import UserError


class Parts:
    """The parts of one result file.

    Args:
        file: where the merged result will be; the parts lie beside it.
        fingerprint: of all that the results depend on.
        rows: how many results there will be, with `row` from 0 up.
    """

    def __init__(self, file: Path, fingerprint: str, rows: int) -> None:
        self.file, self.rows = file, rows
        self.folder = file.with_name(f"{file.stem}.parts.{fingerprint}")

    def done(self) -> np.ndarray:
        """[rows] True where some part has the result. Call it on all processes before one of them writes."""
        found = np.zeros(self.rows, dtype=bool)
        for part in sorted(self.folder.glob("*.jsonl")):
            for row, _, _ in _lines(part):
                found[row] = True
        return found

    def others(self) -> list[Path]:
        """Parts of other settings of the same result file, which are left alone."""
        return sorted(set(self.file.parent.glob(f"{self.file.stem}.parts.*")) - {self.folder})

    def writer(self, rank: int) -> PartWriter:
        """Open this process's part and continue it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return PartWriter(self.folder / f"{rank:05}.jsonl")

    def merged(self) -> Iterator[dict[str, Any]]:
        """All results in the order of their rows, one at a time. Raises UserError if some are missing."""
        parts = sorted(self.folder.glob("*.jsonl"))
        where = np.full((self.rows, 2), -1, dtype=np.int64)  # part and position of each row
        for number, part in enumerate(parts):
            for row, position, _ in _lines(part):
                where[row] = number, position
        missing = int((where[:, 0] < 0).sum())
        if missing:
            raise UserError(
                f"{self.folder}: {missing:,} of {self.rows:,} results are missing; all machines must see the same"
                " folder (trainer.default_root_dir); run the command again to add them"
            )
        files = [part.open("rb") for part in parts]
        try:
            for number, position in where.tolist():
                files[number].seek(position)
                yield json.loads(files[number].readline())
        finally:
            for file in files:
                file.close()

    def remove(self) -> None:
        """Delete the parts, once the result is written."""
        shutil.rmtree(self.folder)


class PartWriter:
    """Appends lines to a part, and hands them to the system at once: killing the process loses no whole line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        end = max((position + size for _, position, size in _lines(path)), default=0)
        self._file.truncate(end)

    def write(self, lines: list[dict[str, Any]]) -> None:
        self._file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _lines(path: Path) -> Iterator[tuple[int, int, int]]:
    """(row, position, bytes) of each line up to the first that is not whole."""
    position = 0
    with path.open("rb") as file:
        for line in file:
            try:
                row = json.loads(line)["row"] if line.endswith(b"\n") else None
            except (ValueError, TypeError, KeyError):
                row = None
            if row is None:
                return
            yield row, position, len(line)
            position += len(line)
