"""Writes docs/api.md, the public names of the package, from their docstrings.

python docs/api.py              # a test holds page and source equal
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from seq2seq.api import train
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.explanation import BeamNode, Explanation, Trace
from seq2seq.inference import Headline, Summarizer
from seq2seq.scoring import Comparison, Difference, Estimate, Scores, System, compare

PAGE = Path(__file__).with_name("api.md")
START = """# Public names

The names of this page are the public interface from Python, with the commands of `seq2seq` (their options and config
keys) and the format of checkpoints. [python.md](python.md) shows how to use them. `python docs/api.py` writes this page
from the docstrings.

**Versions** are numbers X.Y.Z of semantic versioning, for these names, the commands, the config keys and the
checkpoints:

- Z grows when faults are corrected.
- Y grows when something is added.
- X grows when something is removed, or changes its meaning.
- While X is 0, a new Y may remove or change something. [CHANGELOG.md](../CHANGELOG.md) names each such change.
- Checkpoints of format 1 stay readable. The changelog names a new format.
- All other names of the package are internal. They can change with every version. The registries of
  [extending.md](extending.md) and the classes of [python.md](python.md) are tested and follow Y, not Z.
"""
NAMES: tuple[tuple[str, Any], ...] = (
    ("seq2seq", train),
    ("seq2seq", Summarizer),
    ("seq2seq.inference", Headline),
    ("seq2seq.decoding", SearchOptions),
    ("seq2seq.explanation", Explanation),
    ("seq2seq.explanation", Trace),
    ("seq2seq.explanation", BeamNode),
    ("seq2seq.scoring", Scores),
    ("seq2seq.scoring", compare),
    ("seq2seq.scoring", Comparison),
    ("seq2seq.scoring", System),
    ("seq2seq.scoring", Estimate),
    ("seq2seq.scoring", Difference),
    ("seq2seq.errors", UserError),
)
"""Each public name with the module to import it from."""


class Verbatim(str):
    """An annotation that a signature shows as it stands in the source, without quotes."""

    def __repr__(self) -> str:
        return str(self)


def page() -> str:
    """The whole page."""
    return "\n".join([START, *(entry(module, thing) for module, thing in NAMES)])


def entry(module: str, thing: Any) -> str:
    """The section of a function or a class with its public methods and properties."""
    parts = [f"## `{thing.__name__}`", f"`from {module} import {thing.__name__}`"]
    if thing is not UserError:
        parts.append(code(thing.__name__, inspect.signature(thing)))
    parts.append(text(thing))
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            if (
                name.startswith("_")
                or not inspect.getdoc(getattr(thing, name))
                or name in getattr(thing, "_fields", ())
            ):
                continue
            if isinstance(member, property):
                parts += [f"### `{thing.__name__}.{name}`", text(member)]
            elif inspect.isroutine(getattr(thing, name)):
                signature = inspect.signature(getattr(thing, name))
                parts += [f"### `{thing.__name__}.{name}`", code(name, signature), text(getattr(thing, name))]
    return "\n\n".join(parts) + "\n"


def code(name: str, signature: inspect.Signature) -> str:
    """A signature as a block of code, with one parameter on each line if it is long."""
    parameters = [
        p.replace(annotation=Verbatim(p.annotation)) if isinstance(p.annotation, str) else p
        for p in signature.parameters.values()
        if p.name != "self"
    ]
    result: Any = signature.return_annotation
    result = inspect.Signature.empty if result in ("None", None) else Verbatim(result)
    line = f"{name}{signature.replace(parameters=parameters, return_annotation=result)}"
    if len(line) > 100:
        inner, end = re.fullmatch(r"\((.*)\)( ->.*)?", line[len(name) :], re.S).groups()  # type: ignore[union-attr]
        rows = ",\n    ".join(split_parameters(inner))
        line = f"{name}(\n    {rows},\n){end or ''}"
    return f"```python\n{line}\n```"


def split_parameters(text: str) -> list[str]:
    """The parts of a list of parameters; commas within brackets do not divide it."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def text(thing: Any) -> str:
    """A docstring as Markdown: the parts "Args:" and "Attributes:" become lists."""
    lines: list[str] = []
    in_list = False
    for line in (inspect.getdoc(thing) or "").splitlines():
        if line in ("Args:", "Attributes:", "Returns:"):
            lines, in_list = [*lines, f"**{line}**", ""], line != "Returns:"
        elif in_list and (found := re.fullmatch(r" {4}(\w[\w, ]*): (.*)", line)):
            lines.append(f"- `{found[1]}`: {found[2]}")
        elif in_list and line.startswith("    "):
            lines.append(f"  {line.strip()}")
        else:
            in_list = in_list and not line
            lines.append(line.strip())
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
