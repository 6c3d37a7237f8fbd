"""What `decode` and `show` read and write: the formats of corpora, plain text, standard input, and wrong guesses."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import CASES, TrainedRun, pairs, read_jsonl, run

from seq2seq.data.corpora import READERS, Columns, Row, text_lines
from seq2seq.inference import Summarizer

FILES = sorted(CASES.glob("formats/a.*"))
BERGEN, CADIZ = (line for line in (CASES / "formats" / "a.txt").read_text().splitlines())


class FirstWords:
    """In place of a checkpoint: the headline of a document is its first three words."""

    empty = cut = 0
    max_document_tokens = 30

    class options:
        n_best = 1

    def stream(self, documents: Any, batch_size: int | None = None) -> Iterator[Any]:
        from seq2seq.inference import Headline

        return ([Headline(" ".join(document.split()[:3]), -0.5, -1.0)] for document in documents)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("decode", "show"):
        monkeypatch.setattr(f"seq2seq.commands.{command}.load_summarizer", lambda args, **_: FirstWords())


@pytest.fixture
def decode(no_network: None, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., list[str]]:
    """Headlines of a file."""

    def decoded(file: Path | str, *options: str | Path) -> list[str]:
        status = run("decode", "--checkpoint", "x", "--input", file, "--output", tmp_path / "out", *options)
        assert status == 0, capfd.readouterr().err
        return (tmp_path / "out").read_text(encoding="utf-8").split("\n")[:-1]

    return decoded


@pytest.fixture
def refused(no_network: None, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """The one error line of a command that must leave its output alone."""

    def complained(*argv: str | Path) -> str:
        output = tmp_path / "kept"
        output.write_text("written before\n")
        options = ["--output", output] if argv[0] == "decode" and "--output" not in argv else []
        capfd.readouterr()
        assert run(argv[0], "--checkpoint", "x", *argv[1:], *options) == 1
        assert output.read_text() == "written before\n"
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("seq2seq: error: ")
        return line

    return complained


@pytest.fixture
def shown(no_network: None, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def show(file: Path | str, *options: str) -> str:
        capfd.readouterr()
        assert run("show", "--checkpoint", "x", "--input", file, *options) == 0
        return capfd.readouterr().out

    return show


# ---- the cases


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_decode_reads_every_format(decode: Callable[..., list[str]], file: Path) -> None:
    assert decode(file) == ["Shares of the", "Fire broke out"]
    lines = [json.loads(line) for line in decode(file, "--format", "jsonl")]
    assert [line["document"] for line in lines] == [BERGEN, CADIZ]
    assert [line["prediction"] for line in lines] == ["Shares of the", "Fire broke out"]
    references = [None, None] if ".txt" in file.name else ["Bergen bank falls", "Fire in Cadiz"]
    assert [line.get("summary") for line in lines] == references


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_show_reads_every_format(shown: Callable[..., str], file: Path) -> None:
    out = shown(file)
    assert out.count("│ Shares of the ") + out.count(" Shares of the │") >= 1
    assert ("Bergen bank falls" in out) == ("Fire in Cadiz" in out) == (".txt" not in file.name)


@pytest.mark.parametrize("name", ["blank.jsonl", "bom.jsonl", "unlabelled.jsonl"])
def test_rules_of_json_lines(decode: Callable[..., list[str]], shown: Callable[..., str], name: str) -> None:
    expected = {
        "blank.jsonl": ["Fire broke out", "Shares of the"],
        "bom.jsonl": ["Fire broke out"],
        "unlabelled.jsonl": ["a fire broke"],
    }
    assert decode(CASES / "jsonl" / name) == expected[name]
    out = shown(CASES / "jsonl" / name)
    assert all(out.count(headline) == 2 for headline in expected[name])  # document and headline
    assert "None" not in out


@pytest.mark.parametrize("command", ["decode", "show"])
def test_null_is_no_document_and_no_summary_is_none(refused: Callable[..., str], command: str, tmp_path: Path) -> None:
    """The first line has a summary null, which is accepted; the second has a document null."""
    (tmp_path / "null.jsonl").write_text((CASES / "jsonl" / "nulls.jsonl").read_text().splitlines()[1])
    message = refused(command, "--input", tmp_path / "null.jsonl")
    assert "null.jsonl:1: a document must be a string, the one here is null" in message


def test_show_of_a_summary_null(shown: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text((CASES / "jsonl" / "nulls.jsonl").read_text().splitlines()[0])
    out = shown(tmp_path / "a.jsonl")
    assert "Fire broke out in a warehouse." in out
    assert "null" not in out.lower()
    assert "None" not in out


def test_a_quote_in_a_tsv_file(decode: Callable[..., list[str]], shown: Callable[..., str]) -> None:
    assert decode(CASES / "tsv" / "quote.tsv") == ["The coach spoke", "Shares fell in", "Fire in Cadiz."]
    assert '"We will win' in shown(CASES / "tsv" / "quote.tsv")


def test_the_real_network_gets_the_same_documents(trained: TrainedRun, tmp_path: Path) -> None:
    expected = Summarizer.from_checkpoint(trained.best, device="cpu").summarize([BERGEN, CADIZ])
    for name in ("a.parquet", "a.csv"):
        argv = ["decode", "--checkpoint", trained.folder, "--input", CASES / "formats" / name]
        assert run(*argv, "--output", tmp_path / "out.jsonl") == 0
        assert [line["prediction"] for line in read_jsonl(tmp_path / "out.jsonl")] == expected


# ---- columns and fields


def test_other_columns(
    decode: Callable[..., list[str]], shown: Callable[..., str], refused: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,text,title\n7,one two three four,five\n")
    options = ["--document-column", "text"]
    assert decode(file, *options) == ["one two three"]
    (line,) = decode(file, *options, "--format", "jsonl")
    fields = {"id": "7", "text": "one two three four", "title": "five"}
    assert json.loads(line) == {**fields, "prediction": "one two three", "score": -0.5}
    assert "five" not in shown(file, *options)
    assert "five" in shown(file, *options, "--summary-column", "title")
    message = refused("decode", "--input", file)
    assert "a.csv:1: no column 'document' (there are: id, text, title): give --document-column" in message
    message = refused("show", "--input", file, *options, "--summary-column", "headline")
    assert "no column 'headline' (there are: id, text, title): give --summary-column" in message


def test_fields_of_parquet_that_json_lacks(decode: Callable[..., list[str]], tmp_path: Path) -> None:
    table = {"document": ["a b c"], "day": [date(1987, 10, 19)], "tags": [["x", None]], "number": [1.5]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    (line,) = decode(tmp_path / "a.parquet", "--format", "jsonl")
    found = json.loads(line)
    assert (found["day"], found["tags"], found["number"]) == ("1987-10-19", ["x", None], 1.5)


def test_a_plugin_reader(
    decode: Callable[..., list[str]], shown: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_pipes(path: Path, columns: Columns) -> Iterator[Row]:
        for number, line in text_lines(path):
            yield Row(number, *line.split("|"))

    monkeypatch.setitem(READERS, ".pipes", read_pipes)
    (tmp_path / "a.PIPES").write_text("one two three four|five\n")
    (tmp_path / "a.data").write_text("one two three four|five\n")
    assert decode(tmp_path / "a.PIPES") == ["one two three"]
    assert decode(tmp_path / "a.data", "--input-format", "pipes") == ["one two three"]
    assert "five" in shown(tmp_path / "a.PIPES")


# ---- text


def test_text_keeps_its_lines(decode: Callable[..., list[str]], tmp_path: Path) -> None:
    lines = ["one two three four", "", "five", "  ", "six\u2028seven"]
    for name, data in (("a.txt", b""), ("a.text", b"\xef\xbb\xbf"), ("a.gz", b""), ("noname", b"")):
        data += "\r\n".join(lines).encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        assert decode(tmp_path / name) == ["one two three", "", "five", "", "six seven"]


@pytest.mark.parametrize("command", ["decode", "show"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"document": "d"}\n', "looks like jsonl"),
        (b'[\n{"document": "d"}\n]\n', "looks like jsonl"),
        (b'[{"document": "d"}]\n', "--input-format jsonl"),
        (b'summary,"document"\ns,d\n', "give --input-format csv"),
        (b"document\tsummary\nd\ts\n", "give --input-format tsv"),
        (gzip.compress(b'{"document": "d"}\n', mtime=0), "looks like jsonl"),
        ((CASES / "formats" / "a.parquet").read_bytes(), "give --input-format parquet"),
        (b"PK\3\4rest", "a zip archive"),
        (BERGEN.encode("utf-16"), "UTF-16"),
        (BERGEN.encode("utf-16-le"), "NUL byte"),
        (BERGEN.encode("utf-32"), "UTF-16 or UTF-32"),
        (b"\0\0\0\0", "NUL byte"),
    ],
)
def test_what_is_evidently_no_plain_text(
    refused: Callable[..., str], tmp_path: Path, command: str, data: bytes, expected: str
) -> None:
    for name in ("a.txt", "a.data"):
        (tmp_path / name).write_bytes(data)
        message = refused(command, "--input", tmp_path / name)
        assert f"{tmp_path / name}:" in message
        assert expected in message


def test_json_after_blank_lines_is_no_text(no_network: None, capfd: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('\n\n {"document": "d"}\n')
    assert run("decode", "--checkpoint", "x", "--input", tmp_path / "a.txt") == 1
    assert "a.txt:3: looks like jsonl" in capfd.readouterr().err


@pytest.mark.parametrize("line", ["[Reuters] Shares fell", "1987", '"a quote"', "[1, 2]", "{city} burns", "document"])
def test_lines_that_only_resemble_json_are_text(decode: Callable[..., list[str]], tmp_path: Path, line: str) -> None:
    (tmp_path / "a.txt").write_text(f"{line}\n")
    assert decode(tmp_path / "a.txt") == [line]


def test_text_by_wish(decode: Callable[..., list[str]]) -> None:
    assert decode(CASES / "formats" / "a.json", "--input-format", "text")[0].startswith('{"document":')


def test_bytes_that_are_not_utf8_are_replaced_in_every_format(
    decode: Callable[..., list[str]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    contents = {
        "a.txt": b"caf\xe9\ngood\n",
        "a.csv": b"document\ncaf\xe9\ngood\n",
        "a.tsv": b"document\ncaf\xe9\ngood\n",
        "a.jsonl": b'{"document": "caf\xe9"}\n{"document": "good"}\n',
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        assert decode(tmp_path / name) == ["caf\ufffd", "good"]
        assert "2 documents; 1 with bytes that are not text (replaced)" in capfd.readouterr().err


# ---- standard input


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.txt", []),
        ("a.txt.gz", []),
        ("a.csv", ["--input-format", "csv"]),
        ("a.jsonl.gz", ["--input-format", "jsonl"]),
    ],
)
def test_standard_input(
    no_network: None,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: list[str],
) -> None:
    with (CASES / "formats" / name).open(encoding="latin-1") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert run("decode", "--checkpoint", "x", *options) == 0
    assert capfdbinary.readouterr().out == b"Shares of the\nFire broke out\n"


def test_standard_input_of_another_format(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    with (CASES / "formats" / "a.parquet").open(encoding="latin-1") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert "-: a Parquet file, not lines of text: give --input-format parquet" in refused("decode")
        message = refused("decode", "--input-format", "parquet")
        assert "a Parquet file cannot be read from standard input: give the name of the file" in message


# ---- files


def test_the_home_folder(
    decode: Callable[..., list[str]], shown: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("one two three four\n")
    assert decode("~/a.txt") == ["one two three"]
    assert decode("~/a.txt", "--output", "~/out") == ["one two three"]
    assert "one two three" in shown("~/a.txt")
    assert not Path("~").exists()


def test_missing_input(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "documents.txt").touch()
    message = refused("decode", "--input", tmp_path / "document.txt")
    assert f"--input: no such file: {tmp_path / 'document.txt'} (did you mean 'documents.txt'?)" in message
    assert "is a folder" in refused("show", "--input", tmp_path)


def test_unknown_input_format(refused: Callable[..., str]) -> None:
    message = refused("decode", "--input-format", "jsonlines")
    assert "jsonl" in message
    assert "quoted.tsv" in message


@pytest.mark.parametrize(
    ("name", "json_lines"),
    [("x.jsonl", True), ("x.JSON", True), ("x.jsonl.gz", True), ("x.txt", False), ("x", False), ("x.txt.gz", False)],
)
def test_the_name_of_the_output_tells_its_format(no_network: None, tmp_path: Path, name: str, json_lines: bool) -> None:
    output = tmp_path / name
    assert run("decode", "--checkpoint", "x", "--input", CASES / "formats" / "a.txt", "--output", output) == 0
    data = gzip.decompress(output.read_bytes()) if name.endswith(".gz") else output.read_bytes()
    assert data.startswith(b'{"document": "Shares' if json_lines else b"Shares of the\n")


def test_an_output_format_that_is_not_written(refused: Callable[..., str], tmp_path: Path, decode: Any) -> None:
    text = CASES / "formats" / "a.txt"
    for name in ("x.tsv.gz", "x.parquet"):
        message = refused("decode", "--input", text, "--output", tmp_path / name)
        assert "is not written: choose a name in .txt (plain text), .jsonl (JSON Lines) or .csv" in message
        assert not (tmp_path / name).exists()
    assert run("decode", "--checkpoint", "x", "--input", text, "--output", tmp_path / "x.csv", "--format", "text") == 0
    assert (tmp_path / "x.csv").read_text() == "Shares of the\nFire broke out\n"
    assert decode(text, "--output", tmp_path / "out", "--format", "jsonl")[0].startswith('{"document"')


def test_a_table_becomes_a_table(no_network: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Read again by pandas: commas, quotes and line breaks of a field come back, and the other columns stay."""
    given = pd.DataFrame({"id": ["7", "8"], "document": ['a "b", c d', "one\ntwo three four"], "score": ["5", ""]})
    given.to_csv(tmp_path / "a.csv", index=False)
    argv = ["decode", "--checkpoint", "x", "--input", tmp_path / "a.csv", "--output", tmp_path / "b.csv.gz"]
    assert run(*argv) == 0
    assert "note: the field 'score' of the input is replaced" in capsys.readouterr().err
    found = pd.read_csv(tmp_path / "b.csv.gz", dtype=str, keep_default_na=False)
    assert list(found) == ["id", "document", "score", "prediction"]
    assert found["document"].tolist() == given["document"].tolist()
    assert found["prediction"].tolist() == ['a "b", c', "one two three"]
    assert found["score"].tolist() == ["-0.5", "-0.5"]


def test_csv_has_one_header(no_network: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing value is an empty field; a name without a column is an error, for nothing may be lost."""
    source, output = tmp_path / "a.jsonl", tmp_path / "b.csv"
    source.write_text('{"id": [1, 2], "document": "a b"}\n{"document": "c"}\n{"document": "d", "url": "x"}\n')
    assert run("decode", "--checkpoint", "x", "--input", source, "--output", output) == 1
    assert "document 3 has a field 'url', which the first document lacks" in capsys.readouterr().err
    assert output.read_text() == 'id,document,prediction,score\n"[1, 2]",a b,a b,-0.5\n,c,c,-0.5\n'


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_an_interrupted_decode_keeps_its_headlines(
    no_network: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    status: int,
) -> None:
    """The compressed file is whole, and the message tells the number of its lines."""
    complete = FirstWords.stream

    def stream(self: FirstWords, documents: Any, batch_size: int | None = None) -> Iterator[Any]:
        for position, found in enumerate(complete(self, documents)):
            if position == 2:
                os.kill(os.getpid(), number)
            yield found

    monkeypatch.setattr(FirstWords, "stream", stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background commands without it
    before = signal.getsignal(signal.SIGTERM)
    source, output = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    source.write_text("a\nb\nc\nd\n")
    assert run("decode", "--checkpoint", "x", "--input", source, "--output", output) == status
    assert gzip.decompress(output.read_bytes()) == b"a\nb\n"
    assert f"{output} has the results of the first 2 documents" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_named(no_network: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    assert run("decode", "--checkpoint", "x", "--input", tmp_path / "a.txt", "--output", "/dev/full") == 1
    assert "error: /dev/full: No space left on device" in capsys.readouterr().err


def test_show_counts_documents_not_lines(shown: Callable[..., str], tmp_path: Path) -> None:
    lines = "\n\n".join(json.dumps({"document": f"number {i}"}) for i in range(6))
    (tmp_path / "a.jsonl").write_text(lines)
    out = shown(tmp_path / "a.jsonl", "--count", "3")
    assert [f"number {i}" in out for i in range(6)] == [True, False, True, False, True, False]


def test_the_tiny_corpus_from_a_gzip_file(trained: TrainedRun, tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl.gz"
    file.write_bytes(gzip.compress(Path(trained.corpus["train"]).read_bytes()))
    assert run("decode", "--checkpoint", trained.best, "--input", file, "--output", tmp_path / "out.txt") == 0
    assert (tmp_path / "out.txt").read_text().splitlines() == [pair["summary"] for pair in pairs()]
