"""Wrong arguments raise the same ValueError in the fast and in the plain version, before any memory is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq import ops

ROWS = 16  # enough for compiled loops


def weights(**changes: Tensor) -> ops.GRUWeights:
    shapes = {"w_ih": (24, 5), "w_hh": (24, 8), "b_ih": (24,), "b_hh": (24,)}
    return ops.GRUWeights(**{name: torch.zeros(shape) for name, shape in shapes.items()} | changes)


def gru(**changes: Any) -> Tensor:
    arguments = {"x": torch.zeros(ROWS, 3, 5), "h0": torch.zeros(ROWS, 8)} | changes
    layer = weights(**{name: arguments.pop(name) for name in list(arguments) if name[1:2] == "_"})
    return ops.gru(**arguments, weights=layer)


def bigru(**changes: Any) -> Tensor:
    arguments = {"x": torch.zeros(ROWS, 3, 5), "lengths": torch.full((ROWS,), 3)} | changes
    backward = weights(**{name: arguments.pop(name) for name in list(arguments) if name[1:2] == "_"})
    return ops.bigru(**arguments, forward=weights(), backward=backward)


def lookup(**changes: Any) -> Tensor:
    arguments = {"table": torch.zeros(9, 5), "ids": torch.zeros(ROWS, 3, dtype=torch.long)} | changes
    return bigru(x=ops.Lookup(**arguments))


def attend(**changes: Any) -> tuple[Tensor, Tensor]:
    arguments = {
        "query": torch.zeros(ROWS, 2, 4),
        "states": torch.zeros(20, 3, 4),
        "mask": torch.ones(ROWS, 3, dtype=torch.bool),
        "rows": torch.arange(ROWS),
    }
    return ops.attend(**arguments | changes)


def cross_entropy(**changes: Any) -> tuple[Tensor, Tensor]:
    arguments = {
        "hidden": torch.zeros(ROWS, 4),
        "weight": torch.zeros(9, 4),
        "bias": torch.zeros(9),
        "target": torch.zeros(ROWS, dtype=torch.long),
        "gate_logit": torch.zeros(ROWS),
        "copy_prob": torch.zeros(ROWS),
    }
    return ops.linear_cross_entropy(**arguments | changes)


def some_words(**changes: Any) -> Tensor:
    return cross_entropy(**{"words": torch.tensor([0, 1])} | changes)


def logsumexp(**changes: Any) -> Tensor:
    packed = {name: changes.pop(name) for name in ("weight", "bias") if name in changes}
    arguments = {"hidden": torch.zeros(ROWS, 4), "out": torch.zeros(ROWS, 16)} | changes
    return ops.linear_logsumexp(
        **arguments, packed=ops.pack_linear(**{"weight": torch.zeros(9, 4), "bias": torch.zeros(9)} | packed)
    )


def reverse(**changes: Any) -> Tensor:
    return ops.reverse_by_length(**{"x": torch.zeros(ROWS, 3, 5), "lengths": torch.full((ROWS,), 3)} | changes)


WRONG: list[tuple[Callable, str, Any, str]] = [
    (gru, "x", torch.zeros(ROWS, 5), r"gru: x must have the shape \[N, T, I\]"),
    (gru, "h0", torch.zeros(2 * ROWS, 8), r"gru: h0 must have the shape \[N, H\] = \[16, 8\], but has \[32, 8\]"),
    (gru, "h0", torch.zeros(ROWS, 9), r"gru: w_ih must have the shape \[3H, I\] = \[27, 5\]|w_hh"),
    (gru, "h0", torch.zeros(ROWS, 8).double(), "gru: h0 must have the type torch.float32, but has torch.float64"),
    (gru, "w_ih", torch.zeros(24, 6), r"gru: w_ih must have the shape \[3H, I\] = \[24, 5\]"),
    (gru, "w_hh", torch.zeros(24, 9), "gru: w_hh"),
    (gru, "b_ih", torch.zeros(23), "gru: b_ih"),
    (gru, "b_hh", torch.zeros(8), "gru: b_hh"),
    (gru, "b_hh", torch.zeros(24, device="meta"), "gru: b_hh must be on cpu, but is on meta"),
    (bigru, "x", torch.zeros(ROWS, 3, 4), r"bigru: forward w_ih must have the shape \[3H, I\] = \[24, 4\]"),
    (bigru, "lengths", torch.full((ROWS,), 4), "bigru: lengths must be from 0 to 3, but holds 4"),
    (bigru, "lengths", torch.full((ROWS,), -1), "bigru: lengths must be from 0 to 3, but holds -1"),
    (bigru, "lengths", torch.full((ROWS + 1,), 3), r"bigru: lengths must have the shape \[N\]"),
    (bigru, "lengths", torch.full((ROWS,), 3.0), "bigru: lengths must have the type torch.int64"),
    (bigru, "w_hh", torch.zeros(27, 9), "bigru: backward w_hh"),
    (lookup, "ids", torch.full((ROWS, 3), 9), "bigru: ids must be from 0 to 8, but holds 9"),
    (lookup, "table", torch.zeros(9, 4), "bigru: forward w_ih"),
    (lookup, "table", torch.zeros(9), r"bigru: table must have the shape \[U, I\]"),
    (attend, "query", torch.zeros(ROWS, 2, 5), r"attend: states must have the shape \[R, S, C\] = \[20, 3, 5\]"),
    (attend, "query", torch.zeros(ROWS, 4), "attend: query"),
    (attend, "states", torch.zeros(20, 4, 4), r"attend: mask must have the shape \[B, S\] = \[16, 4\]"),
    (attend, "mask", torch.ones(ROWS, 3), "attend: mask must have the type torch.bool"),
    (attend, "mask", torch.ones(ROWS - 1, 3, dtype=torch.bool), "attend: mask"),
    (attend, "rows", torch.full((ROWS,), 20), "attend: rows must be from 0 to 19, but holds 20"),
    (attend, "rows", torch.arange(ROWS - 1), "attend: rows"),
    (attend, "rows", None, r"attend: states must have the shape \[B, S, C\] = \[16, 3, 4\], but has \[20, 3, 4\]"),
    (cross_entropy, "hidden", torch.zeros(ROWS, 5), r"linear_cross_entropy: weight must have the shape \[V, E\]"),
    (cross_entropy, "weight", torch.zeros(9, 4).double(), "linear_cross_entropy: weight must have the type"),
    (cross_entropy, "bias", torch.zeros(8), "linear_cross_entropy: bias"),
    (cross_entropy, "target", torch.full((ROWS,), -1), "linear_cross_entropy: target must be at least 0"),
    (cross_entropy, "target", torch.zeros(ROWS + 1, dtype=torch.long), "linear_cross_entropy: target"),
    (cross_entropy, "gate_logit", torch.zeros(ROWS + 1), "linear_cross_entropy: gate_logit"),
    (cross_entropy, "gate_logit", None, "gate_logit and copy_prob are given together or not at all"),
    (cross_entropy, "copy_prob", torch.zeros(ROWS, 1), "linear_cross_entropy: copy_prob"),
    (cross_entropy, "words", torch.tensor([0, 9]), "linear_cross_entropy: words must be from 0 to 8, but holds 9"),
    (cross_entropy, "words", torch.tensor([1, 0]), "linear_cross_entropy: words must be in increasing order"),
    (cross_entropy, "words", torch.tensor([0, 0]), "linear_cross_entropy: words must be in increasing order"),
    (cross_entropy, "words", torch.tensor([5, 6]), "linear_cross_entropy: words must hold every target below V"),
    (cross_entropy, "words", torch.empty(0).long(), "linear_cross_entropy: words must hold every target below V"),
    (cross_entropy, "log_counts", torch.zeros(2), "linear_cross_entropy: log_counts belong to words; give both"),
    (some_words, "log_counts", torch.zeros(3), r"linear_cross_entropy: log_counts must have the shape \[W\] = \[2\]"),
    (cross_entropy, "target_weights", torch.ones(ROWS + 1), "linear_cross_entropy: target_weights"),
    (cross_entropy, "target_weights", torch.ones(ROWS).double(), "target_weights must have the type torch.float32"),
    (cross_entropy, "target_weights", torch.ones(ROWS, requires_grad=True), "target_weights have no gradient"),
    (cross_entropy, "label_smoothing", 1.0, r"label_smoothing must be in \[0, 1\)"),
    (logsumexp, "hidden", torch.zeros(ROWS, 5), r"linear_logsumexp: hidden must have the shape \[N, E\]"),
    (logsumexp, "hidden", torch.zeros(ROWS, 4).double(), "linear_logsumexp: hidden must have the type"),
    (logsumexp, "out", torch.zeros(ROWS - 1, 16), r"linear_logsumexp: out must have the shape \[N, W\]"),
    (logsumexp, "out", torch.zeros(ROWS, 8), "out must be contiguous and have at least V = 9 columns"),
    (logsumexp, "out", torch.zeros(16, ROWS).t(), "out must be contiguous"),
    (logsumexp, "out", torch.zeros(ROWS, 16).double(), "linear_logsumexp: out must have the type"),
    (logsumexp, "bias", torch.zeros(8), r"pack_linear: bias must have the shape \[V\] = \[9\]"),
    (logsumexp, "weight", torch.zeros(9), "pack_linear: weight"),
    (reverse, "x", torch.zeros(ROWS, 3), "reverse_by_length: x"),
    (reverse, "lengths", torch.full((ROWS,), 4), "reverse_by_length: lengths must be from 0 to 3"),
]


@pytest.mark.parametrize(
    ("operation", "name", "value", "message"), WRONG, ids=[f"{case[0].__name__}-{case[1]}" for case in WRONG]
)
def test_a_wrong_argument(operation: Callable, name: str, value: Any, message: str) -> None:
    operation()  # right as it is
    found = []
    for gradients in (False, True):
        with torch.set_grad_enabled(gradients):
            with pytest.raises(ValueError, match=message) as fast:
                operation(**{name: value})
            with ops.reference_only(), pytest.raises(ValueError, match=message) as plain:
                operation(**{name: value})
        found += [str(fast.value), str(plain.value)]
    assert len(set(found)) == 1


def test_other_strides_are_copied() -> None:
    """Tensors that are not contiguous give the same results."""
    x, h0 = torch.randn(3, ROWS, 5).transpose(0, 1), torch.randn(8, ROWS).t()
    layer = ops.GRUWeights(*(torch.randn_like(w) for w in weights()))
    turned = layer._replace(w_hh=layer.w_hh.t().contiguous().t(), w_ih=layer.w_ih.t().contiguous().t())
    torch.testing.assert_close(ops.gru(x, h0, turned), ops.gru(x.contiguous(), h0.contiguous(), layer))


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_dropout_of_an_impossible_share(p: float) -> None:
    with pytest.raises(ValueError, match=r"dropout: p must be in \[0, 1\)"):
        ops.dropout(torch.ones(3), p, training=True)
