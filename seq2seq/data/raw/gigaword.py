"""Gigaword's sentence-headline pairs (Rush, Chopra and Weston 2015): line-aligned text files."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from io import BufferedReader
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from ...errors import UserError
from ...files import user_path
from ...progress import Progress
from ..splits import Split
from .distribution import CONTROL, UNREADABLE, Distribution, Report, corpus_writer, decode_utf8, refuse_existing

FILES: dict[Split, tuple[str, str]] = {
    "train": ("train.article.txt", "train.title.txt"),
    "validation": ("valid.article.filter.txt", "valid.title.filter.txt"),
    "test": ("input.txt", "task1_ref0.txt"),
}
"""(documents, summaries) of each split, under the names of the distribution."""
FOLDERS = (".", "train", "giga", "Giga")
"""Folders of the distribution that can contain these files."""
LINES_PER_UPDATE = 1000


def prepare_gigaword(source: Path, output: Path, force: bool = False) -> Report:
    """Writes Gigaword's article and title files (plain or .gz) as JSON Lines, in constant memory.

    Only white space and control characters change: `UNK`, `<unk>` and `#` are kept. Pairs with an empty side are left
    out and counted. Raises UserError for missing files, files of different lengths and existing output.
    """
    if not source.is_dir():
        raise UserError(f"{source} is no folder: pass the folder with {FILES['train'][0]} as --source")
    refuse_existing(output, force)
    paths = {split: (_find_file(source, a), _find_file(source, t)) for split, (a, t) in FILES.items()}
    left_out = {f"{split}_empty_{side}": 0 for split in FILES for side in ("document", "summary")}
    mended = {"illegal_bytes": 0, "control_characters": 0}
    with corpus_writer(output) as writer:
        for split in FILES:
            for article, title in _aligned_lines(paths[split], f"reading Gigaword {split}"):
                document, summary = _clean_line(article, mended), _clean_line(title, mended)
                if document and summary:
                    writer.write(split, document, summary)
                else:
                    left_out[f"{split}_empty_{'summary' if document else 'document'}"] += 1
        return writer.report("gigaword", str(source), left_out, mended)


def _clean_line(raw: bytes, mended: dict[str, int]) -> str:
    """Returns one line as text; adds the corrections to `mended`."""
    text, illegal_bytes = decode_utf8(raw)
    text, control_characters = CONTROL.subn("", text)
    mended["illegal_bytes"] += illegal_bytes
    mended["control_characters"] += control_characters
    return " ".join(text.split())


def _find_file(source: Path, name: str) -> Path:
    for folder in FOLDERS:
        for candidate in (source / folder / name, source / folder / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    raise UserError(
        f"{source} holds no {name} or {name}.gz, neither itself nor in {', '.join(FOLDERS[1:])}:"
        " pass the folder of the distribution as --source"
    )


def _open_lines(path: Path, stack: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Returns (the file on disk, its lines). The position in the file on disk measures the progress, also for .gz."""
    disk = stack.enter_context(path.open("rb"))
    if path.suffix != ".gz":
        return disk, disk
    # GzipFile without a buffer reads lines slowly.
    return disk, stack.enter_context(BufferedReader(gzip.GzipFile(fileobj=disk), 1 << 16))


def _aligned_lines(paths: tuple[Path, Path], label: str) -> Iterator[tuple[bytes, bytes]]:
    """Yields (article, title) line by line.

    Only a line feed ends a line; text mode would also break lines at carriage returns. Raises UserError at the end if
    one file has more lines than the other.
    """
    articles, titles = paths
    article_count = title_count = 0
    try:
        with ExitStack() as stack:
            disk, article_lines = _open_lines(articles, stack)
            _, title_lines = _open_lines(titles, stack)
            progress = stack.enter_context(Progress(label, articles.stat().st_size, "bytes", announce=True))
            for article, title in zip_longest(article_lines, title_lines):
                article_count += article is not None
                title_count += title is not None
                if article is not None and title is not None:
                    yield article, title
                if article_count % LINES_PER_UPDATE == 0:
                    progress.update(disk.tell() - progress.done)
    except UNREADABLE as error:
        raise UserError(f"{articles} or {titles} cannot be read ({error}): get the distribution again") from error
    if article_count != title_count:
        raise UserError(
            f"{articles} has {article_count:,} lines but {titles} has {title_count:,}: they must correspond line by"
            " line, get the distribution again"
        )


GIGAWORD = Distribution(
    help="Gigaword, from its article and title files",
    description="""\
Gigaword's sentence-headline pairs (Rush et al. 2015): line-aligned text files, plain or .gz, in the folder itself or in
its folders train/ and giga/: train.article.txt, train.title.txt, valid.article.filter.txt, valid.title.filter.txt,
input.txt, task1_ref0.txt. Pairs with an empty side are left out; UNK, <unk> and # are kept.""",
    example="seq2seq prepare gigaword --source sumdata --output data/gigaword",
    arguments={
        "--source": {"type": user_path, "required": True, "metavar": "DIR", "help": "the folder of the distribution"}
    },
    prepare=prepare_gigaword,
)
