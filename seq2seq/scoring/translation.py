"""BLEU and chrF of sacreBLEU (Papineni et al. 2002; Popovic 2015), as metrics that can be resampled.

The package is optional (`pip install seq2seq[score]`) and is imported only for these scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from seq2seq.errors import UserError
from seq2seq.options import check_choice

from .significance import Metric

CLASSES = {"bleu": "BLEU", "chrf": "CHRF"}
"""The name of a score, and its class in sacrebleu.metrics."""


def translation_metric(
    name: str, references: Sequence[Sequence[str]], systems: Sequence[Sequence[str]]
) -> tuple[Metric, str]:
    """The metric `name` of `CLASSES` with the settings that are usual in sacreBLEU, and sacreBLEU's signature.

    Args:
        references: for each pair its references.
        systems: for each system its predictions.

    Raises UserError for another name, and if sacreBLEU is not installed.
    """
    check_choice("translation", name, CLASSES)
    try:
        from sacrebleu import metrics
    except ImportError:
        raise UserError(f"{name} needs the package sacrebleu; install it with `pip install 'seq2seq[score]'`") from None
    scorer: Any = getattr(metrics, CLASSES[name])()
    columns = list(zip_longest(*references))  # sacreBLEU takes None for a missing reference
    # The sums of these statistics are all that sacreBLEU needs for a score. Its own tests call the same methods.
    statistics = [np.array(scorer._extract_corpus_statistics(texts, columns)) for texts in systems]

    def score(sums: np.ndarray) -> np.ndarray:
        return np.array([[scorer._compute_score_from_stats(row).score] for row in sums.round().astype(int).tolist()])

    return Metric((name,), statistics, score), str(scorer.get_signature())
