"""All files name the same versions of Python, and the Makefile refuses an older one in one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OLDEST = PROJECT["project"]["requires-python"].removeprefix(">=")


def named_versions(classifiers: list[str]) -> list[str]:
    """The minor versions of Python 3 that classifiers name, oldest first."""
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", text) for text in classifiers]
    return sorted((match.group(1) for match in found if match), key=lambda version: int(version[2:]))


CLASSIFIERS = named_versions(PROJECT["project"]["classifiers"])


def test_all_files_name_the_same_versions() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^OLDEST_PYTHON := (\S+)$", makefile, re.M) == [OLDEST]
    named = re.findall(r"Python (3\.\d+) or newer \(tested on \S+; .* serve 3\.\d+ and (3\.\d+) too\)", readme)
    assert named == [(OLDEST, CLASSIFIERS[-1])]
    assert CLASSIFIERS[0] == OLDEST
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + OLDEST.replace(".", "")
    assert PROJECT["tool"]["mypy"]["python_version"] == OLDEST


def test_the_pinned_libraries_serve_these_versions() -> None:
    """No dependency excludes a version; the newest is the newest that both lightning and numba name."""
    for requirement in map(Requirement, PROJECT["project"]["dependencies"]):
        served = SpecifierSet(metadata(requirement.name)["Requires-Python"] or "")
        assert all(f"{version}.99" in served for version in CLASSIFIERS), requirement.name
    newest = [named_versions(metadata(name).get_all("Classifier") or [])[-1] for name in ("lightning", "numba")]
    assert min(newest, key=lambda version: int(version[2:])) == CLASSIFIERS[-1]


@pytest.mark.parametrize("version", [(2, 7), (3, 10), sys.version_info[:2]], ids=str)
def test_make_refuses_an_older_python(tmp_path: Path, version: tuple[int, int]) -> None:
    """The interpreter is this one, which reports another version."""
    python = tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "if sys.argv[1] == '-c':\n"
        f"    sys.version_info = {(*version, 0)}\n"
        "    exec(sys.argv[2])\n"
        "else:\n"
        "    sys.exit('made a virtual environment')\n"
    )
    python.chmod(0o755)
    command = ["make", "--no-print-directory", "quickstart", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=clean)
    said = done.stderr.splitlines()[0]
    if version < (3, 11):
        assert said == (
            f"{python} is Python {version[0]}.{version[1]}, but {OLDEST} or newer is needed: "
            f"make quickstart PYTHON=python{OLDEST}"
        )
    else:
        assert said == "made a virtual environment"
