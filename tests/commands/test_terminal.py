"""`decode` on a terminal: an answer to each line at once, and a progress bar for a file."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import TrainedRun, pairs, run, write_jsonl
from test_progress import Terminal

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")


def lines_until(descriptor: int, count: int, seconds: float) -> list[str]:
    """Reads from a pipe until there are `count` lines."""
    end, text = time.monotonic() + seconds, b""
    while text.count(b"\n") < count:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"no answer in {seconds} seconds; so far {text!r}"
        part = os.read(descriptor, 4096)
        assert part, f"the command ended; so far {text!r}"
        text += part
    return text.decode().splitlines()


def test_each_line_has_its_answer_before_the_next_one(trained: TrainedRun) -> None:
    """Headlines go into a pipe, which nothing but the command flushes."""
    known = pairs(2)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "seq2seq", "decode", "--checkpoint", trained.best, "--device", "cpu"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    assert process.stdout is not None
    try:
        for pair in known:
            os.write(ours, pair["document"].encode() + b"\n")
            assert lines_until(process.stdout.fileno(), 1, 120) == [pair["summary"]]
        os.write(ours, b"\x04")  # Ctrl-D
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        os.close(ours)


def test_a_file_has_a_bar_with_speed_and_time_left(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = write_jsonl(tmp_path / "documents.jsonl", pairs(5))
    output = tmp_path / "headlines.txt"
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    argv = ["decode", "--checkpoint", trained.best, "--input", documents]
    assert run(*argv, "--output", output) == 0
    assert len(output.read_text().splitlines()) == 5
    assert re.search(
        r"decode: 100%\|.*\| 5\.00/5\.00 \[\d\d:\d\d<\d\d:\d\d, .*(documents/s|s/ documents)\]", shown.getvalue()
    )

    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert run(*argv) == 0
    assert "%|" not in shown.getvalue(), "headlines and bar would write over each other"


def test_no_bar_in_a_log_file(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = write_jsonl(tmp_path / "documents.jsonl", pairs(5))
    argv = ["decode", "--checkpoint", trained.best, "--input", documents, "--output", tmp_path / "headlines.txt"]
    assert run(*argv) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "seq2seq decode: 5 documents"


def test_the_fault_of_a_row_is_reported_at_its_row(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar needs the number of documents, and must not change what a faulty file gives."""
    documents = write_jsonl(tmp_path / "documents.jsonl", [*pairs(2), {"other": "x"}])
    output = tmp_path / "headlines.txt"
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    argv = ["decode", "--checkpoint", trained.best, "--input", documents, "--output", output]
    assert run(*argv) == 1
    assert f"{documents}:3" in shown.getvalue()
    assert output.read_text().splitlines() == [pair["summary"] for pair in pairs(2)]
