"""Reuters-21578: newswire stories of 1987 in SGML, and the split of all published figures."""

from __future__ import annotations

import html
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...errors import UserError
from ...files import atomic_writer, is_zip_file, user_path
from ...progress import Progress
from ..splits import SPLITS, Split
from .distribution import (
    CONTROL,
    UNREADABLE,
    Distribution,
    Report,
    corpus_writer,
    decode_utf8,
    output_errors,
    refuse_existing,
)
from .download import download

DOCUMENTS = 21_578
FILES = 22
URLS = (
    "http://www.daviddlewis.com/resources/testcollections/reuters21578/reuters21578.tar.gz",
    "https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.tar.gz",
)
ARCHIVE = "reuters21578.tar.gz"
MIN_BODY_TOKENS = 12
MIN_TITLE_TOKENS = 3

_TOKEN = re.compile(r"\d[\d.,/]*\d|[a-z][a-z.]*[a-z]\.?|'s|\S")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z]\w*);")
_SGML_NAME = re.compile(r"reut2-\d+\.sgm", re.IGNORECASE)
_DOCUMENT_START = re.compile(r"<REUTERS\b", re.IGNORECASE)
_DOCUMENT = re.compile(r"<REUTERS\b([^>]*)>(.*?)</REUTERS>", re.DOTALL | re.IGNORECASE)
_NEWID = re.compile(r'\bNEWID="(\d+)"', re.IGNORECASE)
_TITLE = re.compile(r"<TITLE>(.*?)</TITLE>", re.DOTALL | re.IGNORECASE)
# &#3; (end of text) before the end of a body belongs to the format. It is not counted as a control character.
_BODY = re.compile(r"<BODY>(.*?)(?:&#3;\s*)?</BODY>", re.DOTALL | re.IGNORECASE)
_SIGN_OFF = re.compile(r"(?:^|\s)Reuter$", re.IGNORECASE)


class Story(NamedTuple):
    """One document of the collection; `title` and `body` are empty if the collection has none."""

    newid: int
    title: str
    body: str


def tokenize(text: str) -> list[str]:
    """Splits lower-cased text into the tokens on which the published split is defined.

    A token is a number with its inner punctuation, a word with inner dots and one final dot, 's, or one character.
    """
    return _TOKEN.findall(text.lower())


def clean(markup: str) -> tuple[str, int]:
    """Returns SGML character data as one line of text, and the number of deleted control characters.

    Entities are resolved once and white space is collapsed. Control characters (or references such as `&#127;`) are
    deleted, not replaced by spaces, because the collection has them inside words.
    """
    references = 0

    def resolve(match: re.Match[str]) -> str:
        nonlocal references
        character = html.unescape(match[0])  # empty for a reference to a control character
        references += not character
        return character

    text, controls = CONTROL.subn("", _ENTITY.sub(resolve, markup))
    return " ".join(text.split()), references + controls


def parse_sgml(text: str, name: str) -> Iterator[tuple[Story, int]]:
    """Yields the stories of one file, each with the number of control characters deleted from title and body.

    `name` is the name of the file for errors. Raises UserError for a document without an end or a NEWID.
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
    """Yields (file name, content) of every reut2-*.sgm in a folder, tar or zip archive, at any depth."""
    if source.is_dir():
        for path in sorted(source.rglob("*.[sS][gG][mM]")):
            if _SGML_NAME.fullmatch(path.name):
                yield str(path), path.read_bytes()
    elif is_zip_file(source):
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
            # tarfile stops at the end mark of the archive. Only the end of the compressed stream proves it complete.
            while archive.fileobj and archive.fileobj.read(1 << 20):
                pass


def read_reuters(source: Path, documents: int = DOCUMENTS) -> tuple[list[Story], dict[str, int]]:
    """Returns all stories, ordered by NEWID, and the corrections {"illegal_bytes": n, "control_characters": n}.

    `source` is the folder with the SGML files or a .tar.gz, .tar or .zip archive of them. Raises UserError if it is
    missing or damaged, or if it does not hold exactly the number of `documents`.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist: pass the archive or the folder with reut2-000.sgm ... as --source")
    stories: list[Story] = []
    illegal_bytes = control_characters = 0
    with Progress("reading Reuters-21578", FILES, "files", announce=True) as progress:
        try:
            for name, raw in _sgml_files(source):
                text, illegal = decode_utf8(raw)
                illegal_bytes += illegal
                for story, controls in parse_sgml(text, name):
                    stories.append(story)
                    control_characters += controls
                progress.update(1)
        except UNREADABLE as error:
            raise UserError(
                f"{source} cannot be read ({error}): it must be a folder or a whole .tar.gz, .tar or .zip archive,"
                " get it again"
            ) from error
    distinct = len({story.newid for story in stories})
    if not distinct == len(stories) == documents:
        raise UserError(
            f"{source} holds {len(stories):,} documents ({distinct:,} distinct) in {progress.done} files named"
            f" reut2-*.sgm, the collection holds {documents:,} in {FILES}: get the whole collection, once"
        )
    stories.sort()
    return stories, {"illegal_bytes": illegal_bytes, "control_characters": control_characters}


def split_reuters(stories: Iterable[Story]) -> tuple[dict[Split, list[Story]], dict[str, int]]:
    """Returns the split of all published figures, and the number of stories left out, by the first reason.

    Stories with a title of at least 3 and a body of at least 12 tokens are ordered by NEWID: the first 90 % train, the
    next 5 % validation, the last 5 % test. Then validation and test stories are left out if their tokenized title
    occurs in training.
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
    training_titles = {title for _, title in parts["train"]}
    split: dict[Split, list[Story]] = {"train": [story for story, _ in parts["train"]]}
    for name in SPLITS[1:]:
        split[name] = [story for story, title in parts[name] if title not in training_titles]
        left_out["headline_in_training"] += len(parts[name]) - len(split[name])
    return split, left_out


def prepare_reuters(
    source: str | None, output: Path, force: bool = False, urls: Sequence[str] = URLS, documents: int = DOCUMENTS
) -> Report:
    """Writes the Reuters-21578 split to `output`.

    `source` is an archive, a folder or an http(s) address. With None, the collection is downloaded to `output` from the
    first of `urls` that works, or the archive of an earlier run is used again. Raises UserError for a bad source and,
    without `force`, for existing output.
    """
    refuse_existing(output, force)
    archive = output / ARCHIVE
    if source is not None and not re.match(r"https?://", source):
        stories, mended = read_reuters(user_path(source), documents)
    elif source is None and archive.exists():
        source = str(archive)
        stories, mended = read_reuters(archive, documents)
    else:
        source, stories, mended = _download_collection([source] if source else urls, archive, documents)
    split, left_out = split_reuters(stories)
    with corpus_writer(output) as writer:
        for name, part in split.items():
            for story in part:
                writer.write(name, story.body, story.title)
        return writer.report("reuters21578", source, left_out, mended)


def _download_collection(urls: Sequence[str], archive: Path, documents: int) -> tuple[str, list[Story], dict[str, int]]:
    """Tries the addresses in order and returns (address, stories, corrections). Keeps only a complete collection."""
    problems = []
    for url in urls:
        try:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / ARCHIVE
                with (
                    copy.open("wb") as target,
                    Progress(f"downloading {url}", None, "bytes", announce=True) as progress,
                ):
                    download(url, target, progress)
                stories, mended = read_reuters(copy, documents)
                with output_errors(archive.parent), atomic_writer(archive, binary=True) as file:
                    file.write(copy.read_bytes())
                return url, stories, mended
        except UserError as error:
            problems.append(f"{url}: {error}")
    raise UserError(
        f"Reuters-21578 could not be downloaded [{'; '.join(problems)}]: check the network, or fetch {ARCHIVE}"
        f" by hand and pass it: --source {ARCHIVE}"
    )


REUTERS21578 = Distribution(
    help="Reuters-21578, from its archive, its folder or the network",
    description="""\
Reuters-21578, 21,578 newswire stories of 1987. Stories with a title of at least 3 and a body of at least 12 tokens,
ordered by NEWID: the first 90 % train, 5 % validation, 5 % test; validation and test stories whose headline occurs in
training are left out. The case and the whole body are kept.""",
    example="seq2seq prepare reuters21578 --output data/reuters21578",
    arguments={
        "--source": {
            "metavar": "ARCHIVE|FOLDER|URL",
            "help": "a .tar.gz, .tar or .zip archive, the folder with reut2-000.sgm ... reut2-021.sgm, or an http(s)"
            f" address (default: download {ARCHIVE} from the collection's home to the output folder, 8 MB)",
        }
    },
    prepare=prepare_reuters,
)
