"""Pairs in the memory of a Python program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pytest
from helpers import pairs, write_jsonl

from seq2seq.data.pairs import read_pairs, write_pairs
from seq2seq.errors import UserError

ROWS = pairs(4)
EXPECTED = [row["document"] for row in ROWS], [row["summary"] for row in ROWS]


def test_all_forms_give_the_same_pairs(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "pairs.jsonl", ROWS)
    tuples = [(row["document"], row["summary"]) for row in ROWS]
    forms: list[Any] = [tuples, (pair for pair in tuples), ROWS, pd.DataFrame(ROWS), datasets.Dataset.from_list(ROWS)]
    for form in [*forms, file, str(file), [file], *([datasets.Dataset.from_list(ROWS).to_pandas()])]:
        assert read_pairs(form, "pairs") == EXPECTED


def test_columns_have_the_names_of_the_user() -> None:
    renamed = [{"text": row["document"], "title": row["summary"]} for row in ROWS]
    nested = [{"translation": {"de": row["document"], "en": row["summary"]}} for row in ROWS]
    assert read_pairs(pd.DataFrame(renamed), "pairs", "text", "title") == EXPECTED
    assert read_pairs(nested, "pairs", "translation.de", "translation.en") == EXPECTED
    assert read_pairs(datasets.Dataset.from_list(nested), "pairs", "translation.de", "translation.en") == EXPECTED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "pairs: there are no pairs"),
        (pd.DataFrame({"document": ["a"], "title": ["b"]}), r"pairs: no column 'summary' .*document, title"),
        (
            pd.DataFrame({"document": ["a", None], "summary": ["b", "c"]}),
            r"pairs\[1\]: a document and a headline must be",
        ),
        ([{"document": "a"}], r"pairs\[0\]: no column 'summary'"),
        ([("a", "b"), "text"], r"pairs\[1\] is no \(document, headline\) pair"),
        ({("a", "b")}, "pairs: a set has no order"),
        (
            datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}),
            "pairs: a DatasetDict, not a list of pairs",
        ),
        (7, "pairs: int is no list of pairs"),
    ],
)
def test_wrong_pairs(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_pairs(given, "pairs")


def test_equal_pairs_leave_the_file_as_it_is(tmp_path: Path) -> None:
    """So the copy of the corpus in the cache serves the next run too."""
    file = tmp_path / "pairs.jsonl"
    write_pairs(*EXPECTED, ("document", "summary"), file)
    before = file.stat().st_mtime_ns, file.stat().st_ino
    write_pairs(*EXPECTED, ("document", "summary"), file)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before
    assert read_pairs(file, "pairs") == EXPECTED
