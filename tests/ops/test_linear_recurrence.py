"""The linear recurrence by a loop and by a scan: numbers by hand, each other, and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from seq2seq import ops
from seq2seq.ops.dispatch import steps_in_parallel
from seq2seq.ops.linear_recurrence import differentiable, reference, scan

SOLVERS = {"loop": reference.linear_recurrence, "scan": scan.linear_recurrence}


def arguments(steps: int, rows: int = 3, size: int = 4) -> list[Tensor]:
    """Decays in (0, 1), some of them 0 or 1, added terms of both signs, and a start state."""
    torch.manual_seed(steps)
    decay = torch.rand(rows, steps, size, dtype=torch.double)
    decay[0, ::3, 0], decay[1, :, 1] = 0.0, 1.0
    added, h0 = torch.randn(rows, steps, size).double(), torch.randn(rows, size).double()
    return [x.requires_grad_() for x in (decay, added, h0)]


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_by_hand(solver: object) -> None:
    """h = 8; h / 2 + 1 = 5; 0 h - 3 = -3; -3 + 10 = 7; 7 / 4 + 0 = 1.75."""
    decay = torch.tensor([0.5, 0.0, 1.0, 0.25]).view(1, 4, 1)
    added = torch.tensor([1.0, -3.0, 10.0, 0.0]).view(1, 4, 1)
    states = solver(decay, added, torch.tensor([[8.0]]))  # type: ignore[operator]
    assert states.flatten().tolist() == [5.0, -3.0, 7.0, 1.75]


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 8, 9, 33, 130])
def test_the_scan_equals_the_loop(steps: int) -> None:
    """States and gradients, around powers of two, where the rounds of the scan change. The loop has autograd's own
    gradient here."""
    given = arguments(steps)
    with ops.reference_only():
        expected = ops.linear_recurrence(*given)
    upstream = torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, given, upstream)
    for solver in SOLVERS.values():
        found = differentiable(solver, *given)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
        for one, other in zip(torch.autograd.grad(found, given, upstream), wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize("steps", [1, 6])
def test_gradcheck(solver: object, steps: int) -> None:
    assert torch.autograd.gradcheck(lambda *given: differentiable(solver, *given), arguments(steps))  # type: ignore[arg-type]


def test_small_decays_do_not_underflow_to_wrong_states() -> None:
    """The product of 200 decays is 0 in float32. A version that divided by it would give NaN."""
    decay, added = torch.full((1, 200, 1), 0.01), torch.ones(1, 200, 1)
    states = scan.linear_recurrence(decay, added, torch.ones(1, 1))
    assert states[0, -1].item() == pytest.approx(1 / 0.99)


def test_a_device_other_than_the_cpu_scans() -> None:
    meta = torch.zeros(2, 5, 3, device="meta")
    assert steps_in_parallel(meta)
    assert not steps_in_parallel(torch.zeros(2, 5, 3))
    with ops.reference_only():
        assert not steps_in_parallel(meta)
    assert ops.linear_recurrence(meta, meta, meta[:, 0]).shape == meta.shape


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 5, 3), (2, 4, 3), (2, 3)), r"added must have the shape \[N, T, H\] = \[2, 5, 3\], but has \[2, 4, 3\]"),
        (((2, 5, 3), (2, 5, 3), (2, 4)), r"h0 must have the shape \[N, H\] = \[2, 3\], but has \[2, 4\]"),
    ],
)
def test_wrong_shapes(shapes: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^linear_recurrence: {message}"):
        ops.linear_recurrence(*(torch.zeros(shape) for shape in shapes))
