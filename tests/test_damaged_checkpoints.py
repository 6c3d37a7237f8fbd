"""Checkpoints with flipped bytes: one line of error, or a model that works. No crash, and no code of the file runs."""

from __future__ import annotations

import random
import sys
import typing
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import TrainedRun, pairs

from seq2seq.errors import UserError
from seq2seq.inference import Summarizer

PROCESSES = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
)
"""Events of Python that no reading of a checkpoint causes."""
_seen: list[str] | None = None
"""The events so far; None while nothing is watched."""


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None:
        return
    if event in PROCESSES:
        _seen.append(f"{event} {arguments}"[:200])
    elif event == "exec":
        source, caller = arguments[0].co_filename, sys._getframe(1).f_code.co_filename
        if not Path(source).is_file() and caller != typing.__file__:  # a module, or an annotation as text
            _seen.append(f"exec {source}")


sys.addaudithook(_watch)  # Python cannot remove it again


@pytest.fixture
def events(trained: TrainedRun) -> Iterator[list[str]]:
    """The forbidden events of a test, after a first reading has imported all modules."""
    global _seen
    Summarizer.from_checkpoint(trained.best, device="cpu").summarize([pairs(1)[0]["document"]])
    _seen = []
    yield _seen
    _seen = None


def regions(file: Path) -> list[range]:
    """Byte positions: of the whole file, of its pickle, and of the directory at its end."""
    size = file.stat().st_size
    with zipfile.ZipFile(file) as archive:
        (pickle,) = (entry for entry in archive.infolist() if entry.filename.endswith("data.pkl"))
        start = pickle.header_offset + 30 + len(pickle.filename)
        return [range(size), range(start, start + pickle.file_size), range(archive.start_dir, size)]


def outcome(file: Path) -> str:
    """Reads a checkpoint and writes a headline: "works", or the text of the error."""
    try:
        (headline,) = Summarizer.from_checkpoint(file, device="cpu").summarize([pairs(1)[0]["document"]])
    except UserError as error:
        return str(error)
    assert isinstance(headline, str)
    return "works"


def check_flipped(source: Path, folder: Path, count: int, events: list[str]) -> dict[str, int]:
    """Reads `count` copies with 1 to 8 changed bytes each. Returns the number of copies that work, and of errors."""
    whole, places = source.read_bytes(), regions(source)
    found = {"works": 0, "refused": 0}
    for seed in range(count):
        chosen = random.Random(seed)
        changed = bytearray(whole)
        for _ in range(chosen.randint(1, 8)):
            changed[chosen.choice(places[seed % 3])] ^= chosen.randrange(1, 256)
        file = folder / "flipped.ckpt"
        file.write_bytes(changed)
        result = outcome(file)
        file.unlink()  # the next one is a new file: the old one may still be mapped
        found["works" if result == "works" else "refused"] += 1
        assert result == "works" or ("\n" not in result and "flipped.ckpt" in result), (seed, result)
        assert not events, (seed, events)
    return found


def test_flipped_bytes(trained: TrainedRun, tmp_path: Path, events: list[str]) -> None:
    found = check_flipped(trained.best, tmp_path, 60, events)
    assert min(found.values()) > 5  # most weights can change, most of the pickle cannot


def test_a_damaged_directory_is_no_archive(trained: TrainedRun, tmp_path: Path) -> None:
    """With a second disk in the record of a large archive, `zipfile.is_zipfile` raises an error."""
    file = tmp_path / "damaged.ckpt"
    content = trained.best.read_bytes()
    locator = content.rindex(b"PK\x06\x07")  # the position of that record, before the end record: 4 + 4 + 8 + 4 bytes
    file.write_bytes(content[: locator + 16] + b"\x02\0\0\0" + content[locator + 20 :])
    with pytest.raises(zipfile.BadZipFile):
        zipfile.is_zipfile(file)
    with pytest.raises(UserError, match=r"damaged.ckpt: not a checkpoint, or a truncated one"):
        Summarizer.from_checkpoint(file)


@pytest.mark.slow
def test_many_flipped_bytes(trained: TrainedRun, tmp_path: Path, events: list[str]) -> None:
    found = check_flipped(trained.best, tmp_path, 2000, events)
    assert min(found.values()) > 200


def test_the_watch_sees_code_that_runs(events: list[str]) -> None:
    exec(compile("1 + 1", "<payload>", "exec"))
    assert events == ["exec <payload>"]
