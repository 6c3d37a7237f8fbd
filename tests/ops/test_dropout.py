"""Dropout: the share, the scale, independence of neighbours, and the seed."""

from __future__ import annotations

import math

import pytest
import torch
from compiled_loops import needs_loops

from seq2seq import ops
from seq2seq.ops.dropout import fast


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9999999])
def test_share_and_scale(p: float) -> None:
    torch.manual_seed(3)
    x = torch.ones(500, 401, requires_grad=True)  # not a multiple of four
    out = ops.dropout(x, p, training=True)
    kept = out != 0
    share = kept.double().mean().item()
    real = max(1 - p, 2**-32)
    assert share == pytest.approx(real, abs=5 * math.sqrt(real * (1 - real) / x.numel()) + 2**-32)
    assert torch.allclose(out[kept], torch.tensor(1 / real), rtol=1e-3)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(gradient, out)
    for axis in (0, 1):  # neighbours are dropped independently
        both = (kept.narrow(axis, 1, 400) & kept.narrow(axis, 0, 400)).double().mean().item()
        assert both == pytest.approx(real**2, abs=0.01)
    assert ops.dropout(x, p, training=False) is x


@pytest.mark.parametrize("plain", [False, True])
def test_the_seed_decides(plain: bool) -> None:
    def draw() -> torch.Tensor:
        if plain:
            with ops.reference_only():
                return ops.dropout(torch.ones(10, 10), 0.3, training=True)
        return ops.dropout(torch.ones(10, 10), 0.3, training=True)

    torch.manual_seed(5)
    first, second = draw(), draw()
    torch.manual_seed(5)
    assert torch.equal(draw(), first)
    assert not torch.equal(first, second)


@needs_loops
def test_the_fallback_of_the_gradient_draws_the_same() -> None:
    """If the loop fails in the backward pass, torch's operations compute the same hash."""
    x = torch.randn(300, 41)
    for seeds in ([1, 2], [2**32 - 1, 2**31 + 7]):
        dropped = round(0.3 * 2**32)
        torch.testing.assert_close(fast._applied(x, seeds, dropped), fast._applied_by_torch(x, seeds, dropped))
