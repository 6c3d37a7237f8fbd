"""The ordered parallel map: order, errors, and workers that the system kills."""

from __future__ import annotations

import os

import pytest
from jobs import Shifted

from seq2seq.data.parallel import ordered_map
from seq2seq.errors import UserError


@pytest.mark.parametrize("workers", [1, 2])
def test_ordered_map_keeps_the_order(workers: int) -> None:
    found = list(ordered_map(Shifted, (100, os.getpid()), range(50), workers))
    assert [number for number, _ in found] == list(range(100, 150))
    assert ({process for _, process in found} == {os.getpid()}) == (workers == 1)
    with pytest.raises(UserError, match="job -2: wrong"):
        list(ordered_map(Shifted, (0, os.getpid()), [1, -2, 3], workers))


def test_a_killed_worker_changes_no_result(caplog: pytest.LogCaptureFixture) -> None:
    jobs = [*range(20), -1, *range(20)]
    found = list(ordered_map(Shifted, (0, os.getpid()), iter(jobs), 2))
    assert [number for number, _ in found] == jobs
    assert "a worker process died" in caplog.text
