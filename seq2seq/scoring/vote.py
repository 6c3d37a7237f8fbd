"""Post-ensembling: of several systems' predictions for a document, the one closest to the others (Kobayashi 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from .rouge import score_pair


def vote(predictions: Sequence[str], tokenizer: str = "auto") -> int:
    """The position of the prediction with the highest mean ROUGE to the others; of equal ones the first.

    The similarity of two predictions is the mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L. (Kobayashi compares vectors of
    words.) Equal texts agree fully, also if they are too short for a bigram.

    Args:
        predictions: at least one.
        tokenizer: how ROUGE finds words; see `WordOptions`.
    """
    support = [0.0] * len(predictions)
    for first, second in combinations(range(len(predictions)), 2):
        one, other = predictions[first], predictions[second]
        similarity = 1.0 if one == other else sum(score_pair(one, other, tokenizer)) / 3
        support[first] += similarity
        support[second] += similarity
    return support.index(max(support))
