"""A linear recurrence with a decay of its own at each step and unit:

h_t = decay_t h_{t-1} + added_t

Two versions compute it: a loop over the steps (`reference.py`), and a scan in log2(T) rounds (`scan.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..checks import Arguments
from ..dispatch import references_wanted, steps_in_parallel
from . import reference, scan

Solver = Callable[[Tensor, Tensor, Tensor], Tensor]


def linear_recurrence(decay: Tensor, added: Tensor, h0: Tensor) -> Tensor:
    """decay [N, T, H], added [N, T, H], h0 [N, H] -> the states after each step [N, T, H]. T is at least 1.

    Raises ValueError for a wrong shape or type.
    """
    arguments = Arguments("linear_recurrence", decay)
    arguments.shape("decay", decay, "N T H")
    arguments.shape("added", added, "N T H")
    arguments.shape("h0", h0, "N H")
    if references_wanted():
        return reference.linear_recurrence(decay, added, h0)
    solver = scan.linear_recurrence if steps_in_parallel(decay) else reference.linear_recurrence
    return differentiable(solver, decay, added, h0)


def differentiable(solver: Solver, decay: Tensor, added: Tensor, h0: Tensor) -> Tensor:
    """The states by one of the two versions, with a gradient that the same version computes."""
    return _LinearRecurrence.apply(solver, decay, added, h0)


class _LinearRecurrence(torch.autograd.Function):
    """The gradient is a linear recurrence from the last step to the first, with the decays shifted by one step:

    d_t = dL/dh_t + decay_{t+1} d_{t+1}
    """

    @staticmethod
    def forward(ctx: Any, solver: Solver, decay: Tensor, added: Tensor, h0: Tensor) -> Tensor:
        states = solver(decay, added, h0)
        ctx.solver = solver
        ctx.save_for_backward(decay, h0, states)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[None, Tensor, Tensor, Tensor]:
        decay, h0, states = ctx.saved_tensors
        later = torch.cat([decay[:, 1:], torch.zeros_like(decay[:, :1])], dim=1)
        d = ctx.solver(later.flip(1), upstream.flip(1), torch.zeros_like(h0)).flip(1)
        before = torch.cat([h0.unsqueeze(1), states[:, :-1]], dim=1)
        return None, d * before, d, d[:, 0] * decay[:, 0]
