"""The network whose output is the sum of its inputs: weights set by hand, and weights that gradient descent finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from seq2seq.model.cells import Cell, ElmanCell

from ..style import BLUE, GREEN, GREY, ORANGE, panels

INPUTS = (3.0, -1.0, 2.0, 0.5)
TRAINED_LENGTH = 10
LENGTHS = (1, 2, 5, 10, 20, 50, 100)
SCALES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)


class LinearCell(Cell):
    """h' = W^x x + W^h h: an Elman cell without tanh and biases."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.w_x = nn.Parameter(torch.full((hidden_size, input_size), 0.5))
        self.w_h = nn.Parameter(torch.full((hidden_size, hidden_size), 0.5))

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = x @ self.w_x.T + state @ self.w_h.T
        return new, new


class Network(nn.Module):
    """y_t = W^y h_t on top of a cell."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell, self.w_y = cell, nn.Parameter(torch.full((1, cell.hidden_size), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        """x [N, T, 1] -> y [N, T, 1]."""
        states, _ = self.cell(x, x.new_zeros(len(x), self.cell.state_size))
        return states @ self.w_y.T


@dataclass(frozen=True)
class SumNumbers:
    """Args:
    states: h_1 ... h_T of the network with hand-set weights for `INPUTS`.
    weights: W^h and W^y W^x of the learnt linear network after each tenth step of its training.
    errors: for each network the mean distance from the sum by length (`LENGTHS`).
    scale_errors: mean distance of the hand-set tanh network from the sum of ten inputs, by epsilon (`SCALES`).
    """

    states: list[float]
    weights: list[tuple[float, float]]
    errors: dict[str, list[float]]
    scale_errors: list[float]


@torch.no_grad()
def hand_set() -> Network:
    """W^x = W^h = W^y = 1."""
    network = Network(LinearCell(1, 1))
    for weight in network.parameters():
        weight.fill_(1.0)
    return network


@torch.no_grad()
def hand_set_tanh(epsilon: float) -> Network:
    """The Elman cell of the package with W^x = epsilon, W^h = 1, W^y = 1 / epsilon: tanh(a) is nearly a for small a."""
    cell = ElmanCell(1, 1)
    w_ih, w_hh, _, _ = cell.weights()
    w_ih.fill_(epsilon)
    w_hh.fill_(1.0)
    network = Network(cell)
    network.w_y.fill_(1 / epsilon)
    return network.double()


def inputs(count: int, length: int, seed: int) -> Tensor:
    """[count, length, 1] numbers between -1 and 1."""
    return torch.rand(count, length, 1, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def learn(network: Network, steps: int, rate: float) -> list[tuple[float, float]]:
    """Trains on sequences of `TRAINED_LENGTH` numbers; the loss is the squared distance from the sum at each step.

    Returns W^h and W^y W^x (of the first unit) before each tenth step.
    """
    adam, seen = torch.optim.Adam(network.parameters(), lr=rate), []
    for step in range(steps):
        if step % 10 == 0 and isinstance(network.cell, LinearCell):
            seen.append((network.cell.w_h[0, 0].item(), (network.w_y @ network.cell.w_x).item()))
        x = inputs(32, TRAINED_LENGTH, seed=step)
        loss = (network(x) - x.cumsum(1)).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return seen


@torch.no_grad()
def error_by_length(network: Network, lengths: Sequence[int] = LENGTHS) -> list[float]:
    """The mean distance of the last output from the sum, for new sequences of each length."""
    found = []
    for length in lengths:
        x = inputs(200, length, seed=10_000 + length).to(network.w_y.dtype)
        found.append((network(x)[:, -1] - x.sum(1)).abs().mean().item())
    return found


def compute(steps: int = 300) -> SumNumbers:
    """Args:
    steps: training steps of both learnt networks.
    """
    torch.manual_seed(1)
    by_hand, linear, tanh = hand_set(), Network(LinearCell(1, 1)), Network(ElmanCell(1, 16))
    weights = learn(linear, steps, rate=0.02)
    learn(tanh, steps, rate=0.01)
    with torch.no_grad():
        states = by_hand(torch.tensor(INPUTS).view(1, -1, 1)).flatten().tolist()
    networks = {"set by hand, linear": by_hand, "learnt, linear": linear, "learnt, tanh (16 units)": tanh}
    return SumNumbers(
        states,
        weights,
        {name: error_by_length(network) for name, network in networks.items()},
        [error_by_length(hand_set_tanh(epsilon), (TRAINED_LENGTH,))[0] for epsilon in SCALES],
    )


def draw(numbers: SumNumbers) -> Figure:
    figure, (network, weights, errors) = panels(3, width=10.5, height=3.4)
    _draw_unfolded(network, numbers.states)
    steps = [10 * i for i in range(len(numbers.weights))]
    weights.plot(steps, [w_h for w_h, _ in numbers.weights], color=BLUE, label="$W^h$")
    weights.plot(steps, [product for _, product in numbers.weights], color=ORANGE, label="$W^y W^x$")
    weights.axhline(1, color=GREY, linewidth=0.8, linestyle="--")
    weights.set(title="The learnt weights approach 1", xlabel="training step", ylabel="weight")
    weights.legend()
    looks = ((GREY, 5.0), (BLUE, 1.6), (GREEN, 1.6))  # the two linear networks have the same error
    for (name, values), (colour, width) in zip(numbers.errors.items(), looks, strict=True):
        floor = [max(value, 1e-8) for value in values]
        errors.plot(LENGTHS, floor, marker="o", markersize=3, color=colour, linewidth=width, label=name)
    errors.axvline(TRAINED_LENGTH, color=GREY, linewidth=0.8, linestyle="--")
    errors.set(xscale="log", yscale="log", ylim=(5e-9, 3e3), title="Error by length (trained with length 10)")
    errors.set(xlabel="numbers in the sequence", ylabel="mean distance from the sum")
    errors.legend(loc="upper left")
    return figure


def _draw_unfolded(axes: Axes, states: Sequence[float]) -> None:
    """The network with one column a time step: inputs below, states in the middle, outputs above."""
    axes.set(xlim=(-0.75, len(states) - 0.3), ylim=(-0.55, 2.6), title="Unfolded in time; every weight is 1")
    axes.axis("off")
    arrow = {"arrowstyle": "->", "color": GREY, "shrinkA": 12, "shrinkB": 12}
    for t, (x, state) in enumerate(zip(INPUTS, states, strict=True)):
        for row, (value, colour) in enumerate(((x, "#f1f1f1"), (state, "#cfe0f5"), (state, "#f9e3c8"))):
            axes.scatter([t], [row], s=520, color=colour, edgecolors=GREY, zorder=2)
            axes.text(t, row, f"{value:g}", ha="center", va="center", fontsize=8, zorder=3)
        axes.annotate("", (t, 1), (t, 0), arrowprops=arrow)
        axes.annotate("", (t, 2), (t, 1), arrowprops=arrow)
        axes.text(t, -0.5, f"$t={t + 1}$", ha="center", fontsize=8)
        if t:
            axes.annotate("", (t, 1), (t - 1, 1), arrowprops=arrow)
    for row, name in enumerate(("$x_t$", "$h_t$", "$y_t$")):
        axes.text(-0.7, row, name, va="center", fontsize=10)


def facts(numbers: SumNumbers) -> dict[str, str]:
    w_h, product = numbers.weights[-1]
    rows = {
        "states for the inputs " + ", ".join(f"{x:g}" for x in INPUTS): ", ".join(f"{h:g}" for h in numbers.states),
        "learnt W^h and W^y W^x": f"{w_h:.3f} and {product:.3f}",
    }
    for name, values in numbers.errors.items():
        by_length = dict(zip(LENGTHS, values, strict=True))
        rows[f"error at length 10 and 100, {name}"] = f"{by_length[10]:.1g} and {by_length[100]:.1g}"
    rows["error of the tanh network set by hand, epsilon " + ", ".join(f"{epsilon:g}" for epsilon in SCALES)] = (
        ", ".join(f"{error:.1g}" for error in numbers.scale_errors)
    )
    return rows
