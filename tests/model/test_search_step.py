"""The network as a search sees it: pieces, shortlist, fast and plain operations, memory that stays in place."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from seq2seq import ops
from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions, search
from seq2seq.errors import UserError
from seq2seq.inference import generate
from seq2seq.model.cells import CELLS
from seq2seq.model.memory import Memory
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions

SMALL = NetworkOptions(embedding_size=6, encoder_size=5, decoder_size=8, attention_size=4, dropout=0.0)
VOCABULARY = Vocabulary(40, 0, 2, 3, 1)


def network(dtype: torch.dtype = torch.float64, **settings: object) -> Seq2Seq:
    torch.manual_seed(0)
    net = build_network(replace(SMALL, **settings), VOCABULARY).to(dtype).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2.5)  # sharper, so that headlines differ and end
        net.output.bias.normal_()
        net.output.bias[VOCABULARY.eos] = 3
        if settings.get("pointer", True):
            net.output.gate.bias.fill_(-1.0)  # copy more often than not
    return net


def documents(count: int = 8) -> Batch:
    """Words of the vocabulary, and unknown ones (40, 41, 42), some twice; one document is empty."""
    generator = torch.Generator().manual_seed(1)
    lengths = [12, 9, 7, 7, 3, 1, 0, 10, *(1 + i % 11 for i in range(count - 8))]
    ids = [torch.randint(4, 43, (length,), generator=generator).tolist() for length in lengths]
    return make_batch(ids, None, [["a", "b", "c"]] * len(ids), VOCABULARY)


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("rows", [1, 9, 10**9])
def test_pieces_change_nothing(pointer: bool, beam_size: int, rows: int) -> None:
    """The search over pieces (a document each, a few, all) finds the result of the search over whole rows."""
    net, batch = network(pointer=pointer), documents()
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=9, no_repeat_ngram_size=2)
    found = []
    for step in (net.step, partial(net.step_in_pieces, rows_at_once=rows)):
        with torch.no_grad():
            state = net.start(net.encode(batch.document, batch.mask, batch.extension))
            found.append(search(step, state, len(batch), options, bos_id=2, eos_id=3, pad_id=0, forbidden=(1,)))
    whole, pieces = found
    assert len(set(whole.lengths[:, 0].tolist())) > 2
    assert torch.equal(pieces.tokens, whole.tokens)
    torch.testing.assert_close(pieces.scores, whole.scores, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(pieces.log_probs, whole.log_probs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pointer", [True, False])
def test_shortlist_by_hand(pointer: bool) -> None:
    """Its probabilities are those of the whole vocabulary, renormalised over the words that are left: the first ten and
    the document's own. The part of the pointer stays the same."""
    net, batch = network(pointer=pointer), documents()
    with torch.no_grad():
        memory = net.encode(batch.document, batch.mask, batch.extension)
        tokens = torch.full((len(batch),), 2)
        probs = net.step(tokens, net.start(memory))[0].exp()
        short_probs = net.step(tokens, net.start(memory, shortlist=10))[0].exp()
        features, attention, _ = net.decode(tokens[:, None], memory, net.decoder.initial_state(memory))
        hidden = net.output.project(features.squeeze(1))
        generated = nn.functional.linear(hidden, net.embedding.weight[:40], net.output.bias).softmax(dim=-1)
        gate = net.output.gate(features.squeeze(1)).sigmoid() if pointer else torch.ones(len(batch), 1)
    torch.testing.assert_close(short_probs.sum(dim=-1), torch.ones(len(batch), dtype=torch.double))
    for row in range(len(batch)):
        own = batch.document[row, batch.mask[row]].tolist()
        allowed = sorted({*range(10), *(word for word in own if word < 40)})
        expected = gate[row] * generated[row] / generated[row, allowed].sum()
        copied = torch.zeros(43, dtype=torch.double)
        if pointer:
            copied.index_add_(0, torch.tensor(own), attention[row, 0, : len(own)])
        for word in {*allowed, *(own if pointer else [])}:
            place = word if word < 10 else 10 + own.index(word)
            value = (expected[word] if word < 40 else 0) + (1 - gate[row, 0]) * copied[word]
            torch.testing.assert_close(short_probs[row, place], torch.as_tensor(value).reshape(()))
        assert (short_probs[row] > 0).sum() == len({*allowed, *(own if pointer else [])})
    assert probs.shape[1] == 64
    assert not probs[:, 40 + 3 * pointer :].any()


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_shortlist_of_everything_changes_nothing(beam_size: int) -> None:
    net, batch = network(), documents()
    options = SearchOptions(beam_size=beam_size, max_length=9)
    whole = generate(net, batch, options)
    for length in (40, 1000):
        assert torch.equal(generate(net, batch, replace(options, shortlist=length)).tokens, whole.tokens)


def test_a_shortlist_does_not_depend_on_the_other_documents() -> None:
    net, batch = network(), documents()
    options = SearchOptions(beam_size=3, max_length=9, shortlist=8)
    together = generate(net, batch, options)
    written = set()
    for i in range(len(batch)):
        alone = generate(net, batch.part(slice(i, i + 1)), options)
        words = alone.tokens[0, 0, : int(alone.lengths[0, 0])].tolist()
        assert words == together.tokens[i, 0, : together.lengths[i, 0]].tolist()
        assert set(words) <= {*range(8), *batch.document[i, batch.mask[i]].tolist()}
        written |= set(words)
    assert max(written) >= 40, "unknown words can be copied"
    assert any(8 <= word < 40 for word in written), "known words that are not on the list too"


def test_a_shortlist_needs_the_special_symbols() -> None:
    with pytest.raises(UserError, match=r"search.shortlist: 3 is too small; give at least 4"):
        generate(network(), documents(), SearchOptions(shortlist=3))


@pytest.mark.parametrize("changes", [{}, {"attention": "additive"}, {"encoder_layers": 2}, {"cell": "lstm"}])
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("shortlist", [0, 20])
def test_a_search_by_fast_and_plain_operations(changes: dict, beam_size: int, shortlist: int) -> None:
    net, batch = network(torch.float32, **changes), documents(40)
    options = SearchOptions(beam_size=beam_size, max_length=6, shortlist=shortlist)
    found = generate(net, batch, options)
    with ops.reference_only():
        expected = generate(net, batch, options)
    assert torch.equal(found.tokens, expected.tokens)
    torch.testing.assert_close(found.log_probs, expected.log_probs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"encoder_layers": 2, "label_smoothing": 0.1}, {"pointer": False}])
def test_a_training_step_by_fast_and_plain_operations(changes: dict) -> None:
    torch.manual_seed(2)
    net = build_network(replace(SMALL, **changes), VOCABULARY).train()
    made = documents(33)
    batch = make_batch(made.document.tolist(), [[5, 41, 6]] * 33, made.oov, VOCABULARY)
    results = []
    for context in (nullcontext(), ops.reference_only()):
        with context:
            terms, likelihoods = net.loss(batch)
            loss = terms["cross_entropy"]
            results.append([loss.detach(), likelihoods, *torch.autograd.grad(loss, list(net.parameters()))])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_memory_stays_in_place_until_half_of_it_is_unused() -> None:
    states = torch.randn(12, 3, 4)
    mask, ids = torch.ones(12, 3, dtype=torch.bool), torch.arange(36).view(12, 3)
    memory = Memory(states, states, mask, states[:, 0], ids)
    some = memory.keep(torch.arange(0, 12, 2).repeat_interleave(1)).keep(torch.arange(5))
    kept = memory.keep(torch.tensor([0, 2, 3, 5, 6, 8, 9, 11]))
    assert kept.states is states
    fewer = kept.keep(torch.tensor([1, 2, 4, 7]))
    assert fewer.states.shape[0] == 4
    for found, rows in ((some, [0, 2, 4, 6, 8]), (kept, [0, 2, 3, 5, 6, 8, 9, 11]), (fewer, [2, 3, 6, 11])):
        own, keys = found.gathered()
        assert torch.equal(own, states[rows])
        assert torch.equal(keys, states[rows])
        assert torch.equal(found.copy_ids, ids[rows])
        assert torch.equal(found.final, states[rows, 0])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_documents_without_gradient(cell: str, layers: int) -> None:
    """Embeddings are looked up inside the encoder then: the same memory, in any order of the documents."""
    torch.manual_seed(0)
    net = build_network(replace(SMALL, cell=cell, encoder_layers=layers, unknown_embeddings=2), VOCABULARY).double()
    batch = make_batch([[7, 8, 41, 7], [9], [8, 8, 40, 11, 12, 43, 7], [10, 9, 9]], None, [["w"] * 4] * 4, VOCABULARY)
    net.eval()
    expected = net.encode(batch.document, batch.mask, 4)
    with torch.no_grad():
        found = net.encode(batch.document, batch.mask, 4)
    torch.testing.assert_close(found.final, expected.final)
    torch.testing.assert_close(found.states[batch.mask], expected.states[batch.mask])
    assert found.states.isfinite().all()


@pytest.mark.parametrize("pointer", [True, False])
def test_a_network_in_bfloat16_learns(pointer: bool) -> None:
    net = build_network(replace(SMALL, pointer=pointer, label_smoothing=0.1), VOCABULARY).bfloat16().train()
    batch = make_batch([[5, 41, 6, 7, 5], [8, 9]], [[5, 41, 6, 9], [9, 4]], [["a", "b"], []], VOCABULARY)
    net.loss(batch)[0]["cross_entropy"].backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in net.parameters())


@pytest.mark.parametrize("cell", CELLS)
def test_a_training_step_never_waits_for_a_device(cell: str) -> None:
    """Tensors on the device "meta" have shapes but no numbers: an operation that needs one raises there, and would make
    a GPU wait."""
    with torch.device("meta"):
        net = build_network(replace(SMALL, cell=cell, dropout=0.1), VOCABULARY).train()
    batch = make_batch([[5, 41, 6, 7, 5], [8, 9]], [[5, 41], [9]], [["a", "b"], []], VOCABULARY).to("meta")
    *steps, weights = net.target_steps(net.teacher_forced(batch))
    assert [tuple(x.shape) for x in steps] == [(5, 8), (5, 5), (5, 5), (5,)]
    assert weights is None
    net.loss(batch)[0]["cross_entropy"].backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
