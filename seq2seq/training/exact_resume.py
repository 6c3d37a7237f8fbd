"""What an interrupted training run needs to go on as if nothing had happened: where it stood, and which file to trust.

Pure functions and plain values; `module.py` and `callbacks.py` say when they are used. What makes a resumed run equal
to one that was never stopped: the order of the batches is a pure function of (seed, epoch), the random numbers of a
batch are a pure function of (seed, epoch, batch, rank), and checkpoints are written between two optimizer steps, when
nothing is under way that weights, optimizer, schedule and position do not tell.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seq2seq.checkpoint import read_checkpoint
from seq2seq.errors import UserError

RUN_FILE = "run.json"


class Stopped(Exception):
    """A run was asked to end (SIGTERM) and has saved where it stands; the message says so in one line."""


def batch_seed(seed: int, epoch: int, batch: int, rank: int) -> int:
    """The seed of a batch's random numbers (dropout)."""
    return int(np.random.SeedSequence((seed, epoch, batch, rank)).generate_state(1, np.uint64)[0] >> np.uint64(1))


# --- Where a run stands ----------------------------------------------------------------------------------------------


def settle(loops: dict[str, Any]) -> None:
    """Change a training loop's state, saved when a batch had been fetched but not begun, to that before it was fetched.

    Lightning restores the progress of a batch loop from four counters; it takes equal ones for "between two batches".
    """
    progress = loops["epoch_loop.batch_progress"]
    for counter in (progress["total"], progress["current"]):
        if counter["ready"] == counter["completed"] + 1 and counter["started"] == counter["completed"]:
            counter["ready"] -= 1
            progress["is_last_batch"] = False


def check_same(saved: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise UserError if a run cannot go on exactly, because what determines its batches has changed."""
    changed = [key for key in now if saved.get(key) != now[key]]
    if "corpus" in changed or "examples" in changed:
        raise UserError(
            f"data.corpus.train: not what the checkpoint was trained on ({saved.get('examples')} pairs then, "
            f"{now['examples']} now, or other words, or other limits); restore it, or start a new run without --resume"
        )
    if changed:
        then = ", ".join(f"{key} {saved.get(key)} then, {now[key]} now" for key in changed)
        raise UserError(f"the run cannot go on exactly where it stopped: {then}; give the same, or start a new run")


# --- Files -----------------------------------------------------------------------------------------------------------


def save_whole(checkpoint: dict[str, Any], file: Path) -> None:
    """`torch.save` so that the file is there whole or as it was before, also after a power cut.

    Raises UserError, in one line, where it cannot be written (a full disk, say); what was there before stays.
    """
    temporary = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as sink:
            torch.save(checkpoint, sink)
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(temporary, file)
        _sync_folder(file.parent)
    except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
        temporary.unlink(missing_ok=True)
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error).splitlines()[0]
        raise UserError(
            f"{file}: the checkpoint cannot be written ({reason}); those written before are whole: "
            "make room, then go on with `--resume auto`"
        ) from error


def write_whole(file: Path, text: Iterable[str]) -> None:
    """Write a text file, piece by piece, so that it is there whole or as it was before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.part")
    with temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(text)
    temporary.replace(file)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def run_id(folder: Path) -> str | None:
    """The id of the run whose folder this is; None if there is none."""
    try:
        return str(json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def new_run(folder: Path, chosen: str) -> None:
    """Begin a new run in a folder, under an id from which its checkpoints and its dashboard are known."""
    write_whole(folder / RUN_FILE, [json.dumps({"id": chosen}), "\n"])


def newest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint of the folder's run (None if there is none), and what was passed over, and why."""
    run, passed_over = run_id(folder), []
    files = sorted(folder.glob("*.ckpt"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    for file in files:
        try:
            known = read_whole(file)
        except UserError as error:
            passed_over.append(str(error))
            continue
        if run is not None and known["run"] not in (None, run):
            passed_over.append(f"{file}: of an earlier run in this folder")
        elif not known["exact"]:
            passed_over.append(f"{file}: written in the middle of an optimizer step")
        else:
            return file, passed_over
    return None, passed_over


def read_whole(file: Path) -> dict[str, Any]:
    """What a checkpoint says of its run (`run`, `exact`). Raises UserError if it is damaged: every byte is checked."""
    read_checkpoint(file)
    with zipfile.ZipFile(file) as archive:
        if broken := archive.testzip():
            raise UserError(f"{file}: damaged ({broken}); use another")
    position = torch.load(file, map_location="cpu", weights_only=True, mmap=True).get("resume") or {}
    return {"run": position.get("run"), "exact": position.get("exact", True)}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say in one line what torch says in twenty when another process dies."""
    try:
        yield
    except RuntimeError as error:
        text = re.sub(r"\[/\S+\] ", "", str(error).strip()) or type(error).__name__  # without where torch was built
        first = text.splitlines()[0].split(". ")[0][:200]
        if "DataLoader worker" in str(error):
            raise UserError(
                f"data.workers: a process that prepares batches has died ({first}); if memory ran out, use fewer; "
                "go on with `--resume auto`"
            ) from error
        if re.search(r"gloo|NCCL|[Cc]onnection (closed|reset|refused)|TCPStore|Broken pipe", str(error)):
            raise UserError(
                f"another process of this run has ended ({first}); see what it said; go on with `--resume auto`"
            ) from error
        raise
