"""Reader of two line-aligned text files. They are configured as {document: FILE, summary: FILE}, not by a suffix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from ...errors import UserError
from .rows import Row, text_lines


def read_aligned_text(documents: Path, summaries: Path) -> Iterator[Row]:
    """Yields line n of both files as pair n. Raises UserError if the files have different numbers of lines."""
    document_count = summary_count = 0
    for document, summary in zip_longest(text_lines(documents), text_lines(summaries)):
        document_count += document is not None
        summary_count += summary is not None
        if document and summary:
            yield Row(document[0], document[1], summary[1])
    if document_count != summary_count:
        raise UserError(
            f"{documents} has {document_count} lines and {summaries} has {summary_count}: line n of one belongs to"
            " line n of the other, so both need the same number"
        )
