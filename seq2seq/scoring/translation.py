"""BLEU and chrF of sacreBLEU (Papineni et al. 2002; Popovic 2015): scores of a whole corpus.

Such a score is a function of counts that are summed over all pairs, and not the mean of the pairs' scores. A metric
therefore has two steps: the counts of each pair, and the score of their sum.

The package is optional (the extra `score`) and is imported only for these scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any, Protocol

import numpy as np

from seq2seq.errors import require_packages
from seq2seq.options import check_choice

from .significance import Metric


class CorpusMetric(Protocol):
    """A score of a whole corpus. A large score is good."""

    def counts(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[list[int]]:
        """For each pair the K counts of the metric. `references`: for each pair its references, at least one."""

    def score(self, sums: Sequence[int]) -> float:
        """The score in percent of counts [K] that are summed over all pairs."""

    def signature(self, references: Sequence[Sequence[str]]) -> str:
        """All settings of the metric in one line. `references`: for each pair its references."""


class SacreBleuMetric:
    """A metric of sacreBLEU with its default settings.

    Args:
        name: for errors.
        kind: a class of sacrebleu.metrics. Its statistics must be whole numbers.

    Raises UserError if sacreBLEU is not installed.
    """

    def __init__(self, name: str, kind: str) -> None:
        require_packages(name, "score", "sacrebleu")
        from sacrebleu import metrics

        self._scorer: Any = getattr(metrics, kind)()

    # sacreBLEU has no public names for its two steps. Its own significance tests call the same methods.

    def counts(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[list[int]]:
        if not predictions:
            return []
        columns = list(zip_longest(*references))  # sacreBLEU takes None for a missing reference
        return self._scorer._extract_corpus_statistics(predictions, columns)

    def score(self, sums: Sequence[int]) -> float:
        return self._scorer._compute_score_from_stats(list(sums)).score

    def signature(self, references: Sequence[Sequence[str]]) -> str:
        self.counts([""] * len(references), references)  # sacreBLEU notes the number of references here
        return str(self._scorer.get_signature())


CORPUS_METRICS: dict[str, Callable[[], CorpusMetric]] = {
    "bleu": partial(SacreBleuMetric, "bleu", "BLEU"),
    "chrf": partial(SacreBleuMetric, "chrf", "CHRF"),
}
"""The values of `scoring.metrics`. A metric that another module adds is logged and accepted as a monitor."""


def corpus_metric(name: str) -> CorpusMetric:
    """The metric of a name. Raises UserError for another name, and if a package is not installed."""
    check_choice("scoring.metrics", name, CORPUS_METRICS)
    return CORPUS_METRICS[name]()


def translation_metric(
    name: str, references: Sequence[Sequence[str]], systems: Sequence[Sequence[str]]
) -> tuple[Metric, str]:
    """The metric `name` of `CORPUS_METRICS` in a form that can be resampled, and its signature.

    Args:
        references: for each pair its references.
        systems: for each system its predictions.

    Raises UserError as `corpus_metric` does.
    """
    metric = corpus_metric(name)
    counts = [np.array(metric.counts(texts, references)) for texts in systems]

    def score(sums: np.ndarray) -> np.ndarray:
        return np.array([[metric.score(row)] for row in sums.round().astype(int).tolist()])

    return Metric((name,), counts, score), metric.signature(references)
