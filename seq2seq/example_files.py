"""Configs and corpora that ship with the package, by name.

In a checkout they lie beside the package, in the folders `configs` and `data`. A wheel has both inside the package.
"""

from __future__ import annotations

import re
from pathlib import Path

from .errors import UserError, did_you_mean

PACKAGE = Path(__file__).parent
MARKS = {"configs": "quickstart.yaml", "data": "newswire"}
"""A file of each folder: `seq2seq/data` is also a part of the code."""


def shipped_folder(name: str) -> Path:
    """The folder `configs` or `data` of this copy of the package. Raises UserError if it is missing."""
    for parent in (PACKAGE, PACKAGE.parent):
        if (parent / name / MARKS[name]).exists():
            return parent / name
    raise UserError(f"this copy of seq2seq has no folder {name!r}; install it again from a wheel or a checkout")


def shipped_configs() -> dict[str, Path]:
    """The configs by name, without the suffix; those of a subfolder as `published/NAME`."""
    folder = shipped_folder("configs")
    return {
        file.relative_to(folder).with_suffix("").as_posix(): file
        for file in sorted(folder.rglob("*.yaml"), key=lambda file: (len(file.parts), file))
    }


def shipped_config(name: str) -> Path:
    """The file of a config. Raises UserError, with the most similar name, if there is none."""
    known = shipped_configs()
    wanted = name.removeprefix("configs/").removesuffix(".yaml")
    if wanted not in known:
        hint = did_you_mean(wanted, known) or "`seq2seq config` lists the names"
        raise UserError(f"{name}: no config of this name ships with seq2seq; {hint}")
    return known[wanted]


def corpora_of(config: str) -> list[Path]:
    """The folders of `data` that the text of a config names and that ship with the package."""
    names = dict.fromkeys(re.findall(r"\bdata/(\w+)/", config))
    return [folder for name in names if (folder := shipped_folder("data") / name).is_dir()]
