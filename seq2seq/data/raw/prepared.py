"""Corpora that are made from other corpora: files of pairs in, JSON Lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import user_path
from ...progress import Progress
from ..corpora import Columns, existing_file, find_reader, formats
from ..corpora.load import checked_pairs
from ..splits import SPLITS, Split

FILES: dict[str, dict[str, Any]] = {
    f"--{split}": {
        "type": user_path,
        "nargs": "+",
        "required": split == "train",
        "default": [],
        "metavar": "FILE",
        "help": f"the files of the {split} split, with the columns `document` and `summary`",
    }
    for split in SPLITS
}
"""The options of a subcommand that reads such files."""


def read_pairs(split: Split, files: Sequence[Path]) -> Iterator[tuple[str, str | None]]:
    """Yields (document, summary) of the files of a split, and shows the progress.

    Raises UserError, naming option, file or line, for a file that cannot be read.
    """
    with Progress(f"reading {split}") as progress:
        for file in files:
            path = existing_file(file, f"--{split}")
            reader = find_reader(path)
            if reader is None:
                known = ", ".join(formats())
                raise UserError(
                    f"--{split}: the name of {path} has none of the known endings: {known}; rename the file"
                )
            for pair in checked_pairs(reader(path, Columns("document", "summary")), path, path):
                progress.update(1)
                yield pair
