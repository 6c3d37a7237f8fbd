"""The record of a search, against a table that can be checked by hand."""

from __future__ import annotations

import math

import pytest
import torch
from toy_models import EOS, IDS, A, B, NoState, random_trigrams, table_step, trigram_step

from seq2seq.decoding import SearchOptions, SearchStep, search


def recorded(options: SearchOptions) -> list[SearchStep]:
    steps: list[SearchStep] = []
    search(table_step, NoState([]), 1, options, **IDS, record=steps.append)
    return steps


def hypotheses(step: SearchStep, positions: list[int]) -> list[tuple[int, int, float]]:
    """(parent, last token, probability) of some extensions."""
    tokens, parents, log_probs = (part[0].tolist() for part in (step.tokens, step.parents, step.log_probs))
    return [(parents[i], tokens[i], round(math.exp(log_probs[i]), 6)) for i in positions]


def finished(step: SearchStep) -> list[tuple[int, int, float]]:
    return hypotheses(step, step.finished[0].nonzero().flatten().tolist())


def live(step: SearchStep) -> list[tuple[int, int, float]]:
    return hypotheses(step, [position for position in step.live[0].tolist() if position >= 0])


def test_the_steps_of_a_beam_search() -> None:
    """Beam 2 on the table of `test_search.py`: a .6, b .4; then b. .36, aa .24, ab .21; then ab. .189, aaa .096."""
    first, second, third = recorded(SearchOptions(beam_size=2, max_length=3))
    assert (live(first), finished(first)) == ([(0, A, 0.6), (0, B, 0.4)], [])
    assert (live(second), finished(second)) == ([(0, A, 0.24), (0, B, 0.21)], [(1, EOS, 0.36)])
    assert (live(third), finished(third)) == ([], [(1, EOS, 0.189), (0, A, 0.096)])
    torch.testing.assert_close(second.scores[0, 0], torch.tensor(math.log(0.36) / 2))


def test_the_steps_of_a_greedy_search() -> None:
    """a (.6), a (.24), a (.096), cut."""
    steps = recorded(SearchOptions(max_length=3))
    assert [live(step) for step in steps] == [[(0, A, 0.6)], [(0, A, 0.24)], []]
    assert [finished(step) for step in steps] == [[], [], [(0, A, 0.096)]]


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_recorder_changes_no_result(beam_size: int) -> None:
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=9)
    tables = random_trigrams(1, examples=1, size=9)
    found = [search(trigram_step, tables, 1, options, **IDS, record=record) for record in (None, lambda step: None)]
    for name in ("tokens", "lengths", "scores", "log_probs"):
        assert torch.equal(getattr(found[0], name), getattr(found[1], name))


def test_a_recorder_needs_a_batch_of_one() -> None:
    with pytest.raises(ValueError, match="1 example, not 2"):
        search(table_step, NoState([]), 2, SearchOptions(), **IDS, record=lambda step: None)
