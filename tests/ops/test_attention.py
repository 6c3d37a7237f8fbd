"""Dot-product attention against the formula, one query at a time."""

from __future__ import annotations

import math

import pytest
import torch

from seq2seq import ops


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("some_rows", [False, True])
@pytest.mark.parametrize("plain", [False, True])
def test_by_hand(steps: int, some_rows: bool, plain: bool) -> None:
    torch.manual_seed(0)
    query, states = torch.randn(24, steps, 10), torch.randn(30 if some_rows else 24, 7, 10)
    mask = torch.arange(7) < torch.randint(1, 8, (24, 1))
    mask[3, 2] = mask[5, 0] = False  # padding can stand anywhere
    mask[5, 1] = True
    rows = torch.randint(30, (24,)) if some_rows else None
    arguments = query, states, mask, rows
    if plain:
        with ops.reference_only():
            context, weights = ops.attend(*arguments)
    else:
        context, weights = ops.attend(*arguments)
    for b in range(24):
        own = states[b if rows is None else int(rows[b])]
        for t in range(steps):
            scores = [float(query[b, t] @ own[s]) if mask[b, s] else -math.inf for s in range(7)]
            total = sum(math.exp(score) for score in scores)
            expected = torch.tensor([math.exp(score) / total for score in scores])
            torch.testing.assert_close(weights[b, t], expected, rtol=1e-4, atol=1e-6)
            torch.testing.assert_close(context[b, t], expected @ own, rtol=1e-4, atol=1e-5)
    assert not weights.masked_select(~mask.unsqueeze(1)).any()


def test_gradcheck() -> None:
    torch.manual_seed(0)
    query = torch.randn(3, 2, 4, dtype=torch.double, requires_grad=True)
    states = torch.randn(5, 6, 4, dtype=torch.double, requires_grad=True)
    mask, rows = torch.arange(6) < torch.tensor([[6], [1], [3]]), torch.tensor([4, 0, 4])
    assert torch.autograd.gradcheck(lambda q, s: ops.attend(q, s, mask, rows), (query, states))
