"""The command `python -m lecture`: computes the figures and writes them, and their numbers, into docs/lecture/."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from seq2seq.errors import UserError

try:
    from .registry import FIGURES
    from .style import common_style, save_png, save_svg
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "matplotlib":
        raise
    sys.exit('lecture: the figures need matplotlib; run `pip install "seq2seq-headlines[plots]"`')

from .newswire import ROOT
from .pages import update_table

PAGES = ROOT / "docs" / "lecture"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lecture", description="Makes the figures of docs/lecture/.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all, {', '.join(FIGURES)}")
    parser.add_argument("--png", type=Path, metavar="FOLDER", help="also write the figures as PNG into this folder")
    options = parser.parse_args()
    try:
        make(options.names, options.png)
    except UserError as error:
        print(f"lecture: {error}", file=sys.stderr)
        return 1
    return 0


def make(names: list[str], png: Path | None) -> None:
    """Makes some figures, or all. Raises UserError for an unknown name or a missing checkpoint."""
    for name in names:
        if name not in FIGURES:
            raise UserError(f"{name!r} is no figure; known are {', '.join(FIGURES)}")
    torch.set_num_threads(1)  # the networks are small, and one thread always adds in the same order
    start = time.perf_counter()
    for name in names or FIGURES:
        figure, begin = FIGURES[name], time.perf_counter()
        numbers = figure.compute()
        with common_style():
            picture = figure.draw(numbers)
        save_svg(picture, PAGES / f"{name}.svg")
        update_table(PAGES / figure.page, name, figure.facts(numbers))
        if png:
            png.mkdir(parents=True, exist_ok=True)
            save_png(picture, png / f"{name}.png")
        print(f"{name}: docs/lecture/{name}.svg, {time.perf_counter() - begin:.1f} s", flush=True)
    print(f"in all {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
