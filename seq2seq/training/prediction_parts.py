"""Result files that are written while the results are made, by several processes, across interruptions.

Each process appends to its own part, a JSON Lines file in the folder `NAME.parts.FINGERPRINT`; at the end the parts are
merged. The fingerprint covers everything that the results depend on, so that parts of another checkpoint, other
settings or another corpus are never mixed. Each line has the key `row`. An incomplete last line of a killed process is
removed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.errors import UserError


class PredictionParts:
    """The parts of one result file.

    Args:
        file: the merged result; the parts are written beside it.
        fingerprint: a digest of everything that the results depend on.
        rows: number of results, with `row` from 0 to rows - 1.
    """

    def __init__(self, file: Path, fingerprint: str, rows: int) -> None:
        self.file, self.rows = file, rows
        self.folder = file.with_name(f"{file.stem}.parts.{fingerprint}")

    def done(self) -> np.ndarray:
        """[rows] True where a part has the result. Call it on all processes before any of them writes."""
        found = np.zeros(self.rows, dtype=bool)
        for part in self._files():
            for row, _, _ in _lines(part):
                found[row] = True
        return found

    def others(self) -> list[Path]:
        """Folders with parts of the same result file that have another fingerprint."""
        return sorted(set(self.file.parent.glob(f"{self.file.stem}.parts.*")) - {self.folder})

    def writer(self, rank: int) -> PartWriter:
        """Opens the part of this process to continue it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return PartWriter(self.folder / f"{rank:05}.jsonl")

    def merged(self, *, complete: bool = True) -> Iterator[dict[str, Any]]:
        """The results in the order of their rows, one at a time. Raises UserError if some are missing.

        Args:
            complete: False to accept that some are missing.
        """
        parts = self._files()
        positions = np.full((self.rows, 2), -1, dtype=np.int64)  # number of the part and byte position of each row
        for number, part in enumerate(parts):
            for row, position, _ in _lines(part):
                positions[row] = number, position
        found = positions[positions[:, 0] >= 0]
        missing = self.rows - len(found)
        if missing and complete:
            raise UserError(
                f"{self.folder}: {missing:,} of {self.rows:,} results are missing; all machines must see the same"
                " folder (trainer.default_root_dir); run the command again to add them"
            )
        files = [part.open("rb") for part in parts]
        try:
            for number, position in found.tolist():
                files[number].seek(position)
                yield json.loads(files[number].readline())
        finally:
            for file in files:
                file.close()

    def remove(self) -> None:
        """Deletes the parts."""
        shutil.rmtree(self.folder)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))


class PartWriter:
    """Appends lines to a part and flushes them to the system: a killed process loses no complete line."""

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
    """(row, byte position, bytes) of each line before the first incomplete or damaged one."""
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
