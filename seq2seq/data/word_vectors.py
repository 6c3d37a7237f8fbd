"""Word vectors from a text file in GloVe's format (Pennington et al. 2014): a word and its numbers on each line."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import UserError
from .corpora.rows import text_lines


def vector_size(file: Path) -> int:
    """The number of values of a word in a file of vectors. Raises UserError for a file without vectors."""
    for number, line in text_lines(file):
        fields = line.rstrip(" ").split(" ")
        if number == 1 and _is_header(fields):
            return int(fields[1])
        if len(fields) > 1:
            return len(fields) - 1
        raise UserError(f"{file}:{number}: no word with its values, separated by spaces; give a file in GloVe's format")
    raise UserError(f"{file}: the file is empty; give a file in GloVe's format")


def read_vectors(file: Path, words: Collection[str], size: int) -> dict[str, np.ndarray]:
    """The vectors [size] of those `words` that the file has. The first line of a word counts.

    A first line with the numbers of words and of values, as in files of word2vec, is skipped. Words with spaces, which
    some files of GloVe have, are legal. The file can be compressed with gzip.

    Args:
        words: a set or a dictionary, for fast look-up.

    Raises UserError, naming file and line, for a line with another number of values, or with a value that is no finite
    number in the line of one of the `words`.
    """
    found: dict[str, np.ndarray] = {}
    expected = vector_size(file)
    if expected != size:
        raise UserError(
            f"{file}:1: {expected} values for a word, but model.network.embedding_size is {size}: set it to "
            f"{expected}, or give another file"
        )
    for number, line in text_lines(file):
        line = line.rstrip(" ")
        surplus = line.count(" ") - size
        if number == 1 and _is_header(line.split(" ")):
            continue
        if surplus == 0 and line[: line.index(" ")] not in words:  # most lines of a large file
            continue
        fields = line.split(" ")
        if surplus < 0 or any(_is_number(field) for field in fields[1 : 1 + surplus]):
            raise UserError(f"{file}:{number}: {len(fields) - 1} values, not {size}: the line is damaged; remove it")
        word = " ".join(fields[: surplus + 1])
        if word in words and word not in found:
            if not all(map(_is_number, values := fields[-size:])):
                raise UserError(f"{file}:{number}: a value of {word!r} is no finite number: correct or remove the line")
            found[word] = np.array(values, dtype=np.float32)
    return found


def _is_header(fields: list[str]) -> bool:
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
