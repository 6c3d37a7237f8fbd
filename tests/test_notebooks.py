"""The notebooks of examples/ run from the first to the last cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from helpers import secrets
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
FAST = "decode_and_attend"
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "file", [pytest.param(f, id=f.stem, marks=[] if f.stem == FAST else [pytest.mark.slow]) for f in NOTEBOOKS]
)
def test_a_notebook_runs(file: Path, tmp_path: Path) -> None:
    """In a folder beside the data, as in a checkout. An error of a cell ends the test."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    folder = tmp_path / "examples"
    folder.mkdir()
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(folder)}}).execute()
    shown = outputs(notebook)
    texts = "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in shown)
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    if file.stem == FAST:
        assert texts.count("copied:") >= 3
        assert len(pictures) == 1
        return
    trainings = 2
    assert texts.count("train: trainer:") == 0  # the epochs are given
    assert texts.count("train: data.batches: ") >= 1
    assert len(pictures) == trainings  # each has one learning curve, which is drawn anew
    assert "validation/rougeL" in texts


def test_the_notebooks_hold_no_folder_of_a_machine() -> None:
    assert len(NOTEBOOKS) == 3
    for file in NOTEBOOKS:
        nbformat.validate(nbformat.read(file, as_version=4))
        content = json.dumps(json.loads(file.read_text(encoding="utf-8"))).encode()
        assert not [name for name in secrets(ROOT) if len(name) > 6 and name in content]


def test_a_reader_on_github_sees_results() -> None:
    """Each notebook has its outputs with a picture or a table, without progress bars, in less than 150 kB."""
    for file in NOTEBOOKS:
        notebook = nbformat.read(file, as_version=4)
        shown = outputs(notebook)
        assert any("image/png" in output.get("data", {}) for output in shown), file
        assert "%|" not in "".join(output.get("text", "") for output in shown)
        assert "error" not in {output.output_type for output in shown}
        assert file.stat().st_size < 150_000
