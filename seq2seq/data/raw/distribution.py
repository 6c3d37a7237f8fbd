"""What all raw distributions share: their description for the command, the report, and the output files.

The output folder gets train.jsonl, validation.jsonl and test.jsonl (UTF-8, one object with `document` and `summary` per
line), and report.json.
"""

from __future__ import annotations

import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from ...errors import UserError
from ...files import atomic_writer
from ..splits import SPLITS

OUTPUTS = {split: f"{split}.jsonl" for split in SPLITS} | {"report": "report.json"}

UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
)
"""All exceptions of the standard library for a truncated, damaged, encrypted or unreadable file."""
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
"""Control characters, except white space."""


@dataclass(frozen=True)
class Report:
    """Counts of a conversion; also written as report.json.

    `kept` is per split, `left_out` and `mended` are per reason. `documents_read` is the sum of kept and left out.
    """

    corpus: str
    source: str
    documents_read: int
    kept: dict[str, int]
    left_out: dict[str, int]
    mended: dict[str, int]

    def __str__(self) -> str:
        def text(counts: dict[str, int]) -> str:
            facts = [f"{key.replace('_', ' ')} {count:,}" for key, count in counts.items() if count]
            return ", ".join(facts) or "nothing"

        return (
            f"{self.corpus}: {self.documents_read:,} documents read from {self.source}\n"
            f"  kept:     {text(self.kept)}\n  left out: {text(self.left_out)}\n  mended:   {text(self.mended)}"
        )


@dataclass(frozen=True)
class Distribution:
    """A subcommand of `seq2seq prepare`.

    Args:
        help: one line for the list of corpora.
        description: for `--help`.
        example: a command line.
        arguments: options besides --output and --force: flag -> keyword arguments of `add_argument`.
        prepare: called with `output` (Path), `force` (bool) and the values of `arguments`, by keyword. Raises UserError
            for a bad source and, without `force`, for existing output.
    """

    help: str
    description: str
    example: str
    arguments: dict[str, dict[str, Any]]
    prepare: Callable[..., Report]


def refuse_existing(output: Path, force: bool) -> None:
    """Raises UserError if `output` has files of an earlier run, unless `force`. Call it before long work."""
    present = [name for name in OUTPUTS.values() if (output / name).exists()]
    if present and not force:
        raise UserError(f"{output} already holds {', '.join(present)}: choose another --output or replace with --force")


@contextmanager
def output_files(output: Path) -> Iterator[dict[str, IO[str]]]:
    """Opens a file per split and `report`. They appear under their names after the block, or not after an error."""
    try:
        with ExitStack() as stack:
            files = {key: stack.enter_context(atomic_writer(output / name)) for key, name in OUTPUTS.items()}
            yield files
            for file in files.values():
                file.flush()  # a full disk must show before the first file gets its name
    except OSError as error:
        raise UserError(f"cannot write to {output} ({error}): free some space or choose another --output") from error


def write_pair(file: IO[str], document: str, summary: str) -> None:
    """Writes one line of JSON."""
    file.write(json.dumps({"document": document, "summary": summary}, ensure_ascii=False) + "\n")


def write_report(file: IO[str], report: Report) -> None:
    """Writes the report as JSON."""
    file.write(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n")


def decode_utf8(raw: bytes) -> tuple[str, int]:
    """Returns UTF-8 text and the number of illegal bytes. These are read as Latin-1."""
    text = raw.decode("utf-8", "surrogateescape")
    return re.subn(r"[\udc80-\udcff]", lambda match: chr(ord(match[0]) - 0xDC00), text)
