"""The encoded corpus, compared with a computation by hand and a plain loop: ids, counts, cache, access to rows."""

from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest

from seq2seq.data.corpora import CorpusOptions, load_split
from seq2seq.data.encoding import SCHEMA, EncodedRows, EncodingReport, encode_corpus
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, train_tokenizer

PAIRS = [
    ("the cat sat on the mat", "cat sat"),
    ("Zed saw Yak and Zed", "Zed saw the Yak Xen"),
    ("", "empty document"),
    ("the dog", " "),
    (" ", ""),
    ("a dog and a cat", "dog"),
]
LIMITS = {"max_document_tokens": 4, "max_summary_tokens": 3}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TokenizerOptions(vocab_size=9), ["the the the the cat cat cat dog dog a a sat"], None)


def source(pairs: list[tuple[str, str]] = PAIRS) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"document": [d for d, _ in pairs], "summary": [s for _, s in pairs]})


def many(count: int = 501) -> list[tuple[str, str]]:
    """Pairs of all lengths; every ninth pair has an empty side."""
    random = np.random.default_rng(0)
    words = np.array(["the", "cat", "dog", "a", "sat", "one", "two", "Zed", "naïve"])
    pairs = []
    for number in range(count):
        lengths = random.integers(1, 8, 2)
        if number % 9 == 0:
            lengths[number % 2] = 0
        document, summary = (" ".join(random.choice(words, length)) for length in lengths)
        pairs.append((document, summary))
    return pairs


def test_rows_by_hand(tokenizer: Tokenizer) -> None:
    assert tokenizer.tokens[4:] == ["the", "cat", "a", "dog", "sat"]  # ids 4 to 8, V = 9
    dataset, report = encode_corpus(source(), tokenizer, **LIMITS, training=False)
    assert dataset.data.schema.equals(SCHEMA)
    assert dataset["document_ids"][:] == [[4, 5, 8, 9], [9, 10, 11, 12], [], [4, 7], [], [6, 7, 9, 6]]
    assert dataset["oov"][:] == [["on"], ["Zed", "saw", "Yak", "and"], [], [], [], ["and"]]
    assert dataset["summary_ids"][:] == [[5, 8], [9, 10, 4], [1, 1], [], [], [7]]
    assert dataset["document_length"][:] == [4, 4, 0, 2, 0, 4]
    assert dataset["summary_length"][:] == [2, 3, 2, 0, 0, 1]
    assert dataset["row"][:] == [0, 1, 2, 3, 4, 5]
    assert report == EncodingReport(
        6, empty_documents=2, empty_summaries=2, cut_documents=3, cut_summaries=1, skipped=0
    )


def test_training_leaves_out_pairs_with_an_empty_side_and_counts_them(tokenizer: Tokenizer) -> None:
    dataset, report = encode_corpus(source(), tokenizer, **LIMITS, training=True)
    assert dataset["row"][:] == [0, 1, 5]
    assert report == EncodingReport(
        6, empty_documents=2, empty_summaries=2, cut_documents=3, cut_summaries=1, skipped=3
    )
    assert "3 of these left out of training" in report.lines()
    nothing, report = encode_corpus(source([("", "a"), ("a", "")]), tokenizer, **LIMITS, training=True)
    assert (len(nothing), report.skipped) == (0, 2)
    assert len(EncodedRows(nothing)) == 0


def test_report_names_only_what_happened() -> None:
    assert EncodingReport(1234, 0, 0, 0, 0, 0).lines() == "1,234 pairs"
    assert EncodingReport(2, 0, 1, 0, 0, 0).lines() == "2 pairs\n  1 with an empty summary"


@pytest.mark.parametrize("training", [False, True])
def test_the_second_call_tokenizes_nothing(
    tokenizer: Tokenizer, training: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = "".join(f'{{"document": "{d}", "summary": "{s}"}}\n' for d, s in many(40))
    (tmp_path / "a.jsonl").write_text(lines)
    options = CorpusOptions(train=str(tmp_path / "a.jsonl"))

    def encode(**changed: int) -> tuple[datasets.Dataset, EncodingReport]:
        limits = {**LIMITS, **changed}
        return encode_corpus(load_split(options, "train"), tokenizer, **limits, training=training)

    first, report = encode()
    assert first.cache_files

    def refuse(*_: Any) -> None:
        raise AssertionError("tokenized again")

    monkeypatch.setattr(Tokenizer, "encode_documents", refuse)
    again, same_report = encode()
    assert again._fingerprint == first._fingerprint
    assert again.to_dict() == first.to_dict()
    assert same_report == report
    for change in ({"max_document_tokens": 5}, {"max_summary_tokens": 2}):
        with pytest.raises(AssertionError, match="tokenized again"):
            encode(**change)
    other = train_tokenizer(TokenizerOptions(vocab_size=9, normalizers=["lowercase"]), ["the cat"], None)
    with pytest.raises(AssertionError, match="tokenized again"):
        encode_corpus(load_split(options, "train"), other, **LIMITS, training=training)


def test_chunks_do_not_matter(tokenizer: Tokenizer) -> None:
    whole, _ = encode_corpus(source(many()), tokenizer, **LIMITS, training=False)
    parts, _ = encode_corpus(source(many()), tokenizer, **LIMITS, training=False, chunk_rows=17)
    assert len(parts.data.column("row").chunks) == 30
    assert parts.to_dict() == whole.to_dict()


def test_the_number_of_workers_does_not_matter(tokenizer: Tokenizer) -> None:
    encoded = []
    for workers in (1, 2):
        dataset = datasets.Dataset(source(many(301)).data, fingerprint=f"{workers} workers")  # separate cache entries
        encoded.append(encode_corpus(dataset, tokenizer, **LIMITS, training=True, chunk_rows=16, workers=workers))
    (one, report), (two, same_report) = encoded
    assert len(one.data.column("row").chunks) == 19
    assert one.data.table.equals(two.data.table)
    assert report == same_report
    cut = sum(len(document.split()) > LIMITS["max_document_tokens"] for document, _ in many(301))
    assert f"{cut} with the document cut to the limit" in report.lines()


@pytest.fixture
def encoded(tokenizer: Tokenizer) -> datasets.Dataset:
    """Many rows in chunks of 17; every ninth row is left out, so the data set has a list of positions."""
    return encode_corpus(source(many()), tokenizer, **LIMITS, training=True, chunk_rows=17)[0]


def plain(dataset: datasets.Dataset, indices: list[int]) -> list[tuple[int, list[int], list[int], list[str]]]:
    rows = (dataset[index] for index in indices)
    return [(row["row"], row["document_ids"], row["summary_ids"], row["oov"]) for row in rows]


def fetched(rows: EncodedRows, indices: Any) -> list[tuple[int, list[int], list[int], list[str]]]:
    return [(row, document.tolist(), summary.tolist(), oov) for row, document, summary, oov in rows.fetch(indices)]


@pytest.mark.parametrize("change", ["none", "range", "choice", "shuffle", "memory", "sliced memory"])
def test_fetch_gives_what_the_data_set_gives(encoded: datasets.Dataset, change: str) -> None:
    assert len(encoded) == 501 - 56
    dataset = {
        "none": lambda: encoded,
        "range": lambda: encoded.select(range(20, 300)),
        "choice": lambda: encoded.select([5, 3, 400, 3]),
        "shuffle": lambda: encoded.shuffle(seed=1),
        "memory": lambda: datasets.Dataset.from_dict(encoded.to_dict(), features=encoded.features),
        "sliced memory": lambda: datasets.Dataset(
            pa.concat_tables([encoded.data.table.slice(5, 20), encoded.data.table.slice(3, 9)])
        ),
    }[change]()
    rows = EncodedRows(dataset)
    order = np.random.default_rng(1).permutation(len(dataset))
    assert fetched(rows, order) == plain(dataset, order.tolist())
    assert len(rows) == len(dataset)
    assert [lengths.tolist() for lengths in rows.lengths()] == [
        list(dataset["document_length"]),
        list(dataset["summary_length"]),
    ]
    row = rows.fetch([0])[0]
    assert row.document_ids.dtype == row.summary_ids.dtype == rows.lengths()[0].dtype == np.int32


def test_fetch_rejects_positions_that_do_not_exist(encoded: datasets.Dataset) -> None:
    rows = EncodedRows(encoded)
    assert rows.fetch([]) == []
    for index in (-1, len(rows)):
        with pytest.raises(IndexError, match="there are 445"):
            rows.fetch([0, index])


def _send_rows(rows: EncodedRows, connection: Any) -> None:
    connection.send(fetched(rows, [0, 444, 7]))


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_rows_work_in_another_process(encoded: datasets.Dataset, method: str) -> None:
    rows = EncodedRows(encoded)
    here = fetched(rows, [0, 444, 7])
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_rows, args=(rows, sender))
    process.start()
    assert receiver.poll(60)
    assert receiver.recv() == here
    process.join(60)
    assert process.exitcode == 0


def test_pickled_rows_carry_a_path_and_not_the_ids(tokenizer: Tokenizer) -> None:
    pairs = [("the cat sat " * 50, "cat " * 50)] * 400
    dataset, _ = encode_corpus(source(pairs), tokenizer, max_document_tokens=200, max_summary_tokens=60, training=True)
    rows = EncodedRows(dataset)
    assert dataset.data.nbytes > 300_000
    assert len(pickle.dumps(rows)) < 20_000
    assert fetched(pickle.loads(pickle.dumps(rows)), [399]) == fetched(rows, [399])
