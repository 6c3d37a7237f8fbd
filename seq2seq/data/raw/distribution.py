"""Shared by all raw distributions: the entry of the registry, the report, the output files, and decoding.

The output folder gets train.jsonl, validation.jsonl and test.jsonl (UTF-8, one object with `document` and `summary` per
line, and further keys of the corpus), and report.json.
"""

from __future__ import annotations

import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from ...errors import UserError
from ...files import atomic_writer
from ..splits import SPLITS, Split

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

    `kept` is per split, `left_out` and `mended` (corrections) are per reason. `documents_read` is the sum of kept and
    left out.
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


class CorpusWriter:
    """Writes and counts the pairs of each split, then the report."""

    def __init__(self, files: dict[str, IO[str]]) -> None:
        self._files = files
        self._kept: dict[str, int] = dict.fromkeys(SPLITS, 0)

    def write(
        self, split: Split, document: str, summary: str, fields: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Writes one pair as a line of JSON, after the further `fields` of this line."""
        pair = {**fields, "document": document, "summary": summary}
        self._files[split].write(json.dumps(pair, ensure_ascii=False) + "\n")
        self._kept[split] += 1

    def report(self, corpus: str, source: str, left_out: dict[str, int], mended: dict[str, int]) -> Report:
        """Writes and returns the report."""
        read = sum(self._kept.values()) + sum(left_out.values())
        report = Report(corpus, source, read, self._kept, left_out, mended)
        self._files["report"].write(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n")
        return report


@contextmanager
def corpus_writer(output: Path) -> Iterator[CorpusWriter]:
    """Opens the output files. They appear under their names at the end of the block; after an error, none appears."""
    with output_errors(output), ExitStack() as stack:
        files = {key: stack.enter_context(atomic_writer(output / name)) for key, name in OUTPUTS.items()}
        yield CorpusWriter(files)
        for file in files.values():
            file.flush()  # a full disk must show before the first file gets its name


@contextmanager
def output_errors(output: Path) -> Iterator[None]:
    """Turns an OSError of the block into a UserError about the output folder."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write to {output} ({error}): free some space or choose another --output") from error


def decode_utf8(raw: bytes) -> tuple[str, int]:
    """Returns UTF-8 text and the number of illegal bytes. These are read as Latin-1."""
    text = raw.decode("utf-8", "surrogateescape")
    return re.subn(r"[\udc80-\udcff]", lambda match: chr(ord(match[0]) - 0xDC00), text)
