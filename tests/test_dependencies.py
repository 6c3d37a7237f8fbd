"""Every package that the code imports is declared in pyproject.toml, and has a pin in constraints.txt."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {name: wanted for name, wanted in PROJECT["optional-dependencies"].items() if name != "dev"}
DECLARED = {
    canonicalize_name(Requirement(text).name)
    for wanted in (PROJECT["dependencies"], *EXTRAS.values())
    for text in wanted
}
PARTS = {"llvmlite": "numba", "pydantic": "fastapi", "starlette": "fastapi"}
"""Packages in the interface of a declared one, which chooses their versions."""
NOTEBOOK = "IPython"
"""Imported only inside of a notebook, which brings it."""


def imported_packages(folder: Path) -> set[str]:
    """The first names of all absolute imports, without the standard library."""
    names: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {folder.name}


def test_every_import_is_declared() -> None:
    imported = imported_packages(ROOT / "seq2seq")
    assert {"torch", "pyarrow", "huggingface_hub"} <= imported
    distributions = packages_distributions()
    missing = {
        name
        for name in imported - set(PARTS) - {NOTEBOOK}
        if not {canonicalize_name(found) for found in distributions.get(name, [name])} & DECLARED
    }
    assert not missing, f"imported by seq2seq/ but not in pyproject.toml: {', '.join(sorted(missing))}"


@pytest.mark.parametrize(("part", "owner"), PARTS.items())
def test_parts_come_with_their_owner(part: str, owner: str) -> None:
    assert owner in DECLARED
    assert part in {canonicalize_name(Requirement(text).name) for text in requires(owner) or []}


def test_every_dependency_has_a_pin() -> None:
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    assert not DECLARED - {canonicalize_name(name) for name in pins}
