"""Runs the notebooks of examples/ and stores their outputs: `python docs/notebooks.py [NAME ...]`.

Progress bars, warnings and images of an earlier moment are left out, so that a reader sees the results alone.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
CURSOR = "\x1b[A"
"""Moves the cursor up, for the bars below other bars."""
NOISE = re.compile(r"\d+%\||\| +\| 0/|Warning|^\s*$|autonotebook|Seed set")
"""Lines of progress bars and of warnings about them."""


def store_outputs(file: Path) -> None:
    """Runs a notebook in a folder of its own, beside the data, and writes it with its outputs."""
    notebook = nbformat.read(file, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").symlink_to(ROOT / "data")
        place = Path(folder) / "examples"
        place.mkdir()
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(place)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = shown(cell.outputs)
    nbformat.write(notebook, file)


def shown(outputs: list[Any]) -> list[Any]:
    """The outputs without noise: one text, then results and pictures in their order."""
    lines = "".join(output.text for output in outputs if output.output_type == "stream").split("\n")
    kept = [line.replace(CURSOR, "").split("\r")[-1] for line in lines]
    text = "\n".join(line for line in kept if not NOISE.search(line))
    rest = [output for output in outputs if output.output_type != "stream"]
    return ([nbformat.v4.new_output("stream", name="stdout", text=text + "\n")] if text else []) + rest


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(file.stem for file in (ROOT / "examples").glob("*.ipynb")):
        store_outputs(ROOT / "examples" / f"{name}.ipynb")
