"""The figures by which a run chooses its best checkpoint or stops, and whether a large or a small value is good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from seq2seq.errors import UserError, did_you_mean
from seq2seq.scoring import CORPUS_METRICS, FIGURES, KINDS

Mode = Literal["max", "min"]
DIRECTIONS: dict[str, Mode] = {
    **dict.fromkeys(KINDS, "max"),  # type: ignore[arg-type]
    **dict.fromkeys(("accuracy", "macro_f1", "entity_f1", "entity_precision", "entity_recall"), "max"),  # type: ignore[arg-type]
    **dict.fromkeys(("loss", "perplexity", "unk_share", "repeated_bigrams", "empty"), "min"),  # type: ignore[arg-type]
}
"""By the name after the split. Other figures, such as a mean length, are good neither large nor small."""


def figure_names(figures: Iterable[str] | None = None) -> list[str]:
    """The figures by which a checkpoint or early stopping can be chosen.

    Args:
        figures: the scores of a task; None = those of the summarizer.
    """
    names = (*KINDS, *FIGURES, *CORPUS_METRICS, "loss", "perplexity") if figures is None else figures
    return [f"validation/{name}" for name in names] + ["train/loss"]


def better(figure: str) -> Mode | None:
    """Whether a large or a small value of a figure, named without its split, is good; None if neither is."""
    return "max" if figure in CORPUS_METRICS else DIRECTIONS.get(figure)


def check_figure(section: str, monitor: str, known: Iterable[str]) -> None:
    """Raises UserError, naming the config section, for a figure that is not among the known ones."""
    if monitor not in (known := list(dict.fromkeys(known))):
        hint = did_you_mean(monitor, known) or f"known are {', '.join(known)}"
        raise UserError(f"{section}.monitor: there is no figure {monitor!r}; {hint}")


def check_is_computed(section: str, monitor: str, metrics: Sequence[str]) -> None:
    """Raises UserError, naming the config section, if `scoring.metrics` lacks the metric that a monitor names."""
    name = monitor.partition("/")[2]
    if name in CORPUS_METRICS and name not in metrics:
        raise UserError(f"{section}.monitor: {monitor} is not computed; add {name} to scoring.metrics")


def direction(section: str, monitor: str, mode: Mode | None) -> Mode:
    """The mode of a figure; `mode` is the user's, if one is given.

    Raises UserError, naming the config section, for an unknown figure, for a mode that would keep the worst value, and
    without a mode for a figure whose direction is not known.
    """
    check_figure(section, monitor, [*figure_names(), *figure_names(DIRECTIONS)])
    right = better(monitor.partition("/")[2])
    if right is None and mode is None:
        raise UserError(f"{section}.mode: say whether a large (max) or a small (min) {monitor} is good")
    if right and mode not in (None, right):
        kind = "large" if right == "max" else "small"
        raise UserError(
            f"{section}.mode: {mode} would choose the worst {monitor}, for a {kind} one is good; leave the mode out"
        )
    return mode or right  # type: ignore[return-value]
