"""`predict` writes while it runs, continues after an interruption, and merges in corpus order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import CASES, TrainedRun, pairs, process, read_jsonl, run, write_jsonl

from seq2seq.batch import Batch
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.training import evaluation
from seq2seq.training.callbacks import prediction_files
from seq2seq.training.prediction_parts import PartWriter, PredictionParts

ROOT = Path(__file__).parents[2]


def predict(run_: TrainedRun, folder: Path, *more: str | Path) -> int:
    settings = ["--config", run_.config, "--ckpt_path", run_.best, "--trainer.default_root_dir", folder]
    return run("predict", *settings, "--data.eval_tokens", "60", *more)


@pytest.fixture(scope="module")
def expected(trained: TrainedRun) -> list[dict[str, Any]]:
    return read_jsonl(trained.folder / "predictions.jsonl")


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ends a process after `after` batches, within a line."""
    write, count = PartWriter.write, 0

    def dying(self: PartWriter, lines: list[dict[str, Any]]) -> None:
        nonlocal count
        count += 1
        if count > after:
            self._file.write(json.dumps(lines[0]).encode()[:-5])
            self._file.flush()
            raise KeyboardInterrupt
        write(self, lines)

    monkeypatch.setattr(PartWriter, "write", dying)


SLOW_WRITES = """
from seq2seq.training.prediction_parts import PartWriter
write = PartWriter.write
def slowly(self, lines):
    write(self, lines)
    time.sleep(1)
PartWriter.write = slowly
from seq2seq.__main__ import main
sys.exit(main())
"""


def test_predict_writes_what_test_writes(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(trained, tmp_path) == 0
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected
    assert not list(tmp_path.glob("*.parts.*"))
    assert f"{len(expected)} predictions -> " in capsys.readouterr().out


def test_predict_continues(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, after=2)
        predict(trained, tmp_path)
    assert not (tmp_path / "predictions-test.jsonl").exists()
    (part,) = tmp_path.glob("predictions-test.parts.*/00000.jsonl")
    written = part.read_bytes()
    assert not written.endswith(b"\n")
    kept = written.count(b"\n")
    assert 0 < kept < len(expected)
    tried: list[int] = []
    generate = evaluation.generate

    def watched(network: Any, batch: Batch, options: SearchOptions, *facts: Any) -> Any:
        tried.append(len(batch))
        return generate(network, batch, options, *facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "generate", watched)
        capsys.readouterr()
        assert predict(trained, tmp_path) == 0
    assert f"{kept} of {len(expected)} predictions are there already: continuing" in capsys.readouterr().out
    assert sum(tried) == len(expected) - kept
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected


def test_predict_merges_what_was_complete(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(prediction_files, "write_lines", lambda *_: (_ for _ in ()).throw(UserError("disk full")))
        assert predict(trained, tmp_path) == 1
    assert not (tmp_path / "predictions-test.jsonl").exists()
    assert predict(trained, tmp_path) == 0
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected


def test_predict_mixes_nothing(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Parts of a greedy search or of a changed corpus are not used for a beam search."""
    changed = write_jsonl(tmp_path / "changed.jsonl", pairs(12, first=50))
    for other in (["--model.search.beam_size", "1"], ["--data.corpus.test", changed]):
        with pytest.MonkeyPatch.context() as patch:
            interrupt(patch, after=1)
            predict(trained, tmp_path, *other)
    left = sorted(tmp_path.glob("*.parts.*"))
    assert len(left) == 2
    capsys.readouterr()
    assert predict(trained, tmp_path) == 0
    out = capsys.readouterr().out
    assert "continuing" not in out
    assert all(f"{folder}: left by an unfinished run with other settings; not used" in out for folder in left)
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected
    assert sorted(tmp_path.glob("*.parts.*")) == left


@pytest.mark.parametrize("form", ["jsonl", "nulls.jsonl", "csv", "parquet"])
def test_documents_without_summaries(
    trained: TrainedRun, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`predict` decodes them; `test` of the same file is an error that names the place, also from the cache."""
    lines = [{"document": pair["document"]} for pair in pairs(3)]
    file = tmp_path / f"unlabelled.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(lines), file)
    elif form == "csv":
        file.write_text("document\n" + "".join(f'"{line["document"]}"\n' for line in lines))
    else:
        write_jsonl(file, [line | {"summary": None} for line in lines] if form.startswith("nulls") else lines)
    assert predict(trained, tmp_path, "--data.corpus.test", file) == 0
    found = read_jsonl(tmp_path / "predictions-test.jsonl")
    assert [(line["document"], line["reference"]) for line in found] == [(line["document"], None) for line in lines]
    assert [line["prediction"] for line in found] == [pair["summary"] for pair in pairs(3)]
    capsys.readouterr()
    settings = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    assert run("test", *settings, "--data.corpus.test", file) == 1
    said = capsys.readouterr().err
    assert f"{file}:1" in said if form != "parquet" else str(file) in said
    assert "null" in said or "no column 'summary'" in said


def test_the_case_without_summaries(trained: TrainedRun, tmp_path: Path) -> None:
    source = CASES / "jsonl" / "unlabelled.jsonl"
    assert predict(trained, tmp_path, "--data.corpus.test", source) == 0
    found = read_jsonl(tmp_path / "predictions-test.jsonl")
    assert [line["document"] for line in found] == [line["document"] for line in read_jsonl(source)]
    assert all(line["prediction"] for line in found)


def test_some_summaries_are_kept(trained: TrainedRun, tmp_path: Path) -> None:
    """A missing one is null; a value that is no text is an error."""
    one, two, three = pairs(3)
    mixed = write_jsonl(tmp_path / "mixed.jsonl", [one, {"document": two["document"]}, three | {"summary": None}])
    assert predict(trained, tmp_path, "--data.corpus.test", mixed) == 0
    found = read_jsonl(tmp_path / "predictions-test.jsonl")
    assert [line["reference"] for line in found] == [one["summary"], None, None]
    wrong = write_jsonl(tmp_path / "wrong.jsonl", [one | {"summary": 7}])
    assert predict(trained, tmp_path, "--data.corpus.test", wrong) == 1


def test_a_limited_run_writes_what_it_has_decoded(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """One batch of at most 60 padded tokens; then a longer one, which replaces it; then all, which nothing replaces."""
    file = tmp_path / "predictions-test.jsonl"
    found = []
    for batches in ("1", "2"):
        assert predict(trained, tmp_path, "--trainer.limit_predict_batches", batches) == 0
        found.append(read_jsonl(file))
        assert f"{len(found[-1])} of {len(expected)} predictions -> {file}" in capsys.readouterr().out
        assert [line for line in expected if line in found[-1]] == found[-1], "they are not in the order of the corpus"
    assert 0 < len(found[0]) < len(found[1]) < len(expected)
    assert predict(trained, tmp_path) == 0
    assert predict(trained, tmp_path, "--trainer.limit_predict_batches", "1") == 1
    assert f"{file} holds all {len(expected)} predictions" in capsys.readouterr().err
    assert read_jsonl(file) == expected
    assert not list(tmp_path.glob("*.parts.*"))


def test_a_limit_above_the_number_of_batches_is_no_limit(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(trained, tmp_path, "--trainer.limit_predict_batches", "1000") == 0
    assert f"{len(expected)} predictions -> " in capsys.readouterr().out
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected


def test_no_batch_gives_no_predictions(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict(trained, tmp_path, "--trainer.limit_predict_batches", "0") == 1
    assert "trainer.limit_predict_batches: 0 batches give no predictions" in capsys.readouterr().err


def test_a_limited_run_keeps_the_parts_of_an_interrupted_one(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, after=2)
        predict(trained, tmp_path)
    (part,) = tmp_path.glob("predictions-test.parts.*/00000.jsonl")
    kept = part.read_bytes()
    assert predict(trained, tmp_path, "--trainer.limit_predict_batches", "1") == 0
    assert part.read_bytes() == kept
    assert [str(folder) for folder in tmp_path.glob("*.parts.*")] == [str(part.parent)]
    capsys.readouterr()
    assert predict(trained, tmp_path) == 0
    assert "predictions are there already: continuing" in capsys.readouterr().out
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected


def test_parts_of_several_processes(tmp_path: Path) -> None:
    """Different numbers of processes continue the parts; a row in two parts counts once; damaged lines are removed."""
    file = tmp_path / "result.jsonl"
    parts = PredictionParts(file, "abc", 10)
    assert not parts.done().any()
    for rank in range(3):
        writer = parts.writer(rank)
        writer.write([{"row": row, "text": f"{row}é"} for row in range(rank, 7, 3)])
        writer.close()
    with (parts.folder / "00002.jsonl").open("ab") as broken:
        broken.write(b'\0\0\0\n{"row": 9, "text": "after the damage"}\n')
    assert np.flatnonzero(~parts.done()).tolist() == [7, 8, 9]
    with pytest.raises(UserError, match="3 of 10 results are missing"):
        list(parts.merged())
    assert [line["text"] for line in parts.merged(complete=False)] == [f"{row}é" for row in range(7)]
    writer = parts.writer(2)
    writer.write([{"row": row, "text": f"{row}é"} for row in (6, 7, 8, 9)])
    writer.close()
    assert [line["text"] for line in parts.merged()] == [f"{row}é" for row in range(10)]
    parts.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_predict_of_two_processes_is_killed_and_continued_with_one(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]]
) -> None:
    """kill -9 of both processes after both have written a line; then one process decodes the rest."""
    settings = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    two = ["--trainer.devices", "2", "--trainer.strategy", "ddp", "--data.eval_tokens", "60"]
    slow = f"import time, sys; sys.path.insert(0, {str(ROOT)!r})\n{SLOW_WRITES}"
    script = tmp_path / "slow.py"
    script.write_text(slow)
    command = [sys.executable, script, "predict", *settings, *two]
    started = subprocess.Popen([str(word) for word in command], start_new_session=True)
    parts: list[Path] = []
    deadline = time.monotonic() + 120
    while len(parts) < 2 or not all(part.stat().st_size for part in parts):
        parts = list(tmp_path.glob("predictions-test.parts.*/*.jsonl"))
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    kept = sum(part.read_bytes().count(b"\n") for part in parts)
    assert 0 < kept < len(expected)
    done = process("predict", *settings, "--data.eval_tokens", "60", timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    assert f"{kept} of {len(expected)} predictions are there already" in done.stdout.decode()
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected


@pytest.mark.slow
def test_predict_of_two_processes(
    trained: TrainedRun, tmp_path: Path, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that Lightning's launcher starts imports plugins too."""
    plugins, processes = tmp_path / "plugins", tmp_path / "processes"
    plugins.mkdir()
    processes.mkdir()
    (plugins / "process_trace.py").write_text(
        f"import os, pathlib\npathlib.Path({str(processes)!r}, str(os.getpid())).touch()\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{plugins}:{ROOT}")
    monkeypatch.setenv("SEQ2SEQ_PLUGINS", "process_trace")
    settings = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    two = ["--trainer.devices", "2", "--trainer.strategy", "ddp"]
    done = process("predict", *settings, *two, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    assert len(list(processes.iterdir())) == 2
    assert read_jsonl(tmp_path / "predictions-test.jsonl") == expected
    assert not list(tmp_path.glob("*.parts.*"))
