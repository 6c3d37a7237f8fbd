"""Pairs whose summary cannot be known from the document: the filter `data.corpus.supported` of the training pairs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .tokenizer import Facts


def unsupported_pairs(documents: pa.ChunkedArray, summaries: pa.ChunkedArray, facts: Facts) -> np.ndarray:
    """[rows] True where the summary has a fact that the document lacks (the filter of Matsumaru et al. 2020, on words).

    Args:
        documents, summaries: the extended ids of each row, in equal chunks. An id of V or more in a summary is an
            unknown word of its document, which supports it.
    """
    parts = [_of_chunk(*chunks, facts) for chunks in zip(documents.chunks, summaries.chunks, strict=True)]
    return np.concatenate(parts) if parts else np.zeros(0, bool)


def _of_chunk(documents: pa.ListArray, summaries: pa.ListArray, facts: Facts) -> np.ndarray:
    size = len(facts.forms)
    rows, ids = _known_words(documents, size)
    present = rows * size + facts.forms[ids]
    rows, ids = _known_words(summaries, size)
    is_fact = np.isin(ids, facts.ids)
    rows, ids = rows[is_fact], ids[is_fact]
    absent = ~np.isin(rows * size + facts.forms[ids], present)
    unsupported = np.zeros(len(documents), bool)
    unsupported[rows[absent]] = True
    return unsupported


def _known_words(lists: pa.ListArray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The row and the id of each word of the vocabulary."""
    rows, ids = np.arange(len(lists)).repeat(lists.value_lengths().to_numpy()), lists.flatten().to_numpy()
    known = ids < size
    return rows[known], ids[known]
