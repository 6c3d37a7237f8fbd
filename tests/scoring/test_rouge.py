"""ROUGE against hand counts, and against direct calls of rouge-score."""

from __future__ import annotations

import random

import pytest
from rouge_score import rouge_scorer

from seq2seq.errors import UserError
from seq2seq.scoring import ALL_KINDS, RougeOptions, mean_scores, score_pair
from seq2seq.scoring.rouge import first_bytes, prepared, score_references


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


TEXT = "police arrest arrests two men fire fires U.S. oil-prices rise rising <unk> 1,250 the of Bank's talks"
WORDS = TEXT.split()


def random_texts(count: int, seed: int) -> list[str]:
    """Texts of 0 to 12 words on one to three lines."""
    rng = random.Random(seed)
    return [
        "".join(rng.choice(WORDS) + rng.choice([" "] * 5 + ["\n"]) for _ in range(rng.randint(0, 12)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("stemmer", [True, False])
@pytest.mark.parametrize("lines", [True, False])
def test_every_measure_is_that_of_rouge_score_to_the_last_digit(stemmer: bool, lines: bool) -> None:
    scorer = rouge_scorer.RougeScorer(list(ALL_KINDS), use_stemmer=stemmer)
    for reference, prediction in zip(random_texts(500, 1), random_texts(500, 2), strict=True):
        texts = [reference, prediction] if lines else [reference.replace("\n", " "), prediction.replace("\n", " ")]
        expected = scorer.score(*texts)
        found = score_references(texts[:1], texts[1], RougeOptions("rouge", stemmer=stemmer))
        assert found.tolist() == [[expected[k].fmeasure, expected[k].precision, expected[k].recall] for k in ALL_KINDS]


def test_the_best_of_several_references_is_that_of_rouge_score() -> None:
    scorer = rouge_scorer.RougeScorer(list(ALL_KINDS), use_stemmer=True)
    texts = iter(random_texts(500, 3))
    for prediction, *references in zip(*[texts] * 5, strict=True):
        expected = scorer.score_multi(references, prediction)
        found = score_references(references, prediction, RougeOptions("rouge", several="best"))
        assert found.tolist() == [[expected[k].fmeasure, expected[k].precision, expected[k].recall] for k in ALL_KINDS]


def test_mean_and_pooled_scores_by_hand() -> None:
    """Prediction "a b c d". Unigrams in common: 1 of 1 with "a", 2 of 4 with "a b x y". Bigrams: 0 of 0, 1 of 3."""
    references, prediction = ["a", "a b x y"], "a b c d"
    mean = score_references(references, prediction, RougeOptions(several="mean"))
    assert mean[0] == pytest.approx(((2 / 5 + 1 / 2) / 2, (1 / 4 + 2 / 4) / 2, (1 + 1 / 2) / 2))
    assert mean[1] == pytest.approx(((0 + 1 / 3) / 2, (0 + 1 / 3) / 2, (0 + 1 / 3) / 2))
    pooled = score_references(references, prediction, RougeOptions(several="pooled"))
    assert pooled[0] == pytest.approx((2 * (3 / 8) * (3 / 5) / (3 / 8 + 3 / 5), 3 / 8, 3 / 5))
    assert pooled[1] == pytest.approx((2 * (1 / 6) * (1 / 3) / (1 / 6 + 1 / 3), 1 / 6, 1 / 3))
    assert pooled[2].tolist() == pooled[3].tolist() == pooled[0].tolist()
    assert score_references(["", ""], "a", RougeOptions(several="pooled")).tolist() == [[0.0] * 3] * 4


def test_texts_are_cut_at_bytes() -> None:
    assert first_bytes("police arrest", 9) == "police ar"
    assert first_bytes("é€x", 4) == "é"  # two bytes, and two of the three of the euro sign
    assert first_bytes("ab\ncd\nef", 5) == "ab\ncd\ne"
    found = score_references(["police ar"], "police arrested", RougeOptions(max_bytes=9))
    assert found[0].tolist() == [1.0, 1.0, 1.0]
    assert score_references(["police x y"], "police arrested", RougeOptions(max_bytes=9))[0, 2] == 1 / 2  # y is cut off


def test_unk_is_a_word_or_removed() -> None:
    """<unk> counts as the word "unk": 2 of 3 words are in common. Without it: 1 of 2."""
    texts = ["<unk> bank x"], "the bank <unk>"
    assert score_references(*texts, RougeOptions())[0].tolist() == pytest.approx([2 / 3] * 3)
    assert score_references(*texts, RougeOptions(unk="removed"))[0].tolist() == pytest.approx([1 / 2] * 3)
    assert prepared("<unk>abc", RougeOptions(unk="removed", max_bytes=3)) == " ab"  # removed first, then cut


def test_wrong_options() -> None:
    with pytest.raises(UserError, match=r"scoring\.several: 'worst' is none of best, mean, pooled"):
        RougeOptions(several="worst")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"scoring\.max_bytes: 0 is too small"):
        RougeOptions(max_bytes=0)
