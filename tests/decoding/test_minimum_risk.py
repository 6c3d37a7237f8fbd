"""Minimum Bayes risk decoding against rouge-score and plain Python."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from rouge_score.rouge_scorer import RougeScorer
from toy_models import EOS, IDS, PAD, TinyGRU, seeded, words

from seq2seq.decoding import Hypotheses, SearchOptions, search
from seq2seq.decoding import minimum_risk as module
from seq2seq.decoding.minimum_risk import minimum_risk, utilities

KINDS = ["rouge1", "rouge2", "rougeL"]


class Words:
    def tokenize(self, text: str) -> list[str]:
        return text.split()


SCORER = RougeScorer(KINDS, tokenizer=Words())


def utility(one: list[int], other: list[int]) -> float:
    scores = SCORER.score(" ".join(map(str, one)), " ".join(map(str, other)))
    return sum(scores[kind].fmeasure for kind in KINDS) / 3


def hypotheses(rows: list[list[list[int]]], probabilities: list[list[float]]) -> Hypotheses:
    width = max(len(ids) for example in rows for ids in example)
    tokens = torch.tensor([[ids + [PAD] * (width - len(ids)) for ids in example] for example in rows])
    log_probs = torch.tensor(probabilities).log()
    return Hypotheses(tokens, (tokens != PAD).sum(dim=2), log_probs / 2, log_probs)


def test_the_hypothesis_that_agrees_with_the_others_wins() -> None:
    """The first one is the most probable, but has no word of the others. Of these, 4 5 6 agrees more with 4 5 than
    with 6 7. An example with one hypothesis keeps it."""
    found = hypotheses([[[9, 8], [6, 7], [4, 5, 6], [4, 5]], [[9], [], [], []]], [[0.3, 0.2, 0.2, 0.2], [0.1, 0, 0, 0]])
    options = SearchOptions(beam_size=4, n_best=2, minimum_risk=True)
    best = minimum_risk(found, options, PAD)
    assert words(best) == [[4, 5, 6], [4, 5]]
    assert words(best, 1) == [[9], []]
    assert best.scores[1, 1] == -math.inf
    torch.testing.assert_close(best.log_probs[0], torch.tensor([0.2, 0.2]).log())
    torch.testing.assert_close(best.scores, best.log_probs / 2)


def test_temperature() -> None:
    """Utilities: 1 between equal ones, 1/3 (of 2/3, 0 and 2/3, by 3: 4/9) between 4 5 and 4 6. With T = 1 the first one
    has .9 + .1 * 4/9 against .9 * 4/9 + .1; 4 6 and 4 6 7 together win if all have about the same weight."""
    found = hypotheses([[[4, 5], [4, 6], [4, 6, 7]]], [[0.9, 0.05, 0.05]])
    options = SearchOptions(beam_size=3, minimum_risk=True, risk_temperature=1.0)
    assert words(minimum_risk(found, options, PAD)) == [[4, 5]]
    assert words(minimum_risk(found, replace(options, risk_temperature=50.0), PAD)) == [[4, 6]]


@pytest.mark.parametrize("pairs_at_once", [1, 50, 10**6])
@pytest.mark.parametrize("temperature", [0.5, 4.0])
def test_expected_utility(pairs_at_once: int, temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAIRS_AT_ONCE", pairs_at_once)
    model, examples, beams = TinyGRU(1), 5, 6
    options = SearchOptions(beam_size=beams, n_best=beams, max_length=7, risk_temperature=temperature)
    found = search(model.step, model.start(examples), examples, options, **IDS)
    best = search(model.step, model.start(examples), examples, replace(options, minimum_risk=True), **IDS)
    first = search(model.step, model.start(examples), examples, replace(options, minimum_risk=True, n_best=1), **IDS)
    moved = 0
    for example in range(examples):
        ids = words(found, example)
        weights = [math.exp(float(value) / temperature) for value in found.log_probs[example].detach()]
        pairs = [[1.0 if a is b else utility(a, b) for b in ids] for a in ids]
        expected = [sum(w * u for w, u in zip(weights, row, strict=True)) for row in pairs]
        order = sorted(range(beams), key=lambda i: -expected[i])
        assert words(best, example) == [ids[i] for i in order]
        assert words(first, example) == [ids[order[0]]]
        torch.testing.assert_close(best.scores[example], found.scores[example, order])
        torch.testing.assert_close(best.log_probs[example], found.log_probs[example, order])
        moved += order[0] != 0
    assert moved


def test_utilities_are_those_of_rouge_score() -> None:
    tokens = torch.randint(PAD, 4, (3, 7, 6), generator=seeded(3)).sort(dim=2, descending=True).values
    rows = [[[t for t in row if t != PAD] for row in example] for example in tokens.tolist()]
    expected = [[[1.0 if i == j else utility(a, b) for j, b in enumerate(e)] for i, a in enumerate(e)] for e in rows]
    torch.testing.assert_close(utilities(tokens, PAD), torch.tensor(expected), rtol=0, atol=1e-6)
    assert EOS in tokens
