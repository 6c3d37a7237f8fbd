"""ROUGE of each pair, and its mean over a split.

The mean is exact on any number of processes: each process scores its own examples with `score_pair`, and every process
then takes the mean over the scores of the whole split.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import fsum

from rouge_score import rouge_scorer, tokenizers

from .words import unicode_words, uses_unicode

KINDS = ("rouge1", "rouge2", "rougeL")
SETTINGS = "rouge-score F1, stemmer on, percent"


class UnicodeTokenizer(tokenizers.Tokenizer):
    """`unicode_words` for rouge-score, which stems the ASCII words itself: its stemmer is for English."""

    def __init__(self) -> None:
        self._rouge = tokenizers.DefaultTokenizer(use_stemmer=True)

    def tokenize(self, text: str) -> list[str]:
        """The words of a text, stemmed."""
        words = unicode_words(text)
        return [stem for word in words for stem in (self._rouge.tokenize(word) if word.isascii() else [word])]


@lru_cache(maxsize=2)
def _scorer(unicode: bool) -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(list(KINDS), use_stemmer=True, tokenizer=UnicodeTokenizer() if unicode else None)


def score_pair(reference: str, prediction: str, tokenizer: str = "auto") -> tuple[float, float, float]:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) of one prediction, each in [0, 1].

    Args:
        tokenizer: auto, rouge or unicode; see `ScoringOptions`.
    """
    scores = _scorer(uses_unicode(tokenizer, (reference, prediction))).score(reference, prediction)
    return scores["rouge1"].fmeasure, scores["rouge2"].fmeasure, scores["rougeL"].fmeasure


def mean_scores(scores: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    """The mean over a split, in percent. The sum is rounded once (`fsum`), so the order of the scores has no effect."""
    return {kind: 100 * fsum(s[i] for s in scores) / len(scores) if scores else 0.0 for i, kind in enumerate(KINDS)}
