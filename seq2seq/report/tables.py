"""Tables of figures and settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seq2seq.scoring import KINDS
from seq2seq.scoring.significance import Metric, Resampled, resample

from ..markup import Element, cut, element
from .numbers import percent, readable
from .run import EXACT, Run

TRIALS, SEED = 1000, 1
MAX_VALUE = 200
"""Characters of a setting that a table shows."""
MAX_CONFIG = 60_000
"""Characters of config.yaml that the page shows."""

NAMES = {
    "loss": "Loss, nats a word",
    "perplexity": "Perplexity",
    "unk_share": "Unknown words, %",
    "mean_length": "Words of a headline",
    "repeated_bigrams": "Repeated pairs of words, %",
    "novel_unigrams": "Words that the document lacks, %",
    "novel_bigrams": "Pairs of words that the document lacks, %",
    "copied_span": "Words of a copied span",
    "entity_precision": "Capitalised words that the document has, %",
    "number_precision": "Numbers that the document has, %",
    "empty": "Empty headlines",
    **{kind: f"ROUGE-{kind.removeprefix('rouge')}" for kind in KINDS},
}
"""The figures of metrics.json; a figure without an entry has its own name."""
NAMES_WITH_LABELS = {
    EXACT: "Documents without an error, %",
    "accuracy": "Right labels (accuracy), %",
    "macro_f1": "Macro-F1",
    "entity_f1": "F1 of entities",
    "entity_precision": "Precision of entities, %",
    "entity_recall": "Recall of entities, %",
    "loss": "Loss, nats a label",
}
"""The same for a run with labels."""


def title(run: Run, figure: str) -> str:
    """The name of a figure on the page."""
    return (NAMES_WITH_LABELS if run.has_labels else NAMES).get(figure, figure)


def statistics(run: Run, rows: dict[str, list[int]]) -> np.ndarray:
    """[predictions, measures and kinds of mistakes] the scores of each prediction, and 1 for each mistake."""
    has = np.zeros((len(run.predictions), len(rows)))
    for column, found in enumerate(rows.values()):
        has[found, column] = 1
    return np.concatenate([run.scores, has], axis=1)


def intervals(statistics: Sequence[np.ndarray]) -> Resampled:
    """Means in percent with 95 % intervals, and tests of the differences between two runs on the same documents."""
    names = tuple(map(str, range(statistics[0].shape[1])))
    return resample(Metric(names, list(statistics), lambda sums: 100 * sums / len(statistics[0])), TRIALS, SEED)


def figures_section(run: Run, found: Resampled | None) -> Element | None:
    """The scores with their intervals, and the other figures. None without any."""
    shown: list[str] = []
    cards = []
    if found is not None:
        for kind, value, (low, high) in zip(run.measures, found.scores[0], found.bounds[0], strict=False):
            ends = f"{percent(low)} to {percent(high)}"
            cards.append(_card(title(run, kind), percent(value), ends, _whisker(value, low, high)))
        shown += run.measures
    if found is None or run.has_labels:
        first = list(run.metrics)[:3]
        cards += [_card(title(run, name), _value(run.metrics[name])) for name in first]
        shown += first
    others = {name: value for name, value in run.metrics.items() if name not in shown}
    if not cards and not others:
        return None
    count = f"{len(run.predictions):,} {run.split} documents" if run.predictions else ""
    greedy = run.split == "validation" and not run.has_labels
    search = "greedy search" if greedy else beam(run.settings.get("search") or {})
    text = ", ".join(filter(None, [count, search, "95 % intervals by bootstrap" if found is not None else ""]))
    return element(
        "section",
        element("h2", "Figures"),
        element("p", f"{text}.", class_="note") if text else None,
        element("div", cards, class_="cards"),
        element("dl", [_figure(title(run, name), value) for name, value in others.items()], class_="figures")
        if others
        else None,
        id="figures",
    )


def beam(search: dict[str, Any]) -> str:
    """The kind of a search, in words; "" if it is not known."""
    size = search.get("beam_size")
    return "" if size is None else "greedy search" if size == 1 else f"beam search with {size} beams"


def shares(found: Resampled | None, kinds: Sequence[str]) -> dict[str, str]:
    """The share of each kind of mistake, with its interval."""
    if found is None or not kinds:
        return {}
    values, bounds = found.scores[0][-len(kinds) :], found.bounds[0][-len(kinds) :]
    return {
        name: f"{value:.1f} % ({low:.1f} to {high:.1f})"
        for name, value, (low, high) in zip(kinds, values, bounds, strict=True)
    }


def config_section(run: Run) -> Element | None:
    """config.yaml as it was saved, or the settings of the checkpoint."""
    if run.config:
        body = element("pre", cut(run.config, MAX_CONFIG), tabindex=0)
    elif run.options:
        body = table(["setting", "value"], [[key, cut(value, MAX_VALUE)] for key, value in run.options.items()])
    else:
        return None
    folded = element("details", element("summary", "All settings"), body)
    return element("section", element("h2", "Config"), folded, id="config")


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], names: int = 1) -> Element:
    """A table of texts and elements. The first `names` columns hold names, the others values."""

    def line(kind: str, cells: Sequence[Any]) -> Element:
        return element("tr", [element(kind, cell, class_=None if i < names else "n") for i, cell in enumerate(cells)])

    body = element("tbody", [line("td", row) for row in rows])
    return element("div", element("table", element("thead", line("th", header)), body), class_="scroll")


def _value(value: float | None) -> str:
    return "–" if value is None else readable(value)


def _card(name: str, value: str, interval: str = "", drawn: Element | None = None) -> Element:
    return element(
        "div",
        element("span", name, class_="name"),
        element("span", value, class_="value"),
        element("span", interval, class_="interval") if interval else None,
        drawn,
        class_="card figure",
    )


def _figure(name: str, value: float | None) -> Element:
    return element("div", element("dt", name), element("dd", _value(value)))


def _whisker(value: float, low: float, high: float) -> Element:
    """An interval on the scale from 0 to 100."""
    ends = element("span", style=f"left: {low:.2f}%; width: {high - low:.2f}%")
    return element("div", ends, element("b", style=f"left: {value:.2f}%"), class_="whisker", aria_hidden="true")
