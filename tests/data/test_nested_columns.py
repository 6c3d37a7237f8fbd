"""A column name with a dot means a field of a column: the form of translation data sets on the Hugging Face Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from helpers import write_jsonl

from seq2seq.data.corpora import Columns, CorpusOptions, load_split
from seq2seq.data.corpora.jsonl import read_jsonl
from seq2seq.data.corpora.parquet import read_parquet
from seq2seq.errors import UserError

ROWS = [
    {"id": "1", "translation": {"de": "Der Zug fährt ab.", "en": "The train leaves."}},
    {"id": "2", "translation": {"de": "Es ist halb neun.", "en": "It is half past eight."}},
]
PAIRS = [(row["translation"]["de"], row["translation"]["en"]) for row in ROWS]
NAMES = {"document_column": "translation.de", "summary_column": "translation.en"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rows as JSON Lines, as Parquet, and as a data set with the feature `Translation`."""
    write_jsonl(tmp_path / "train.jsonl", ROWS)
    features = {"id": datasets.Value("string"), "translation": datasets.Translation(["de", "en"])}
    (tmp_path / "set").mkdir()
    made = datasets.Dataset.from_list(ROWS, features=datasets.Features(features))
    made.to_parquet(str(tmp_path / "set" / "train.parquet"))
    return tmp_path


def read(**options: Any) -> list[tuple[str, str]]:
    split = load_split(CorpusOptions(**NAMES | options), "train")
    return list(zip(split["document"], split["summary"], strict=True))


def test_every_source_gives_the_pairs(folder: Path) -> None:
    for source in ({"train": folder / "train.jsonl"}, {"train": folder / "set" / "train.parquet"}):
        assert read(**source) == PAIRS
    assert read(name=str(folder / "set")) == PAIRS
    assert read(name=str(folder / "set"), document_column="translation.en", summary_column="translation.de") == [
        (en, de) for de, en in PAIRS
    ]
    assert [document for document, _ in read(train=folder / "set" / "train.parquet", document_column="id")] == [
        "1",
        "2",
    ]


def test_a_wrong_name_is_an_error_that_lists_the_fields(folder: Path) -> None:
    for source in (
        {"train": folder / "train.jsonl"},
        {"train": folder / "set" / "train.parquet"},
        {"name": str(folder / "set")},
    ):
        with pytest.raises(
            UserError, match=r"no column 'translation.fr' \(there are: .*translation\.de.*summary_column"
        ):
            read(**source, summary_column="translation.fr")
        with pytest.raises(UserError, match=r"of type dict|no column 'translation' \(there are: id, translation\.de"):
            read(**source, summary_column="translation")  # an object is no text
        with pytest.raises(UserError, match=r"no column 'document' \(there are: .*translation\.de, translation\.en"):
            read(**source, document_column="document", summary_column="summary")


def test_a_column_whose_own_name_has_a_dot(tmp_path: Path) -> None:
    """The name of the row itself wins."""
    row = {"translation.de": "flach", "translation": {"de": "tief", "en": "deep"}}
    assert read(train=write_jsonl(tmp_path / "a.jsonl", [row])) == [("flach", "deep")]


def test_documents_keep_their_fields(folder: Path) -> None:
    """`decode` reads the same columns, and writes each row as it was beside the translation."""
    columns = Columns("translation.de", "translation.en", strict=False)
    for reader, file in ((read_jsonl, folder / "train.jsonl"), (read_parquet, folder / "set" / "train.parquet")):
        rows = list(reader(file, columns))
        assert [(row.document, row.summary) for row in rows] == PAIRS
        assert [json.loads(json.dumps(row.fields)) for row in rows] == ROWS
