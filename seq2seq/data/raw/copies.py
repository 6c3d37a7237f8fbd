"""Local copies of a corpus: the data files in folders and zip archives, compressed or not, and their rows."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from ...errors import UserError
from ..corpora.delimited import MAX_FIELD_CHARACTERS
from .distribution import UNREADABLE, decode_utf8

PACKED: dict[str, Callable[[Any], Any]] = {".gz": gzip.open, ".xz": lzma.open}
"""How a compressed file is opened, by its suffix."""

Row = dict[str, Any]
Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class DataFile(NamedTuple):
    """A data file. `name` is its path; a member of an archive has the name ARCHIVE:MEMBER."""

    name: str
    open: Opener


def find_data_files(sources: Sequence[Path], endings: tuple[str, ...]) -> list[DataFile]:
    """Returns the files in `sources` whose names have one of the endings, with or without .gz or .xz.

    Folders are searched at any depth, and so are zip archives, also inside each other. The order is that of `sources`,
    and by name within each. Raises UserError if a source does not exist, is unreadable, or holds no such file.
    """
    files: list[DataFile] = []
    for source in sources:
        if not source.exists():
            raise UserError(f"{source} does not exist: pass the files or folders that you have as --source")
        paths = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        found = [file for path in paths for file in _expand(str(path), partial(_open_path, path), endings)]
        if not found:
            names = " ".join(f"*{ending}" for ending in endings)
            raise UserError(f"{source} holds no data: pass {names} (also .gz, .xz, .zip) or a folder of them")
        files += found
    return files


def _expand(name: str, opener: Opener, endings: tuple[str, ...]) -> Iterator[DataFile]:
    lower = PurePosixPath(name.rpartition(":")[2]).name.lower()
    if lower.startswith("."):
        return
    if lower.endswith(".zip"):
        with _readable(name), opener() as file, zipfile.ZipFile(file) as archive:
            members = sorted(archive.namelist())
        for member in members:
            yield from _expand(f"{name}:{member}", partial(_open_member, opener, member), endings)
    elif _unpacked(lower).endswith(endings):
        yield DataFile(name, opener)


def _unpacked(name: str) -> str:
    """The name, in lower case, without the suffix of a compressed file."""
    suffix = name[-3:]
    return name.removesuffix(suffix) if suffix in PACKED else name


def _open_path(path: Path) -> BufferedReader:
    return path.open("rb")


@contextmanager
def _open_member(container: Opener, member: str) -> Iterator[IO[bytes]]:
    with container() as file, zipfile.ZipFile(file) as archive, archive.open(member) as content:
        yield content


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise UserError(f"{name} cannot be read ({error}): get it again") from error


def read_rows(file: DataFile, keys: Sequence[str], mended: dict[str, int]) -> Iterator[Row]:
    """Yields the rows of a table (.tsv) or of JSON Lines, in constant memory.

    A table has a header, tabs, and quotes as in CSV. Illegal bytes are read as Latin-1 and counted in
    `mended["illegal_bytes"]`. Raises UserError, with file and line, for damaged content and for rows without the
    `keys`.
    """
    lower = file.name.lower()
    unpack = PACKED.get(lower[-3:], nullcontext)
    with _readable(file.name), file.open() as raw, unpack(raw) as content:
        lines = _decode(BufferedReader(content, 1 << 16), mended)
        table = _unpacked(lower).endswith(".tsv")
        yield from (_table_rows if table else _json_rows)(lines, keys, file.name)


def _decode(lines: BufferedReader, mended: dict[str, int]) -> Iterator[str]:
    for line in lines:
        text, illegal = decode_utf8(line)
        mended["illegal_bytes"] += illegal
        yield text


def _table_rows(lines: Iterator[str], keys: Sequence[str], name: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(lines, delimiter="\t", strict=True)
    try:
        header = next(reader, [])
        if missing := [key for key in keys if key not in header]:
            raise UserError(f"{name}: the header has no column {missing[0]!r}: pass the files as they are distributed")
        for row in reader:
            if len(row) != len(header):
                raise UserError(
                    f"{name}, line {reader.line_num}: {len(row)} fields instead of {len(header)}: get the file again"
                )
            yield dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise UserError(f"{name}, line {reader.line_num}: {error}: get the file again") from error


def _json_rows(lines: Iterator[str], keys: Sequence[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{name}, line {number}: no JSON ({error}): get the file again") from error
        if not isinstance(row, dict):
            raise UserError(f"{name}, line {number}: no JSON object: the format is one object per line")
        if missing := [key for key in keys if key not in row]:
            raise UserError(f"{name}, line {number}: no key {missing[0]!r}: pass the files as they are distributed")
        yield row
