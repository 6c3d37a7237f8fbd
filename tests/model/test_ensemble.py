"""An ensemble searches with the mean of its networks' distributions: by hand, by brute force, in float64."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import generate
from seq2seq.model.ensemble import Ensemble
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions

PAD, UNK, BOS, EOS = range(4)
SIZE = 7
VOCABULARY = Vocabulary(SIZE, PAD, BOS, EOS, UNK)
SMALL = NetworkOptions(embedding_size=6, encoder_size=5, decoder_size=8, attention_size=4, dropout=0.0)
DIFFERENT: list[dict[str, Any]] = [
    {"cell": "lstm", "embedding_size": 4, "encoder_size": 3, "decoder_layers": 1},
    {"pointer": False, "cell": "elman", "attention": "additive"},
]


def network(seed: int, vocabulary: Vocabulary = VOCABULARY, **changes: Any) -> Seq2Seq:
    """A network in float64 with sharp distributions, which copies and ends often."""
    torch.manual_seed(seed)
    net = build_network(replace(SMALL, **changes), vocabulary).double().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2.5)
        net.output.bias.normal_()
        net.output.bias[EOS] = 3
    return net


def documents(size: int = SIZE) -> Batch:
    """Known words and two unknown ones; one document is empty."""
    generator = torch.Generator().manual_seed(1)
    ids = [torch.randint(4, size + 2, (n,), generator=generator).tolist() for n in (5, 9, 1, 0, 7, 3)]
    return make_batch(ids, None, [["a", "b"]] * len(ids), Vocabulary(size, *VOCABULARY[1:]))


def distribution(net: Seq2Seq, document: list[int], prefix: list[int]) -> Tensor:
    """[V + 2] the probabilities of the next word, written out: softmax, and its mixture with the attention."""
    batch = make_batch([document], None, [["a", "b"]], net.vocabulary)
    with torch.no_grad():
        memory = net.encode(batch.document, batch.mask, 2)
        features, attention, _ = net.decode(torch.tensor([prefix]), memory, net.decoder.initial_state(memory))
        feature = features[0, -1]
        hidden, words = net.output.project(feature), net.vocabulary.size
        p = functional.linear(hidden, net.embedding.weight[:words], net.output.bias).softmax(dim=0)
        if not hasattr(net.output, "gate"):
            return torch.cat([p, p.new_zeros(2)])
        gate = net.output.gate(feature).sigmoid()
        p = torch.cat([gate * p, p.new_zeros(2)])
        for position, word in enumerate(batch.document[0].tolist()):
            p[word] += (1 - gate[0]) * attention[0, -1, position]
        return p


def every_headline(networks: list[Seq2Seq], document: list[int], length: int) -> list[tuple[float, list[int]]]:
    """(log-probability under the mean of the distributions, words) of all headlines of up to `length` words."""
    words = [w for w in range(SIZE + 2) if w not in (PAD, UNK, BOS, EOS)]
    mean: dict[tuple[int, ...], Tensor] = {}
    for size in range(length):
        for headline in itertools.product(words, repeat=size):
            parts = [distribution(net, document, [BOS, *headline]) for net in networks]
            mean[headline] = torch.stack(parts).mean(dim=0).log()
    found = []
    for size in range(length + 1):
        for headline in itertools.product(words, repeat=size):
            ids = [*headline, EOS][:length]  # a headline that is cut has no end symbol
            total = math.fsum(float(mean[headline[:i]][word]) for i, word in enumerate(ids))
            found.append((total, list(headline)))
    return sorted((total, headline) for total, headline in found if total > -math.inf)[::-1]


@pytest.mark.parametrize("changes", DIFFERENT)
def test_against_brute_force(changes: dict[str, Any]) -> None:
    """All headlines of up to three words, by the mean of distributions that are written out here.

    A beam of 125 loses nothing. Greedy search is the best first word, then the best second one, and so on.
    """
    networks, document = [network(1), network(2, **changes)], [4, SIZE, 5, SIZE + 1, 4]
    batch = make_batch([document], None, [["a", "b"]], VOCABULARY)
    expected = every_headline(networks, document, 3)[:8]
    options = SearchOptions(beam_size=125, n_best=8, max_length=3, length_penalty=0.0)
    found = generate(Ensemble(networks), batch, options)
    headlines = zip(found.tokens[0].tolist(), found.lengths[0].tolist(), strict=True)
    assert [ids[:length] for ids, length in headlines] == [headline for _, headline in expected]
    torch.testing.assert_close(found.log_probs[0], torch.tensor([total for total, _ in expected]).double())

    greedy, total = [BOS], 0.0
    while len(greedy) < 4 and greedy[-1] != EOS:
        mean = torch.stack([distribution(net, document, greedy) for net in networks]).mean(dim=0)
        mean[[PAD, UNK, BOS]] = 0
        greedy.append(int(mean.argmax()))
        total += math.log(float(mean.max()))
    found = generate(Ensemble(networks), batch, SearchOptions(max_length=3))
    assert found.tokens[0, 0, : int(found.lengths)].tolist() == [word for word in greedy[1:] if word != EOS]
    assert float(found.log_probs) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("shortlist", [0, 20])
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("pointer", [True, False])
def test_one_network_three_times_is_the_network(pointer: bool, beam_size: int, shortlist: int) -> None:
    vocabulary = Vocabulary(40, *VOCABULARY[1:])
    net, batch = network(3, vocabulary, pointer=pointer), documents(40)
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=9, shortlist=shortlist)
    expected, found = generate(net, batch, options), generate(Ensemble([net, net, net]), batch, options)
    assert len(set(expected.lengths[:, 0].tolist())) > 1
    assert torch.equal(found.tokens, expected.tokens)
    torch.testing.assert_close(found.scores, expected.scores, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.log_probs, expected.log_probs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("changes", [*DIFFERENT, {"unknown_embeddings": 2}])
@pytest.mark.parametrize("shortlist", [0, 20])
@pytest.mark.parametrize("beam_size", [1, 3])
def test_other_documents_pieces_and_order_change_nothing(
    changes: dict[str, Any], beam_size: int, shortlist: int
) -> None:
    vocabulary = Vocabulary(40, *VOCABULARY[1:])
    networks, batch = [network(4, vocabulary), network(5, vocabulary, **changes)], documents(40)
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=9, shortlist=shortlist)
    together = generate(Ensemble(networks), batch, options)
    alone = [generate(net, batch, options) for net in networks]
    assert not any(torch.equal(together.log_probs, one.log_probs) for one in alone)
    other_order = generate(Ensemble(networks[::-1]), batch, options)
    assert torch.equal(other_order.tokens, together.tokens)
    torch.testing.assert_close(other_order.scores, together.scores, rtol=1e-12, atol=1e-12)
    for i in range(len(batch)):
        single = generate(Ensemble(networks), batch.part(slice(i, i + 1)), options)
        width = single.tokens.shape[2]
        assert torch.equal(single.tokens[0], together.tokens[i, :, :width])
        torch.testing.assert_close(single.scores[0], together.scores[i], rtol=1e-12, atol=1e-12)
    ensemble = Ensemble(networks)
    with torch.no_grad():
        state = ensemble.start(ensemble.encode(batch.document, batch.mask, batch.extension), shortlist)
        tokens = torch.full((len(batch),), BOS)
        whole, few = ([n + c[:, None] for n, c in ensemble.step_in_pieces(tokens, state, rows)[0]] for rows in (99, 2))
    assert (len(whole), len(few)) == (1, 3)
    torch.testing.assert_close(torch.cat(few), whole[0], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(whole[0].exp().sum(dim=1), torch.ones(len(batch)).double())


def test_likelihoods_are_those_of_the_mean() -> None:
    """Those of references that copy an unknown word, with and without a pointer."""
    document, summary = [4, SIZE, 5], [5, SIZE, 4]
    batch = make_batch([document], [summary], [["a", "b"]], VOCABULARY)
    for changes in ({}, {"pointer": False}):
        networks = [network(6), network(7, **changes)]
        expected = []
        for i, word in enumerate([*summary, EOS]):
            parts = [distribution(net, document, [BOS, *summary[:i]])[word] for net in networks]
            expected.append(torch.stack(parts).mean().log())
        torch.testing.assert_close(Ensemble(networks).log_likelihoods(batch), torch.stack(expected))
    without = [network(8, pointer=False), network(9, pointer=False)]
    each = torch.stack([net.log_likelihoods(batch) for net in without]).exp()
    torch.testing.assert_close(Ensemble(without).log_likelihoods(batch), each.mean(dim=0).log())


def test_a_shortlist_needs_the_special_symbols() -> None:
    with pytest.raises(UserError, match=r"search.shortlist: 3 is too small; give at least 4"):
        generate(Ensemble([network(1), network(2)]), documents(), SearchOptions(shortlist=3))
