"""The constraints of a search against plain Python."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from toy_models import BOS, EOS, IDS, PAD, SPECIAL, A, B, GRUState, NoState, TinyGRU, seeded, table_step, words

from seq2seq.decoding import CONSTRAINTS, SearchOptions, absent_ids, search
from seq2seq.decoding.constraints import SpecialIds, constrain, forbid, repeated_ngrams


def repeats(history: list[int], token: int, size: int) -> bool:
    ngrams = [[*history, token][i : i + size] for i in range(len(history) + 2 - size)]
    return ngrams[-1] in ngrams[:-1] if ngrams else False


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [0, 1, 2, 4, 9, 30])
def test_repeated_ngrams(size: int, length: int) -> None:
    """A vocabulary of six words, so that many n-grams repeat."""
    history = torch.randint(3, 9, (20, length), generator=seeded(length))
    found = repeated_ngrams(history, SearchOptions(no_repeat_ngram_size=size), SPECIAL)
    expected = [{token for token in range(9) if repeats(row, token, size)} for row in history.tolist()]
    assert [set(row) - {PAD} for row in found.tolist()] == expected
    if length == 30 and size < 4:
        assert any(expected)


def test_forbid() -> None:
    log_probs = torch.randn(7, 5, generator=seeded(0))
    ids = torch.randint(5, (7, 3), generator=seeded(1))
    found = forbid(log_probs.clone(), ids)
    for row, column in itertools.product(range(7), range(5)):
        assert found[row, column] == (-math.inf if column in ids[row].tolist() else log_probs[row, column])


@pytest.mark.parametrize("length", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_constrain_applies_all_constraints(length: int, size: int) -> None:
    options = SearchOptions(min_length=2, no_repeat_ngram_size=size)
    history = torch.randint(3, 8, (9, length), generator=seeded(length))
    log_probs = torch.randn(9, 8, generator=seeded(9))
    found = constrain(log_probs, history, options, SPECIAL)
    for row, token in itertools.product(range(9), range(8)):
        blocked = token in (PAD, BOS) or (token == EOS and length < 2)
        blocked = blocked or (size > 0 and repeats(history[row].tolist(), token, size))
        assert found[row, token] == (-math.inf if blocked else log_probs[row, token])


@pytest.mark.parametrize("beam_size", [1, 2])
def test_a_registered_constraint_is_applied(beam_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table gives "a" .6 and "b" .4 at the start, and the end .9 after "b"."""

    def no_a_at_the_start(history: torch.Tensor, options: SearchOptions, special: SpecialIds) -> torch.Tensor:
        return history.new_full((1, 1), A if history.shape[1] == 0 else special.pad)

    monkeypatch.setitem(CONSTRAINTS, "no_a_at_the_start", no_a_at_the_start)
    found = search(table_step, NoState([]), 1, SearchOptions(beam_size=beam_size), **IDS)
    assert words(found) == [[B]]
    torch.testing.assert_close(found.log_probs, torch.tensor([[0.4 * 0.9]]).log())


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_absent_words_belong_to_one_example(beam_size: int, in_pieces: bool) -> None:
    """Each example has forbidden words of its own, also when others have left the batch, and when the log-probabilities
    come in pieces. Alone it gives the same hypotheses."""
    model, examples, size = TinyGRU(4), 9, 24
    absent = torch.randint(4, size, (examples, 15), generator=seeded(5))
    absent[:, 0] = PAD
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=8)

    def step(tokens: torch.Tensor, state: GRUState) -> tuple[Any, GRUState]:
        log_probs, state = model.step(tokens, state)
        rows = 2 * len(tokens) // len(state.memory)
        pieces = ((piece, piece.new_zeros(len(piece))) for piece in log_probs.split(rows))
        return pieces if in_pieces else log_probs, state

    start = model.start(examples)
    free = search(step, start, examples, options, **IDS)
    found = search(step, start, examples, options, absent=absent, **IDS)
    assert start.kept
    broken = 0
    for example in range(examples):
        forbidden = set(absent[example].tolist())
        assert all(forbidden.isdisjoint(ids) for ids in words(found, example))
        broken += not all(forbidden.isdisjoint(ids) for ids in words(free, example))
        memory = start.memory[example : example + 1]
        alone = search(step, GRUState(memory, memory, []), 1, options, absent=absent[example : example + 1], **IDS)
        assert words(alone) == words(found, example)
    assert broken


def test_absent_ids() -> None:
    """Of the facts 4, 5 and 7 the first document has 5, and 4 in the form of 6; the second has none, but unknown words
    (9 and 10 beyond a vocabulary of nine)."""
    forms = torch.tensor([0, 1, 2, 3, 4, 5, 4, 7, 8])
    document = torch.tensor([[6, 5, 8, 3], [9, 10, 8, PAD]])
    found = absent_ids(torch.tensor([4, 5, 7]), forms, document, PAD)
    assert found.tolist() == [[PAD, PAD, 7], [4, 5, 7]]
