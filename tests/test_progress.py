"""Progress in a log file and on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from seq2seq.progress import Progress


def test_quick_work_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Encoding", 10) as progress:
        progress.update(10)
    assert capsys.readouterr().err == ""


def test_lines_in_a_log_file(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Encoding", 4000, interval=0.0, announce=True) as progress:
        progress.update(1500)
    announced, line, last = capsys.readouterr().err.splitlines()
    assert announced == "Encoding"
    assert line.startswith("Encoding: 1,500 of 4,000 pairs (")
    assert last.startswith("Encoding: 1,500 pairs (")


def test_a_failed_work_has_no_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with Progress("Encoding", interval=0.0) as progress:
            progress.update(1500)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert len(capsys.readouterr().err.splitlines()) == 1


class Terminal(io.StringIO):
    """A text that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress("reading [all]", 200, "bytes", announce=True) as progress:
        progress.update(50)
        progress.update(150)
    assert "reading [all]: 100%" in sys.stderr.getvalue()
    assert "200/200" in sys.stderr.getvalue()
