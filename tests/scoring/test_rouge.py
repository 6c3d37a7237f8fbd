"""ROUGE against hand counts, and against direct calls of rouge-score."""

from __future__ import annotations

import random

import pytest
from rouge_score import rouge_scorer

from seq2seq.scoring import mean_scores, score_pair


def test_by_hand() -> None:
    """Reference: police arrest two men (4 words). Prediction: police arrested men (3), stemmed police arrest men.

    Unigrams 3 in common: P 1, R 3/4, F 6/7. Bigrams: police arrest: P 1/2, R 1/3, F 2/5. Longest common subsequence 3.
    """
    assert score_pair("police arrest two men", "police arrested men") == pytest.approx((6 / 7, 2 / 5, 6 / 7))
    assert score_pair("anything", "") == (0.0, 0.0, 0.0)


def test_mean_over_a_split() -> None:
    rng = random.Random(0)
    words = ["police", "fire", "bank", "shares", "rise", "rises", "falling", "oil", "prices", "talks"]
    pairs = [[" ".join(rng.choices(words, k=rng.randint(1, 9))) for _ in range(2)] for _ in range(50)]
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    expected = {
        kind: 100 * sum(scorer.score(r, p)[kind].fmeasure for r, p in pairs) / 50
        for kind in ("rouge1", "rouge2", "rougeL")
    }
    scores = [score_pair(r, p) for r, p in pairs]
    assert mean_scores(scores) == pytest.approx(expected)
    rng.shuffle(scores)
    assert mean_scores(scores) == mean_scores(sorted(scores))  # to the last digit, in any order
    assert mean_scores([]) == {"rouge1": 0.0, "rouge2": 0.0, "rougeL": 0.0}
