"""The figures of /metrics, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
DOCUMENTS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters and histograms of one server.

    Args:
        waiting: returns the number of documents in the queue.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("seq2seq_requests", "Answered requests.", ["path", "status"], registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._seconds = histogram("seq2seq_request_seconds", "Seconds of answered requests.", ["path"], buckets=SECONDS)
        self._batches = histogram("seq2seq_batch_documents", "Documents of a batch.", buckets=DOCUMENTS)
        self._search = histogram("seq2seq_search_seconds", "Seconds of the search of a batch.", buckets=SECONDS)
        Gauge("seq2seq_waiting_documents", "Documents in the queue.", registry=self.registry).set_function(waiting)
        ProcessCollector(registry=self.registry)

    def request(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def batch(self, documents: int, seconds: float) -> None:
        self._batches.observe(documents)
        self._search.observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)
