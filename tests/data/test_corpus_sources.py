"""The files that a corpus names (paths, lists, patterns, home folders, formats), and tables with stray quotes."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from helpers import CASES, run

from seq2seq.data.corpora import READERS, Columns, CorpusOptions, Row, load_split
from seq2seq.errors import UserError

COLUMNS = Columns("document", "summary")
FORMATS = sorted(CASES.glob("formats/a.*"))
BERGEN, CADIZ = "Bergen bank falls", "Fire in Cadiz"


def summaries(train: Any, **options: Any) -> list[str]:
    return list(load_split(CorpusOptions(train=train, **options), "train")["summary"])


def error(train: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        summaries(train, **options)
    return str(caught.value)


# ---- the cases


@pytest.mark.parametrize("file", [file for file in FORMATS if ".txt" not in file.name], ids=lambda file: file.name)
def test_every_format_holds_the_same_pairs(file: Path) -> None:
    assert summaries(file) == [BERGEN, CADIZ]


def test_text_has_no_summaries() -> None:
    assert "{document: FILE, summary: FILE}" in error(CASES / "formats" / "a.txt")
    assert "{document: FILE, summary: FILE}" in error(CASES / "formats" / "a.txt.gz")


def test_rules_of_json_lines() -> None:
    assert summaries(CASES / "jsonl" / "blank.jsonl") == [CADIZ, BERGEN]
    assert summaries(CASES / "jsonl" / "bom.jsonl") == [CADIZ]
    assert "nulls.jsonl:1: a document and a summary must be strings, one here is null" in error(
        CASES / "jsonl" / "nulls.jsonl"
    )
    assert "unlabelled.jsonl:1: no column 'summary' (there are: document)" in error(
        CASES / "jsonl" / "unlabelled.jsonl"
    )


def test_a_quote_in_a_tsv_file_is_a_character() -> None:
    assert summaries(CASES / "tsv" / "quote.tsv") == ['"We will win', 'Shares fall, a blip"', "Fire"]


# ---- what names the files


def write(file: Path, *numbers: int) -> Path:
    lines = [json.dumps({"document": f"d{number}", "summary": f"s{number}"}) + "\n" for number in numbers]
    data = "".join(lines).encode()
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


def test_a_list_of_files_and_patterns_is_read_in_its_order(tmp_path: Path) -> None:
    b, a = write(tmp_path / "b.jsonl", 1, 2), write(tmp_path / "a.jsonl.gz", 3)
    write(tmp_path / "p2.jsonl", 5)
    write(tmp_path / "p1.jsonl", 4)
    assert summaries([b, str(a), f"{tmp_path}/p*.jsonl"]) == ["s1", "s2", "s3", "s4", "s5"]
    assert summaries((a, b)) == ["s3", "s1", "s2"]


def test_paths_and_text_mean_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", 1)
    assert CorpusOptions(train=file) == CorpusOptions(train=str(file))
    (tmp_path / "d.txt").write_text("one\ntwo\n")
    (tmp_path / "s.txt").write_text("1\n2\n")
    assert summaries({"document": tmp_path / "d.txt", "summary": str(tmp_path / "s.txt")}) == ["1", "2"]


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.jsonl", 1)
    write(tmp_path / "b.jsonl", 2)
    (tmp_path / "a.txt").write_text("x\n")
    assert summaries("~/a.jsonl") == ["s1"]
    assert summaries(Path("~/a.jsonl")) == ["s1"]
    assert summaries(["~/b.jsonl", "~/a.jsonl"]) == ["s2", "s1"]
    assert summaries("~/*.jsonl") == ["s1", "s2"]
    assert summaries({"document": "~/a.txt", "summary": Path("~/a.txt")}) == ["x"]
    assert summaries(None, name="~/")[0] == "s1"  # a folder that `datasets` loads


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ([], "data.corpus.train: the list is empty"),
        ("", "data.corpus.train: '' is no file"),
        (5, "data.corpus.train: 5 is no file"),
        (b"a.jsonl", "data.corpus.train: b'a.jsonl' is no file"),
        (["a.jsonl", None], "data.corpus.train[1]: None is no file"),
        ([{"document": "a", "summary": "b"}], "data.corpus.train[0]: {"),
        ({"document": "a"}, "data.corpus.train has the keys ['document']: give {document: FILE, summary: FILE}"),
        ({"document": "a", "summary": ["b"]}, "data.corpus.train.summary: ['b'] is no file"),
    ],
)
def test_what_is_no_file(train: Any, expected: str) -> None:
    assert expected in error(train)


def saved(folder: Path, *splits: str) -> Path:
    """A data set that `save_to_disk` of Hugging Face has written, with two shards in each split."""
    import datasets

    rows = [{"document": f"d{n}", "summary": f"s{n}", "id": n} for n in range(3)]
    parts = {split: datasets.Dataset.from_list(rows) for split in splits}
    datasets.DatasetDict(parts).save_to_disk(folder, num_shards=dict.fromkeys(splits, 2))
    return folder


def test_a_folder_of_save_to_disk(tmp_path: Path) -> None:
    folder = saved(tmp_path / "saved", "train", "test")
    assert summaries(None, name=str(folder)) == ["s0", "s1", "s2"]
    assert summaries(folder / "train") == ["s0", "s1", "s2"]
    assert summaries(f"{folder}/train/*.arrow") == ["s0", "s1", "s2"]
    assert f"{folder} is a data set with all its splits: name it as data.corpus.name" in error(folder)
    assert "data.corpus.config and revision have no effect" in error(None, name=str(folder), revision="main")
    with pytest.raises(UserError, match="cannot load validation"):
        load_split(CorpusOptions(name=str(folder)), "validation")


def test_options_without_effect_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", 1)
    assert "data.corpus.revision has no effect" in error(file, revision="main")
    assert "data.corpus.config has no effect" in error(file, config="3.0.0")
    assert "data.corpus.format has no effect" in error(None, name="some/name", format="csv")


def test_a_list_in_a_config_stays_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given in YAML and on the command line; the printed config can be read again."""
    given = {"train": ["a.jsonl", "b.jsonl.gz"], "validation": {"document": "a", "summary": "b"}, "test": "c.jsonl"}
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump({"data": {"corpus": given}}))
    assert run("fit", "--config", file, "--print_config") == 0
    assert given.items() <= yaml.safe_load(capsys.readouterr().out)["data"]["corpus"].items()
    assert run("fit", "--config", file, "--data.corpus.test", "[d.csv, e.tsv]", "--print_config") == 0
    assert yaml.safe_load(capsys.readouterr().out)["data"]["corpus"]["test"] == ["d.csv", "e.tsv"]


# ---- formats


def test_a_format_for_names_that_tell_none(tmp_path: Path) -> None:
    file = write(tmp_path / "data", 1)
    assert "set data.corpus.format for other names" in error(file)
    assert summaries(file, format="jsonl") == ["s1"]
    assert "'jsonn' is none of auto, jsonl" in error(file, format="jsonn")


def test_a_format_of_a_registered_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READERS, ".caps.gz", lambda path, columns: iter([Row(1, "D", "S")]))
    assert summaries(write(tmp_path / "data", 1), format="caps") == ["S"]


def test_gzip_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    file = tmp_path / "renamed.jsonl"
    file.write_bytes((CASES / "formats" / "a.jsonl.gz").read_bytes())
    assert summaries(file) == [BERGEN, CADIZ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"document": "d"}'.encode("utf-16"), "UTF-16 or UTF-32, not UTF-8: convert it"),
        ('{"document": "d"}'.encode("utf-32"), "UTF-16 or UTF-32, not UTF-8: convert it"),
        (b"PK\3\4rest", "a zip archive"),
        (b"\xfd7zXZ\0rest", "unpack it first"),
        ((CASES / "formats" / "a.parquet").read_bytes(), "a Parquet file, not lines of text"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_files_that_are_evidently_no_text(tmp_path: Path, data: bytes, expected: str, strict: bool) -> None:
    for suffix in (".jsonl", ".csv", ".tsv"):
        file = tmp_path / f"a{suffix}"
        file.write_bytes(data)
        with pytest.raises(UserError, match=expected):
            list(READERS[suffix](file, COLUMNS._replace(strict=strict)))


@pytest.mark.parametrize(
    ("text", "cure"), [("[\n{}\n]", "jq -c '.[]' "), ("[{}]", "jq -c '.[]' "), ("{\n}", "jq -c . ")]
)
def test_json_that_is_not_json_lines_names_the_cure(tmp_path: Path, text: str, cure: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert cure + str(tmp_path) in error(tmp_path / "a.json")


def test_a_tab_in_a_json_string(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"document": "a\tb", "summary": "s"}\n')
    assert summaries(tmp_path / "a.jsonl", document_column="summary", summary_column="document") == ["a\tb"]


# ---- tables


def test_fields_of_tsv_are_what_stands_between_the_tabs(tmp_path: Path) -> None:
    chosen = ['"quoted"', 'in "the" middle', '"', "", " spaces ", "\\t", "carriage \r return"]
    file = tmp_path / "a.tsv"
    file.write_bytes("".join(f"{text}\n" for text in ["summary\tdocument", *(f"{c}\td" for c in chosen)]).encode())
    assert summaries(file) == chosen


def test_quoted_tsv(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    with file.open("w", newline="") as stream:
        csv.writer(stream, delimiter="\t").writerows([["document", "summary"], ["a\tb", 'say "no"\nagain']])
    assert ":2: 3 fields, but the header has 2: mend the line, or set data.corpus.format to quoted.tsv" in error(file)
    assert summaries(file, format="quoted.tsv") == ['say "no"\nagain']
    assert summaries(file.rename(tmp_path / "a.quoted.TSV")) == ['say "no"\nagain']


@pytest.mark.parametrize(
    "rows",
    [
        b'"open,s\nd,s\nd,s\n',
        b'd,"open\nd,s\n',
        b'd,"open\nd,"s"\n',  # closed by the first quote of a later row
    ],
)
def test_an_open_quote_is_reported_where_its_row_begins(tmp_path: Path, rows: bytes) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'document,summary\n"two\nlines",s\n' + rows)
    message = error(file)
    assert f"{file}:4: " in message
    assert "is its first quote never closed?" in message


def test_an_open_quote_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seq2seq.data.corpora.delimited.MAX_FIELD_CHARACTERS", 1000)
    read = 0

    def lines(path: Path, strict: bool) -> Any:
        nonlocal read
        yield 1, "document,summary"
        yield 2, '"open,s'
        for read in range(3, 10**6):
            yield read, "d,s"

    monkeypatch.setattr("seq2seq.data.corpora.delimited.text_lines", lines)
    with pytest.raises(UserError, match=r"a\.csv:2: field larger than field limit .* never closed"):
        list(READERS[".csv"](Path("a.csv"), COLUMNS))
    assert read < 300


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("document,summary,document\na,b,c\n")
    assert "two columns 'document'" in error(tmp_path / "a.csv")


# ---- documents alone


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_documents_alone_carry_their_fields(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    separator = "\t" if suffix == ".tsv" else ","
    if suffix == ".jsonl":
        file.write_text('{"id": "7", "document": "d"}\n')
    elif suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"id": ["7"], "document": ["d"]}), file)
    else:
        file.write_text(f"id{separator}document\n7{separator}d\n")
    (row,) = READERS[suffix](file, COLUMNS._replace(strict=False))
    assert (row.document, row.summary, row.fields) == ("d", None, {"id": "7", "document": "d"})
    with pytest.raises(UserError, match="no column 'summary'"):
        list(READERS[suffix](file, COLUMNS))


@pytest.mark.skipif(os.name == "nt", reason="pipes have names on Unix")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """A named pipe, such as a process substitution of the shell, can be opened only once."""
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    data = (CASES / "formats" / "a.jsonl.gz").read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    rows = list(READERS[".jsonl"](pipe, COLUMNS))
    writer.join()
    assert [row.summary for row in rows] == [BERGEN, CADIZ]
