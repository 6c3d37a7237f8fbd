"""The GRU against torch.nn.GRU: states and all gradients, in the fast version and in the plain one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from compiled_loops import needs_loops
from torch import Tensor, nn

from seq2seq import ops
from seq2seq.ops import GRUWeights, Lookup, bigru, gru
from seq2seq.ops.gru import fast

TYPES = [torch.float32, torch.float64]  # compiled loops, and torch


def a_layer(input_size: int, hidden_size: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> nn.GRU:
    torch.manual_seed(seed)
    return nn.GRU(input_size, hidden_size, batch_first=True).to(dtype)


def weights(layer: nn.GRU) -> GRUWeights:
    return GRUWeights(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)


def row_by_row(forward: nn.GRU, backward: nn.GRU, x: Tensor, lengths: Tensor) -> Tensor:
    """The bidirectional layer by its definition: each row alone, without padding."""
    out = []
    for row, length in zip(x, lengths.tolist(), strict=True):
        states = torch.cat([forward(row[None, :length])[0], backward(row[None, :length].flip(1))[0].flip(1)], dim=-1)
        out.append(nn.functional.pad(states[0], (0, 0, 0, len(row) - length)))
    return torch.stack(out)


def masked(states: Tensor, lengths: Tensor) -> Tensor:
    return states.masked_fill(~(torch.arange(states.shape[1]) < lengths[:, None]).unsqueeze(-1), 0)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("rows", "steps", "size"), [(1, 1, 7), (20, 1, 7), (3, 6, 7), (40, 6, 33), (130, 3, 16)])
def test_states_and_gradients_equal_torchs(dtype: torch.dtype, rows: int, steps: int, size: int) -> None:
    layer = a_layer(5, size, dtype)
    x = torch.randn(rows, steps, 5, dtype=dtype, requires_grad=True)
    h0 = torch.randn(rows, size, dtype=dtype, requires_grad=True)
    expected = layer(x, h0[None])[0]
    found = gru(x, h0, weights(layer))
    with torch.no_grad():
        inference = gru(x, h0, weights(layer))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(inference, expected)
    leaves, upstream = [x, h0, *layer.parameters()], torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, leaves, upstream)
    for _ in range(2):  # the backward pass can be repeated
        for one, other in zip(torch.autograd.grad(found, leaves, upstream, retain_graph=True), wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("rows", "size"), [(4, 7), (40, 7), (70, 32)])
def test_both_directions_equal_each_row_alone(dtype: torch.dtype, rows: int, size: int) -> None:
    forward, backward = a_layer(5, size, dtype), a_layer(5, size, dtype, seed=1)
    x = torch.randn(rows, 6, 5, dtype=dtype, requires_grad=True)
    lengths = torch.randint(1, 7, (rows,))
    expected = row_by_row(forward, backward, x, lengths)
    found = bigru(x, lengths, weights(forward), weights(backward))
    torch.testing.assert_close(masked(found, lengths), expected)
    assert found.isfinite().all()
    with torch.no_grad():
        torch.testing.assert_close(masked(bigru(x, lengths, weights(forward), weights(backward)), lengths), expected)
    leaves, upstream = [x, *forward.parameters(), *backward.parameters()], torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, leaves, upstream)
    gradients = torch.autograd.grad(found, leaves, masked(upstream, lengths))
    for one, other in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def all_lengths() -> list[Tensor]:
    lengths = torch.randint(0, 7, (40,))
    return [lengths, lengths.sort(descending=True).values]


@pytest.mark.parametrize("dtype", TYPES)
def test_a_lookup_changes_nothing(dtype: torch.dtype) -> None:
    """Embeddings that are looked up inside, and rows that stop early: the same states."""
    layers = [a_layer(5, 7, dtype, seed) for seed in (0, 1)]
    table, ids = torch.randn(9, 5, dtype=dtype), torch.randint(9, (40, 6))
    with torch.no_grad():
        for lengths in all_lengths():
            expected, real = row_by_row(*layers, table[ids], lengths.clamp(1)), lengths > 0
            for x in (Lookup(table, ids), table[ids]):
                found = masked(bigru(x, lengths, *map(weights, layers)), lengths)
                torch.testing.assert_close(found[real], masked(expected, lengths)[real])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """With several threads the bits of torch's products of small matrices depend on the number of rows."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@needs_loops
@pytest.mark.parametrize("limit", [1, 3 * 7 * 2 * 6 * 5])
def test_parts_change_nothing(limit: int, one_thread: None) -> None:
    """One row, or five rows at a time."""
    layers = [a_layer(5, 7, seed=seed) for seed in (0, 1)]
    x, lengths = torch.randn(40, 6, 5), all_lengths()[1]
    with torch.no_grad():
        expected = fast.bigru(x, lengths, *map(weights, layers))
        assert torch.equal(fast.bigru(x, lengths, *map(weights, layers), max_projections=limit), expected)


def test_a_lookup_has_a_gradient_too() -> None:
    layer, table, ids = a_layer(5, 7), torch.randn(9, 5, requires_grad=True), torch.randint(9, (20, 4))
    lengths = torch.full((20,), 4)
    found = torch.autograd.grad(bigru(Lookup(table, ids), lengths, *[weights(layer)] * 2).sum(), table)
    expected = torch.autograd.grad(bigru(table[ids], lengths, *[weights(layer)] * 2).sum(), table)
    torch.testing.assert_close(found, expected)


def test_gradcheck() -> None:
    layer = a_layer(3, 4, torch.float64)
    x = torch.randn(2, 4, 3, dtype=torch.double, requires_grad=True)
    h0 = torch.randn(2, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, h0: gru(x, h0, weights(layer)), (x, h0))


@pytest.mark.parametrize("rows", [2, 20])
def test_gradients_that_nobody_wants(rows: int) -> None:
    """Frozen weights, inputs without gradient, and one direction of the output unused."""
    forward, backward = a_layer(5, 7).requires_grad_(False), a_layer(5, 7, seed=1)
    x = torch.randn(rows, 3, 5)
    out = bigru(x, torch.full((rows,), 3), weights(forward), weights(backward))
    out[..., 7:].sum().backward()
    expected = torch.autograd.grad(backward(x.flip(1))[0].sum(), list(backward.parameters()))
    for parameter, gradient in zip(backward.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)
    assert all(parameter.grad is None for parameter in forward.parameters())


def test_autocast() -> None:
    layer, x, h0 = a_layer(5, 7), torch.randn(20, 6, 5), torch.zeros(20, 7)
    expected = layer(x, h0[None])[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = gru(x, h0, weights(layer))
        low.float().sum().backward()
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), expected, rtol=0.03, atol=0.03)
    assert layer.weight_ih_l0.grad is not None
    assert layer.weight_ih_l0.grad.dtype == torch.float32


@pytest.mark.parametrize("rows", [2, 20])
def test_nan_stays_nan(rows: int) -> None:
    """A network that has diverged must not look healthy again."""
    layer = a_layer(5, 7)
    with torch.no_grad():
        layer.weight_ih_l0[3, 2] = torch.nan
    for learning in (True, False):
        with torch.set_grad_enabled(learning):
            assert gru(torch.randn(rows, 3, 5), torch.zeros(rows, 7), weights(layer)).isnan()[..., 3].all()


def test_the_number_of_threads_changes_no_bit() -> None:
    layer, x, h0, results = a_layer(5, 40), torch.randn(70, 6, 5), torch.randn(70, 40), []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(gru(x, h0, weights(layer)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*results)


def test_reverse_by_length_by_hand() -> None:
    x = torch.arange(12.0).view(3, 4, 1)
    found = ops.reverse_by_length(x, torch.tensor([3, 1, 4]))
    assert found.squeeze(-1).tolist() == [[2, 1, 0, 3], [4, 5, 6, 7], [11, 10, 9, 8]]
    assert torch.equal(ops.reverse_by_length(found, torch.tensor([3, 1, 4])), x)
    leaf = x.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ops.reverse_by_length(x, torch.tensor([3, 1, 4])), leaf)
