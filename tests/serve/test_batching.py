"""The queue alone: which requests share a batch, and which are refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError

pytest.importorskip("fastapi", reason='FastAPI is not installed: pip install "seq2seq-headlines[serve]"')
from seq2seq.serve.batching import Batcher, QueueFull

GREEDY, BEAM = SearchOptions(), SearchOptions(beam_size=2)


class Search:
    """Upper-case documents as results. The document "wait" stops the search until `free` is set; "bad" is an error."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[str], int]] = []
        self.free, self.busy = threading.Event(), threading.Event()

    def __call__(self, documents: Sequence[str], options: SearchOptions) -> list[str]:
        self.batches.append((list(documents), options.beam_size))
        if "wait" in documents:
            self.busy.set()
            assert self.free.wait(20)
        if "bad" in documents:
            raise UserError("a bad document")
        return [document.upper() for document in documents]


@pytest.fixture
def search() -> Iterator[Search]:
    made = Search()
    yield made
    made.free.set()


@pytest.fixture
def batcher(search: Search) -> Batcher:
    """A queue of 6 documents whose thread is busy."""
    made = Batcher(search, waiting=6, batch_documents=3)
    made.submit(["wait"], GREEDY)
    assert search.busy.wait(20)
    return made


def test_a_batch_has_the_waiting_requests_with_the_options_of_the_oldest(search: Search, batcher: Batcher) -> None:
    jobs = [
        batcher.submit(documents, options)
        for documents, options in ((["a"], GREEDY), (["b"], BEAM), (["c", "d"], GREEDY), (["e"], GREEDY), (["f"], BEAM))
    ]
    search.free.set()
    assert [job.future.result(20) for job in jobs] == [["A"], ["B"], ["C", "D"], ["E"], ["F"]]
    assert search.batches == [(["wait"], 1), (["a", "c", "d"], 1), (["b", "f"], 2), (["e"], 1)]


def test_a_full_queue_refuses_whole_requests(search: Search, batcher: Batcher) -> None:
    first = batcher.submit(["a", "b", "c", "d"], GREEDY)
    with pytest.raises(QueueFull):
        batcher.submit(["e", "f", "g"], GREEDY)
    last = batcher.submit(["e", "f"], GREEDY)
    assert batcher.waiting == 6
    batcher.withdraw(first)
    assert batcher.waiting == 2
    batcher.submit(["g", "h", "i"], GREEDY)
    search.free.set()
    assert last.future.result(20) == ["E", "F"]
    assert "a" not in [document for documents, _ in search.batches for document in documents]


def test_an_error_reaches_its_own_request_alone(search: Search, batcher: Batcher) -> None:
    good, bad = batcher.submit(["a", "b"], GREEDY), batcher.submit(["bad"], GREEDY)
    search.free.set()
    assert good.future.result(20) == ["A", "B"]
    with pytest.raises(UserError, match="a bad document"):
        bad.future.result(20)
    assert batcher.alive


def test_the_end_answers_everything_that_waits(search: Search, batcher: Batcher) -> None:
    jobs = [batcher.submit([text], options) for text, options in zip("abcd", (GREEDY, BEAM, BEAM, GREEDY), strict=True)]
    threading.Timer(0.05, search.free.set).start()
    batcher.close()
    assert [job.future.result(0) for job in jobs] == [["A"], ["B"], ["C"], ["D"]]
    assert not batcher.alive
    with pytest.raises(QueueFull):
        batcher.submit(["e"], GREEDY)


def test_the_delay_follows_the_speed(search: Search) -> None:
    """A second for each document: the answer to a full queue names the seconds until it is empty."""
    batcher = Batcher(search, waiting=100, batch_documents=3)
    assert batcher.retry_after() == 1
    batcher._seconds_per_document = 1.0
    batcher.submit(["wait"], GREEDY)
    assert search.busy.wait(20)
    batcher.submit(["x"] * 7, GREEDY)
    assert batcher.retry_after() == 7
    batcher.submit(["x"] * 93, GREEDY)
    assert batcher.retry_after() == 60
