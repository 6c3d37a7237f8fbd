"""The pages of docs/lecture/ and the command that makes their figures."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lecture import __main__ as command
from lecture.newswire import ROOT, trained_summarizer
from lecture.pages import table, update_table
from lecture.registry import FIGURES
from seq2seq.errors import UserError

PAGES = ROOT / "docs" / "lecture"


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_shown_and_small_and_has_no_date(name: str) -> None:
    page = (PAGES / FIGURES[name].page).read_text(encoding="utf-8")
    assert f"({name}.svg)" in page
    assert f"python -m lecture {name}\n" in page
    svg = (PAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(svg) < 150_000
    assert "<dc:date>" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize("name", FIGURES)
def test_each_page_has_a_table_of_numbers(name: str) -> None:
    page = (PAGES / FIGURES[name].page).read_text(encoding="utf-8")
    between = page.split(f"<!-- numbers of {name} -->")[1].split("<!-- end of numbers -->")[0]
    assert between.count("\n|") > 3


def test_the_index_names_each_page_and_each_link_leads_to_a_file() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for page in {figure.page for figure in FIGURES.values()}:
        assert f"({page})" in index
    for page in PAGES.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pages, into which the command writes."""
    shutil.copytree(PAGES, tmp_path / "lecture")
    monkeypatch.setattr(command, "PAGES", tmp_path / "lecture")
    return tmp_path / "lecture"


def test_a_figure_is_the_same_after_each_run(folder: Path) -> None:
    """And the table of the page is the committed one. The numbers of this figure do not depend on the computer."""
    made = []
    for _ in range(2):
        command.make(["eigenvalues"], folder / "png")
        made.append([(folder / name).read_bytes() for name in ("eigenvalues.svg", "png/eigenvalues.png")])
    assert made[0] == made[1]
    assert (folder / "gradients.md").read_text() == (PAGES / "gradients.md").read_text()


def test_a_table_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- numbers of one -->\n| old |\n<!-- end of numbers -->\nbelow\n", encoding="utf-8")
    update_table(page, "one", {"a|b": "1"})
    rows = "| number | value |\n|---|---|\n| a\\|b | 1 |"
    assert page.read_text() == f"above\n<!-- numbers of one -->\n{rows}\n<!-- end of numbers -->\nbelow\n"
    assert table({"a|b": "1"}) == rows
    with pytest.raises(UserError, match="numbers of two"):
        update_table(page, "two", {})


def test_an_unknown_figure_and_a_missing_checkpoint_are_one_line() -> None:
    with pytest.raises(UserError, match="'clip' is no figure; known are sum_network"):
        command.make(["clip"], None)
    with pytest.raises(UserError, match=r"first run `seq2seq fit --config configs/lecture\.yaml`"):
        trained_summarizer(Path("missing.ckpt"))


def test_without_matplotlib_the_command_names_the_extra() -> None:
    code = "import sys, runpy; sys.modules['matplotlib'] = None; runpy.run_module('lecture', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.strip() == 'lecture: the figures need matplotlib; run `pip install "seq2seq-headlines[plots]"`'
