"""Explanations of headlines, against the network step by step, log-likelihoods, and gates set by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers import pairs

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, train_tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.explanation import BeamNode, Explanation
from seq2seq.inference import Summarizer
from seq2seq.model.ensemble import Ensemble
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions

DOCUMENT = "a quokka fled from the old harbour of athens , and a wombat fled from the harbour too"
SMALL = NetworkOptions(embedding_size=8, encoder_size=6, decoder_size=10, attention_size=5, dropout=0.0)
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no pointer": {"pointer": False, "attention": "additive"},
    "input feeding": {"input_feeding": True, "cell": "lstm"},
    "coverage": {"attention_history": "coverage", "attention": "additive"},
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TokenizerOptions(vocab_size=60), [pair["document"] for pair in pairs(24)])


def network(tokenizer: Tokenizer, seed: int = 0, **changes: Any) -> Seq2Seq:
    """A network without training and with sharp distributions."""
    torch.manual_seed(seed)
    t = tokenizer
    vocabulary = Vocabulary(t.vocab_size, t.pad_id, t.bos_id, t.eos_id, t.unk_id)
    net = build_network(replace(SMALL, **changes), vocabulary)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2)
    return net


def summarizer(net: Seq2Seq | Ensemble, tokenizer: Tokenizer, **options: Any) -> Summarizer:
    return Summarizer(net, tokenizer, SearchOptions(**{"beam_size": 3, "max_length": 8, **options}), 100)


def stepwise_attention(net: Seq2Seq, document: list[int], oov: list[str], headline: list[int]) -> list[np.ndarray]:
    """The decoder's own attention, one word after the other, as a search computes it."""
    batch = make_batch([document], None, [oov], net.vocabulary)
    weights = []
    with torch.no_grad():
        memory = net.encode(batch.document, batch.mask, batch.extension)
        state = net.decoder.initial_state(memory)
        for word in [net.vocabulary.bos, *headline][: len(headline)]:
            _, found, state = net.decode(torch.tensor([[word]]), memory, state)
            weights.append(found[0, 0].numpy())
    return weights


@pytest.mark.parametrize("kind", KINDS)
def test_the_attention_is_that_of_the_network(tokenizer: Tokenizer, kind: str) -> None:
    net = network(tokenizer, **KINDS[kind])
    summarize = summarizer(net, tokenizer)
    explained = summarize.explain(DOCUMENT)
    (document,) = tokenizer.encode_documents([DOCUMENT], 100)
    ((headline, _),) = tokenizer.encode_summaries([explained.text], [document.oov], 100)
    assert explained.attention.shape == (len(headline), len(document.ids))
    expected = stepwise_attention(net, document.ids, document.oov, headline)
    np.testing.assert_allclose(explained.attention, expected, atol=1e-5)
    np.testing.assert_allclose(explained.attention.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_parts_of_the_probabilities_give_the_log_likelihood(tokenizer: Tokenizer, kind: str) -> None:
    net = network(tokenizer, **KINDS[kind])
    (document,) = tokenizer.encode_documents([DOCUMENT], 100)
    text = "quokka fled from wombat harbour"
    explained = summarizer(net, tokenizer).explain(DOCUMENT, text, length_penalty=0.5)
    ((ids, _),) = tokenizer.encode_summaries([text], [document.oov], 100)
    expected = net.log_likelihoods(make_batch([document.ids], [ids], [document.oov], net.vocabulary))
    np.testing.assert_allclose(np.log(explained.probabilities), expected[:-1], rtol=1e-4)
    assert explained.log_prob == pytest.approx(float(expected.sum()), rel=1e-4)
    assert explained.score == pytest.approx(float(expected.sum()) / 6**0.5, rel=1e-4)


def with_gate(net: Seq2Seq, bias: float) -> Seq2Seq:
    """The network with the probability sigmoid(bias) to generate a word, at every step."""
    with torch.no_grad():
        net.output.gate.weight.zero_()
        net.output.gate.bias.fill_(bias)
    return net


def test_copied_words_follow_the_gate(tokenizer: Tokenizer) -> None:
    """`quokka` is unknown, so it is always copied. `fled` is unknown too; `zebra` can neither be copied nor generated,
    and counts as <unk>; `harbour` can be both."""
    text = "quokka zebra harbour"
    copying = summarizer(with_gate(network(tokenizer), -20.0), tokenizer).explain(DOCUMENT, text)
    generating = summarizer(with_gate(network(tokenizer), 20.0), tokenizer).explain(DOCUMENT, text)
    assert copying.copied.tolist() == [True, False, True]
    assert generating.copied.tolist() == [True, False, False]
    np.testing.assert_allclose(copying.copy, copying.attention, atol=1e-5)  # (1 - g) a with g = 0
    np.testing.assert_allclose(generating.copy, 0, atol=1e-5)
    half = summarizer(with_gate(network(tokenizer), 0.0), tokenizer).explain(DOCUMENT, text)
    np.testing.assert_allclose(half.copy, half.attention / 2, atol=1e-5)
    harbours = [6, 16]  # counted by hand
    assert [half.document_words[position] for position in harbours] == [" harbour", " harbour"]
    copied = half.attention[2, harbours].sum() / 2
    assert half.copied_shares[2] == pytest.approx(copied / half.probabilities[2], rel=1e-4)
    assert half.sources[2].nonzero()[0].tolist() == harbours


@pytest.mark.parametrize("options", [{}, {"beam_size": 1}, {"shortlist": 20}, {"minimum_risk": True}], ids=str)
def test_a_trace_has_the_headlines_of_the_search(tokenizer: Tokenizer, options: dict[str, Any]) -> None:
    summarize = summarizer(network(tokenizer), tokenizer, **options)
    n_best = summarize.options.beam_size
    trace = summarize.trace(DOCUMENT, n_best=n_best)
    (expected,) = summarize.stream([DOCUMENT], n_best=n_best)
    assert [(h.text, h.score, h.log_prob) for h in trace.headlines] == [tuple(h) for h in expected]
    ranked = sorted((node for node in trace.nodes if node.rank is not None), key=lambda node: node.rank or 0)
    assert [node.rank for node in ranked] == list(range(len(expected)))
    for node, headline in zip(ranked, trace.headlines, strict=True):
        assert node.finished
        assert node.log_prob == headline.log_prob
        assert path_words(trace.nodes, node) == [word.strip() for word in headline.headline_words]


def path(nodes: list[BeamNode], node: BeamNode) -> list[BeamNode]:
    return [*([] if node.parent is None else path(nodes, nodes[node.parent])), node]


def path_words(nodes: list[BeamNode], node: BeamNode) -> list[str]:
    return [one.text for one in path(nodes, node) if one.text]


def test_every_node_has_the_log_likelihood_of_its_words(tokenizer: Tokenizer) -> None:
    net = network(tokenizer)
    options = {"beam_size": 3, "max_length": 5, "length_penalty": 0.7}
    trace = summarizer(net, tokenizer).trace(DOCUMENT, **options)
    (document,) = tokenizer.encode_documents([DOCUMENT], 100)
    for node in trace.nodes:
        ids = [one.token for one in path(trace.nodes, node)]
        assert len(ids) == node.step
        batch = make_batch([document.ids], [ids], [document.oov], net.vocabulary)
        log_likelihood = float(net.log_likelihoods(batch)[: len(ids)].sum())
        assert node.log_prob == pytest.approx(log_likelihood, rel=1e-4)
        assert node.score == pytest.approx(log_likelihood / node.step**0.7, rel=1e-4)
    live = [node.step for node in trace.nodes if not node.finished]
    assert max(map(live.count, live)) == 3


def test_the_explanation_of_an_ensemble_is_the_mean(tokenizer: Tokenizer) -> None:
    members = [network(tokenizer, seed) for seed in (1, 2)]
    text = "quokka fled from harbour"
    one, other = (summarizer(member, tokenizer).explain(DOCUMENT, text) for member in members)
    both = summarizer(Ensemble(members), tokenizer).explain(DOCUMENT, text)
    for name in ("attention", "copy", "probabilities"):
        np.testing.assert_allclose(getattr(both, name), (getattr(one, name) + getattr(other, name)) / 2, rtol=1e-4)


def test_a_long_document_is_cut(tokenizer: Tokenizer) -> None:
    summarize = summarizer(network(tokenizer), tokenizer)
    summarize.max_document_tokens = 4
    trace = summarize.trace(DOCUMENT)
    assert trace.headlines[0].document_words == ["a", " quokka", " fled", " from"]
    assert trace.document_tokens == len(DOCUMENT.split())


def test_an_empty_headline_has_no_rows(tokenizer: Tokenizer) -> None:
    explained: Explanation = summarizer(network(tokenizer), tokenizer).explain(DOCUMENT, "")
    assert explained.attention.shape == (0, len(DOCUMENT.split()))
    assert explained.headline_words == []
    assert math.isfinite(explained.log_prob)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((" \t",), {}, "the document has no word"),
        ((None,), {}, "is None"),
        ((DOCUMENT, 3), {}, "is of type int"),
        ((DOCUMENT,), {"beam": 3}, "unknown option 'beam'"),
    ],
)
def test_wrong_arguments_are_named(tokenizer: Tokenizer, arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        summarizer(network(tokenizer), tokenizer).explain(*arguments, **options)
