"""The encoded corpus: the third step of the flow, (strings) -> token ids in Arrow, memory-mapped and cached.

`encode_corpus` encodes a data set of texts and counts empty and truncated texts; `EncodedRows` reads rows for the
batches. The cache key consists of the fingerprints of source and tokenizer, and the two limits.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..progress import Progress
from .arrow_cache import cached_dataset, fingerprint_of
from .labels import Labels
from .parallel import default_workers, ordered_map
from .supported_pairs import unsupported_pairs
from .tokenizer import Facts, Tokenizer

# *_length: tokens after truncation; *_tokens: tokens before truncation, for the report.
SCHEMA = pa.schema(
    {
        "document_ids": pa.list_(pa.int32()),
        "summary_ids": pa.list_(pa.int32()),
        "oov": pa.list_(pa.string()),
        "document_length": pa.int32(),
        "summary_length": pa.int32(),
        "document_tokens": pa.int32(),
        "summary_tokens": pa.int32(),
        "row": pa.int64(),
    }
)
FORMAT = "encoded-1"
"""Part of the fingerprint. Change it with the columns or their meaning."""
MIN_ROWS_FOR_WORKERS = 50_000
"""A smaller corpus is encoded before the worker processes have started."""


@dataclass(frozen=True)
class EncodingReport:
    """Counts of a split. Training leaves out `skipped` pairs, which lack a token on one side, and `unsupported` ones,
    whose summary has a fact that the document lacks."""

    pairs: int
    empty_documents: int
    empty_summaries: int
    cut_documents: int
    cut_summaries: int
    skipped: int
    unsupported: int = 0

    def lines(self) -> str:
        """Returns the counts as text, one per line, without zeros."""
        counts = [
            (self.empty_documents, "with an empty document"),
            (self.empty_summaries, "with an empty summary"),
            (self.skipped, "of these left out of training"),
            (self.unsupported, "left out of training, because the document lacks a number or name of the summary"),
            (self.cut_documents, "with the document cut to the limit"),
            (self.cut_summaries, "with the summary cut to the limit"),
        ]
        return "\n".join([f"{self.pairs:,} pairs", *(f"  {count:,} {text}" for count, text in counts if count)])


def encode_corpus(
    dataset: datasets.Dataset,
    tokenizer: Tokenizer,
    *,
    max_document_tokens: int,
    max_summary_tokens: int,
    training: bool,
    facts: Facts | None = None,
    labels: Labels | None = None,
    chunk_rows: int = 2_000,
    workers: int | None = None,
) -> tuple[datasets.Dataset, EncodingReport]:
    """Encodes the columns `document` and `summary`; returns (data set with the columns of SCHEMA, report).

    Args:
        dataset: strings; column `row` of the result is the position in it.
        max_document_tokens, max_summary_tokens: longer texts are truncated.
        training: leave out pairs without a token on one side. Otherwise the result has every row, in order.
        facts: leave out of training also the pairs whose summary has one of these words and whose document lacks it.
        labels: the summaries are such labels, and not texts. A place without a label has a negative id, and
            `summary_length` counts the labels alone.
        chunk_rows: rows of one job and of one Arrow record batch.
        workers: processes; None = all cores for a large corpus, else this process. The result does not depend on it.
    """
    limits = (max_document_tokens, max_summary_tokens)
    parts = (*limits, chunk_rows, *(labels.key if labels else ()))
    fingerprint = fingerprint_of(FORMAT, dataset._fingerprint, tokenizer.fingerprint, *parts)
    tables = _encoded_tables(dataset, tokenizer, limits, labels, chunk_rows, workers)
    encoded = cached_dataset(fingerprint, SCHEMA, tables)
    columns = encoded.data.table
    empty_documents = pc.equal(columns["document_tokens"], 0)
    empty_summaries = pc.equal(columns["summary_tokens"], 0)
    unusable = pc.or_(empty_documents, empty_summaries)
    skipped = unusable.to_numpy() & training
    unsupported = np.zeros_like(skipped)
    if training and facts:
        unsupported = unsupported_pairs(columns["document_ids"], columns["summary_ids"], facts) & ~skipped
    report = EncodingReport(
        pairs=len(encoded),
        empty_documents=_count(empty_documents),
        empty_summaries=_count(empty_summaries),
        cut_documents=_count(pc.greater(columns["document_tokens"], columns["document_length"])),
        cut_summaries=_count(pc.greater(columns["summary_tokens"], columns["summary_length"])),
        skipped=int(skipped.sum()),
        unsupported=int(unsupported.sum()),
    )
    if report.skipped or report.unsupported:
        encoded = encoded.select(np.flatnonzero(~(skipped | unsupported)))
    return encoded, report


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0


def _encoded_tables(
    dataset: datasets.Dataset,
    tokenizer: Tokenizer,
    limits: tuple[int, int],
    labels: Labels | None,
    chunk_rows: int,
    workers: int | None,
) -> Iterator[pa.Table]:
    """Yields the encoded corpus in tables of `chunk_rows` rows."""
    pairs = dataset.select_columns(["document", "summary"]).with_format(None)
    if workers is None:
        workers = default_workers() if len(pairs) >= MIN_ROWS_FOR_WORKERS else 1
    jobs = (range(first, min(first + chunk_rows, len(pairs))) for first in range(0, len(pairs), chunk_rows))
    with Progress("Encoding", len(pairs)) as progress:
        for table in ordered_map(_RangeEncoder, (pairs, tokenizer.to_dict(), limits, labels), jobs, workers):
            yield table
            progress.update(len(table))


class _RangeEncoder:
    """Encodes ranges of rows. Every process has its own encoder with its own memory map."""

    def __init__(
        self, pairs: datasets.Dataset, tokenizer: dict[str, Any], limits: tuple[int, int], labels: Labels | None
    ) -> None:
        self.pairs, self.tokenizer, self.labels = pairs, Tokenizer.from_dict(tokenizer), labels
        self.max_document_tokens, self.max_summary_tokens = limits

    def __call__(self, rows: range) -> pa.Table:
        batch = self.pairs[rows.start : rows.stop]
        texts, summaries = batch["document"], batch["summary"]
        if self.labels:
            documents, ids = self.labels.encode(self.tokenizer, texts, summaries, self.max_document_tokens, rows.start)
            lengths = tokens = [sum(label >= 0 for label in of_one) for of_one in ids]
        else:
            documents = self.tokenizer.encode_documents(texts, self.max_document_tokens)
            summaries = [text or "" for text in summaries]  # a corpus for `predict` can lack summaries
            oovs = [document.oov for document in documents]
            encoded = self.tokenizer.encode_summaries(summaries, oovs, self.max_summary_tokens)
            ids, tokens = [of_one for of_one, _ in encoded], [count for _, count in encoded]
            lengths = [len(of_one) for of_one in ids]
        document_ids = _list_array([document.ids for document in documents])
        arrays = [
            document_ids,
            _list_array(ids),
            pa.array([document.oov for document in documents], pa.list_(pa.string())),
            pc.list_value_length(document_ids),
            pa.array(lengths, pa.int32()),
            pa.array([document.length for document in documents], pa.int32()),
            pa.array(tokens, pa.int32()),
            pa.array(rows, pa.int64()),
        ]
        return pa.table(arrays, schema=SCHEMA)


def _list_array(lists: list[list[int]]) -> pa.ListArray:
    offsets = np.zeros(len(lists) + 1, np.int32)
    np.cumsum([len(ids) for ids in lists], out=offsets[1:])
    values = np.fromiter(itertools.chain.from_iterable(lists), np.int32, int(offsets[-1]))
    return pa.ListArray.from_arrays(offsets, values)


class EncodedRow(NamedTuple):
    """One pair: position in the source split, ids int32 [S] and [T] (read-only), unknown words of the document."""

    row: int
    document_ids: np.ndarray
    summary_ids: np.ndarray
    oov: list[str]


class _Chunk(NamedTuple):
    """Views of one record batch in the memory map. Row i has the ids values[offsets[i] : offsets[i + 1]]."""

    rows: np.ndarray
    document_offsets: np.ndarray
    document_values: np.ndarray
    summary_offsets: np.ndarray
    summary_values: np.ndarray
    oov_offsets: np.ndarray
    oov_values: pa.StringArray


class EncodedRows:
    """Random access to the rows of an encoded data set, without copies of the ids.

    Views are made at the first access. Pickling keeps only the data set, so that each worker process of a data loader
    opens its own memory map.
    """

    def __init__(self, dataset: datasets.Dataset) -> None:
        self._dataset = dataset
        self._open()

    def _open(self) -> None:
        table = self._dataset.data.table
        columns = [table.column(name).chunks for name in ("row", "document_ids", "summary_ids", "oov")]
        self._arrays = list(zip(*columns, strict=True))
        self._views: dict[int, _Chunk] = {}
        self._chunk_starts = np.cumsum([0, *(len(arrays[0]) for arrays in self._arrays)])
        # `select` and `shuffle` move no rows: they add a list of positions in the table.
        indices = self._dataset._indices
        self._indices = None if indices is None else indices.column(0).to_numpy().astype(np.int64)

    def __getstate__(self) -> dict[str, Any]:
        return {"_dataset": self._dataset}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._dataset = state["_dataset"]
        self._open()

    def __len__(self) -> int:
        return len(self._dataset)

    def lengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the lengths of documents and summaries after truncation, int32 [rows] each."""
        table = self._dataset.data.table
        documents, summaries = (table[name].to_numpy() for name in ("document_length", "summary_length"))
        return (documents, summaries) if self._indices is None else (documents[self._indices], summaries[self._indices])

    def digest(self) -> str:
        """Returns a hash of the ids, unknown words and order of all rows. It does not depend on any path."""
        table = self._dataset.data.table
        digest = hashlib.sha256()
        for name in ("document_ids", "summary_ids", "oov"):
            for chunk in table.column(name).chunks:
                values = chunk.flatten()
                digest.update(chunk.value_lengths().to_numpy())
                if name == "oov":
                    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(values)], values), "\0")
                    digest.update(joined[0].as_buffer())
                else:
                    digest.update(values.to_numpy())
        if self._indices is not None:
            digest.update(self._indices.tobytes())
        return digest.hexdigest()[:32]

    def fetch(self, indices: Sequence[int] | np.ndarray) -> list[EncodedRow]:
        """Returns the rows at `indices`, in this order. Raises IndexError for an index below 0 or beyond the end."""
        positions = np.asarray(indices, dtype=np.int64)
        if len(positions) and (positions.min() < 0 or positions.max() >= len(self)):
            raise IndexError(f"no rows {positions.min()} to {positions.max()}: there are {len(self)}")
        if self._indices is not None:
            positions = self._indices[positions]
        chunks = np.searchsorted(self._chunk_starts, positions, side="right") - 1
        offsets = positions - self._chunk_starts[chunks]
        return [self._row(chunk, offset) for chunk, offset in zip(chunks.tolist(), offsets.tolist(), strict=True)]

    def _row(self, chunk_number: int, i: int) -> EncodedRow:
        chunk = self._views.get(chunk_number)
        if chunk is None:
            chunk = self._views[chunk_number] = _view(*self._arrays[chunk_number])
        first, last = chunk.oov_offsets[i : i + 2].tolist()
        return EncodedRow(
            int(chunk.rows[i]),
            chunk.document_values[chunk.document_offsets[i] : chunk.document_offsets[i + 1]],
            chunk.summary_values[chunk.summary_offsets[i] : chunk.summary_offsets[i + 1]],
            chunk.oov_values[first:last].to_pylist() if last > first else [],
        )


def _view(rows: pa.Int64Array, documents: pa.ListArray, summaries: pa.ListArray, oov: pa.ListArray) -> _Chunk:
    return _Chunk(
        rows.to_numpy(),
        documents.offsets.to_numpy(),
        documents.values.to_numpy(),
        summaries.offsets.to_numpy(),
        summaries.values.to_numpy(),
        oov.offsets.to_numpy(),
        oov.values,
    )
