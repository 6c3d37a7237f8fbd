"""`seq2seq config`: the shipped configs by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import run

from seq2seq import example_files

ROOT = Path(__file__).parents[2]


def test_the_list_names_every_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config") == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    files = {file.relative_to(ROOT / "configs").with_suffix("").as_posix() for file in ROOT.glob("configs/**/*.yaml")}
    assert set(names) == files
    assert len(names) == len(files)


@pytest.mark.parametrize("name", ["quickstart", "quickstart.yaml", "configs/quickstart.yaml"])
def test_a_config_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", name) == 0
    captured = capsys.readouterr()
    assert captured.out == (ROOT / "configs" / "quickstart.yaml").read_text(encoding="utf-8")
    assert "--output DIR" in captured.err


def test_a_config_is_copied_with_its_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["configs/quickstart.yaml", *(f"data/newswire/{split}.jsonl" for split in ("test", "train", "validation"))]
    for _ in range(2):  # equal files are no obstacle
        assert run("config", "quickstart", "--output", tmp_path) == 0
        assert capsys.readouterr().out.split() == [str(tmp_path / file) for file in files]
    for file in files:
        assert (tmp_path / file).read_bytes() == (ROOT / file).read_bytes()
    assert sum(file.is_file() for file in tmp_path.rglob("*")) == len(files)


def test_a_changed_file_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "configs" / "quickstart.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert run("config", "quickstart", "--output", tmp_path) == 1
    assert f"{mine} exists and differs" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert not (tmp_path / "data").exists()


def test_unknown_names_and_useless_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "quikstart") == 1
    assert "did you mean 'quickstart'?" in capsys.readouterr().err
    assert run("config", "--output", tmp_path) == 1
    assert "--output has no effect" in capsys.readouterr().err


def test_a_copy_without_the_files_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(example_files, "PACKAGE", Path("/nowhere/seq2seq"))
    assert run("config") == 1
    assert "has no folder 'configs'; install it again" in capsys.readouterr().err
