"""arXiv: abstracts and titles of papers, from the archive staeiou/arxiv_archive or from Kaggle's snapshot.

The metadata are under CC0. Tables of the archive have the columns arxiv_id, title, abstract, categories, comments,
created and primary_cat; the snapshot is JSON Lines with id, title, abstract, categories, comments and versions.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import UserError
from .copies import DataFile, Row, find_data_files, read_rows
from .dated import Article, Selection, dated_arguments, parsed_date, write_dated
from .distribution import CONTROL, Distribution, Report, refuse_existing
from .download import GITHUB, GitHub, copies_or_download

REPOSITORY = "staeiou/arxiv_archive"
COMMIT = "f043eb1d71da6ed2fb9eac63ab8707359ff606ea"
DUMP = "processed_data/20200101/per_year"
TABLE_KEYS = ("arxiv_id", "title", "abstract", "categories", "comments", "created", "primary_cat")
SNAPSHOT_KEYS = ("id", "title", "abstract", "categories", "comments", "versions")
ENDINGS = (".tsv", ".json", ".jsonl")
REASONS = ("other_category", "withdrawn")

_YEARLY_TABLE = re.compile(rf"{DUMP}/(\d{{4}})\.tsv\.zip")
_DUMP = re.compile(r"processed_data/\d{8}/")
_YEARLY = re.compile(r"processed_data/\d{8}/per_year/")
_NUMBER = re.compile(r"\d{3,4}(?:\.\d+)?")
_FIVE_DIGITS = 1501
"""From this month on (YYMM), the second part of an identifier has five digits; before, it has four."""
_WITHDRAWN = re.compile(r"\b(?:withdraw(?:n|ing)|retracted)\b", re.IGNORECASE)
_WITHDRAWN_ABSTRACT = re.compile(
    r"(?:.{0,150}\b(?:paper|article|comment|submission|manuscript|preprint|version|note|work)\b[^.]{0,40}\b|\W*)"
    r"(?:withdrawn|retracted)\b",
    re.IGNORECASE,
)


def prepare_arxiv(
    output: Path,
    force: bool = False,
    source: Sequence[Path] | None = None,
    categories: Collection[str] | None = None,
    github: GitHub = GITHUB,
    **selection: Any,
) -> Report:
    """Writes titles and abstracts of arXiv to `output`.

    Args:
        source: files and folders of the archive or of the snapshot; None = download the archive to `output`/download.
        categories: keep papers in at least one of these categories ("cs.CL") or archives ("cs"); None = all.
        selection: the fields of `Selection`.

    Raises UserError for a bad source, an empty split and, without `force`, for existing output.
    """
    refuse_existing(output, force)
    chosen = Selection(**selection)
    wanted = partial(chosen.wants_file, _YEARLY_TABLE)
    copies, label = copies_or_download(source, REPOSITORY, COMMIT, wanted, output, github)
    files = _newest_dump(find_data_files(copies, ENDINGS))
    mended = {"illegal_bytes": 0, "control_characters": 0, "identifiers": 0}
    articles = _articles(files, frozenset(categories or ()), mended)
    return write_dated("arxiv", label, articles, output, chosen, mended, REASONS)


def _newest_dump(files: list[DataFile]) -> list[DataFile]:
    """Leaves out the files of a whole copy of the archive that repeat the yearly tables of its newest dump.

    These are the older dumps and the tables by category.
    """
    yearly = max((found[0] for file in files if (found := _YEARLY.search(file.name))), default="")
    kept = [file for file in files if not yearly or not _DUMP.search(file.name) or yearly in file.name]
    if others := len(files) - len(kept):
        print(f"{others} files are not read: they repeat the papers of {yearly}", file=sys.stderr)
    return kept


def _articles(files: list[DataFile], categories: frozenset[str], mended: dict[str, int]) -> Iterator[Article | str]:
    for file in files:
        table = ".tsv" in file.name.lower().rpartition(":")[2]
        for row in read_rows(file, TABLE_KEYS if table else SNAPSHOT_KEYS, mended):
            try:
                yield (_table_article if table else _snapshot_article)(row, categories, mended)
            except (TypeError, ValueError, AttributeError, LookupError) as error:
                raise UserError(f"{file.name}: {row.get('id')!r} is no paper of the snapshot ({error})") from error


def _table_article(row: Row, categories: frozenset[str], mended: dict[str, int]) -> Article | str:
    identifier = repair_identifier(row["arxiv_id"])
    mended["identifiers"] += identifier != row["arxiv_id"]
    day = parsed_date(row["created"])
    return _article(row, identifier, day, row["categories"].split(","), row["primary_cat"], categories, mended)


def _snapshot_article(row: Row, categories: frozenset[str], mended: dict[str, int]) -> Article | str:
    day = parsedate_to_datetime(row["versions"][0]["created"]).date() if row["versions"] else None
    own = row["categories"].split()
    return _article(row, row["id"], day, own, own[0], categories, mended)


def _article(
    row: Row,
    identifier: str,
    day: date | None,
    own: list[str],
    primary: str,
    categories: frozenset[str],
    mended: dict[str, int],
) -> Article | str:
    if categories and not any(name in categories or name.partition(".")[0] in categories for name in own):
        return "other_category"
    if _WITHDRAWN.search(row["comments"] or "") or _WITHDRAWN_ABSTRACT.match(row["abstract"]):
        return "withdrawn"
    if day is None:
        return "no_date"
    title, first = CONTROL.subn("", row["title"])
    abstract, second = CONTROL.subn("", row["abstract"])
    mended["control_characters"] += first + second
    return Article(day, title, abstract, {"id": identifier, "date": str(day), "category": primary})


def repair_identifier(text: str) -> str:
    """The arXiv identifier behind a number: the archive holds 0704.0010 as "704.001" in places.

    The digits follow from the month, YYMM. Identifiers such as "math/9801152" stay as they are.
    """
    if not _NUMBER.fullmatch(text):
        return text
    digits = 5 if float(text) >= _FIVE_DIGITS else 4
    return f"{float(text):0{5 + digits}.{digits}f}"


ARXIV = Distribution(
    help="titles for abstracts of arXiv, from copies or the network",
    description="""\
Abstracts and titles of arXiv papers up to 2019 (metadata under CC0), from the yearly tables of staeiou/arxiv_archive,
1993 to 2019, or of any year from Kaggle's arxiv-metadata-oai-snapshot.json. LaTeX and the case are kept. Withdrawn
papers, duplicates, titles that stand in their abstract and pairs of unusual length are left out and counted. The split
is by the date of the first version. Each line also has the keys id, date and category.""",
    example="seq2seq prepare arxiv --years 2015-2019 --limit 200000 --output data/arxiv",
    arguments=dated_arguments(
        validation_from="2019-07-01",
        test_from="2019-10-01",
        max_words=None,
        source="files, .zip archives or folders of staeiou/arxiv_archive (.tsv, also .xz, .gz, .zip) or of Kaggle's"
        " arXiv snapshot (.json, also in archive.zip). Default: download the yearly tables to the folder download/ of"
        " the output (2015-2019: 290 MB, all years: 740 MB)",
        years="years of the first version, such as 2013,2015-2019; also limits the download (default: all)",
    )
    | {
        "--categories": {
            "nargs": "+",
            "metavar": "NAME",
            "help": "keep papers in one of these categories or archives, such as cs.CL or cs (default: all)",
        }
    },
    prepare=prepare_arxiv,
)
