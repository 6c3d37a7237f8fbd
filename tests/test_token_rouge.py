"""ROUGE on token ids against rouge-score on the same tokens."""

from __future__ import annotations

import random

import pytest
import torch
from rouge_score.rouge_scorer import RougeScorer

from seq2seq.batch import pad
from seq2seq.token_rouge import token_rouge

PAD = 0
KINDS = ["rouge1", "rouge2", "rougeL"]


class Words:
    """A tokenizer in the sense of rouge-score: splits at spaces."""

    def tokenize(self, text: str) -> list[str]:
        return text.split()


def by_rouge_score(hypotheses: list[list[int]], references: list[list[int]]) -> torch.Tensor:
    scorer = RougeScorer(KINDS, tokenizer=Words())
    rows = []
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        scores = scorer.score(" ".join(map(str, reference)), " ".join(map(str, hypothesis)))
        rows.append([scores[kind].fmeasure for kind in KINDS])
    return torch.tensor(rows)


def padded(rows: list[list[int]]) -> torch.Tensor:
    return pad(rows, PAD)[0]


@pytest.mark.parametrize("words", [1, 3, 12], ids=lambda words: f"{words} words")
@pytest.mark.parametrize(("longest", "longest_reference"), [(12, 12), (9, 40), (40, 1)])
def test_the_figures_are_those_of_rouge_score(words: int, longest: int, longest_reference: int) -> None:
    random.seed(words)

    def sequences(most: int) -> list[list[int]]:
        return [[random.randint(1, words) for _ in range(random.randint(0, most))] for _ in range(150)]

    hypotheses, references = sequences(longest), sequences(longest_reference)
    assert [] in hypotheses
    found = token_rouge(padded(hypotheses), padded(references), PAD)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, by_rouge_score(hypotheses, references), rtol=0, atol=1e-6)


def test_one_pair_by_hand() -> None:
    # 1 2 1 3 and 1 1 2 3 4: common words 1 1 2 3, common bigram 1 2, common subsequence 1 2 3 or 1 1 3
    found = token_rouge(padded([[1, 2, 1, 3]]), padded([[1, 1, 2, 3, 4]]), PAD)
    torch.testing.assert_close(found, torch.tensor([[8 / 9, 2 / 7, 6 / 9]]))


def test_padding_has_no_effect_and_is_no_word() -> None:
    short = token_rouge(torch.tensor([[1, 2]]), torch.tensor([[2, 1, 2]]), PAD)
    long = token_rouge(torch.tensor([[1, 2, PAD, PAD]]), torch.tensor([[2, 1, 2, PAD, PAD]]), PAD)
    assert torch.equal(short, long)


@pytest.mark.parametrize(("width", "width_of_references"), [(0, 0), (0, 2), (2, 0)])
def test_nothing_has_no_words_in_common(width: int, width_of_references: int) -> None:
    hypotheses = torch.ones(3, width, dtype=torch.long)
    references = torch.ones(3, width_of_references, dtype=torch.long)
    assert token_rouge(hypotheses, references, PAD).tolist() == [[0.0] * 3] * 3
