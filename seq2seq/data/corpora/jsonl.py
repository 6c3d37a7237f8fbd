"""Reader of JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from .rows import Columns, Row, missing_column, text_lines


def read_jsonl(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a file with one JSON object per line. Blank lines are ignored."""
    for number, line in text_lines(path):
        if not line or line.isspace():
            continue
        try:
            pair = json.loads(line)
        except (ValueError, RecursionError) as error:
            cause = getattr(error, "msg", str(error))
            raise UserError(f"{path}:{number}: not valid JSON ({cause}): write one JSON object on each line") from None
        if not isinstance(pair, dict):
            raise UserError(
                f"{path}:{number}: a JSON {type(pair).__name__}, not an object: write one object on each line"
            )
        if columns.document not in pair or columns.summary not in pair:
            raise missing_column(f"{path}:{number}", pair, columns)
        yield Row(number, pair[columns.document], pair[columns.summary])
