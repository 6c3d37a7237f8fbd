"""From documents to the results of `schema.py`. Runs in the thread of the batcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..decoding import SearchOptions
from ..inference import Summarizer


def results(summarizer: Summarizer, documents: Sequence[str], options: SearchOptions) -> list[dict[str, Any]]:
    """One `Result` for each document, as a dictionary. Headlines and scores are those of `Summarizer.stream`."""
    encoded = summarizer.tokenizer.encode_documents(list(documents), summarizer.max_document_tokens)
    found = summarizer.stream(documents, chunk=len(documents), **asdict(options))
    return [
        {
            "headlines": [
                {"text": headline.text, "score": headline.score, "log_probability": headline.log_prob}
                for headline in headlines
            ],
            "tokens": len(document.ids),
            "cut": document.length > len(document.ids),
        }
        for document, headlines in zip(encoded, found, strict=True)
    ]
