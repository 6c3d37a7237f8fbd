"""The public names: docs/api.md, and types that other programs see."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import seq2seq

ROOT = Path(__file__).parents[1]


def test_the_page_is_that_of_the_docstrings() -> None:
    spec = importlib.util.spec_from_file_location("api", ROOT / "docs" / "api.py")
    assert spec is not None
    assert spec.loader is not None
    api = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(api)
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == api.page(), "run `python docs/api.py`"


def test_the_package_has_its_types() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    assert "py.typed" in package["seq2seq"]
    assert (Path(seq2seq.__file__).parent / "py.typed").is_file()
