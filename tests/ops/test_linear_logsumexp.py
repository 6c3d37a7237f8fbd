"""The output layer of a search against float64."""

from __future__ import annotations

import pytest
import torch

from seq2seq import ops


@pytest.mark.parametrize("rows", [1, 3, 37])
@pytest.mark.parametrize("words", [5, 1100])
@pytest.mark.parametrize("columns", [0, 1, 52])
@pytest.mark.parametrize("plain", [False, True])
def test_by_float64(rows: int, words: int, columns: int, plain: bool) -> None:
    torch.manual_seed(0)
    hidden, weight, bias = torch.randn(rows, 20), torch.randn(words, 20), torch.randn(words)
    out = torch.full((rows, words + columns), torch.nan)
    packed = ops.pack_linear(weight, bias)
    if plain:
        with ops.reference_only():
            log_norms = ops.linear_logsumexp(hidden, packed, out)
    else:
        log_norms = ops.linear_logsumexp(hidden, packed, out)
    exact = hidden.double() @ weight.double().t() + bias.double()
    torch.testing.assert_close(out[:, :words].double(), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(log_norms.double(), exact.logsumexp(dim=-1), rtol=1e-6, atol=1e-6)


def test_more_threads_than_rows() -> None:
    kernels = pytest.importorskip("seq2seq.ops.linear_logsumexp.kernels")
    hidden, weight = torch.randn(17, 20), torch.randn(50, 20)
    out, log_norms = torch.empty(17, 64), torch.empty(17)
    panels = kernels.panels(weight.t())
    kernels.logits(hidden.numpy(), panels.numpy(), 50, out.numpy(), log_norms.numpy(), 13)
    torch.testing.assert_close(log_norms, (hidden @ weight.t()).logsumexp(dim=-1))


def test_half_precision() -> None:
    hidden, weight, bias = torch.randn(20, 8).bfloat16(), torch.randn(30, 8).bfloat16(), torch.zeros(30).bfloat16()
    out = torch.empty(20, 30)
    log_norms = ops.linear_logsumexp(hidden, ops.pack_linear(weight, bias), out)
    expected = hidden.double() @ weight.double().t()
    torch.testing.assert_close(out.double(), expected, rtol=0.02, atol=0.05)
    torch.testing.assert_close(log_norms, out.logsumexp(dim=-1))
