"""The sums for dL/dW^h and dL/dW^x, written out, against autograd and finite differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from seq2seq.model.cells import ElmanCell

from ..style import BLUE, GREEN, ORANGE, panels

STEPS, INPUT_SIZE, HIDDEN_SIZE, OUTPUT_SIZE = 12, 3, 4, 2
STEP_SIZES = tuple(10.0**-k for k in range(1, 13))


class Problem(NamedTuple):
    """One sequence and an Elman network in float64: x [T, I], targets [T, O], W^y [O, H]. The loss is
    L = sum over t of 1/2 |y_t - target_t|^2 with y_t = W^y h_t."""

    cell: ElmanCell
    w_y: Tensor
    x: Tensor
    targets: Tensor

    def states(self) -> Tensor:
        """h_1 ... h_T, [T, H]."""
        states, _ = self.cell(self.x.unsqueeze(0), self.x.new_zeros(1, HIDDEN_SIZE))
        return states[0]

    def loss(self) -> Tensor:
        return (self.states() @ self.w_y.T - self.targets).square().sum() / 2


@dataclass(frozen=True)
class GradientNumbers:
    """Args:
    shares: [T, T] norm of the term (t, k) of the sum for dL/dW^h: the part of the loss at step t that goes back to
        step k. Zero for k > t.
    autograd_errors: for W^h and W^x the relative distance of the sum from autograd.
    difference_errors: the same for finite differences from autograd, by step size (`STEP_SIZES`).
    truncated_errors: the relative error of the sum for W^h if only terms with t - k < n are kept, for n = 1 ... T.
    """

    shares: Tensor
    autograd_errors: dict[str, float]
    difference_errors: dict[str, list[float]]
    truncated_errors: list[float]


def make_problem(seed: int = 1) -> Problem:
    generator = torch.Generator().manual_seed(seed)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    cell = ElmanCell(INPUT_SIZE, HIDDEN_SIZE).double()
    w_ih, w_hh, _, _ = cell.weights()
    with torch.no_grad():
        w_ih.copy_(numbers(*w_ih.shape) / 2)
        w_hh.copy_(numbers(*w_hh.shape) / 2)
    return Problem(cell, numbers(OUTPUT_SIZE, HIDDEN_SIZE), numbers(STEPS, INPUT_SIZE), numbers(STEPS, OUTPUT_SIZE))


@torch.no_grad()
def terms(problem: Problem) -> tuple[Tensor, Tensor]:
    """The terms of both sums, [T, T, H, H] for W^h and [T, T, H, I] for W^x; zero for k > t.

    dL/dW^h = sum_t sum_{k<=t} (dh_t/dh_k)^T (dL_t/dh_t) * (1 - h_k^2) h_{k-1}^T
    dL/dW^x = the same with x_k^T in place of h_{k-1}^T
    dh_t/dh_k = product over j = k+1 ... t of diag(1 - h_j^2) W^h
    """
    states, w_h = problem.states(), problem.cell.weights().w_hh
    before = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
    slopes = 1 - states.square()  # of tanh
    for_w_h = states.new_zeros(STEPS, STEPS, HIDDEN_SIZE, HIDDEN_SIZE)
    for_w_x = states.new_zeros(STEPS, STEPS, HIDDEN_SIZE, INPUT_SIZE)
    for t in range(STEPS):
        error = problem.w_y @ states[t] - problem.targets[t]
        backwards = problem.w_y.T @ error  # (dh_t/dh_k)^T dL_t/dh_t, for k = t
        for k in range(t, -1, -1):
            local = backwards * slopes[k]
            for_w_h[t, k] = torch.outer(local, before[k])
            for_w_x[t, k] = torch.outer(local, problem.x[k])
            backwards = w_h.T @ local  # now for k - 1
    return for_w_h, for_w_x


def finite_differences(problem: Problem, weight: Tensor, size: float) -> Tensor:
    """(L(w + size) - L(w - size)) / (2 size) for each number w of a weight."""
    gradient = torch.zeros_like(weight)
    with torch.no_grad():
        for number, slot in zip(weight.view(-1), gradient.view(-1), strict=True):
            kept, losses = number.clone(), []
            for shifted in (kept + size, kept - size):
                number.copy_(shifted)
                losses.append(problem.loss())
            number.copy_(kept)
            slot.copy_((losses[0] - losses[1]) / (2 * size))
    return gradient


def distance(found: Tensor, true: Tensor) -> float:
    """|found - true| / |true|."""
    return ((found - true).norm() / true.norm()).item()


def compute(seed: int = 1) -> GradientNumbers:
    problem = make_problem(seed)
    w_x, w_h, _, _ = problem.cell.weights()
    grad_h, grad_x = torch.autograd.grad(problem.loss(), [w_h, w_x])
    for_w_h, for_w_x = terms(problem)
    steps_back = torch.arange(STEPS).unsqueeze(1) - torch.arange(STEPS)  # t - k
    kept = [(for_w_h * (steps_back < n)[..., None, None]).sum((0, 1)) for n in range(1, STEPS + 1)]
    return GradientNumbers(
        for_w_h.norm(dim=(2, 3)),
        {"W^h": distance(for_w_h.sum((0, 1)), grad_h), "W^x": distance(for_w_x.sum((0, 1)), grad_x)},
        {
            name: [distance(finite_differences(problem, weight, size), true) for size in STEP_SIZES]
            for name, weight, true in (("W^h", w_h, grad_h), ("W^x", w_x, grad_x))
        },
        [distance(part, grad_h) for part in kept],
    )


def draw(numbers: GradientNumbers) -> Figure:
    figure, (heat, differences, truncated) = panels(3, width=10.5, height=3.3)
    shares = numbers.shares.masked_fill(numbers.shares == 0, torch.nan)
    extent = (0.5, STEPS + 0.5, STEPS + 0.5, 0.5)
    image = heat.imshow(shares, cmap="viridis", norm=LogNorm(), extent=extent, aspect="auto", interpolation="none")
    heat.grid(False)
    heat.set(title="Terms of the sum for $dL/dW^h$", xlabel="step $k$ of the weight", ylabel="step $t$ of the loss")
    figure.colorbar(image, ax=heat, label="norm of the term")
    for (name, errors), colour in zip(numbers.difference_errors.items(), (BLUE, ORANGE), strict=True):
        differences.plot(STEP_SIZES, errors, marker="o", markersize=3, color=colour, label=f"differences, ${name}$")
        differences.axhline(numbers.autograd_errors[name], color=colour, linestyle="--")
    differences.set(xscale="log", yscale="log", title="Relative distance from autograd")
    differences.set(xlabel="step of the finite differences", ylabel="distance", ylim=(1e-17, 1))
    differences.text(STEP_SIZES[-1], 6e-16, "the written sums")
    differences.legend(loc="lower left", bbox_to_anchor=(0.0, 0.18))
    percent = [100 * error for error in numbers.truncated_errors]
    truncated.plot(range(1, STEPS + 1), percent, marker="o", markersize=4, color=GREEN)
    truncated.set(title="Error if the sum is truncated", xlabel="$n$: terms with $t-k<n$ are kept")
    truncated.set(ylabel="error of $dL/dW^h$ in percent", ylim=(0, None), xticks=range(1, STEPS + 1))
    return figure


def facts(numbers: GradientNumbers) -> dict[str, str]:
    rows = {f"the sum for {name} against autograd": f"{error:.0e}" for name, error in numbers.autograd_errors.items()}
    for name, errors in numbers.difference_errors.items():
        best = min(range(len(errors)), key=errors.__getitem__)
        rows[f"finite differences for {name}, best step {STEP_SIZES[best]:.0e}"] = f"{errors[best]:.0e}"
    for kept in (1, 2, 4, 8):
        rows[f"error with {kept} of {STEPS} steps back"] = f"{100 * numbers.truncated_errors[kept - 1]:.1f} %"
    return rows
