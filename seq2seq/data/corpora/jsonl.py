"""Reader of JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...errors import UserError
from .rows import Columns, Row, check_columns, text_lines, with_inner_fields

# A tab inside a string is not valid JSON, but its meaning is clear.
_parse = json.JSONDecoder(strict=False).decode


def read_jsonl(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a file with one JSON object per line. Blank lines are ignored."""
    required = set(columns.required)
    for number, line in text_lines(path, columns.strict):
        if not line or line.isspace():
            continue
        try:
            pair = _parse(line)
        except (ValueError, RecursionError) as error:
            cause, position = getattr(error, "msg", str(error)), getattr(error, "pos", 0)
            goes_on = number == 1 and position >= len(line.rstrip())
            cure = f"; {_conversion(line, path)} writes it so" if goes_on else ""
            raise UserError(
                f"{path}:{number}: not valid JSON ({cause}): write one JSON object on each line{cure}"
            ) from None
        if not isinstance(pair, dict):
            cure = f", for example with {_conversion(line, path)}" if isinstance(pair, list) else ""
            raise UserError(
                f"{path}:{number}: a JSON {type(pair).__name__}, not an object: write one object with"
                f" {columns.document!r} on each line{cure}"
            )
        fields = with_inner_fields(pair) if columns.nested else pair
        if not required <= fields.keys():
            check_columns(columns, with_inner_fields(pair), f"{path}:{number}")
        row = Row(number, fields.get(columns.document), fields.get(columns.summary))
        yield row if columns.strict else row._replace(fields=pair)


def _conversion(start: str, path: Path) -> str:
    """The command that writes the objects of one array, or indented objects, on one line each."""
    each = "'.[]'" if start.lstrip().startswith("[") else "."
    return f"`jq -c {each} {path}`"
