"""All formats of a corpus, the registry of readers, the cache, and every error with its place."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seq2seq.data.corpora import READERS, Columns, CorpusOptions, Row, load_split
from seq2seq.data.corpora.tables import text_tables
from seq2seq.environment import import_plugins
from seq2seq.errors import UserError

PAIRS = [
    ("Profit rose 3.5% to $1,250.", "Profit up"),
    ('He said "no", again\tand again.', "A 'no'"),
    ("2020-01-01", "1987"),  # must stay text, not become a date or a number
    ("null", "NA"),
    ("", "an empty document"),
    ("line\u2028separator \x0b \x0c \x85 naïve 漢字 🙂", ""),
]


def write_jsonl(path: Path, pairs: list[tuple[str, str]] = PAIRS) -> None:
    path.write_text("".join(json.dumps({"id": 1, "document": d, "summary": s}) + "\n" for d, s in pairs), "utf-8")


def write_raw_jsonl(path: Path) -> None:
    lines = [json.dumps({"summary": s, "document": d}, ensure_ascii=False) for d, s in PAIRS]
    path.write_bytes(
        b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode()
    )  # a byte order mark, blank lines, no last newline


def write_csv(path: Path, delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["summary", "extra", "document"])
        writer.writerows([s, "x", d] for d, s in PAIRS)


def write_parquet(path: Path) -> None:
    columns = {"summary": [s for _, s in PAIRS], "number": list(range(len(PAIRS))), "document": [d for d, _ in PAIRS]}
    pq.write_table(pa.table(columns), path, row_group_size=2)


def read(**options: Any) -> list[tuple[str, str]]:
    dataset = load_split(CorpusOptions(**options), "train")
    assert dataset.column_names == ["document", "summary"]
    assert {feature.dtype for feature in dataset.features.values()} == {"string"}
    assert dataset.cache_files, "must be memory-mapped"
    return list(zip(dataset["document"], dataset["summary"], strict=True))


def error(split: str = "train", **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load_split(CorpusOptions(**options), split)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.jsonl", write_jsonl),
        ("b.jsonl", write_raw_jsonl),
        ("a.json", write_jsonl),
        ("A.JSONL", write_jsonl),
        ("a.csv", write_csv),
        ("a.quoted.tsv", lambda path: write_csv(path, "\t")),
        ("a.parquet", write_parquet),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_formats(tmp_path: Path, name: str, write: Callable[[Path], None], compressed: bool) -> None:
    path = tmp_path / name
    write(path)
    if compressed:
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    if name.endswith(".parquet") and compressed:
        assert "cannot tell the format" in error(train=str(path))
    else:
        assert read(train=str(path)) == PAIRS


def write_text(path: Path, lines: list[str], newline: str = "\n") -> str:
    data = newline.join([*lines, ""]).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_aligned_texts_break_at_newlines_alone(tmp_path: Path, newline: str) -> None:
    pairs = [(f"{d} \r inside", s) for d, s in PAIRS]
    source = {
        "document": write_text(tmp_path / "a.src.gz", [d for d, _ in pairs], newline),
        "summary": write_text(tmp_path / "a.tgt", [s for _, s in pairs], newline),
    }
    assert read(train=source) == pairs


def test_shards_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        write_jsonl(tmp_path / f"part-{number}.jsonl", [(f"d{number}", f"s{number}")])
    assert read(train=str(tmp_path / "part-*.jsonl")) == [("d0", "s0"), ("d1", "s1"), ("d2", "s2")]


def test_a_name_with_glob_characters_that_exists_is_a_file(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a[1].jsonl")
    assert read(train=str(tmp_path / "a[1].jsonl")) == PAIRS


def test_other_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "d", "title": "s", "document": 5}\n')
    assert read(train=str(tmp_path / "a.jsonl"), document_column="text", summary_column="title") == [("d", "s")]


def test_tables_keep_the_order_and_are_small() -> None:
    pairs = [(f"document {'x' * (number % 50)}", str(number)) for number in range(100)]
    tables = list(text_tables(pairs, "Reading", max_rows=7, max_characters=100))
    assert [tuple(row.values()) for table in tables for row in table.to_pylist()] == pairs
    for table in tables:
        assert 1 <= len(table) <= 7
        assert sum(len(text) for row in table.to_pylist()[:-1] for text in row.values()) < 100


def test_many_tables_are_one_data_set(tmp_path: Path) -> None:
    pairs = [(f"document {number}", str(number)) for number in range(20_001)]
    write_jsonl(tmp_path / "a.jsonl", pairs)
    assert read(train=str(tmp_path / "a.jsonl")) == pairs


def test_a_long_field(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"document,summary\n{'x' * 1_000_000},s\n")
    assert len(read(train=str(tmp_path / "a.csv"))[0][0]) == 1_000_000


def test_the_second_call_reads_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path)
    options = CorpusOptions(train=str(path))
    first = load_split(options, "train")
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)  # reading it again would be an error
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = load_split(options, "train")
    assert first._fingerprint == second._fingerprint
    assert first.to_dict() == second.to_dict()


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [("one", "1")])
    assert read(train=str(path)) == [("one", "1")]
    write_jsonl(path, [("two", "2")])  # the same size
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert read(train=str(path)) == [("two", "2")]


def test_other_columns_are_not_served_from_the_cache(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"document": "d", "summary": "s", "title": "t"}\n')
    assert read(train=str(tmp_path / "a.jsonl")) == [("d", "s")]
    assert read(train=str(tmp_path / "a.jsonl"), summary_column="title") == [("d", "t")]


def read_capitals(path: Path, columns: Columns) -> Iterator[Row]:
    """A reader for the tests of the registry."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        yield Row(number, line.upper(), columns.summary)


def read_lines(path: Path, columns: Columns) -> Iterator[Row]:
    return (row._replace(document=row.document.lower()) for row in read_capitals(path, columns))


def test_the_reader_is_part_of_the_cache_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.caps").write_text("One\n")
    monkeypatch.setitem(READERS, ".caps", read_capitals)
    assert read(train=str(tmp_path / "a.caps")) == [("ONE", "summary")]
    monkeypatch.setitem(READERS, ".caps", read_lines)
    assert read(train=str(tmp_path / "a.caps")) == [("one", "summary")]


PLUGIN = """
from seq2seq.data.corpora import READERS, Row, text_lines

def read_pipes(path, columns):
    for number, line in text_lines(path):
        yield Row(number, *line.{case}().split("|"))

READERS[".pipes"] = READERS[".pipes.gz"] = read_pipes
"""


def test_a_plugin_registers_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin, corpus = tmp_path / "pipes_plugin.py", tmp_path / "a.pipes.gz"
    plugin.write_text(PLUGIN.format(case="lower"))
    write_text(corpus, ["D|S", "D2|"])
    assert ", ".join(READERS) in error(train=str(corpus))
    for suffix in (".pipes", ".pipes.gz"):
        monkeypatch.setitem(READERS, suffix, read_capitals)  # replaced by the plugin, removed after the test
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SEQ2SEQ_PLUGINS", "pipes_plugin")
    import_plugins()
    assert read(train=str(corpus)) == [("d", "s"), ("d2", "")]
    (tmp_path / "a.xml").touch()
    assert ".pipes, .pipes.gz;" in error(train=str(tmp_path / "a.xml"))

    plugin.write_text(PLUGIN.format(case="title"))  # a changed reader reads again
    importlib.invalidate_caches()
    importlib.reload(importlib.import_module("pipes_plugin"))
    assert read(train=str(corpus)) == [("D", "S"), ("D2", "")]


def test_a_failed_read_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "seq2seq"
    before = {path for path in folder.glob("*") if path.suffix != ".lock"}
    path = tmp_path / "a.jsonl"
    path.write_text('{"document": "d", "summary": "s"}\n{')
    assert error(train=str(path)) == error(train=str(path))
    assert {path for path in folder.glob("*") if path.suffix != ".lock"} == before


BAD_LINES = [
    ("a.jsonl", b'{"document": "d", "summary": "s"}\n\n{"document": "d", summary}\n', ":3: not valid JSON"),
    (
        "a.jsonl",
        b'{"document": "d", "summary": "s"}\n{"document": "d", "summary": null}\n',
        ":2: a document and a summary",
    ),
    ("a.jsonl", b'{"document": 5, "summary": "s"}\n', "int"),
    ("a.jsonl", b'{"document": "d", "summary": "s"}\n{"document": "d"}\n', ":2: no column 'summary'"),
    ("a.jsonl", b'[{"document": "d", "summary": "s"}]\n', ":1: a JSON list, not an object"),
    ("a.json", b'{\n"document": "d", "summary": "s"}\n', ":1: not valid JSON"),
    (
        "a.jsonl",
        b'{"document": "d", "summary": "s"}\n{"document": "\xe9", "summary": "s"}\n',
        ":2: byte 15 of the line (0xe9)",
    ),
    ("a.jsonl", b'{"document": "a\\u0000b", "summary": "s"}\n', ":1: NUL byte"),
    ("a.jsonl", b'{"document": "d", "summary": "s"}\n\0\0\0', ":2: NUL byte"),
    ("a.jsonl", b'{"document": "\\ud800", "summary": "s"}\n', ":1: half a surrogate pair"),
    ("a.jsonl", b"[" * 100_000, ":1: not valid JSON"),
    ("a.csv", b"document,summary\nd,s\nd,s,t\n", ":3: 3 fields, but the header has 2"),
    ("a.csv", b'document,summary\n"a ""quoted"" d",s\n"a "bare" d",s\n', ":3: "),
    ("a.csv", b'document,summary\nd,s\n"open,s\n', ":3: "),
    ("a.csv", b"document,summary\nd,s\nd,\xff\n", ":3: byte 3 of the line (0xff)"),
    ("a.csv", b"document,summary\nd,\0\n", ":2: NUL byte"),
    ("a.csv", b"text,summary\nd,s\n", "set data.corpus.document_column"),
    ("a.tsv", b"document,summary\nd,s\n", "no column 'document' (there are: document,summary)"),
    ("a.tsv", b"document,summary\nd,s\n", "',' separates the fields, but .csv needs commas and .tsv needs tabs"),
    ("a.csv", b"document;summary\nd;s\n", "';' separates the fields, but .csv needs commas and .tsv needs tabs"),
    ("a.csv", b"document\tsummary\nd\ts\n", "'\\t' separates the fields"),
    ("a.csv", b"text;headline\nd;s\n", "(there are: text;headline): set data.corpus.document_column"),
    (
        "a.jsonl",
        b'{"document": "d", "headline": "s"}\n',
        "(there are: document, headline): set data.corpus.summary_column",
    ),
    ("a.jsonl", b"", "there are no pairs"),
    ("a.jsonl", b"\n \n", "there are no pairs"),
    ("a.csv", b"", "there are no pairs"),
    ("a.csv", b"document,summary\n", "there are no pairs"),
    ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
    ("a.arrow", b"ARROW no", "not a readable Arrow file"),
    ("a.arrow", b"", "not a readable Arrow file"),
    ("a.jsonl.gz", b"plain text", "damaged or truncated gzip file"),
    ("a.xml", b"<a/>", "cannot tell the format"),
    ("a.txt", b"a\n", "{document: FILE, summary: FILE}"),
    ("a.gz", gzip.compress(b"a\n", mtime=0), "cannot tell the format"),
]


@pytest.mark.parametrize(("name", "data", "expected"), BAD_LINES)
def test_bad_files(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(data)
    message = error(train=str(tmp_path / name))
    assert expected in message
    assert name in message


def test_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    lines = b"".join(
        json.dumps({"document": os.urandom(40).hex(), "summary": "s"}).encode() + b"\n" for _ in range(999)
    )
    path.write_bytes(gzip.compress(lines)[:-500])
    assert "truncated" in error(train=str(path))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"document": ["d", None], "summary": ["s", "s"]},
            ":2: a document and a summary must be strings, one here is null",
        ),
        ({"document": [1], "summary": ["s"]}, "column document holds int64, not text"),
        ({"document": ["a\0"], "summary": ["s"]}, ":1: NUL byte"),
        ({"text": ["a"], "summary": ["s"]}, "(there are: text, summary): set data.corpus.document_column"),
        ({"document": pa.array([], pa.string()), "summary": pa.array([], pa.string())}, "there are no pairs"),
    ],
)
def test_bad_parquet(tmp_path: Path, columns: dict[str, Any], expected: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert expected in error(train=str(tmp_path / "a.parquet"))


def test_parquet_with_invalid_utf8(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    pq.write_table(pa.table({"document": bad, "summary": ["s"]}), tmp_path / "a.parquet")
    assert "not valid UTF-8" in error(train=str(tmp_path / "a.parquet"))


@pytest.mark.parametrize(("documents", "summaries"), [(3, 2), (2, 3), (0, 3), (3, 0)])
def test_misaligned_texts_tell_both_counts(tmp_path: Path, documents: int, summaries: int) -> None:
    source = {
        "document": write_text(tmp_path / "a.src", ["d"] * documents),
        "summary": write_text(tmp_path / "a.tgt", ["s"] * summaries),
    }
    (tmp_path / ("a.src" if not documents else "a.tgt")).touch()
    message = error(train=source)
    document_lines, summary_lines = (Path(source[side]).read_bytes().count(b"\n") for side in ("document", "summary"))
    assert f"a.src has {document_lines} lines" in message
    assert f"a.tgt has {summary_lines}" in message


def test_bad_texts(tmp_path: Path) -> None:
    good = write_text(tmp_path / "a.src", ["d", "d"])
    (tmp_path / "a.tgt").write_bytes(b"s\n\xff\n")
    assert "a.tgt:2: byte 1" in error(train={"document": good, "summary": str(tmp_path / "a.tgt")})
    assert "give {document: FILE, summary: FILE}" in error(train={"document": good, "title": good})
    assert "a.srx (did you mean" in error(train={"document": good, "summary": str(tmp_path / "a.srx")})


def test_missing_files(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl")
    assert "did you mean 'train.jsonl'?" in error(train=str(tmp_path / "trian.jsonl"))
    assert error(train=str(tmp_path / "nothing" / "x.jsonl")).startswith("data.corpus.train: no such file")
    assert "is a folder" in error(train=str(tmp_path))
    assert "no file matches" in error(train=str(tmp_path / "*.csv"))


def test_what_is_not_configured(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl")
    assert "data.corpus.test" in error("test", train=str(tmp_path / "a.jsonl"))
    assert "both" in error(train=str(tmp_path / "a.jsonl"), name="some/name")
    assert "data.corpus.name" in error("validation", name="no-such-owner/no-such-data")
    assert "HF_HUB_OFFLINE" in error(name="no-such-owner/no-such-data")


@pytest.fixture
def hub_folder(tmp_path: Path) -> Path:
    """A folder that `datasets` loads by name, like a Hub data set."""
    folder = tmp_path / "hub"
    folder.mkdir()
    write_parquet(folder / "train.parquet")
    pq.write_table(pa.table({"document": ["d", None], "summary": ["s", "a\0b"]}), folder / "test.parquet")
    return folder


def test_a_named_data_set(hub_folder: Path) -> None:
    assert read(name=str(hub_folder)) == PAIRS
    assert read(name=str(hub_folder), document_column="summary", summary_column="document") == [
        (s, d) for d, s in PAIRS
    ]


def test_a_named_data_set_without_summaries(tmp_path: Path) -> None:
    pq.write_table(pa.table({"document": ["d", "e"]}), tmp_path / "train.parquet")
    assert "no column 'summary'" in error(name=str(tmp_path))
    found = load_split(CorpusOptions(name=str(tmp_path)), "train", labelled=False)
    assert found.to_dict() == {"document": ["d", "e"], "summary": [None, None]}


def test_one_copy_of_a_corpus_whether_summaries_are_needed_or_not(tmp_path: Path) -> None:
    """The copy of a corpus with missing summaries is no way around the check."""
    file = tmp_path / "a.jsonl"
    file.write_text('{"document": "d", "summary": "s"}\n{"document": "e"}\n')
    options = CorpusOptions(train=str(file))
    found = load_split(options, "train", labelled=False)
    assert found["summary"] == ["s", None]
    assert f"{file}:2: no column 'summary'" in error(train=str(file))
    file.write_text('{"document": "d", "summary": "s"}\n')
    assert load_split(options, "train", labelled=False)._fingerprint == load_split(options, "train")._fingerprint


def test_a_named_data_set_of_large_strings_becomes_one_of_strings(tmp_path: Path) -> None:
    columns = {"document": pa.array(["d"], pa.large_string()), "summary": pa.array(["s"])}
    pq.write_table(pa.table(columns), tmp_path / "train.parquet")
    assert read(name=str(tmp_path)) == [("d", "s")]


def test_errors_of_a_named_data_set(hub_folder: Path) -> None:
    name = str(hub_folder)
    assert "row 2 of column document is null" in error("test", name=name)
    assert "row 2 of column summary is text with a NUL byte" in error("test", name=name, document_column="summary")
    assert "cannot load validation" in error("validation", name=name)
    assert "(there are: summary, number, document): set data.corpus.document_column" in error(
        name=name, document_column="text"
    )
    assert "column number holds int64" in error(name=name, document_column="number")
    assert "check data.corpus.name" in error(name=name, config="other")
