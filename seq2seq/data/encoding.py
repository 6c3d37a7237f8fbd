"""The encoded corpus: token ids in Arrow, memory-mapped and cached; third step of the flow, (strings) -> (ids).

`encode_corpus` turns a data set of texts into one of ids and reports what was empty or cut; `EncodedRows` reads rows
back for the batcher. The cache is keyed by the source's fingerprint, the tokenizer's and the two limits, so opening
it again costs nothing.
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

from seq2seq.data.corpora import cached_dataset, fingerprint_of, quiet_progress_bars
from seq2seq.data.parallel import cores, ordered_map
from seq2seq.progress import Progress
from seq2seq.data.tokenizer import Tokenizer

# The lengths are those after cutting; *_tokens are the lengths before, from which the report is made.
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

_BATCH = 2_000
_PARALLEL = 50_000  # pairs from which on starting processes pays
_FORMAT = "encoded-1"  # part of the fingerprint: change it when the columns or their meaning change


@dataclass(frozen=True)
class EncodingReport:
    """What encoding a split met. A pair counts as skipped if training leaves it out because one side has no token."""

    pairs: int
    empty_documents: int
    empty_summaries: int
    cut_documents: int
    cut_summaries: int
    skipped: int

    def lines(self) -> str:
        """Return the report as text, one fact a line, without those that are zero."""
        facts = [
            (self.empty_documents, "with an empty document"),
            (self.empty_summaries, "with an empty summary"),
            (self.skipped, "of these left out of training"),
            (self.cut_documents, "with the document cut to the limit"),
            (self.cut_summaries, "with the summary cut to the limit"),
        ]
        return "\n".join([f"{self.pairs:,} pairs", *(f"  {count:,} {what}" for count, what in facts if count)])


def encode_corpus(
    dataset: datasets.Dataset,
    tokenizer: Tokenizer,
    *,
    max_document_tokens: int,
    max_summary_tokens: int,
    training: bool,
) -> tuple[datasets.Dataset, EncodingReport]:
    """Encode the columns `document` and `summary` of `dataset` and return (rows of SCHEMA, report).

    `row` is the position in `dataset`. With `training` the pairs in which a side has no token are left out and counted;
    otherwise every row is there, in order.
    """
    quiet_progress_bars()
    limits = (max_document_tokens, max_summary_tokens)
    fingerprint = fingerprint_of(_FORMAT, dataset._fingerprint, tokenizer.fingerprint, *limits)
    encoded = cached_dataset(fingerprint, SCHEMA, _encoded_tables(dataset, tokenizer, *limits))
    columns = encoded.data.table
    empty_documents = pc.equal(columns["document_tokens"], 0)
    empty_summaries = pc.equal(columns["summary_tokens"], 0)
    unusable = pc.or_(empty_documents, empty_summaries)
    report = EncodingReport(
        pairs=len(encoded),
        empty_documents=_count(empty_documents),
        empty_summaries=_count(empty_summaries),
        cut_documents=_count(pc.greater(columns["document_tokens"], columns["document_length"])),
        cut_summaries=_count(pc.greater(columns["summary_tokens"], columns["summary_length"])),
        skipped=_count(unusable) if training else 0,
    )
    if report.skipped:
        encoded = encoded.select(np.flatnonzero(~unusable.to_numpy()))
    return encoded, report


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0


def _encoded_tables(
    dataset: datasets.Dataset, tokenizer: Tokenizer, max_document_tokens: int, max_summary_tokens: int
) -> Iterator[pa.Table]:
    """The encoded corpus in tables of `_BATCH` rows, on all cores if it is big; the same tables either way."""
    pairs = dataset.select_columns(["document", "summary"]).with_format(None)
    jobs = (range(first, min(first + _BATCH, len(pairs))) for first in range(0, len(pairs), _BATCH))
    arguments = (pairs, tokenizer.to_dict(), max_document_tokens, max_summary_tokens)
    workers = cores() if len(pairs) >= _PARALLEL else 1
    with Progress("Encoding", len(pairs)) as progress:
        for table in ordered_map(_Encoder, arguments, jobs, workers):
            yield table
            progress.update(len(table))


class _Encoder:
    """Encodes ranges of rows; every process has one of its own, with its own memory map."""

    def __init__(
        self, pairs: datasets.Dataset, tokenizer: dict[str, Any], max_document_tokens: int, max_summary_tokens: int
    ) -> None:
        self.pairs, self.tokenizer = pairs, Tokenizer.from_dict(tokenizer)
        self.max_document_tokens, self.max_summary_tokens = max_document_tokens, max_summary_tokens

    def __call__(self, rows: range) -> pa.Table:
        batch = self.pairs[rows.start : rows.stop]
        documents = self.tokenizer.encode_documents(batch["document"], self.max_document_tokens)
        oovs = [document.oov for document in documents]
        summaries = self.tokenizer.encode_summaries(batch["summary"], oovs, self.max_summary_tokens)
        document_ids = _list_array([document.ids for document in documents])
        summary_ids = _list_array([ids for ids, _ in summaries])
        arrays = [
            document_ids,
            summary_ids,
            pa.array(oovs, pa.list_(pa.string())),
            pc.list_value_length(document_ids),
            pc.list_value_length(summary_ids),
            pa.array([document.length for document in documents], pa.int32()),
            pa.array([length for _, length in summaries], pa.int32()),
            pa.array(rows, pa.int64()),
        ]
        return pa.table(arrays, schema=SCHEMA)


def _list_array(lists: list[list[int]]) -> pa.ListArray:
    offsets = np.zeros(len(lists) + 1, np.int32)
    np.cumsum([len(ids) for ids in lists], out=offsets[1:])
    values = np.fromiter(itertools.chain.from_iterable(lists), np.int32, int(offsets[-1]))
    return pa.ListArray.from_arrays(offsets, values)


class EncodedRow(NamedTuple):
    """One pair: its position in the source split, ids int32 [S] and [T] (read-only), the document's unknown words."""

    row: int
    document_ids: np.ndarray
    summary_ids: np.ndarray
    oov: list[str]


class _Chunk(NamedTuple):
    """One record batch as views on the memory map: row i's ids are values[offsets[i]:offsets[i + 1]]."""

    rows: np.ndarray
    document_offsets: np.ndarray
    document_values: np.ndarray
    summary_offsets: np.ndarray
    summary_values: np.ndarray
    oov_offsets: np.ndarray
    oov_values: pa.StringArray


class EncodedRows:
    """Random access to the rows of an encoded data set, without copying ids.

    Views are made when first needed, and again after pickling, so that a loader's worker opens the memory map itself.
    """

    def __init__(self, dataset: datasets.Dataset) -> None:
        self._dataset = dataset
        self._open()

    def _open(self) -> None:
        table = self._dataset.data.table
        columns = [table.column(name).chunks for name in ("row", "document_ids", "summary_ids", "oov")]
        self._arrays = list(zip(*columns, strict=True))
        self._views: dict[int, _Chunk] = {}
        self._starts = np.cumsum([0, *(len(arrays[0]) for arrays in self._arrays)])
        # `select` and `shuffle` put a list of positions over the table in place of moving rows.
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
        """Return the lengths of documents and of summaries, after cutting, int32 [rows] each."""
        table = self._dataset.data.table
        documents, summaries = (table[name].to_numpy() for name in ("document_length", "summary_length"))
        return (documents, summaries) if self._indices is None else (documents[self._indices], summaries[self._indices])

    def digest(self) -> str:
        """A hash of all rows' ids, unknown words and order: equal for corpora that train alike, wherever they lie."""
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
        """Return the rows at `indices`, in that order. Raises IndexError for one below 0 or beyond the last."""
        wanted = np.asarray(indices, dtype=np.int64)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"rows {wanted.min()} to {wanted.max()} were asked for, there are {len(self)}")
        positions = wanted if self._indices is None else self._indices[wanted]
        chunks = np.searchsorted(self._starts, positions, side="right") - 1
        places = positions - self._starts[chunks]
        return [self._row(chunk, place) for chunk, place in zip(chunks.tolist(), places.tolist(), strict=True)]

    def _row(self, number: int, i: int) -> EncodedRow:
        chunk = self._views.get(number)
        if chunk is None:
            chunk = self._views[number] = _view(*self._arrays[number])
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
