"""The tables of numbers in the pages of docs/lecture/, which each run of `python -m lecture` writes again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.files import atomic_writer


def table(facts: Mapping[str, str]) -> str:
    """A table in Markdown."""
    rows = [f"| {_cell(name)} | {_cell(value)} |" for name, value in facts.items()]
    return "\n".join(["| number | value |", "|---|---|", *rows])


def _cell(text: str) -> str:
    return re.sub(r"([|*_<^\\])", r"\\\1", text)


def update_table(page: Path, name: str, facts: Mapping[str, str]) -> None:
    """Replaces the table between the marks of a figure. Raises UserError if the page lacks the marks."""
    text = page.read_text(encoding="utf-8")
    start, end = f"<!-- numbers of {name} -->", "<!-- end of numbers -->"
    before, found, rest = text.partition(start)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise UserError(f"{page}: lines `{start}` and `{end}` are missing; add them where the table must stand")
    with atomic_writer(page) as out:
        out.write(f"{before}{start}\n{table(facts)}\n{end}{after}")
