"""Scores of string pairs: ROUGE of each pair, its mean over a split, and what else is worth knowing about headlines.

Everything here is a pure function of strings. Exactness on many processes follows from the shape: every process scores
its own examples (`score_pair`), the scores travel with the examples' positions (`gather` in module.py), and the mean is
taken over the whole split in corpus order, so that it comes out the same to the last digit on any number of processes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import fsum

from rouge_score import rouge_scorer

KINDS = ("rouge1", "rouge2", "rougeL")
SETTINGS = "rouge-score F1, stemmer on, percent"


@lru_cache(maxsize=1)
def _scorer() -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(list(KINDS), use_stemmer=True)


def score_pair(reference: str, prediction: str) -> tuple[float, float, float]:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) of one prediction, each in [0, 1]."""
    scores = _scorer().score(reference, prediction)
    return scores["rouge1"].fmeasure, scores["rouge2"].fmeasure, scores["rougeL"].fmeasure


def mean_scores(scores: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    """The mean over a split, in percent. The sum is exactly rounded, so it does not depend on order either."""
    return {kind: 100 * fsum(s[i] for s in scores) / len(scores) if scores else 0.0 for i, kind in enumerate(KINDS)}


def describe(documents: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """What ROUGE does not say of a split's predictions.

    Returns:
        unk_share: share of predictions with `<unk>` in them, in percent.
        mean_length: words (split at blanks) a prediction.
        repeated_bigrams: share of all bigrams that stood before in the same prediction, in percent.
        novel_unigrams: share of all words that do not stand in the document (lower-cased, letters and digits only, as
            ROUGE compares them), in percent.
        empty: predictions without a word.
    """
    words = [prediction.split() for prediction in predictions]
    bigrams = [list(pairwise(w)) for w in words]
    repeated = sum(len(b) - len(set(b)) for b in bigrams)
    novel = total = 0
    for document, prediction in zip(documents, predictions, strict=True):
        known = set(_plain(document))
        plain = _plain(prediction)
        novel += sum(word not in known for word in plain)
        total += len(plain)
    n = max(len(words), 1)
    return {
        "unk_share": 100 * sum("<unk>" in w for w in words) / n,
        "mean_length": sum(map(len, words)) / n,
        "repeated_bigrams": 100 * repeated / max(sum(map(len, bigrams)), 1),
        "novel_unigrams": 100 * novel / max(total, 1),
        "empty": sum(not w for w in words),
    }


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
