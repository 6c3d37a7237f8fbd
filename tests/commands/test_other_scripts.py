"""A corpus in Devanagari, learnt by heart: its scores, and every command where the output cannot encode it."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from helpers import CASES, made_once, process, read_jsonl, run

from seq2seq.commands.config_text import dump_yaml

HINDI = re.compile("[\u0900-\u097f]")
ESCAPED = re.compile(r"(\\u09[0-7][0-9a-f])+")

GIGAWORD = [
    *("train/train.article.txt", "train/train.title.txt", "train/valid.article.filter.txt"),
    *("train/valid.title.filter.txt", "giga/input.txt", "giga/task1_ref0.txt"),
]


class HindiRun(NamedTuple):
    """The folder of a run, and the output of `fit`."""

    folder: Path
    output: bytes

    @property
    def best(self) -> Path:
        return self.folder / "run" / "best.ckpt"


@pytest.fixture(scope="module")
def hindi(tmp_path_factory: pytest.TempPathFactory) -> HindiRun:
    """`fit` with the config of the case, where standard output is cp1252."""

    def make(folder: Path) -> None:
        shutil.copytree(CASES / "hindi", folder, dirs_exist_ok=True)
        output = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr("sys.stdout", output)
            assert run("fit", "--config", folder / "c.yaml") == 0
        output.flush()
        (folder / "output.txt").write_bytes(output.buffer.getvalue())

    folder = made_once(tmp_path_factory, "आग", make)
    return HindiRun(folder, (folder / "output.txt").read_bytes())


def test_fit_learns_by_heart_and_its_rouge_rises(hindi: HindiRun) -> None:
    text = hindi.output.decode("cp1252")
    scores = [float(score) for score in re.findall(r"validation  ROUGE-1 (\S+)", text)]
    assert 0 < scores[0] < 60
    assert max(scores) > 98
    assert text.count("words: unicode (all 48); 48 examples") == len(scores)


def test_samples_are_escaped_where_the_output_cannot_encode_them(hindi: HindiRun) -> None:
    summary = read_jsonl(hindi.folder / "validation.jsonl")[0]["summary"]
    escaped = summary.encode("cp1252", "backslashreplace")
    assert escaped.startswith(b"\\u0926")
    assert b"    reference  " + escaped in hindi.output


@pytest.mark.parametrize(("tokenizer", "words"), [("auto", "unicode (all 48)"), ("rouge", "rouge")])
def test_metrics_name_the_words(
    hindi: HindiRun,
    tokenizer: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the words of rouge-score the same headlines have the score 0, and a warning names the cure."""
    monkeypatch.chdir(hindi.folder)
    options = ("--trainer.default_root_dir", tmp_path, "--scoring.tokenizer", tokenizer)
    assert run("test", "--config", "c.yaml", "--ckpt_path", hindi.best, *options) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    equal = [line["prediction"] == line["reference"] for line in read_jsonl(tmp_path / "predictions.jsonl")]
    assert sum(equal) > 40
    assert [metrics[kind] > 98 for kind in ("rouge1", "rouge2", "rougeL")] == [tokenizer == "auto"] * 3
    assert metrics["settings"]["rouge"] == f"rouge-score F1, stemmer on, percent; words: {words}"
    assert metrics["settings"]["scoring"] == {"tokenizer": tokenizer, "metrics": []}
    warned = [record.getMessage() for record in caplog.records if "every ROUGE is 0" in record.getMessage()]
    assert len(warned) == (tokenizer == "rouge")


def test_show_and_decode_where_the_output_is_ascii(hindi: HindiRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """`show` escapes, in a table whose lines are equally long. `decode` writes UTF-8 in any case."""
    monkeypatch.chdir(hindi.folder)

    def written(*argv: str | Path) -> bytes:
        output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", output)
            assert run(*argv, "--checkpoint", hindi.best, "--input", "test.jsonl") == 0
        output.flush()
        return output.buffer.getvalue()

    shown = written("show", "--count", "2").decode("ascii")
    assert ESCAPED.search(shown)
    assert len({len(line) for line in shown.splitlines()}) == 1
    assert all(HINDI.match(line) for line in written("decode").decode("utf-8").splitlines())


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_errors_and_reports_are_escaped(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt command on standard error; the report of `prepare` names its folder on standard output."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    for name in GIGAWORD:
        file = tmp_path / "raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a fire\n")
    done = process("prepare", "gigaword", "--source", tmp_path / "raw", "--output", tmp_path / "आग")
    assert done.returncode == 0, done.stderr.decode()
    assert rb"/\u0906\u0917" in done.stdout.splitlines()[-1]
    done = process("आग")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(rb"seq2seq: error: unknown command '\u0906\u0917';")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_a_printed_config_can_be_read_again(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in other scripts are escapes of YAML, in quotes, where the output cannot encode them."""
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", output)
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "utf-8")
    assert run("test", "--config", CASES / "hindi" / "c.yaml", "--data.corpus.test", "आग.jsonl", "--print_config") == 0
    output.flush()
    text = output.buffer.getvalue().decode(encoding)
    assert yaml.safe_load(text)["data"]["corpus"]["test"] == "आग.jsonl"
    assert ("आग.jsonl" in text) == (encoding == "utf-8")


def test_a_config_is_ascii_where_the_locale_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "cp1252")
    text = dump_yaml({"b": "आग", "a": {"c": None}})
    assert text.isascii()
    assert yaml.safe_load(text) == {"b": "आग", "a": {"c": None}}
