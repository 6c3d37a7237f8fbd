"""Objectives over candidates: the gradient of the textbook's formula, the candidates, and whole trainings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import run, write_config, write_corpus
from rouge_score import rouge_scorer
from test_resume import differences, rows, settings, state

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import generate
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.model.output import PointerOutput
from seq2seq.options import check_effects
from seq2seq.training.candidates import Candidates, expected_risk, ranking_loss, search_candidates
from seq2seq.training.objectives import OBJECTIVES, ObjectiveOptions

VOCABULARY = Vocabulary(size=14, pad=0, bos=2, eos=3, unk=1)
SMALL = NetworkOptions(embedding_size=6, encoder_size=5, decoder_size=8, attention_size=4, dropout=0.0)
SEARCH = SearchOptions(beam_size=2, max_length=5, length_penalty=0.5)
DOCUMENTS = [[4, 14, 6, 15, 14, 9], [7, 8], [9, 11, 14, 10, 4]]
SUMMARIES = [[14, 4, 15], [7, 1, 8, 5], [14]]


def network(**changes: object) -> Seq2Seq:
    """In training mode, in float64. Sharper than at its start, so that candidates differ and end."""
    torch.manual_seed(0)
    net = build_network(replace(SMALL, **changes), VOCABULARY).double().train()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2)
        net.output.bias[VOCABULARY.eos] = 1
        if isinstance(net.output, PointerOutput):
            net.output.gate.bias.fill_(-1.0)  # copy more often than not
    return net


def batch(examples: slice = slice(None)) -> Batch:
    """Three documents; ids from 14 on are their own unknown words."""
    documents = DOCUMENTS[examples]
    oov = [["w"] * max([i - 13 for i in d if i > 13], default=0) for d in documents]
    return make_batch(documents, SUMMARIES[examples], oov, VOCABULARY)


def log_prob(net: Seq2Seq, document: list[int], targets: list[int]) -> torch.Tensor:
    """log p(targets | document), with a gradient, from the equations of the output layer."""
    words = torch.tensor([document])
    memory = net.encode(words, torch.ones_like(words, dtype=torch.bool), 2)
    previous = torch.tensor([[VOCABULARY.bos, *targets[:-1]]])
    features, attention, _ = net.decode(previous, memory, net.decoder.initial_state(memory))
    hidden = net.output.project(features[0])
    probs = (hidden @ net.output.weight[: VOCABULARY.size].T + net.output.bias).softmax(dim=1)
    copies = isinstance(net.output, PointerOutput)
    gates = net.output.gate(features[0]).sigmoid().squeeze(1) if copies else torch.ones(len(probs))
    total = torch.zeros(())
    for target, p, gate, weights in zip(targets, probs, gates, attention[0], strict=True):
        word = target if copies or target < VOCABULARY.size else VOCABULARY.unk
        generated = gate * p[word] if word < VOCABULARY.size else torch.zeros(())
        total = total + (generated + (1 - gate) * weights[words[0] == word].sum()).log()
    return total


def reward(candidate: list[int], reference: list[int]) -> float:
    """The mean F1 of ROUGE by rouge-score, where each id is a word."""
    kinds = ["rouge1", "rouge2", "rougeL"]
    texts = [" ".join(f"w{i}" for i in ids if i != VOCABULARY.eos) for ids in (reference, candidate)]
    return sum(score.fmeasure for score in rouge_scorer.RougeScorer(kinds).score(*texts).values()) / 3


def textbook_risk(net: Seq2Seq, count: int, alpha: float, with_reference: bool) -> torch.Tensor:
    """Shen et al. 2016, equations 8 and 9, for each document, times the target words of its reference."""
    net.eval()
    found = generate(net, batch(), replace(SEARCH, beam_size=count, n_best=count))
    net.train()
    total = torch.zeros(())
    for i, (document, reference) in enumerate(zip(DOCUMENTS, SUMMARIES, strict=True)):
        candidates = []
        for tokens, length in zip(found.tokens[i].tolist(), found.lengths[i].tolist(), strict=True):
            candidates.append(tokens[:length] + [VOCABULARY.eos] * (length < SEARCH.max_length))
        whole = [*reference, VOCABULARY.eos]
        if with_reference:
            candidates = [c for c in candidates if c != whole] + [whole]
        scores = torch.stack([log_prob(net, document, c) for c in candidates])
        shares = (scores * alpha).exp() / (scores * alpha).exp().sum()
        risks = torch.tensor([1 - reward(c, whole) for c in candidates])
        total = total + len(whole) * (shares * risks).sum()
    return total


@pytest.mark.parametrize("with_reference", [False, True])
@pytest.mark.parametrize(
    "changes",
    [{}, {"pointer": False}, {"attention_history": "coverage"}, {"input_feeding": True, "cell": "lstm"}],
    ids=["pointer", "softmax", "coverage", "feeding"],
)
def test_value_and_gradient_of_the_risk(changes: dict[str, object], with_reference: bool) -> None:
    """All candidates in one call of the decoder, and a weighted cross-entropy, give what autograd gives for the formula
    with one candidate after the other."""
    net = network(**changes)
    options = ObjectiveOptions("minimum_risk", 4, 0.0, 0.7, with_reference)
    terms, log_likelihoods = OBJECTIVES["minimum_risk"](net, batch(), 0, options, SEARCH)
    parameters = [p for p in net.parameters() if p.requires_grad]
    expected = textbook_risk(net, 4, 0.7, with_reference)
    torch.testing.assert_close(terms["risk"], expected, rtol=1e-6, atol=0)
    gradients = torch.autograd.grad(terms["risk"], parameters, allow_unused=True)
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True)
    assert max(float(g.abs().max()) for g in wanted if g is not None) > 0.01
    for one, other in zip(gradients, wanted, strict=True):
        zero = torch.zeros(())
        found = zero if one is None else one
        torch.testing.assert_close(found, zero if other is None else other, rtol=1e-5, atol=1e-6)
    assert torch.equal(log_likelihoods, net.loss(batch())[1])


def test_log_likelihoods_of_candidates_are_those_of_the_search() -> None:
    """Also those of hypotheses that the search has cut, which have no end symbol; and candidates with copied words."""
    net = network()
    random = torch.get_rng_state()
    candidates = search_candidates(net, batch(), 6, SEARCH)
    assert torch.equal(torch.get_rng_state(), random)
    assert net.training
    with torch.no_grad():
        net.eval()
        found = generate(net, batch(), replace(SEARCH, beam_size=6, n_best=6))
        words = net.log_likelihoods(candidates.batch).split(candidates.batch.summary_mask.sum(dim=1).tolist())
    log_probs = torch.stack([of_one.sum() for of_one in words]).view(3, 6)
    assert candidates.present.all()
    torch.testing.assert_close(log_probs, found.log_probs.double(), rtol=1e-6, atol=1e-6)
    cut = found.lengths == SEARCH.max_length
    assert cut.any()
    assert not cut.all()
    assert torch.equal(candidates.lengths, found.lengths + ~cut)
    assert (found.tokens >= VOCABULARY.size).any()


def test_documents_with_few_candidates() -> None:
    """With one step there is one hypothesis for each word that can be written. The others are not present: they have no
    target, no share of the probability, and no NaN in any gradient."""
    net, search = network(), replace(SEARCH, max_length=1)
    candidates = search_candidates(net, batch(), 16, search)
    possible = [VOCABULARY.size - 3 + len({i for i in document if i >= VOCABULARY.size}) for document in DOCUMENTS]
    assert candidates.present.sum(dim=1).tolist() == possible
    assert not candidates.lengths[~candidates.present].any()
    terms, _ = OBJECTIVES["minimum_risk"](net, batch(), 0, ObjectiveOptions("minimum_risk", 16), search)
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)


def test_the_reference_as_a_candidate() -> None:
    """It comes last, and ROUGE compares it with itself. A hypothesis that equals it is not present."""
    net = network()
    found = search_candidates(net, batch(), 6, SEARCH)
    references = []
    for hypotheses in found.batch.summary.view(3, 6, -1)[:, :, 1:].tolist():
        whole = [ids[: ids.index(VOCABULARY.eos)] for ids in hypotheses if VOCABULARY.eos in ids[1:]]
        references.append(whole[0] if whole else [4, 5])
    copies = [int(reference != [4, 5]) for reference in references]
    assert any(copies)
    again = search_candidates(net, make_batch(DOCUMENTS, references, [["w"] * 2] * 3, VOCABULARY), 6, SEARCH, True)
    assert again.present.shape == (3, 7)
    assert again.present[:, -1].all()
    assert (~again.present).sum(dim=1).tolist() == copies
    rewards = torch.tensor([reward(reference, reference) for reference in references])
    torch.testing.assert_close(again.rewards[:, -1], rewards)
    assert again.lengths[:, -1].tolist() == [len(reference) + 1 for reference in references]


@pytest.mark.parametrize("name", ["minimum_risk", "ranking"])
def test_parts_of_a_batch_add_up(name: str) -> None:
    """The gradient of a batch is the sum of those of its parts, as accumulation and several processes need it."""
    options, gradients = ObjectiveOptions(name, candidates=4), []
    for parts in ([slice(0, 3)], [slice(0, 1), slice(1, 3)]):
        net = network()
        for part in parts:
            terms, _ = OBJECTIVES[name](net, batch(part), 0, options, SEARCH)
            torch.stack(list(terms.values())).sum().backward()
        gradients.append([p.grad for p in net.parameters() if p.grad is not None])
    for whole, summed in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, summed)


def test_some_words_alone() -> None:
    """With `training_vocabulary` the softmax covers the words of all candidates, beside those of the batch."""
    net = network(training_vocabulary=4)
    candidates = search_candidates(net, batch(), 4, SEARCH)
    written = candidates.batch.summary[candidates.batch.summary < VOCABULARY.size]
    assert set(written.tolist()) <= set(candidates.batch.words.tolist())
    terms, _ = OBJECTIVES["minimum_risk"](net, batch(), 0, ObjectiveOptions("minimum_risk", 4), SEARCH)
    assert terms["risk"].isfinite()


def made_up(rewards: list[float], lengths: list[int], present: list[bool]) -> Candidates:
    return Candidates(
        batch(slice(1)),
        torch.tensor([present]),
        torch.tensor([lengths]),
        torch.tensor([rewards], dtype=torch.double),
        torch.tensor([4]),
    )


def test_losses_by_hand() -> None:
    log_probs = torch.tensor([[0.2, 0.5, 0.3, 0.9]], dtype=torch.double).log()
    given = made_up([0.5, 0.0, 1.0, 0.7], [1, 1, 1, 1], [True, True, True, False])
    # shares 0.2, 0.5, 0.3; with the sharpness 2 they are 4/38, 25/38, 9/38
    torch.testing.assert_close(expected_risk(given, log_probs, 1.0), log_probs.new_tensor([0.2 * 0.5 + 0.5]))
    torch.testing.assert_close(expected_risk(given, log_probs, 2.0), log_probs.new_tensor([(4 * 0.5 + 25) / 38]))
    # by reward: candidate 2, 0, 1. Scores: -1, -6 / 4 ** 0.5 = -3, -2.
    scores = torch.tensor([[-6.0, -2.0, -1.0, 5.0]], dtype=torch.double)
    ranked = made_up([0.5, 0.0, 1.0, 0.7], [4, 1, 1, 1], [True, True, True, False])
    hinges = [max(0, -3 + 1 + 0.6), max(0, -2 + 1 + 1.2), max(0, -2 + 3 + 0.6)]
    torch.testing.assert_close(ranking_loss(ranked, scores, 0.5, 0.6), scores.new_tensor([sum(hinges) / 3]))
    ties = made_up([0.5, 0.5, 0.5, 0.5], [1, 1, 1, 1], [True] * 4)
    assert ranking_loss(ties, scores, 0.5, 0.6).item() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "minimum_risks"}, "objective.name: 'minimum_risks' is none of likelihood, minimum_risk"),
        ({"candidates": 1}, "objective.candidates: 1 is too small; give at least 2"),
        ({"likelihood_weight": 1.1}, "objective.likelihood_weight: 1.1 is too large"),
    ],
)
def test_wrong_options(options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        ObjectiveOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"candidates": 4}, {"name": "minimum_risk", "margin": 0.1}, {"name": "ranking", "sharpness": 2.0}]
)
def test_options_without_effect(options: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"has no effect with x\.name"):
        check_effects(ObjectiveOptions(**options), "x")  # type: ignore[arg-type]


# ---- training


@pytest.mark.parametrize("name", ["minimum_risk", "ranking"])
def test_the_reward_of_the_best_hypothesis_rises(name: str) -> None:
    """Without the likelihood, so that the term of the candidates alone is at work, after a few steps of it."""
    net = network(dropout=0.1)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)

    def steps(count: int, options: ObjectiveOptions) -> float:
        for _ in range(count):
            optimizer.zero_grad()
            terms, _ = OBJECTIVES[options.name](net, batch(), 0, options, SEARCH)
            torch.stack(list(terms.values())).sum().backward()
            optimizer.step()
        return float(search_candidates(net, batch(), 4, SEARCH).rewards[:, 0].mean())

    before = steps(15, ObjectiveOptions())
    assert steps(40, ObjectiveOptions(name, candidates=4, likelihood_weight=0.0)) > before + 0.1


def test_a_resumed_run_ends_with_the_same_bits(tmp_path: Path) -> None:
    """With dropout and accumulation, resumed within an epoch. The checkpoint holds the objective, the log its term."""
    changes = {
        "model__objective": {"name": "minimum_risk", "candidates": 3},
        "trainer__accumulate_grad_batches": 2,
        "trainer__val_check_interval": 1.0,
        "trainer__plugins": [
            {"class_path": "parts_of_runs.CopyingIO", "init_args": {"copies": str(tmp_path / "copies")}}
        ],
    }
    given = settings(tmp_path / "run", write_corpus(tmp_path / "corpus", 36), **changes)
    assert run("fit", "--config", write_config(tmp_path / "a.yaml", given)) == 0
    logged = [float(row["train/risk"]) for row in rows(tmp_path / "run") if "train/risk" in row]
    assert len(logged) == 9
    assert 0 < min(logged) <= max(logged) <= 0.75
    final = state(tmp_path / "run" / "last.ckpt")
    (step,) = (tmp_path / "copies").glob("*-step-5")
    shutil.rmtree(tmp_path / "run")
    step.rename(tmp_path / "run")
    del given["trainer"]["plugins"]
    assert run("fit", "--config", write_config(tmp_path / "b.yaml", given), "--resume", "auto") == 0
    assert differences(state(tmp_path / "run" / "last.ckpt"), final) == []
    saved = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["seq2seq"]["objective"]
    assert ObjectiveOptions(**saved) == ObjectiveOptions("minimum_risk", candidates=3)
