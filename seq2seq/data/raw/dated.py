"""Articles with a date: one selection, split and report for all corpora of this kind.

An article before --validation-from is for training, one from --test-from on for the test. A duplicate stays in the
earlier split.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import UserError
from ...files import user_path
from ...progress import Progress
from ..splits import SPLITS, Split
from .distribution import CorpusWriter, Report, corpus_writer

MIN_WORDS = 30
TITLE_WORDS = (3, 25)
HELD_OUT = 2000
KEY_WORDS = 40
"""Two documents with the same first words are the same document."""
BOILERPLATE_TITLES = 3
"""A document with this number of different titles, or more, is a part of the web site and no article."""
ENGLISH = frozenset(
    ["the", "of", "and", "to", "in", "for", "that", "is", "on", "with", "as", "by", "we", "are", "this"]
)
"""Frequent words of English that are rare in other languages, French, German and Spanish among them."""
ENGLISH_SHARE = 0.1
"""Prose in English has 20 to 40 % of these words; lists, menus and other languages have less than a tenth."""

REASONS = (
    "no_date",
    "other_year",
    "short_title",
    "long_title",
    "short_document",
    "not_english",
    "title_in_document",
    "boilerplate",
    "duplicate",
    "over_limit",
)

_WORD = re.compile(r"[^\W_]+")


class Article(NamedTuple):
    """One pair before the selection. `fields` are the further keys of its line in the output."""

    date: date
    title: str
    document: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Selection:
    """Which articles are kept, and in which split.

    Args:
        validation_from: first day of the validation split; earlier articles are for training.
        test_from: first day of the test split.
        years: keep only these years; None = all.
        limit: the largest number of training pairs; None = all.
        held_out: the largest number of pairs in validation, and in test; None = all.
        max_words: cut documents after this number of words; None = never.
    """

    validation_from: date
    test_from: date
    years: frozenset[int] | None = None
    limit: int | None = None
    held_out: int | None = HELD_OUT
    max_words: int | None = None

    def __post_init__(self) -> None:
        if self.validation_from >= self.test_from:
            raise UserError(
                f"--validation-from {self.validation_from} is not before --test-from {self.test_from}: the test split"
                " comes last"
            )

    def wants_file(self, year_in_path: re.Pattern[str], path: str) -> bool:
        """Whether a file can hold articles of the chosen years: its path matches, with the year as the first group."""
        found = year_in_path.fullmatch(path)
        return found is not None and (self.years is None or int(found[1]) in self.years)

    def split(self, day: date) -> Split:
        """The split of an article of this day."""
        return "train" if day < self.validation_from else "validation" if day < self.test_from else "test"

    def trim(self, article: Article) -> Article:
        """The article with title and document in one line, the document cut after `max_words`."""
        document = " ".join(article.document.split()[: self.max_words])
        return article._replace(title=" ".join(article.title.split()), document=document)

    def reject(self, article: Article) -> str:
        """The first reason against a trimmed article; "" if there is none."""
        if self.years is not None and article.date.year not in self.years:
            return "other_year"
        title, words = article.title.split(), article.document.split()
        if len(title) < TITLE_WORDS[0]:
            return "short_title"
        if len(title) > TITLE_WORDS[1]:
            return "long_title"
        if len(words) < MIN_WORDS:
            return "short_document"
        if sum(word.lower() in ENGLISH for word in words) < ENGLISH_SHARE * len(words):
            return "not_english"
        if f" {comparable(article.title)} " in f" {comparable(article.document)} ":
            return "title_in_document"
        return ""


def comparable(text: str) -> str:
    """The words of a text in lower case, without punctuation: texts that differ only in these count as equal."""
    return " ".join(_WORD.findall(text.casefold()))


def dated_arguments(
    *, validation_from: str, test_from: str, max_words: int | None, source: str, years: str
) -> dict[str, dict[str, Any]]:
    """The options of a dated corpus, with its defaults. `source` and `years` are the help texts of these two options.

    Their values are the fields of `Selection`, and the list `source`.
    """
    return {
        "--source": {"type": user_path, "nargs": "+", "metavar": "FILE|FOLDER", "help": source},
        "--years": {"type": parse_years, "metavar": "YEARS", "help": years},
        "--validation-from": {
            "type": parse_date,
            "default": date.fromisoformat(validation_from),
            "metavar": "DATE",
            "help": f"first day of validation; earlier documents are for training (default: {validation_from})",
        },
        "--test-from": {
            "type": parse_date,
            "default": date.fromisoformat(test_from),
            "metavar": "DATE",
            "help": f"first day of the test split (default: {test_from})",
        },
        "--limit": {
            "type": parse_count,
            "metavar": "N",
            "help": "keep at most N training pairs, always the same ones (default: all)",
        },
        "--held-out": {
            "type": parse_count,
            "default": HELD_OUT,
            "metavar": "N",
            "help": f"keep at most N pairs in validation, and in test; 0 = all (default: {HELD_OUT})",
        },
        "--max-words": {
            "type": parse_count,
            "default": max_words,
            "metavar": "N",
            "help": f"cut documents after N words; 0 = never (default: {max_words or 'never'})",
        },
    }


def parse_count(text: str) -> int | None:
    """A number of at least 0, where 0 means no limit (None)."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number; give 0 or more")
    return int(text) or None


def parse_date(text: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2019-07-01") from None


def parse_years(text: str) -> frozenset[int]:
    """Years and ranges of years with commas between them, such as 2013,2017-2019."""
    years: set[int] = set()
    for part in text.split(","):
        bounds = re.fullmatch(r"\s*(\d{4})(?:-(\d{4}))?\s*", part)
        if not bounds or int(bounds[1]) > int(bounds[2] or bounds[1]):
            raise argparse.ArgumentTypeError(f"{part!r} is no year and no range; write them as 2013,2017-2019")
        years.update(range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1))
    return frozenset(years)


def write_dated(
    corpus: str,
    source: str,
    articles: Iterable[Article | str],
    output: Path,
    selection: Selection,
    mended: dict[str, int],
    reasons: Iterable[str] = (),
) -> Report:
    """Writes the selected articles and the report, in two passes over a temporary file.

    `articles` has an article, or the reason why the reader left it out, for each document. `reasons` are the reasons
    that the reader can give. The memory holds 20 bytes for each article.

    Raises UserError if a split would be empty.
    """
    left_out = Counter(dict.fromkeys((*reasons, *REASONS), 0))
    with (
        corpus_writer(output) as writer,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=output) as spool,
        Progress(f"reading {corpus}", None, "documents", announce=True) as progress,
    ):
        index = _Index()
        for article in articles:
            progress.update(1)
            if isinstance(article, str):
                left_out[article] += 1
                continue
            pair = selection.trim(article)
            if reason := selection.reject(pair):
                left_out[reason] += 1
                continue
            row = pair.fields | {"document": pair.document, "summary": pair.title}
            spool.write(json.dumps(row, ensure_ascii=False) + "\n")
            index.add(pair, selection.split(pair.date))
        spool.seek(0)
        _copy(spool, index, selection, writer, left_out)
        return writer.report(corpus, source, dict(left_out), mended)


def _copy(
    spool: Iterable[str], index: _Index, selection: Selection, writer: CorpusWriter, left_out: Counter[str]
) -> None:
    """Writes the rows of `spool` that the index keeps; counts the others."""
    splits, reasons = index.decide(
        {"train": selection.limit, "validation": selection.held_out, "test": selection.held_out}
    )
    kept = Counter(split for split, reason in zip(splits, reasons, strict=True) if not reason)
    if empty := [split for split in SPLITS if not kept[split]]:
        raise UserError(
            f"no pair is left for {' and '.join(empty)}: {index.days()}; choose --validation-from and --test-from"
            " within these days, or other options"
        )
    for row, split, reason in zip(spool, splits, reasons, strict=True):
        if reason:
            left_out[reason] += 1
        else:
            pair = json.loads(row)
            writer.write(split, pair.pop("document"), pair.pop("summary"), pair)


class _Index:
    """Split, date and hashes of each article, in the order of reading."""

    def __init__(self) -> None:
        self._splits, self._titles, self._documents = array("B"), array("Q"), array("Q")
        self._first: date | None = None
        self._last: date | None = None

    def add(self, article: Article, split: Split) -> None:
        self._splits.append(SPLITS.index(split))
        self._titles.append(_hash(comparable(article.title)))
        self._documents.append(_hash(comparable(" ".join(article.document.split()[:KEY_WORDS]))))
        self._first = min(self._first or article.date, article.date)
        self._last = max(self._last or article.date, article.date)

    def days(self) -> str:
        """The days of the articles, in words."""
        if self._first is None:
            return "no document passed the selection"
        return f"the {len(self._splits):,} documents that passed are from {self._first} to {self._last}"

    def decide(self, limits: dict[Split, int | None]) -> tuple[list[Split], list[str]]:
        """Returns split and reason ("" = kept) of each article.

        Of articles with the same title or the same document, the first of the earliest split is kept. A limit keeps the
        titles with the smallest hashes, so the choice does not depend on the order of reading.
        """
        splits = np.frombuffer(self._splits, np.uint8) if self._splits else np.empty(0, np.uint8)
        titles, documents = np.array(self._titles, np.uint64), np.array(self._documents, np.uint64)
        order = np.argsort(splits, kind="stable")
        reasons = np.full(len(splits), "", dtype=object)

        pairs = np.unique(np.stack([documents, titles]), axis=1)
        values, counts = np.unique(pairs[0], return_counts=True)
        boilerplate = np.isin(documents, values[counts >= BOILERPLATE_TITLES])
        first = _first_of_each(titles[order]) & _first_of_each(documents[order])
        reasons[order[~first]] = "duplicate"
        reasons[boilerplate] = "boilerplate"
        for number, split in enumerate(SPLITS):
            kept = np.flatnonzero((splits == number) & (reasons == ""))
            limit = limits[split]
            if limit is not None and len(kept) > limit:
                reasons[kept[np.argsort(titles[kept])[limit:]]] = "over_limit"
        return [SPLITS[number] for number in splits], reasons.tolist()


def _first_of_each(values: np.ndarray) -> np.ndarray:
    """True at the first place of each value."""
    mask = np.zeros(len(values), dtype=bool)
    mask[np.unique(values, return_index=True)[1]] = True
    return mask


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def parsed_date(text: str | None) -> date | None:
    """The day at the start of an ISO date; None if there is none."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
