"""Kept layouts of weights: compiled loops for few rows, and layouts that are made anew after a change."""

from __future__ import annotations

import torch
from compiled_loops import needs_loops

from seq2seq import ops
from seq2seq.ops.dispatch import kernels_usable
from seq2seq.ops.layouts import layout


@needs_loops
def test_few_rows_use_compiled_loops_inside_the_block_alone() -> None:
    x = torch.zeros(1)
    assert not kernels_usable(1, x)
    with ops.ready_for_few_rows({}):
        assert kernels_usable(1, x)
        assert not kernels_usable(0, x)  # no row is no work
        with ops.reference_only():
            assert not kernels_usable(1, x)
    assert not kernels_usable(1, x)


@needs_loops
@torch.no_grad()
def test_changed_weights_give_the_results_of_the_changed_weights() -> None:
    """Each call is compared with torch, with the same dictionary of layouts before and after two kinds of change."""
    torch.manual_seed(0)
    layer, linear, layouts = torch.nn.GRU(5, 8, batch_first=True), torch.nn.Linear(8, 30), ops.Layouts()

    def check() -> None:
        x, h0 = torch.randn(2, 3, 5), torch.randn(2, 8)
        weights = ops.GRUWeights(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)
        with ops.ready_for_few_rows(layouts):
            states = ops.gru(x, h0, weights)
            logits = torch.empty(2, 30)
            log_norms = ops.linear_logsumexp(states[:, -1], ops.pack_linear(linear.weight, linear.bias), logits)
        expected = layer(x, h0.unsqueeze(0))[0]
        torch.testing.assert_close(states, expected)
        torch.testing.assert_close(logits, linear(expected[:, -1]))
        torch.testing.assert_close(log_norms, logits.logsumexp(dim=1))

    check()
    check()
    assert len(layouts) == 2
    layer.weight_hh_l0.mul_(2)
    linear.bias.add_(1)
    check()
    other = torch.nn.GRU(5, 8)
    layer.load_state_dict(other.state_dict())
    check()
    assert len(layouts) == 2  # changed weights replace the layouts of the old ones


def test_a_layout_is_made_once_for_the_same_weights() -> None:
    made = []

    def double(weight: torch.Tensor) -> torch.Tensor:
        made.append(weight)
        return weight * 2

    weight, layouts = torch.ones(4, 4), ops.Layouts()
    layout(double, weight)
    layout(double, weight)
    assert len(made) == 2  # nothing is kept outside of a block
    for _ in range(2):
        with ops.ready_for_few_rows(layouts):
            assert layout(double, weight) is layout(double, weight[:])
    assert len(made) == 3
    with ops.ready_for_few_rows(layouts), torch.inference_mode():
        layout(double, weight[:2])  # a part begins at the same address
        layout(double, torch.ones(4, 4))  # made inside of inference mode, it has no version
        layout(double, torch.ones(4, 4))
    assert len(made) == 6
