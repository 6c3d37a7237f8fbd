"""h_t = W^t h_0 for eigenvalues below, at and above 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..style import BLUE, GREY, ORANGE, RED, panels

STEPS = 50
EIGENVALUES = (0.9, 1.0, 1.1)
SECOND = 0.8  # the smaller eigenvalue, relative to the larger one
ANGLE = math.radians(30)  # of the first eigenvector
SHEARED = ((0.9, 2.0), (0.0, 0.9))
"""A matrix whose eigenvalues are 0.9, but which makes some vectors longer at first."""


@dataclass(frozen=True)
class EigenvalueNumbers:
    """Args:
    norms: |h_t| for t = 0 ... `STEPS`, by the greatest eigenvalue of a symmetric W.
    angles: angle between h_t and the first eigenvector in degrees, the same for all of them.
    sheared_norms: |h_t| for `SHEARED`.
    sheared_singular_value: the greatest singular value of `SHEARED`.
    """

    norms: dict[float, list[float]]
    angles: list[float]
    sheared_norms: list[float]
    sheared_singular_value: float


def eigenvectors() -> Tensor:
    """Q, [2, 2]: the eigenvectors as columns."""
    cosine, sine = math.cos(ANGLE), math.sin(ANGLE)
    return torch.tensor([[cosine, -sine], [sine, cosine]], dtype=torch.float64)


def symmetric(largest: float) -> Tensor:
    """W = Q diag(largest, SECOND * largest) Q^T."""
    q = eigenvectors()
    return q @ torch.diag(torch.tensor([largest, SECOND * largest], dtype=torch.float64)) @ q.T


def powers(matrix: Tensor, start: Tensor) -> Tensor:
    """h_0 ... h_T with h_t = W h_{t-1}, [T + 1, 2]."""
    states = [start]
    for _ in range(STEPS):
        states.append(matrix @ states[-1])
    return torch.stack(states)


def compute() -> EigenvalueNumbers:
    q = eigenvectors()
    start = q @ torch.tensor([0.6, 0.8], dtype=torch.float64)  # a mixture of both eigenvectors
    states = {value: powers(symmetric(value), start) for value in EIGENVALUES}
    along = states[1.0] @ q  # [T + 1, 2] parts in the direction of each eigenvector
    sheared = torch.tensor(SHEARED, dtype=torch.float64)
    return EigenvalueNumbers(
        {value: path.norm(dim=1).tolist() for value, path in states.items()},
        torch.rad2deg(torch.atan2(along[:, 1].abs(), along[:, 0].abs())).tolist(),
        powers(sheared, torch.tensor([0.0, 1.0], dtype=torch.float64)).norm(dim=1).tolist(),
        torch.linalg.matrix_norm(sheared, 2).item(),
    )


def draw(numbers: EigenvalueNumbers) -> Figure:
    figure, (norms, angles, sheared) = panels(3, width=10.5, height=3.2)
    for (value, found), colour in zip(numbers.norms.items(), (BLUE, GREY, RED), strict=True):
        norms.plot(found, color=colour, label=rf"$\lambda_1 = {value:g}$")
    norms.set(yscale="log", title="Length of $h_t = W^t h_0$", xlabel="step $t$", ylabel="$|h_t|$")
    norms.legend()
    angles.plot(numbers.angles, color=ORANGE)
    angles.set(
        title="$h_t$ turns to the first eigenvector", xlabel="step $t$", ylabel="angle in degrees", ylim=(0, None)
    )
    sheared.plot(numbers.sheared_norms, color=BLUE)
    sheared.axhline(1, color=GREY, linewidth=0.8, linestyle="--")
    title = rf"Eigenvalues 0.9, singular value {numbers.sheared_singular_value:.2f}"
    sheared.set(title=title, xlabel="step $t$", ylabel="$|h_t|$", ylim=(0, None))
    return figure


def facts(numbers: EigenvalueNumbers) -> dict[str, str]:
    rows = {
        f"length after {STEPS} steps, eigenvalue {value:g}": f"{norms[-1]:.3g}"
        for value, norms in numbers.norms.items()
    }
    peak = max(numbers.sheared_norms)
    rows["angle to the first eigenvector after 0, 10, 20 steps"] = ", ".join(
        f"{numbers.angles[t]:.1f}" for t in (0, 10, 20)
    )
    rows["greatest length with both eigenvalues 0.9"] = f"{peak:.1f} at step {numbers.sheared_norms.index(peak)}"
    return rows
