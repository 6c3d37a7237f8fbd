"""Training of the same summarizers with and without clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from seq2seq.training.counters import Clipping

from ..style import BLUE, GREY, RED
from ..summarizers import CELLS_SHOWN, mean_loss, small_network, story_batches

LIMIT = 1.0
RATE = 0.5
DIVERGED = 1e4
"""A run with such a loss is stopped: a network that gives each word the same probability has a loss of 7."""


@dataclass(frozen=True)
class Run:
    """Args:
    losses: the loss at each step.
    norms: the norm of the gradient at each step, before clipping.
    clipped_share: share of the steps with clipped gradients.
    """

    losses: list[float]
    norms: list[float]
    clipped_share: float

    @property
    def diverged(self) -> bool:
        return not self.losses[-1] < DIVERGED


@dataclass(frozen=True)
class ClippingNumbers:
    """Args:
    runs: by cell, the run without and the run with clipping.
    uniform_loss: the loss of a network that gives each word the same probability.
    """

    runs: dict[str, tuple[Run, Run]]
    uniform_loss: float


def compute(steps: int = 60, batches: int = 30, size: int = 64, cells: Sequence[str] = CELLS_SHOWN) -> ClippingNumbers:
    """Trains each network twice from the same weights, by plain gradient descent: W <- W - 0.5 g."""
    training, vocabulary = story_batches(batches)

    def run(cell: str, limit: float | None) -> Run:
        network, clipping = small_network(cell, vocabulary, size), Clipping()
        descent = torch.optim.SGD(network.parameters(), lr=RATE)
        losses: list[float] = []
        norms: list[float] = []
        while len(losses) < steps and (not losses or losses[-1] < DIVERGED):
            descent.zero_grad()
            loss = mean_loss(network, training[len(losses) % len(training)])
            loss.backward()
            norms.append(clipping.clip(network.parameters(), limit).item())
            descent.step()
            losses.append(loss.item())
        return Run(losses, norms, clipping.share())

    return ClippingNumbers({cell: (run(cell, None), run(cell, LIMIT)) for cell in cells}, math.log(vocabulary.size))


def draw(numbers: ClippingNumbers) -> Figure:
    figure = Figure(figsize=(10.5, 5.0), layout="constrained")
    grid = figure.subplots(2, len(numbers.runs), sharex=True, sharey="row", squeeze=False)
    for (losses, norms), (cell, runs) in zip(grid.T, numbers.runs.items(), strict=True):
        for run, name, colour in zip(runs, ("without clipping", f"clipped at {LIMIT:g}"), (RED, BLUE), strict=True):
            losses.plot(run.losses, color=colour, label=name)
            norms.plot(run.norms, color=colour, label=name)
            if run.diverged:
                losses.plot(len(run.losses) - 1, min(run.losses[-1], 1e4), "x", color=colour, markersize=9)
        losses.set(title=cell, yscale="log", ylim=(2, 1.5e4))
        norms.set(yscale="log", xlabel="training step", ylim=(0.3, 1e6))
        losses.axhline(numbers.uniform_loss, color=GREY, linewidth=0.8, linestyle="--")
        norms.axhline(LIMIT, color=GREY, linewidth=0.8, linestyle="--")
    grid[0, 0].set_ylabel("loss")
    grid[1, 0].set_ylabel("norm of the gradient before clipping")
    grid[0, 0].legend(loc="upper right")
    return figure


def facts(numbers: ClippingNumbers) -> dict[str, str]:
    rows = {}
    for cell, runs in numbers.runs.items():
        for run, name in zip(runs, ("without clipping", "with clipping"), strict=True):
            end = f"stopped at step {len(run.losses)}" if run.diverged else f"loss {run.losses[-1]:.1f} at the end"
            rows[f"{cell}, {name}"] = f"{end}; greatest norm {max(run.norms):.2g}"
    return rows
