"""Prints the lowest version of each direct dependency in pyproject.toml, as constraints of pip: `make lowest`.

The dependencies of the extras belong to them, except those of `dev`.

torch has the version of constraints.txt, because each further version costs gigabytes.
"""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]


def lowest_versions(project: str, constraints: str) -> list[str]:
    """`NAME==VERSION` for each dependency in the text of pyproject.toml; torch as in the text of constraints.txt.

    Raises ValueError for a dependency without a lower bound.
    """
    (torch,) = re.findall(r"^torch==\S+$", constraints, re.MULTILINE)
    pins = [torch]
    read = tomllib.loads(project)["project"]
    extras = [wanted for extra, wanted in read["optional-dependencies"].items() if extra != "dev"]
    for requirement in (*read["dependencies"], *chain(*extras)):
        found = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\d.]+)(?:,<[\d.]+)?", requirement)
        if not found:
            raise ValueError(f"{requirement}: give a lower bound, for example NAME>=1.0")
        if found[1] != "torch":
            pins.append(f"{found[1]}=={found[2]}")
    return pins


if __name__ == "__main__":
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "constraints.txt")]
    print("\n".join(lowest_versions(*texts)))
