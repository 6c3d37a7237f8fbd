"""The differences between two runs: figures, settings, and the documents on which each of them is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..markup import Element, cut, element
from .mistakes import MISTAKES
from .numbers import percent, readable
from .run import Run
from .samples import MAX_DOCUMENT, MAX_HEADLINE
from .tables import MAX_VALUE, intervals, table, title

LARGEST = 5
"""Documents that are shown on each side."""
EQUAL = 1e-9
"""Scores that differ by less are equal."""
NOT_SETTINGS = ("trainer.default_root_dir", "trainer.logger", "test.network", "test.rouge", "test.signature")
"""Starts of settings that say nothing new: places of results, and what other settings or the figures tell."""


def comparison_section(run: Run, other: Run, both: tuple[np.ndarray, np.ndarray]) -> Element:
    """The section of the page.

    Args:
        both: the statistics of all predictions of each run; see `tables.statistics`.
    """
    pairs = common_rows(run, other)
    return element(
        "section",
        element("h2", f"Compared with {other.name}"),
        _figures(run, other, pairs, both),
        _settings(run, other),
        _documents(run, other, pairs),
        id="comparison",
    )


def common_rows(run: Run, other: Run) -> np.ndarray:
    """[common, 2] the rows of both runs with the same document and reference. Equal pairs are matched in order."""
    places: dict[tuple[str, str], list[int]] = {}
    if run.split == other.split:
        for row, prediction in enumerate(other.predictions):
            places.setdefault(prediction[:2], []).append(row)
    found = []
    for row, prediction in enumerate(run.predictions):
        if remaining := places.get(prediction[:2]):
            found.append((row, remaining.pop(0)))
    return np.array(found, dtype=int).reshape(len(found), 2)


def changed_settings(run: Run, other: Run) -> list[tuple[str, str | None, str | None]]:
    """(key, value, value of the other run) of each setting that differs; None where a run has no such setting."""
    mine, theirs = run.options, other.options
    keys = [*mine, *(key for key in theirs if key not in mine)]
    return [
        (key, mine.get(key), theirs.get(key))
        for key in keys
        if mine.get(key) != theirs.get(key) and not key.startswith(NOT_SETTINGS)
    ]


def _figures(run: Run, other: Run, pairs: np.ndarray, both: tuple[np.ndarray, np.ndarray]) -> list[Element]:
    rows = []
    if len(pairs):
        found = intervals([both[1][pairs[:, 1]], both[0][pairs[:, 0]]])  # the first one is compared with
        mistakes = [] if run.has_labels else [f"{kind.title}, %" for kind in MISTAKES.values()]
        for column, name in enumerate([*(title(run, measure) for measure in run.measures), *mistakes]):
            before, after = found.scores[:, column]
            if before or after:
                change = element(
                    "b", f"{after - before:+.2f}", class_=_direction(after - before, column < len(run.measures))
                )
                p = found.bootstrap_p[0, column]
                rows.append([name, percent(after), percent(before), change, "< 0.01" if p < 0.01 else f"{p:.2f}"])
    for name in [name for name in run.metrics if name in other.metrics and not (name in run.measures and len(pairs))]:
        after, before = run.metrics[name], other.metrics[name]
        if after is not None and before is not None:
            rows.append([title(run, name), readable(after), readable(before), _signed(after - before), ""])
    text = f"{len(pairs):,} documents in common; p by paired bootstrap. The last rows cover all documents of each run."
    if not rows:
        return [element("p", "The runs have no figures in common: score both with `seq2seq test`.", class_="note")]
    drawn = table(["figure", run.name, other.name, "difference", "p"], rows)
    return [element("p", text, class_="note"), drawn] if len(pairs) else [drawn]


def _measure(run: Run) -> str:
    """The measure by which documents are won and lost."""
    return "right labels" if run.has_labels else title(run, run.measures[-1])


def _direction(change: float, more_is_better: bool) -> str | None:
    if abs(change) < EQUAL:
        return None
    return "better" if (change > 0) == more_is_better else "worse"


def _signed(change: float) -> str:
    return f"{'+' if change > 0 else ''}{readable(change)}"


def _settings(run: Run, other: Run) -> list[Element]:
    changed = changed_settings(run, other)
    title = element("h3", "Settings that differ")
    if not run.options or not other.options:
        return [title, element("p", "One of the runs has neither config.yaml nor metrics.json.", class_="note")]
    if not changed:
        return [title, element("p", "None.", class_="note")]
    rows = [[key, *("–" if value is None else cut(value, MAX_VALUE) for value in values)] for key, *values in changed]
    return [title, table(["setting", run.name, other.name], rows)]


def _documents(run: Run, other: Run, pairs: np.ndarray) -> list[Element]:
    if not len(pairs):
        return []
    changes = run.scores[pairs[:, 0], -1] - other.scores[pairs[:, 1], -1]
    counts = {
        "won": int((changes > EQUAL).sum()),
        "equal": int((abs(changes) <= EQUAL).sum()),
        "lost": int((changes < -EQUAL).sum()),
    }
    order = np.argsort(-changes, kind="stable")
    parts = [element("span", f"{n:,} {word}", class_=word, style=f"flex: {n}") for word, n in counts.items() if n]
    gains = [place for place in order[:LARGEST] if changes[place] > EQUAL]
    losses = [place for place in order[::-1][:LARGEST] if changes[place] < -EQUAL]
    return [
        element("h3", f"Documents by {_measure(run)}"),
        element("div", parts, class_="wins"),
        *_largest(run, other, pairs, changes, "Largest gains", gains),
        *_largest(run, other, pairs, changes, "Largest losses", losses),
    ]


def _largest(
    run: Run, other: Run, pairs: np.ndarray, changes: np.ndarray, title: str, places: Sequence[int]
) -> list[Element]:
    if not places:
        return []
    return [
        element("h3", title),
        *(_pair(run, other, pairs[place], 100 * float(changes[place])) for place in places),
    ]


def _pair(run: Run, other: Run, rows: np.ndarray, change: float) -> Element:
    mine, theirs = rows.tolist()
    prediction = run.predictions[mine]
    texts = {"reference": prediction.reference, run.name: prediction.text, other.name: other.predictions[theirs].text}
    listed = [
        [element("dt", cut(name, MAX_VALUE)), element("dd", cut(text, MAX_HEADLINE) or "–", dir="auto")]
        for name, text in texts.items()
    ]
    row = element("span", f"no. {mine + 1:,}", class_="row")
    return element(
        "article",
        element("div", row, element("span", f"{_measure(run)} ", element("b", f"{change:+.0f}")), class_="scores"),
        element("dl", listed),
        element("p", cut(prediction.document, MAX_DOCUMENT), class_="document", dir="auto"),
        class_="card example",
    )
