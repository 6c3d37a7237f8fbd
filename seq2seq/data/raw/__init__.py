"""Turns raw distributions (Reuters-21578 SGML, Gigaword's line-aligned files) into JSON Lines, once, before training.

Stands at the very start of the flow: `seq2seq prepare` calls it, `data/corpora.py` reads what it wrote. The output
folder gets train.jsonl, validation.jsonl and test.jsonl (UTF-8, one object with `document` and `summary` a line) and
report.json, each written under a temporary name and renamed when all are whole. What is left out is counted there.
"""

from __future__ import annotations

import gzip
import html
import http.client
import json
import lzma
import os
import re
import sys
import tarfile
import time
import urllib.request
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from io import BufferedReader
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from seq2seq.errors import UserError

SPLITS = ("train", "validation", "test")
OUTPUTS = {split: f"{split}.jsonl" for split in SPLITS} | {"report": "report.json"}
REUTERS_DOCUMENTS = 21_578
REUTERS_FILES = 22
REUTERS_URLS = (
    "http://www.daviddlewis.com/resources/testcollections/reuters21578/reuters21578.tar.gz",
    "https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.tar.gz",
)
REUTERS_ARCHIVE = "reuters21578.tar.gz"
MIN_BODY_TOKENS = 12
MIN_TITLE_TOKENS = 3

# Split -> (article file, title file), as the distribution of Rush et al. (2015) names them, in one of these folders.
GIGAWORD_FILES = {
    "train": ("train.article.txt", "train.title.txt"),
    "validation": ("valid.article.filter.txt", "valid.title.filter.txt"),
    "test": ("input.txt", "task1_ref0.txt"),
}
GIGAWORD_FOLDERS = (".", "train", "giga", "Giga")

# Everything the standard library raises on a file that is cut short, damaged, encrypted or unreadable.
_UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Report:
    """What came in, what was kept and what was left out; also written as report.json.

    Per split (train, validation, test): `kept`. `left_out` and `mended` count by reason. `documents_read` is the sum of
    all that was kept and left out.
    """

    corpus: str
    source: str
    documents_read: int
    kept: dict[str, int]
    left_out: dict[str, int]
    mended: dict[str, int]

    def __str__(self) -> str:
        def counts(numbers: dict[str, int]) -> str:
            shown = [f"{name.replace('_', ' ')} {number:,}" for name, number in numbers.items() if number]
            return ", ".join(shown) or "nothing"

        return "\n".join(
            [
                f"{self.corpus}: {self.documents_read:,} documents read from {self.source}",
                f"  kept:     {counts(self.kept)}",
                f"  left out: {counts(self.left_out)}",
                f"  mended:   {counts(self.mended)}",
            ]
        )


class Story(NamedTuple):
    """One document of Reuters-21578; `title` and `body` are empty where the collection has none."""

    newid: int
    title: str
    body: str


# --- text -------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\d[\d.,/]*\d|[a-z][a-z.]*[a-z]\.?|'s|\S")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z]\w*);")


def tokenize(text: str) -> list[str]:
    """Lower-cases and splits into numbers with their inner punctuation, words with inner dots and one final dot, 's,
    and single characters. The lengths and the headline comparison of the Reuters split are defined on these tokens."""
    return _TOKEN.findall(text.lower())


def decode(raw: bytes) -> tuple[str, int]:
    """UTF-8 text and the number of bytes that are not legal UTF-8; those are read as Latin-1."""
    text = raw.decode("utf-8", "surrogateescape")
    return re.subn(r"[\udc80-\udcff]", lambda match: chr(ord(match[0]) - 0xDC00), text)


def clean(markup: str) -> tuple[str, int]:
    """SGML character data as one line of text, and the number of control characters deleted from it.

    Entities are resolved once, control characters (as characters or as references such as `&#127;`) are deleted rather
    than replaced, since the collection has them inside words, and whitespace is collapsed.
    """
    references = 0

    def resolve(match: re.Match[str]) -> str:
        nonlocal references
        character = html.unescape(match[0])  # empty for a reference to a control character
        references += not character
        return character

    text, controls = _CONTROL.subn("", _ENTITY.sub(resolve, markup))
    return " ".join(text.split()), references + controls


# --- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yields `update(done)`, in the units of `total`: a rich bar on a terminal, else a plain line every ten seconds."""
    console = Console(stderr=True)
    if console.is_terminal:
        text = TextColumn("{task.description}", markup=False)
        columns = (text, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)
            bar.update(task, completed=total)
        return

    last = time.monotonic()

    def update(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            print(f"{label}: {done / total:.0%}" if total else f"{label}: {done:,}", file=sys.stderr, flush=True)

    print(label, file=sys.stderr, flush=True)
    yield update


# --- writing ----------------------------------------------------------------------------------------------------------


def _refuse_existing(output: Path, force: bool) -> None:
    """What an earlier run wrote is kept unless `force`; asked first, so that no long work is done in vain."""
    present = [name for name in OUTPUTS.values() if (output / name).exists()]
    if present and not force:
        raise UserError(f"{output} already holds {', '.join(present)}: choose another --output or replace with --force")


def _create_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot create the folder {output} ({error.strerror}): choose another --output") from error


@contextmanager
def _whole_files(output: Path) -> Iterator[dict[str, TextIO]]:
    """Opens one file a split and `report` under temporary names, and renames them all if the block ends well."""
    _create_folder(output)
    parts = {key: output / f"{name}.part" for key, name in OUTPUTS.items()}
    try:
        with ExitStack() as stack:
            yield {
                key: stack.enter_context(part.open("w", encoding="utf-8", newline="\n")) for key, part in parts.items()
            }
        for key, part in parts.items():
            os.replace(part, output / OUTPUTS[key])
    except OSError as error:
        raise UserError(f"cannot write to {output} ({error}): free some space or choose another --output") from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _write_pair(file: TextIO, document: str, summary: str) -> None:
    file.write(json.dumps({"document": document, "summary": summary}, ensure_ascii=False) + "\n")


def _write_report(file: TextIO, report: Report) -> None:
    file.write(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n")


# --- Reuters-21578 ----------------------------------------------------------------------------------------------------

_SGML_NAME = re.compile(r"reut2-\d+\.sgm", re.IGNORECASE)
_DOCUMENT_START = re.compile(r"<REUTERS\b", re.IGNORECASE)
_DOCUMENT = re.compile(r"<REUTERS\b([^>]*)>(.*?)</REUTERS>", re.DOTALL | re.IGNORECASE)
_NEWID = re.compile(r'\bNEWID="(\d+)"', re.IGNORECASE)
_TITLE = re.compile(r"<TITLE>(.*?)</TITLE>", re.DOTALL | re.IGNORECASE)
# &#3; (end of text) closes every body: a mark of the format, not a stray control character.
_BODY = re.compile(r"<BODY>(.*?)(?:&#3;\s*)?</BODY>", re.DOTALL | re.IGNORECASE)
_SIGN_OFF = re.compile(r"(?:^|\s)Reuter$", re.IGNORECASE)


def parse_sgml(text: str, name: str) -> Iterator[tuple[Story, int]]:
    """The stories of one file in its order, each with the number of control characters deleted from title and body.

    `name` is the file's, for errors. Raises UserError where a document has no end or no NEWID.
    """
    documents = _DOCUMENT.findall(text)
    begun = len(_DOCUMENT_START.findall(text))
    if begun != len(documents):
        raise UserError(
            f"{name}: {begun} documents begin but {len(documents)} end: the file is cut short, get it again"
        )
    for number, (attributes, content) in enumerate(documents, 1):
        newid = _NEWID.search(attributes)
        if newid is None:
            raise UserError(f'{name}: document {number} has no NEWID="...": use the collection as it is distributed')
        title, body = _TITLE.search(content), _BODY.search(content)
        title_text, title_controls = clean(title[1]) if title else ("", 0)
        body_text, body_controls = clean(body[1]) if body else ("", 0)
        yield Story(int(newid[1]), title_text, _SIGN_OFF.sub("", body_text)), title_controls + body_controls


def _sgml_files(source: Path) -> Iterator[tuple[str, bytes]]:
    """(file name, content) of every reut2-*.sgm in a folder or a tar or zip archive, at any depth."""
    if source.is_dir():
        for path in sorted(source.rglob("*.[sS][gG][mM]")):
            if _SGML_NAME.fullmatch(path.name):
                yield str(path), path.read_bytes()
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if _SGML_NAME.fullmatch(PurePosixPath(name).name):
                    yield f"{source}:{name}", archive.read(name)
    else:
        if not tarfile.is_tarfile(source):
            with source.open("rb") as file:
                raise tarfile.ReadError(f"it begins with {file.read(16)!r}")
        with tarfile.open(source) as archive:
            for member in archive:
                if _SGML_NAME.fullmatch(PurePosixPath(member.name).name) and (content := archive.extractfile(member)):
                    yield f"{source}:{member.name}", content.read()
            # tarfile stops at the archive's own end mark; only the end of the compressed stream proves it whole.
            while archive.fileobj and archive.fileobj.read(1 << 20):
                pass


def read_reuters(source: Path) -> tuple[list[Story], dict[str, int]]:
    """All stories of the collection, ordered by NEWID, and what was mended: {"illegal_bytes", "control_characters"}.

    `source` is the folder with the 22 SGML files or a .tar.gz, .tar or .zip archive of them. Raises UserError if it is
    missing, damaged, something else, or if it does not hold exactly 21,578 documents.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist: pass the archive or the folder with reut2-000.sgm ... as --source")
    stories: list[Story] = []
    illegal_bytes = control_characters = 0
    with progress("reading Reuters-21578", REUTERS_FILES) as update:
        files = 0
        try:
            for name, raw in _sgml_files(source):
                text, illegal = decode(raw)
                illegal_bytes += illegal
                for story, controls in parse_sgml(text, name):
                    stories.append(story)
                    control_characters += controls
                files += 1
                update(files)
        except _UNREADABLE as error:
            raise UserError(
                f"{source} cannot be read ({error}): it must be a folder or a whole .tar.gz, .tar or .zip archive,"
                " get it again"
            ) from error
    distinct = len({story.newid for story in stories})
    if not distinct == len(stories) == REUTERS_DOCUMENTS:
        raise UserError(
            f"{source} holds {len(stories):,} documents ({distinct:,} distinct) in {files} files named reut2-*.sgm, the"
            f" collection holds {REUTERS_DOCUMENTS:,} in {REUTERS_FILES}: get the whole collection, once"
        )
    stories.sort()
    return stories, {"illegal_bytes": illegal_bytes, "control_characters": control_characters}


def split_reuters(stories: Iterable[Story]) -> tuple[dict[str, list[Story]], dict[str, int]]:
    """The split that every published figure is measured on, and how many stories were left out, by the first reason.

    Stories with a title of at least 3 and a body of at least 12 tokens, ordered by NEWID: the first 90 % train, the
    next 5 % validation, the last 5 % test. Then validation and test stories whose tokenised title is one of the
    training titles are left out.
    """
    left_out = dict.fromkeys(("no_title", "no_body", "short_title", "short_body", "headline_in_training"), 0)
    usable: list[tuple[Story, tuple[str, ...]]] = []
    for story in sorted(stories):
        title = tuple(tokenize(story.title))
        if not title:
            left_out["no_title"] += 1
        elif not story.body:
            left_out["no_body"] += 1
        elif len(title) < MIN_TITLE_TOKENS:
            left_out["short_title"] += 1
        elif len(tokenize(story.body)) < MIN_BODY_TOKENS:
            left_out["short_body"] += 1
        else:
            usable.append((story, title))
    first, second = len(usable) * 90 // 100, len(usable) * 95 // 100
    parts = dict(zip(SPLITS, (usable[:first], usable[first:second], usable[second:]), strict=True))
    seen = {title for _, title in parts["train"]}
    split = {"train": [story for story, _ in parts["train"]]}
    for name in SPLITS[1:]:
        split[name] = [story for story, title in parts[name] if title not in seen]
        left_out["headline_in_training"] += len(parts[name]) - len(split[name])
    return split, left_out


def prepare_reuters(source: str | None, output: Path, force: bool = False) -> Report:
    """Writes the Reuters-21578 split to `output`.

    `source` is an archive, a folder or an http(s) address; None downloads the collection to `output`, or takes the
    archive that an earlier run left there. Raises UserError on bad sources and on existing output without `force`.
    """
    _refuse_existing(output, force)
    archive = output / REUTERS_ARCHIVE
    if source is not None and not re.match(r"https?://", source):
        stories, mended = read_reuters(Path(source))
    elif source is None and archive.exists():
        source = str(archive)
        stories, mended = read_reuters(archive)
    else:
        source, stories, mended = _download_reuters([source] if source else list(REUTERS_URLS), archive)
    split, left_out = split_reuters(stories)
    report = Report(
        corpus="reuters21578",
        source=source,
        documents_read=len(stories),
        kept={name: len(part) for name, part in split.items()},
        left_out=left_out,
        mended=mended,
    )
    with _whole_files(output) as files:
        for name, part in split.items():
            for story in part:
                _write_pair(files[name], story.body, story.title)
        _write_report(files["report"], report)
    return report


def _download_reuters(urls: list[str], archive: Path) -> tuple[str, list[Story], dict[str, int]]:
    """Tries the addresses in order; the archive gets its name only after the whole collection was read from it."""
    _create_folder(archive.parent)
    part = archive.with_name(archive.name + ".part")
    problems = []
    for url in urls:
        try:
            _download(url, part)
            stories, mended = read_reuters(part)
            os.replace(part, archive)
            return url, stories, mended
        except UserError as error:
            problems.append(f"{url}: {error}")
        finally:
            part.unlink(missing_ok=True)
    raise UserError(
        f"Reuters-21578 could not be downloaded [{'; '.join(problems)}]: check the network, or fetch {REUTERS_ARCHIVE}"
        f" by hand and pass it: --source {REUTERS_ARCHIVE}"
    )


def _download(url: str, path: Path) -> None:
    """Raises UserError where the address does not answer or sends fewer bytes than it announced."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response, path.open("wb") as file:
            announced = int(response.headers.get("Content-Length") or 0)
            received = 0
            with progress(f"downloading {url}", announced or None) as update:
                while block := response.read(1 << 16):
                    received += file.write(block)
                    update(received)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UserError(f"no download ({error})") from error
    if announced and received != announced:
        raise UserError(f"the download broke off after {received:,} of {announced:,} bytes")


# --- Gigaword ---------------------------------------------------------------------------------------------------------


def prepare_gigaword(source: Path, output: Path, force: bool = False) -> Report:
    """Writes Gigaword's line-aligned article and title files (plain or .gz) as JSON Lines, in constant memory.

    Lines stay as they are but for collapsed whitespace and deleted control characters: `UNK`, `<unk>` and `#` are kept.
    Pairs with an empty side are left out and counted. Raises UserError for missing files, files of different length and
    existing output.
    """
    if not source.is_dir():
        raise UserError(f"{source} is no folder: pass the folder with {GIGAWORD_FILES['train'][0]} as --source")
    _refuse_existing(output, force)
    paths = {split: (_find_gigaword(source, a), _find_gigaword(source, t)) for split, (a, t) in GIGAWORD_FILES.items()}
    counts: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    with _whole_files(output) as files:
        for split in SPLITS:
            for article, title in _aligned_lines(*paths[split], label=f"reading Gigaword {split}"):
                document, summary = _clean_line(article, counts), _clean_line(title, counts)
                counts["read"] += 1
                if not document:
                    counts[f"{split}_empty_document"] += 1
                elif not summary:
                    counts[f"{split}_empty_summary"] += 1
                else:
                    _write_pair(files[split], document, summary)
                    kept[split] += 1
        reasons = [f"{split}_empty_{side}" for split in SPLITS for side in ("document", "summary")]
        report = Report(
            corpus="gigaword",
            source=str(source),
            documents_read=counts["read"],
            kept={split: kept[split] for split in SPLITS},
            left_out={reason: counts[reason] for reason in reasons},
            mended={kind: counts[kind] for kind in ("illegal_bytes", "control_characters")},
        )
        _write_report(files["report"], report)
    return report


def _clean_line(raw: bytes, counts: Counter[str]) -> str:
    """One line as text; what was mended is added to `counts`."""
    text, illegal_bytes = decode(raw)
    text, control_characters = _CONTROL.subn("", text)
    counts["illegal_bytes"] += illegal_bytes
    counts["control_characters"] += control_characters
    return " ".join(text.split())


def _find_gigaword(source: Path, name: str) -> Path:
    for folder in GIGAWORD_FOLDERS:
        for candidate in (source / folder / name, source / folder / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    raise UserError(
        f"{source} holds no {name} or {name}.gz, neither itself nor in {', '.join(GIGAWORD_FOLDERS[1:])}:"
        " pass the folder of the distribution as --source"
    )


def _open_lines(path: Path, stack: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """(the file on disk, its lines): the position in the first measures progress, compressed or not."""
    disk = stack.enter_context(path.open("rb"))
    if path.suffix != ".gz":
        return disk, disk
    # GzipFile reads lines slowly by itself.
    return disk, stack.enter_context(BufferedReader(gzip.GzipFile(fileobj=disk), 1 << 16))


def _aligned_lines(articles: Path, titles: Path, label: str) -> Iterator[tuple[bytes, bytes]]:
    """(article, title) line by line.

    Only a line feed ends a line: text mode would also break at the carriage returns inside one. Raises UserError at the
    end if one file has more lines than the other.
    """
    lines = [0, 0]
    try:
        with ExitStack() as stack:
            disk, article_lines = _open_lines(articles, stack)
            _, title_lines = _open_lines(titles, stack)
            update = stack.enter_context(progress(label, articles.stat().st_size))
            for number, (article, title) in enumerate(zip_longest(article_lines, title_lines)):
                if number % 1000 == 0:
                    update(disk.tell())
                lines[0] += article is not None
                lines[1] += title is not None
                if article is not None and title is not None:
                    yield article, title
    except _UNREADABLE as error:
        raise UserError(f"{articles} or {titles} cannot be read ({error}): get the distribution again") from error
    if lines[0] != lines[1]:
        raise UserError(
            f"{articles} has {lines[0]:,} lines but {titles} has {lines[1]:,}: they must correspond line by line,"
            " get the distribution again"
        )
