"""Draws the rooms of the package and the imports between them, read from the source.

python docs/rooms.py            # puts the picture into docs/architecture.md; a test holds page and source equal
"""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "seq2seq"
PAGE = Path(__file__).with_name("architecture.md")
ORDER = (
    *("__main__", "api", "commands", "training", "demo", "serve", "web", "export_onnx", "report", "labelling", "hub"),
    *("inference", "checkpoint", "explanation", "decoding", "scoring", "data", "model", "ops"),
    *("batch", "progress", "shipped", "example_files", "token_rouge", "markup", "hub_folder", "files", "options"),
    *("environment", "entities", "errors"),
)

WIDTH = 100
"""Characters of a line that holds both parts."""


def files_of(room: str) -> list[Path]:
    """The source files of a room: a folder or a single file."""
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def purpose(room: str) -> str:
    """The first sentence of the room's docstring."""
    text = ast.get_docstring(ast.parse(files_of(room)[0].read_text(encoding="utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return first.split(": ")[0].split(". ")[0].rstrip(".")


def imported_rooms(room: str) -> list[str]:
    """The rooms that the files of a room import, in the order of the picture."""
    found = set()
    for file in files_of(room):
        package = ("seq2seq", *file.relative_to(PACKAGE).parts[:-1])
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else ()
                name = (*base, *(node.module or "").split("."))
                name = tuple(part for part in name if part)
                if name[:1] == ("seq2seq",):
                    found |= {name[1]} if len(name) > 1 else {alias.name for alias in node.names}
    return [other for other in ORDER if other in found and other != room]


def picture() -> str:
    """One line for each room: its name, its purpose and the rooms that it imports; two if it would be long."""
    lines = []
    for room in ORDER:
        name = f"{room}/" if (PACKAGE / room).is_dir() else f"{room}.py"
        line, below = f"{name:15} {purpose(room)}", f"-> {' '.join(imported_rooms(room))}"
        if below == "-> ":
            lines.append(line)
        elif len(line) + len(below) < WIDTH:
            lines.append(f"{line} {below}")
        else:
            lines += [line, f"{'':16}{below}"]
    return "\n".join(lines)


def update_page() -> None:
    """Replaces the first block of the page, which is the picture."""
    before, _, rest = PAGE.read_text(encoding="utf-8").split("```", 2)
    PAGE.write_text(f"{before}```\n{picture()}\n```{rest}", encoding="utf-8")


if __name__ == "__main__":
    update_page()
