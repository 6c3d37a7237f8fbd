"""The warm-up of a server."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from seq2seq.decoding import SearchOptions
from seq2seq.serve.application import Service
from seq2seq.serve.limits import Limits


def test_the_model_is_warmed_up_once_by_the_thread_that_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread would leave threads of OpenMP and memory behind."""
    calls: list[tuple[str, str]] = []

    class Model:
        options = SearchOptions()

        def warm_up(self) -> None:
            calls.append(("warm_up", threading.current_thread().name))

    def results(model: Any, documents: Any, options: SearchOptions) -> list[int]:
        calls.append((f"search {len(documents)}", threading.current_thread().name))
        return [0] * len(documents)

    monkeypatch.setattr("seq2seq.serve.application.results", results)
    service = Service(Model(), "model", Limits(batch_documents=5))  # type: ignore[arg-type]
    service.warm_up()
    service.batcher.submit(["a"], SearchOptions()).future.result()
    service.batcher.close()
    assert calls == [("warm_up", "search"), ("search 5", "search"), ("search 1", "search")]
