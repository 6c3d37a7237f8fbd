"""The checkpoint format: read, verify, write; and the newest checkpoint of a run's folder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import torch

from seq2seq.errors import UserError
from seq2seq.files import atomic_writer
from seq2seq.inference import FORMAT, read_checkpoint

__all__ = ["FORMAT", "RUN_FILE", "newest_checkpoint", "read_checkpoint", "run_id", "start_run", "write_checkpoint"]

RUN_FILE = "run.json"


def write_checkpoint(checkpoint: dict[str, Any], file: Path) -> None:
    """Writes a checkpoint atomically and flushes it to the disk. Raises UserError if it cannot be written."""
    try:
        with atomic_writer(file, binary=True, durable=True) as stream:
            torch.save(checkpoint, stream)
    except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error).splitlines()[0]
        raise UserError(
            f"{file}: the checkpoint cannot be written ({reason}); earlier checkpoints are intact: "
            "free some disk space, then continue with `--resume auto`"
        ) from error


def run_id(folder: Path) -> str | None:
    """The id of the run in `folder`, or None."""
    try:
        return str(json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def start_run(folder: Path, id: str) -> None:
    """Writes the id of a new run into its folder."""
    with atomic_writer(folder / RUN_FILE) as stream:
        stream.write(json.dumps({"id": id}) + "\n")


def newest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest intact checkpoint of the folder's run, or None; and the reasons why newer files were passed over."""
    run, passed_over = run_id(folder), []
    files = sorted(folder.glob("*.ckpt"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    for file in files:
        try:
            known = _verify(file)
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


def _verify(file: Path) -> dict[str, Any]:
    read_checkpoint(file)
    with zipfile.ZipFile(file) as archive:
        if broken := archive.testzip():
            raise UserError(f"{file}: damaged ({broken}); use another")
    position = torch.load(file, map_location="cpu", weights_only=True, mmap=True).get("resume") or {}
    return {"run": position.get("run"), "exact": position.get("exact", True)}
