"""Paths as the user means them, and atomic writing of files.

A file that is written atomically appears complete under its name, or stays as it was.
"""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from .errors import UserError

VARIABLE = r"\$(?P<brace>\{)?(?P<name>\w+)(?(brace)\})(?=/|$)"
"""An environment variable as the first part of a path."""


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path that a user means by `text`.

    `~`, `~name`, `$NAME` and `${NAME}` at its start have the meaning that they have in a shell.

    Raises UserError if there is no such home folder or environment variable, or if `text` is no path.
    """
    try:
        found = re.match(VARIABLE, os.fspath(text))
        expanded = os.path.expandvars(text) if found else os.fspath(text)
        if found and expanded == os.fspath(text):
            raise UserError(f"{text}: no environment variable {found['name']} is set; set it, or write the whole path")
        return Path(expanded).expanduser()
    except TypeError:
        raise UserError(f"{text!r} is no path; give it as text or as a pathlib.Path") from None
    except RuntimeError as error:
        raise UserError(f"{text}: {str(error).rstrip('.')}; write the whole path") from None


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same existing file."""
    return one.exists() and other.exists() and one.samefile(other)


def is_zip_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a zip archive. One with a damaged end is none, where `zipfile.is_zipfile` raises an error."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def discard_output(stream: TextIO) -> None:
    """Discards everything that is still to be written to a stream, because its reader has ended or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def atomic_writer(file: str | Path, *, binary: bool = False, durable: bool = False) -> Iterator[IO[Any]]:
    """Opens a temporary file beside `file` and renames it to `file` when the block ends without an error.

    The temporary file can be written and read.

    Args:
        file: missing parent folders are made.
        binary: bytes; otherwise UTF-8 text with "\\n" as line end.
        durable: also flush file and folder to the disk, so that the file survives a power cut.

    Raises OSError if the file cannot be written. After any error the temporary file is removed and `file` is unchanged.
    """
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".part")
    text: dict[str, Any] = {} if binary else {"encoding": "utf-8", "newline": "\n"}
    try:
        with os.fdopen(handle, "w+b" if binary else "w+", **text) as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())  # mkstemp makes private files
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(file.parent)


def _umask() -> int:
    """The permission bits that new files of this process lack. Reading them means setting them."""
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
