"""The two pictures of a gradient flow: heat maps (step of training x distance), and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .plots import colours, curves, panels, save

TITLES = {
    "hidden": "norm of dL/dh",
    "memory": "norm of the gradient of the memory",
    "carried": "share carried back by the recurrence",
}
FLOOR = 1e-12  # smaller values share the darkest colour


def draw_heat_maps(records: Sequence[dict[str, Any]], file: Path) -> Path:
    """One row of panels with one scale for each measure, one column for each cell. Colour: logarithm to base 10."""
    names = list(records[-1]["layers"])
    measures = [m for m in TITLES if any(r["layers"][name][m] for r in records for name in names)]
    steps = [record["step"] for record in records]
    figure, axes = panels(len(measures), len(names), (3.6, 2.7))
    for row, measure in zip(axes, measures, strict=True):
        tables = [_table([record["layers"][name][measure] for record in records]) for name in names]
        lowest, highest = _range(tables)
        for panel, name, table in zip(row, names, tables, strict=True):
            if not table.size:
                panel.set_axis_off()
                continue
            image = colours(panel, table, f"{name}\n{TITLES[measure]}", origin="lower", vmin=lowest, vmax=highest)
            _label_steps(panel, steps)
        row[0].set_ylabel("distance from the last state")
        figure.colorbar(image, ax=list(row), label="log10", fraction=0.03, pad=0.01)
    return save(figure, file)


def draw_curves(records: Sequence[dict[str, Any]], file: Path) -> Path:
    """Norms before and after clipping, singular values, gates, entropy, and the last step's norms by distance."""
    steps = [record["step"] for record in records]
    layers = records[-1]["layers"]
    figure, axes = panels(2, 3, (4.2, 3.0))
    norms = {name.replace("_", " "): [r[name] for r in records] for name in ("gradient_norm", "clipped_norm")}
    curves(axes[0, 0], "gradient norm before and after clipping", steps, norms)
    axes[0, 0].set_yscale("log")
    share = {"share": [r["clipped_share"] for r in records]}
    curves(axes[0, 1], "share of clipped steps in the epoch", steps, share)
    axes[0, 1].set_ylim(-0.05, 1.05)
    entropy = {"nats": [r["attention_entropy"] for r in records]}
    curves(axes[0, 2], "entropy of the attention", steps, entropy)
    curves(axes[1, 0], "largest singular value of the recurrent matrices", steps, _largest(records, "singular_values"))
    curves(axes[1, 2], "mean of the gates", steps, _by_layer(records, "gates"))
    last = axes[1, 1]
    for name, layer in layers.items():
        last.plot(layer["hidden"], linewidth=1.2, label=name)
    last.set_title(f"norm of dL/dh at step {steps[-1]}", fontsize=10)
    last.set_xlabel("distance from the last state")
    if any(value > 0 for layer in layers.values() for value in layer["hidden"]):
        last.set_yscale("log")
    last.grid(alpha=0.3)
    last.legend(fontsize=6)
    return save(figure, file)


def _by_layer(records: Sequence[dict[str, Any]], part: str) -> dict[str, list[float | None]]:
    """For each cell each of some values."""
    layers = records[-1]["layers"]
    return {
        f"{name} {key}": [record["layers"][name][part][key] for record in records]
        for name, layer in layers.items()
        for key in layer[part]
    }


def _largest(records: Sequence[dict[str, Any]], part: str) -> dict[str, list[float | None]]:
    """For each cell the largest of some values."""
    names = [name for name, layer in records[-1]["layers"].items() if layer[part]]
    return {name: [max(record["layers"][name][part].values()) for record in records] for name in names}


def _table(columns: Sequence[Sequence[float | None]]) -> np.ndarray:
    """[distance, record] logarithms; NaN where a record has no such distance or no value."""
    table = np.full((max(map(len, columns)), len(columns)), np.nan)
    for position, values in enumerate(columns):
        numbers = [math.nan if value is None else math.log10(max(value, FLOOR)) for value in values]
        table[: len(values), position] = numbers
    return table


def _range(tables: Sequence[np.ndarray]) -> tuple[float | None, float | None]:
    """The smallest and the largest value of some tables; None if there is none."""
    values = np.concatenate([table[~np.isnan(table)] for table in tables])
    return (values.min(), values.max()) if values.size else (None, None)


def _label_steps(axes: Any, steps: Sequence[int]) -> None:
    """The steps of the training at up to five columns."""
    places = sorted({round(i * (len(steps) - 1) / 4) for i in range(5)})
    axes.set_xticks(places, [str(steps[place]) for place in places])
    axes.set_xlabel("step of training")
