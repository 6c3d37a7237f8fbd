"""From checked pairs to Arrow tables: the form in which a split lies in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from ...progress import Progress

SCHEMA = pa.schema({"document": pa.string(), "summary": pa.string()})


def text_tables(
    pairs: Iterable[tuple[str, str | None]], label: str, max_rows: int = 10_000, max_characters: int = 16 << 20
) -> Iterator[pa.Table]:
    """Yields the pairs as tables of at most `max_rows` rows.

    A table also ends at the row that reaches `max_characters`, because documents can be long.
    """
    documents: list[str] = []
    summaries: list[str | None] = []
    characters = 0
    with Progress(label) as progress:
        for document, summary in pairs:
            documents.append(document)
            summaries.append(summary)
            characters += len(document) + len(summary or "")
            if len(documents) >= max_rows or characters >= max_characters:
                progress.update(len(documents))
                yield pa.table([documents, summaries], schema=SCHEMA)
                documents, summaries, characters = [], [], 0
        if documents:
            progress.update(len(documents))
            yield pa.table([documents, summaries], schema=SCHEMA)
