"""A bounded queue of documents, and one thread that searches them in batches.

A batch is formed from the requests that wait when the thread becomes free. It starts with the oldest request, and takes
the later ones with the same options.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from ..decoding import SearchOptions

LONGEST_DELAY = 60
"""The largest value of Retry-After, in seconds."""
WEIGHT = 0.1
"""Of the newest batch in the moving average of the speed."""

SearchFunction = Callable[[Sequence[str], SearchOptions], list[Any]]
"""From documents and options to one result for each document, in order."""


class QueueFull(Exception):
    """The queue has no room for the documents of a request."""


@dataclass(eq=False)
class Job:
    """The documents of one request; `future` receives their results, or the error of the search."""

    documents: Sequence[str]
    options: SearchOptions
    future: Future[list[Any]] = field(default_factory=Future)


class Batcher:
    """Runs `search` in one thread of its own, which ends with `close`.

    Args:
        waiting: greatest number of documents in the queue.
        batch_documents: greatest number of documents in a batch; a larger request is a batch of its own.
        observe: called after each batch with its number of documents and its seconds.
    """

    def __init__(
        self,
        search: SearchFunction,
        waiting: int,
        batch_documents: int,
        observe: Callable[[int, float], None] = lambda documents, seconds: None,
    ) -> None:
        self._search, self._observe = search, observe
        self._limit, self._batch_documents = waiting, batch_documents
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._seconds_per_document = 0.0
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Documents in the queue, without those that are being searched."""
        return sum(len(job.documents) for job in list(self._jobs))

    @property
    def alive(self) -> bool:
        """Whether the thread can search."""
        return self._thread.is_alive()

    def retry_after(self) -> int:
        """Seconds until the queue is probably empty, at least 1."""
        return min(LONGEST_DELAY, max(1, math.ceil(self.waiting * self._seconds_per_document)))

    def submit(self, documents: Sequence[str], options: SearchOptions) -> Job:
        """Puts documents into the queue. Raises QueueFull if it has no room for all of them."""
        job = Job(documents, options)
        with self._changed:
            if self._closed or self.waiting + len(documents) > self._limit:
                raise QueueFull
            self._jobs.append(job)
            self._changed.notify()
        return job

    def withdraw(self, job: Job) -> None:
        """Removes a request from the queue. A search that has begun goes on; its result is not used."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)

    def close(self) -> None:
        """Searches everything that waits, and ends the thread. Further requests are refused with QueueFull."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._answer(batch)

    def _next_batch(self) -> list[Job]:
        """Waits for requests; returns those of the next batch, or none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            batch: list[Job] = []
            size = 0
            for job in self._jobs:
                fits = size + len(job.documents) <= self._batch_documents
                if not batch or (fits and job.options == batch[0].options):
                    batch.append(job)
                    size += len(job.documents)
            self._jobs = [job for job in self._jobs if job not in batch]
        for job in batch:
            job.future.set_running_or_notify_cancel()  # from now on `cancel` has no effect, and a result can be set
        return batch

    def _answer(self, batch: list[Job]) -> None:
        """Searches a batch. After an error each request is searched alone: the others must not fail with it."""
        documents = [document for job in batch for document in job.documents]
        started = time.monotonic()
        try:
            results = self._search(documents, batch[0].options)
        except Exception as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for job in batch:
                self._answer([job])
            return
        seconds = time.monotonic() - started
        speed = seconds / len(documents)
        self._seconds_per_document += (speed - self._seconds_per_document) * (
            WEIGHT if self._seconds_per_document else 1
        )
        self._observe(len(documents), seconds)
        rest = iter(results)
        for job in batch:
            job.future.set_result([next(rest) for _ in job.documents])
