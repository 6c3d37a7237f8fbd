"""Line charts of a run's curves, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..markup import Element, element
from .numbers import readable, ticks

WIDE, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 54, 18, 12, 38
"""Size of a wide chart, and the margins of any chart, in units of the view box."""
MAX_POINTS = 160
"""Points of a line. More points are grouped, and each group is drawn as its mean."""
MAX_CHARTS = 18
"""Charts of figures that no entry of `CHARTS` names."""
COLOURS = 4


class Chart(NamedTuple):
    """A chart of one or several logged figures.

    Args:
        title: above the chart, with the unit.
        lines: label of each line, by the name of its figure.
        text: one sentence below the title.
        best: figure whose best value is named, and whether the best one is the smallest (min) or largest (max).
        width: of the view box. A line of the page has two wide charts or three others.
    """

    title: str
    lines: dict[str, str]
    text: str = ""
    best: tuple[str, str] | None = None
    width: int = 350


CHARTS = [
    Chart(
        "Loss",
        {"train/loss": "training", "validation/loss": "validation"},
        "Mean negative log-likelihood of a target word, in nats.",
        ("validation/loss", "min"),
        WIDE,
    ),
    Chart(
        "ROUGE on the validation split",
        {"validation/rouge1": "ROUGE-1", "validation/rouge2": "ROUGE-2", "validation/rougeL": "ROUGE-L"},
        "F1 in percent, by greedy search.",
        ("validation/rougeL", "max"),
        WIDE,
    ),
    Chart(
        "Labels of the validation split",
        {
            "validation/accuracy": "accuracy",
            "validation/macro_f1": "macro-F1",
            "validation/entity_f1": "F1 of entities",
        },
        "In percent.",
        width=WIDE,
    ),
    Chart("Learning rate", {"train/learning_rate": "learning rate"}, "Of each optimizer step."),
    Chart("Gradient norm", {"train/gradient_norm": "norm"}, "Of all gradients together, before clipping."),
    Chart("Throughput", {"train/tokens_per_second": "tokens"}, "Tokens of documents and headlines in a second."),
]
FLOW = "gradient_flow/"
"""The start of the names of figures of gradients through time."""
HIDDEN = ("step", "time", "train/perplexity", "train/cross_entropy", "validation/perplexity")
"""Logged values without a chart: those of the axes, and other forms of the loss."""


Scale = Callable[[float], float]
"""A value -> its place in the view box."""


class Point(NamedTuple):
    """The mean of the values from step `first` to step `last`, and their smallest and largest one."""

    first: int
    last: int
    value: float
    low: float
    high: float


def curves_section(curves: Sequence[dict[str, float]]) -> Element | None:
    """The charts of all logged figures. None without any."""
    named = {name for chart in CHARTS for name in chart.lines}
    others = sorted({name for record in curves for name in record} - named - set(HIDDEN))
    others = [name for name in others if not name.startswith("best/")]  # the maximum of another curve
    flow = flow_charts([name for name in others if name.startswith(FLOW)])
    plain = [Chart(name, {name: name}) for name in others if not name.startswith(FLOW)]
    drawn = list(filter(None, (chart_figure(chart, curves) for chart in CHARTS)))
    folded = [folded_charts("Gradients through time", flow, curves), folded_charts("All other figures", plain, curves)]
    if not drawn and not any(part is not None for part in folded):
        return None
    return element("section", element("h2", "Curves"), element("div", drawn, class_="grid"), folded, id="curves")


def folded_charts(title: str, charts: Sequence[Chart], curves: Sequence[dict[str, float]]) -> Element | None:
    """Charts that open with a click, at most `MAX_CHARTS`. None without any."""
    drawn = list(filter(None, (chart_figure(chart, curves) for chart in charts[:MAX_CHARTS])))
    left_out = f" (the first {MAX_CHARTS} of {len(charts)})" if len(charts) > MAX_CHARTS else ""
    summary = element("summary", f"{title}{left_out}")
    return element("details", summary, element("div", drawn, class_="grid")) if drawn else None


def flow_charts(names: Sequence[str]) -> list[Chart]:
    """Charts of gradients through time: the distances, gates or matrices of a cell share one chart."""
    charts: dict[str, dict[str, str]] = {}
    for name in names:
        short = name.removeprefix(FLOW)
        chart, _, line = short.rpartition("_") if "/" in short else (short, "", short)
        charts.setdefault(chart, {})[name] = line
    return [Chart(chart, lines) for chart, lines in charts.items()]


def chart_figure(chart: Chart, curves: Sequence[dict[str, float]]) -> Element | None:
    """One chart with its title and legend. None if no step has a value for it."""
    lines = {label: points(curves, name) for name, label in chart.lines.items()}
    lines = {label: found for label, found in lines.items() if found}
    if not lines:
        return None
    legend = [
        element("span", element("i", class_=f"key c{number}"), f"{label} ", element("b", readable(found[-1].value)))
        for number, (label, found) in enumerate(lines.items())
    ]
    text = element("p", f"{chart.text} {best_value(chart, curves)}".strip() or None)
    return element(
        "figure",
        element("figcaption", element("h3", chart.title), text),
        element("div", legend, class_="legend"),
        draw(chart.title, lines, chart.width),
        class_="card chart wide" if chart.width == WIDE else "card chart",
    )


def points(curves: Sequence[dict[str, float]], name: str) -> list[Point]:
    """The values of a figure, in groups if there are more than `MAX_POINTS`. Values that are no number are left out."""
    found = [(int(r["step"]), float(r[name])) for r in curves if isinstance(r.get(name), (int, float))]
    found = [(step, value) for step, value in found if abs(value) < float("inf")]  # neither infinite nor NaN
    size = -(-len(found) // MAX_POINTS) or 1
    groups = [found[start : start + size] for start in range(0, len(found), size)]
    return [_mean(group) for group in groups]


def _mean(group: list[tuple[int, float]]) -> Point:
    values = [value for _, value in group]
    return Point(group[0][0], group[-1][0], sum(values) / len(values), min(values), max(values))


def best_value(chart: Chart, curves: Sequence[dict[str, float]]) -> str:
    """A sentence that names the best value of the chart's figure and its step; "" if there is none."""
    if chart.best is None:
        return ""
    name, better = chart.best
    found = [(record[name], int(record["step"])) for record in curves if record.get(name) is not None]
    if not found:
        return ""
    value, step = (min if better == "min" else max)(found, key=lambda pair: pair[0])
    return f"Best {chart.lines[name]}: {readable(value)} at step {step:,}."


def draw(title: str, lines: dict[str, list[Point]], width: int = WIDE) -> Element:
    """The SVG of some lines over the same axes."""
    everything = [point for found in lines.values() for point in found]
    count = width // 100  # a label needs some room
    across = ticks(min(p.first for p in everything), max(p.last for p in everything), count)
    upward = ticks(min(p.low for p in everything), max(p.high for p in everything))

    def x(step: float) -> float:
        return round(LEFT + (step - across[0]) / (across[-1] - across[0]) * (width - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - upward[0]) / (upward[-1] - upward[0]) * (HEIGHT - TOP - BOTTOM), 1)

    grid = [_horizontal(y(value), width, readable(value)) for value in upward] + [
        element("text", readable(step), x=x(step), y=HEIGHT - BOTTOM + 17, text_anchor="middle") for step in across
    ]
    axis = element("text", "step", x=width - RIGHT, y=HEIGHT - 4, text_anchor="end", class_="axis")
    drawn = [_line(number, label, found, x, y) for number, (label, found) in enumerate(lines.items())]
    return element(
        "svg",
        element("g", grid, class_="ticks"),
        axis,
        drawn,
        viewBox=f"0 0 {width} {HEIGHT}",
        role="img",
        aria_label=f"{title}: {', '.join(lines)} by step",
    )


def _horizontal(height: float, width: int, label: str) -> Element:
    return element(
        "g",
        element("line", x1=LEFT, x2=width - RIGHT, y1=height, y2=height),
        element("text", label, x=LEFT - 7, y=height + 4, text_anchor="end"),
    )


def _line(number: int, label: str, found: list[Point], x: Scale, y: Scale) -> Element:
    """A line with a mark for each point, whose title names it, and a band from smallest to largest values."""
    middle = [(x((p.first + p.last) / 2), y(p.value)) for p in found]
    band = None
    if any(p.last > p.first for p in found):
        edge = [(x((p.first + p.last) / 2), y(p.low)) for p in reversed(found)]
        top = [(x((p.first + p.last) / 2), y(p.high)) for p in found]
        band = element("polygon", points=_path([*top, *edge]), class_="band")
    marks = [
        element("circle", element("title", _title(label, point)), cx=place[0], cy=place[1], r=2.6)
        for point, place in zip(found, middle, strict=True)
    ]
    return element("g", band, element("polyline", points=_path(middle)), marks, class_=f"line c{number % COLOURS}")


def _title(label: str, point: Point) -> str:
    if point.first == point.last:
        return f"step {point.first:,}: {label} {readable(point.value)}"
    return f"steps {point.first:,} to {point.last:,}: {label} {readable(point.value)} on average"


def _path(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{a:g},{b:g}" for a, b in places)
