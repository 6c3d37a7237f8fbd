"""Gradients through time in summarizers with Elman, LSTM and GRU cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seq2seq.model.cells import FusedCell
from seq2seq.model.network import Seq2Seq
from seq2seq.training.counters import Clipping
from seq2seq.training.optimizer import OptimizerOptions, build_optimizer

from ..style import BLUE, CELL_COLOURS, GREY, RED, panels
from ..summarizers import CELLS_SHOWN, gradient_by_distance, mean_loss, small_network, story_batches

SCALES = (0.5, 1.0, 2.0)
"""Singular values of the recurrent matrix in the first panel; all singular values of an orthogonal matrix are 1."""
DISTANCES = (1, 10, 40)


@dataclass(frozen=True)
class CellNumbers:
    """Args:
    scaled: |dL/dh_t| by the distance from the last word, relative to distance 0, for Elman networks by the singular
        values of W^h (`SCALES`).
    untrained, trained: the same by cell, before and after the training.
    """

    scaled: dict[float, list[float]]
    untrained: dict[str, list[float]]
    trained: dict[str, list[float]]


@torch.no_grad()
def scale_recurrence(network: Seq2Seq, scale: float) -> None:
    """Multiplies the encoder's recurrent matrices."""
    for cell in (m for m in network.encoder.modules() if isinstance(m, FusedCell)):
        cell.weights().w_hh.mul_(scale)


def compute(steps: int = 300, batches: int = 60, size: int = 64, cells: Sequence[str] = CELLS_SHOWN) -> CellNumbers:
    """Args:
    steps: training steps of each network, with AdamW and clipping.
    batches: batches of 32 stories; the first one measures the gradients, the others train.
    size: units of the encoder; the decoder has twice as many.
    """
    (measured, *training), vocabulary = story_batches(batches)
    scaled, untrained, trained = {}, {}, {}
    for scale in SCALES:
        network = small_network("elman", vocabulary, size)
        scale_recurrence(network, scale)
        scaled[scale] = gradient_by_distance(network, measured)
    for cell in cells:
        network = small_network(cell, vocabulary, size)
        untrained[cell] = gradient_by_distance(network, measured)
        optimizer, schedule = build_optimizer(network, OptimizerOptions(3e-3, warmup_steps=10), steps)
        clipping = Clipping()
        for step in range(steps):
            optimizer.zero_grad()
            mean_loss(network, training[step % len(training)]).backward()
            clipping.clip(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        optimizer.zero_grad()
        trained[cell] = gradient_by_distance(network, measured)
    return CellNumbers(scaled, untrained, trained)


def draw(numbers: CellNumbers) -> Figure:
    figure, axes = panels(3, width=10.5, height=3.4)
    for (scale, values), colour in zip(numbers.scaled.items(), (BLUE, GREY, RED), strict=True):
        axes[0].plot(values, color=colour, label=f"singular values {scale:g}")
    for panel, found in zip(axes[1:], (numbers.untrained, numbers.trained), strict=True):
        for cell, values in found.items():
            panel.plot(values, color=CELL_COLOURS[cell], label=cell)
        _same_range(panel, [*numbers.untrained.values(), *numbers.trained.values()])
    titles = ("Elman, untrained, by $W^h$", "By cell, untrained", "By cell, trained")
    for panel, title in zip(axes, titles, strict=True):
        panel.set(yscale="log", title=title, xlabel="words before the last one", ylabel="$|dL/dh_t|$, relative")
        panel.legend(loc="lower left")
    return figure


def _same_range(axes: Axes, values: list[list[float]]) -> None:
    axes.set_ylim(min(map(min, values)) / 2, 2)


def facts(numbers: CellNumbers) -> dict[str, str]:
    def at_distances(values: list[float]) -> str:
        return ", ".join(f"{values[distance]:.2g}" for distance in DISTANCES)

    where = ", ".join(map(str, DISTANCES))
    rows = {
        f"Elman, singular values {scale:g}: gradient {where} words before the last one": at_distances(values)
        for scale, values in numbers.scaled.items()
    }
    for state, found in (("untrained", numbers.untrained), ("trained", numbers.trained)):
        rows |= {f"{cell}, {state}": at_distances(values) for cell, values in found.items()}
    return rows
