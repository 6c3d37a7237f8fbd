"""Downloads that continue after a broken connection, and the files of a GitHub repository with their checksums."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from ...errors import UserError
from ...files import atomic_writer
from ...progress import Progress
from .distribution import output_errors

PAUSES = (1.0, 5.0, 20.0)
"""Seconds before the second, third and fourth attempt."""
TIMEOUT = 30.0
"""Seconds without any byte after which a connection counts as broken."""
BLOCK = 1 << 16
LISTING_BYTES = 1 << 26
"""A listing of files that is longer is no listing."""


class GitHub(NamedTuple):
    """The two addresses of GitHub: listings come from `api`, contents from `raw`."""

    api: str = "https://api.github.com"
    raw: str = "https://raw.githubusercontent.com"


GITHUB = GitHub()


class _File(NamedTuple):
    """One file of a commit. `sha` is the hash that git computes of its content."""

    path: str
    size: int
    sha: str


def download(url: str, file: IO[bytes], progress: Progress) -> None:
    """Writes the content of `url` to `file`, which must be empty, and counts its bytes in `progress`.

    After a broken connection it asks for the missing bytes. If the server cannot send only these, or if the content has
    changed, the download starts again. Raises UserError after the last attempt. It raises it at once if there
    is no connection at all, or if the server refuses the address.
    """
    version = ""
    for pause in (*PAUSES, None):
        try:
            headers = {"User-Agent": "seq2seq"}
            if version and file.tell():
                headers |= {"Range": f"bytes={file.tell()}-", "If-Range": version}
            request = urllib.request.Request(url, headers=headers)
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                if response.status != http.HTTPStatus.PARTIAL_CONTENT:
                    progress.update(-file.tell())
                    file.seek(0)
                    file.truncate()
                version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
                announced = int(response.headers.get("Content-Length") or 0)
                whole = announced and file.tell() + announced
                if whole and progress.total is None:
                    progress.expect(whole)
                while block := response.read1(BLOCK):  # read would lose the bytes before a timeout
                    progress.update(file.write(block))
            if whole and file.tell() != whole:
                raise ConnectionError(f"the download broke off after {file.tell():,} of {whole:,} bytes")
            return
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                hopeless = error.code < 500 and error.code != http.HTTPStatus.TOO_MANY_REQUESTS
            else:
                hopeless = isinstance(error, urllib.error.URLError) and not file.tell()
            if pause is None or hopeless:
                raise UserError(f"no download ({error})") from error
            time.sleep(pause)


def fetch_files(
    repository: str, revision: str, wanted: Callable[[str], bool], folder: Path, github: GitHub
) -> list[Path]:
    """Downloads the wanted files of a commit to `folder`, under their paths in the repository, and returns these.

    Size and git hash of each file are compared with those of the commit. A file that an earlier run has downloaded is
    used again. `revision` is a commit or a branch. Raises UserError for a file without an answer or
    with another content.
    """
    try:
        files = [file for file in _list_files(repository, revision, github) if wanted(file.path)]
        if not files:
            raise UserError("the repository has no file for these options")
        total = sum(file.size for file in files)
        with Progress(f"downloading {repository}", total, "bytes", announce=True) as progress:
            for file in files:
                _fetch_file(file, f"{github.raw}/{repository}/{revision}", folder, progress)
    except UserError as error:
        raise UserError(
            f"{repository} could not be downloaded: {error}. Run the command again, which keeps the files in {folder},"
            f" or get https://github.com/{repository}/archive/{revision}.zip by hand and pass it as --source"
        ) from error
    return [folder / file.path for file in files]


def copies_or_download(
    source: Sequence[Path] | None,
    repository: str,
    revision: str,
    wanted: Callable[[str], bool],
    output: Path,
    github: GitHub,
) -> tuple[Sequence[Path], str]:
    """The user's copies of a repository, or its wanted files, downloaded to `output`/download; and a label for the
    report. The other arguments and the errors are those of `fetch_files`."""
    if source is None:
        label = f"{repository}@{revision[:10]}"
        return fetch_files(repository, revision, wanted, output / "download", github), label
    return source, ", ".join(map(str, source))


def _list_files(repository: str, revision: str, github: GitHub) -> list[_File]:
    url = f"{github.api}/repos/{repository}/git/trees/{urllib.parse.quote(revision)}?recursive=1"
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "seq2seq"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            listing = json.loads(response.read(LISTING_BYTES))
        if listing["truncated"]:
            raise UserError(f"{url}: the listing of files is incomplete")
        return [_File(f["path"], int(f["size"]), f["sha"]) for f in listing["tree"] if f["type"] == "blob"]
    except (OSError, http.client.HTTPException) as error:
        raise UserError(f"{url}: no answer ({error})") from error
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{url}: the answer is no listing of files ({error!r})") from error


def _fetch_file(file: _File, root: str, folder: Path, progress: Progress) -> None:
    target = folder / file.path
    if target.is_file():
        with target.open("rb") as present:
            if _is_content(present, file):
                progress.update(file.size)
                return
    url = f"{root}/{urllib.parse.quote(file.path)}"
    with output_errors(folder), atomic_writer(target, binary=True) as part:
        try:
            download(url, part, progress)
        except UserError as error:
            raise UserError(f"{url}: {error}") from error
        if not _is_content(part, file):
            raise UserError(f"{url}: the content is not that of the commit (its size or its hash differs)")


def _is_content(content: IO[bytes], file: _File) -> bool:
    """Whether size and git's hash agree. The hash is SHA-1 over "blob SIZE", a zero byte and the content."""
    digest = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    content.seek(0)
    while block := content.read(BLOCK):
        digest.update(block)
    return content.tell() == file.size and digest.hexdigest() == file.sha
