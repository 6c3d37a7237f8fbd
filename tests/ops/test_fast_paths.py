"""The fast ways against the plain ones: the GRU with a gradient of its own, dropout, pieces, shortlist, products."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import TrainedRun, pairs, run
from torch import nn

from seq2seq.ops import cpu as hardware
from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions, search
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer, generate
from seq2seq.ops import gru as gru_module
from seq2seq.model import output as pointer
from seq2seq.model import network as network_module
from seq2seq.ops.dropout import Dropout
from seq2seq.ops.gru import Weights, Words, gru, tanh_
from seq2seq.ops.loss import ROWS, MixtureLoss, softmax_
from seq2seq.model.cells import Reorder, turn
from seq2seq.model.network import NetworkOptions, Seq2Seq, build_network

SMALL = NetworkOptions(embedding_size=6, encoder_size=5, decoder_size=8, attention_size=4, dropout=0.0)
VOCABULARY = Vocabulary(40, 0, 2, 3, 1)


def layers(count: int, inputs: int, size: int) -> list[nn.GRU]:
    torch.manual_seed(0)
    return [nn.GRU(inputs, size).double() for _ in range(count)]


def weights(layer: nn.GRU) -> Weights:
    return Weights(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)


def by_torch(
    side_by_side: list[nn.GRU], inputs: torch.Tensor, states: list[torch.Tensor], turned: torch.Tensor
) -> torch.Tensor:
    """What `gru` must give: the second layer reads the positions `turned`, and its outputs go back to their places."""
    outputs = [side_by_side[0](inputs.transpose(0, 1), states[0][None])[0].transpose(0, 1)]
    for layer, h in zip(side_by_side[1:], states[1:], strict=True):
        reordered = inputs.gather(1, turned.unsqueeze(-1).expand_as(inputs))
        back = layer(reordered.transpose(0, 1), h[None])[0].transpose(0, 1)
        outputs.append(back.gather(1, turned.unsqueeze(-1).expand_as(back)))
    return torch.cat(outputs, dim=-1)


KINDS = [torch.float64, torch.float32]  # torch's operations, and the compiled loops


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "steps", "rows"), [(1, 1, 1), (1, 1, 20), (1, 6, 3), (2, 5, 4), (2, 5, 40)])
def test_gru_and_its_gradients_equal_torchs(kind: torch.dtype, count: int, steps: int, rows: int) -> None:
    side_by_side = [layer.to(kind) for layer in layers(count, 5, 7)]
    inputs = torch.randn(rows, steps, 5, dtype=kind, requires_grad=True)
    states = [torch.randn(rows, 7, dtype=kind, requires_grad=True) for _ in range(count)]
    turned = turn(torch.randint(1, steps + 1, (rows,)), steps)
    arguments = inputs, states, [weights(layer) for layer in side_by_side], turned if count == 2 else None
    ours, torchs = gru(*arguments), by_torch(side_by_side, inputs, states, turned)
    with torch.no_grad():
        without = gru(*arguments)
    leaves = [inputs, *states, *(p for layer in side_by_side for p in layer.parameters())]
    upstream = torch.randn_like(ours)
    expected = torch.autograd.grad(torchs, leaves, upstream)
    torch.testing.assert_close(ours, torchs)
    torch.testing.assert_close(without, torchs)
    for _ in range(2):  # the way can be gone back twice
        found = torch.autograd.grad(ours, leaves, upstream, retain_graph=True)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


def test_gru_gradcheck() -> None:
    (layer,) = layers(1, 3, 4)
    inputs = torch.randn(2, 4, 3, dtype=torch.double, requires_grad=True)
    state = torch.randn(2, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, h: gru(x, [h], [weights(layer)]), (inputs, state))


@pytest.mark.parametrize("kind", KINDS)
def test_gru_where_some_gradients_are_not_wanted(kind: torch.dtype) -> None:
    """Frozen weights, inputs without gradient, and an output that nobody uses."""
    both = [layer.to(kind) for layer in layers(2, 5, 7)]
    both[0].requires_grad_(False)
    inputs = torch.randn(2, 3, 5, dtype=kind)
    states = [torch.zeros(2, 7, dtype=kind)] * 2
    output = gru(inputs, states, [weights(layer) for layer in both], turn(torch.tensor([3, 3]), 3))
    output[..., 7:].sum().backward()
    backwards = both[1](inputs.flip(1).transpose(0, 1))[0]
    expected = torch.autograd.grad(backwards.sum(), list(both[1].parameters()))
    for parameter, gradient in zip(both[1].parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    assert all(parameter.grad is None for parameter in both[0].parameters())


def test_gru_in_bfloat16_is_near() -> None:
    (layer,) = layers(1, 5, 7)
    layer = layer.float()
    inputs, state = torch.randn(3, 6, 5), torch.zeros(3, 7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = gru(inputs, [state], [weights(layer)])
        low.float().sum().backward()
    assert low.dtype == torch.bfloat16
    expected = layer(inputs.transpose(0, 1), state[None])[0].transpose(0, 1)
    torch.testing.assert_close(low.float(), expected, rtol=0.03, atol=0.03)
    assert layer.weight_ih_l0.grad is not None
    assert layer.weight_ih_l0.grad.dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows_at_once", [1, 4, 6, 40, 2048])
def test_gru_over_words_and_without_what_is_over(
    monkeypatch: pytest.MonkeyPatch, rows_at_once: int, kind: torch.dtype
) -> None:
    """Two layers over words, some rows and some steps at a time; rows that have no more words give zeros."""
    monkeypatch.setattr(gru_module, "ROWS", rows_at_once)
    monkeypatch.setattr(gru_module, "READS", rows_at_once * 3 * 7 * 6)
    monkeypatch.setattr(gru_module, "LEAVE_BY", 1)
    both = [layer.to(kind) for layer in layers(2, 5, 7)]
    vectors, ids = torch.randn(9, 5, dtype=kind), torch.randint(9, (20, 6))
    states = [torch.randn(20, 7, dtype=kind) for _ in both]
    alive = [20, 20, 13, 13, 1, 0]
    lengths = torch.tensor([sum(count > row for count in alive) for row in range(20)])
    turned = turn(lengths, 6)
    expected = by_torch(both, vectors[ids], states, turned)
    rest = [weights(layer) for layer in both], turned
    with torch.no_grad():
        torch.testing.assert_close(gru(Words(vectors, ids), states, *rest), expected)
        torch.testing.assert_close(gru(vectors[ids], states, *rest), expected)
        for inputs in (Words(vectors, ids), vectors[ids]):
            shorter = gru(inputs, states, *rest, lengths)
            for row, length in enumerate(lengths.tolist()):
                torch.testing.assert_close(shorter[row, :length], expected[row, :length])
                assert not shorter[row, length:].any()
    with pytest.raises(ValueError, match="look them up"):
        gru(Words(vectors.requires_grad_(), ids), states, *rest)


def test_what_is_not_a_number_stays_so() -> None:
    """A network that has diverged must not look healthy again, whoever does the work."""
    (layer,) = layers(1, 5, 7)
    layer = layer.float()
    with torch.no_grad():
        layer.weight_ih_l0[3, 2] = torch.nan
    for learning in (True, False):
        with torch.set_grad_enabled(learning):
            assert gru(torch.randn(20, 3, 5), [torch.zeros(20, 7)], [weights(layer)]).isnan()[..., 3].all()
    logits = torch.randn(3, 50)
    logits[1, 20] = torch.nan
    probs, normaliser, _ = softmax_(logits, torch.zeros(50))
    assert probs.isnan().any(dim=1).tolist() == normaliser.isnan().tolist() == [False, True, False]


@pytest.mark.parametrize("cell", ["gru", "lstm", "elman"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("leave_by", [1, 128])
def test_documents_read_word_by_word(cell: str, layers: int, leave_by: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without gradients each distinct word is read once, and what is over is left out: the same memory, whatever order
    the documents come in."""
    torch.manual_seed(0)
    options = replace(SMALL, cell=cell, encoder_layers=layers, unknown_embeddings=2)  # type: ignore[arg-type]
    network = build_network(options, VOCABULARY).double().eval()
    monkeypatch.setattr(gru_module, "LEAVE_BY", leave_by)
    documents = [[7, 8, 41, 7], [9], [8, 8, 40, 11, 12, 43, 7], [10, 9, 9]]
    batch = make_batch(documents, None, [["w"] * 4] * 4, VOCABULARY)
    expected = network.encode(batch.document, batch.mask, 4)
    with torch.no_grad():
        found = network.encode(batch.document, batch.mask, 4)
    torch.testing.assert_close(found.whole, expected.whole)
    torch.testing.assert_close(found.states[batch.mask], expected.states[batch.mask])
    assert found.states.isfinite().all()


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.bfloat16])
def test_tanh(kind: torch.dtype) -> None:
    x = torch.linspace(-30, 30, 2001, dtype=torch.double).to(kind)
    torch.testing.assert_close(tanh_(x.clone()), x.tanh(), rtol=0, atol=4 * torch.finfo(kind).eps)


@pytest.mark.parametrize("scale", [0.02, 1.0])
def test_gru_in_bfloat16_is_as_exact_as_torchs(scale: float) -> None:
    torch.manual_seed(0)
    exact = nn.GRU(64, 64).double()
    inputs, state = scale * torch.randn(8, 30, 64, dtype=torch.double), torch.zeros(8, 64, dtype=torch.double)
    expected = exact(inputs.transpose(0, 1), state[None])[0].transpose(0, 1)
    layer = nn.GRU(64, 64).bfloat16()
    layer.load_state_dict(exact.state_dict())
    torchs = layer(inputs.transpose(0, 1).bfloat16(), state[None].bfloat16())[0].transpose(0, 1)
    for learning in (True, False):
        with torch.set_grad_enabled(learning):
            ours = gru(inputs.bfloat16(), [state.bfloat16()], [weights(layer)])
        assert (ours.double() - expected).norm() <= 1.5 * (torchs.double() - expected).norm()


@pytest.mark.parametrize("sure", [1.0, 12.0])
def test_gradients_of_the_loss_in_bfloat16(sure: float) -> None:
    """Near those of float64 also where the target has nearly all the probability and the gradient is a small rest."""
    torch.manual_seed(0)
    targets = torch.randint(500, (40,))
    weight = torch.randn(500, 32, dtype=torch.double).bfloat16()
    features = (sure / 32 * weight[targets].double() + 0.1 * torch.randn(40, 32)).bfloat16()
    found, expected = [], []
    for low, results in ((True, found), (False, expected)):
        leaves = [x.detach().clone() if low else x.double() for x in (features, weight, torch.zeros(500).bfloat16())]
        for leaf in leaves:
            leaf.requires_grad_()
        loss, _ = MixtureLoss.apply(*leaves, None, None, targets, 0.0)
        results += torch.autograd.grad(loss, leaves)
    for low_gradient, gradient in zip(found, expected, strict=True):
        assert low_gradient.dtype == torch.bfloat16
        assert (low_gradient.double() - gradient).norm() < 0.03 * gradient.norm()


@pytest.mark.parametrize("pointer", [True, False])
def test_a_network_in_bfloat16_learns(pointer: bool) -> None:
    net = build_network(replace(SMALL, pointer=pointer, label_smoothing=0.1), VOCABULARY).bfloat16().train()
    batch = make_batch([[5, 41, 6, 7, 5], [8, 9]], [[5, 41, 6, 9], [9, 4]], [["a", "b"], []], VOCABULARY)
    net.loss(batch)[0].backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in net.parameters())


def test_turning_round_by_hand() -> None:
    assert turn(torch.tensor([3, 1, 4]), 4).tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [3, 2, 1, 0]]


def test_reordering_equals_indexing() -> None:
    rows = torch.randn(6, 2, dtype=torch.double, requires_grad=True)
    order = torch.tensor([2, 1, 0, 5, 4, 3])
    upstream = torch.randn(6, 2, dtype=torch.double)
    found = Reorder.apply(rows, order)
    assert torch.equal(found, rows[order])
    (gradient,) = torch.autograd.grad(found, rows, upstream)
    (expected,) = torch.autograd.grad(rows[order], rows, upstream)
    assert torch.equal(gradient, expected)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9999999])
def test_dropout_keeps_the_right_share_at_the_right_scale(p: float) -> None:
    torch.manual_seed(3)
    inputs = torch.ones(500, 401, requires_grad=True)  # not a multiple of four
    dropout = Dropout(p)
    outputs = dropout(inputs)
    kept = outputs != 0
    share = kept.double().mean().item()
    count = inputs.numel()
    real = max(1 - p, 2**-16)
    assert share == pytest.approx(real, abs=5 * math.sqrt(real * (1 - real) / count) + 2**-17)
    assert torch.allclose(outputs[kept], torch.tensor(1 / real), rtol=1e-3)
    outputs.sum().backward()
    assert torch.equal(inputs.grad, outputs)
    for axis in (0, 1):  # no stripes: neighbours are dropped independently
        pairs = (kept.narrow(axis, 1, 400) & kept.narrow(axis, 0, 400)).double().mean().item()
        assert pairs == pytest.approx(real**2, abs=0.01)
    assert torch.equal(dropout.eval()(inputs), inputs)


def test_dropout_follows_the_seed() -> None:
    dropout, inputs = Dropout(0.3), torch.ones(10, 10)
    torch.manual_seed(5)
    first, second = dropout(inputs), dropout(inputs)
    torch.manual_seed(5)
    assert torch.equal(dropout(inputs), first)
    assert not torch.equal(first, second)


def network(**settings: object) -> Seq2Seq:
    torch.manual_seed(0)
    net = build_network(replace(SMALL, **settings), VOCABULARY).double().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2.5)  # sharper, so that headlines differ and end
        net.output.bias.normal_()
        net.output.bias[VOCABULARY.eos] = 3
        if settings.get("pointer", True):
            net.output.gate.bias.fill_(-1.0)  # copy more often than not
    return net


def documents() -> Batch:
    """Words of the vocabulary, and unknown ones (40, 41, 42), some twice; one document is empty."""
    generator = torch.Generator().manual_seed(1)
    ids = [torch.randint(4, 43, (length,), generator=generator).tolist() for length in (12, 9, 7, 7, 3, 1, 0, 10)]
    return make_batch(ids, None, [["a", "b", "c"]] * len(ids), VOCABULARY)


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("piece", [1, 350, 10**9])
def test_pieces_change_nothing(pointer: bool, beam_size: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search over pieces (an example each, a few, all) finds what the search over whole rows finds."""
    net, batch = network(pointer=pointer), documents()
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, max_length=9, no_repeat_ngram_size=2)
    monkeypatch.setitem(network_module.PIECE, "cpu", piece)
    found = generate(net, batch, options)
    with torch.no_grad():
        state = net.start(net.encode(batch.document, batch.mask, batch.extension))
        plain = search(net.step, state, len(batch), options, bos_id=2, eos_id=3, pad_id=0, forbidden=(1,))
    assert len(set(found.lengths[:, 0].tolist())) > 2
    assert torch.equal(found.tokens, plain.tokens)
    assert torch.equal(found.lengths, plain.lengths)
    torch.testing.assert_close(found.scores, plain.scores, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.log_probs, plain.log_probs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pointer", [True, False])
def test_shortlist_by_hand(pointer: bool) -> None:
    """Its probabilities are those of the whole vocabulary, renormalised over what it leaves: the first ten words and
    the document's own; the pointer's part is the same."""
    net, batch = network(pointer=pointer), documents()
    with torch.no_grad():
        memory = net.encode(batch.document, batch.mask, batch.extension)
        whole, short = net.start(memory), net.start(memory, shortlist=10)
        tokens = torch.full((len(batch),), 2)
        probs, short_probs = net.step(tokens, whole)[0].exp(), net.step(tokens, short)[0].exp()
        features, attention, _ = net.decode(tokens[:, None], memory, net.decoder.initial_state(memory))
        generated = net.output.logits(features.squeeze(1)).softmax(dim=-1)
        gate = net.output.gate(features.squeeze(1)).sigmoid() if pointer else torch.ones(len(batch), 1)
    torch.testing.assert_close(short_probs.sum(dim=-1), torch.ones(len(batch), dtype=torch.double))
    for row in range(len(batch)):
        own = batch.document[row, batch.mask[row]].tolist()
        sayable = sorted({*range(10), *(word for word in own if word < 40)})
        expected = gate[row] * generated[row] / generated[row, sayable].sum()
        copied = torch.zeros(43, dtype=torch.double)
        if pointer:
            copied.index_add_(0, torch.tensor(own), attention[row, 0, : len(own)])
        for word in {*sayable, *(own if pointer else [])}:
            place = word if word < 10 else 10 + own.index(word)
            value = (expected[word] if word < 40 else 0) + (1 - gate[row, 0]) * copied[word]
            torch.testing.assert_close(short_probs[row, place], torch.as_tensor(value).reshape(()))
        assert (short_probs[row] > 0).sum() == len({*sayable, *(own if pointer else [])})
    assert probs.shape[1] == 64
    assert not probs[:, 40 + 3 * pointer :].any()


@pytest.mark.parametrize("shortlist", [0, 8])
def test_biases_as_columns_as_a_gpu_wants_them(shortlist: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight columns for the biases instead of one, the further ones zero: the same log-probabilities."""
    net, batch = network(), documents()
    found = []
    for columns in (1, 8):
        monkeypatch.setitem(pointer.BIAS, "cpu", columns)
        with torch.no_grad():
            state = net.start(net.encode(batch.document, batch.mask, batch.extension), shortlist)
            assert state.lexicon.matrix is not None
            assert state.lexicon.matrix.shape[1] == net.output.weight.shape[1] + columns
            found.append(net.step(torch.full((len(batch),), 2), state)[0])
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_shortlist_of_everything_changes_nothing(beam_size: int) -> None:
    net, batch = network(), documents()
    options = SearchOptions(beam_size=beam_size, max_length=9)
    whole = generate(net, batch, options)
    for length in (40, 1000):
        assert torch.equal(generate(net, batch, replace(options, shortlist=length)).tokens, whole.tokens)


def test_a_shortlist_does_not_depend_on_the_company() -> None:
    net, batch = network(), documents()
    options = SearchOptions(beam_size=3, max_length=9, shortlist=8)
    together = generate(net, batch, options)
    said = set()
    for i in range(len(batch)):
        alone = generate(net, batch.part(slice(i, i + 1)), options)
        length = int(alone.lengths[0, 0])
        assert alone.tokens[0, 0, :length].tolist() == together.tokens[i, 0, : together.lengths[i, 0]].tolist()
        own = {*range(8), *batch.document[i, batch.mask[i]].tolist()}
        assert set(alone.tokens[0, 0, :length].tolist()) <= own
        said |= set(alone.tokens[0, 0, :length].tolist())
    assert max(said) >= 40, "unknown words can be copied"
    assert any(8 <= word < 40 for word in said), "known words that are not on the list too"


def test_a_shortlist_needs_the_special_symbols() -> None:
    with pytest.raises(UserError, match=r"search.shortlist: 3 is too small; give at least 4"):
        generate(network(), documents(), SearchOptions(shortlist=3))


@pytest.mark.parametrize("rows", [1, 4, 1000])
def test_reference_likelihoods_in_pieces(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    batch = make_batch([[5, 41, 6, 7, 5], [8, 9]], [[5, 41, 6, 9], [9, 4]], [["a", "b"], []], VOCABULARY)
    whole = net.target_log_probs(batch)
    monkeypatch.setitem(ROWS, "cpu", rows)
    with torch.no_grad():
        pieces = net.target_log_probs(batch)
    for one, other in zip(whole, pieces, strict=True):
        torch.testing.assert_close(one, other)


def test_bfloat16_and_shortlist_from_the_command_line(trained: TrainedRun, tmp_path: Path) -> None:
    """A model that knows its corpus by heart still does in bfloat16, and where every word is on the list."""
    documents = tmp_path / "documents.txt"
    documents.write_text("".join(pair["document"] + "\n" for pair in pairs(24)))

    def decode(*options: str) -> list[str]:
        output = tmp_path / "headlines.txt"
        assert run("decode", "--checkpoint", trained.best, "--input", documents, "--output", output, *options) == 0
        return output.read_text().splitlines()

    expected = decode()
    assert decode("--precision", "bfloat16") == expected
    assert decode("--shortlist", "10000") == expected
    shorter = decode("--shortlist", "6")
    assert len(shorter) == len(expected)
    assert shorter != expected
    assert run("decode", "--checkpoint", trained.best, "--input", documents, "--shortlist", "2") == 1
    with pytest.raises(UserError, match="precision 'float8': give one of float32, bfloat16"):
        Summarizer.from_checkpoint(trained.best, "cpu", "float8")


def test_a_training_step_never_waits_for_a_device() -> None:
    """On the device "meta" there are shapes but no numbers: what asks for one (and would make a GPU wait) raises."""
    with torch.device("meta"):
        net = build_network(replace(SMALL, cell="lstm", dropout=0.1), VOCABULARY).train()
    words = [[5, 41, 6, 7, 5], [8, 9]]
    batch = make_batch(words, [[5, 41], [9]], [["a", "b"], []], VOCABULARY).to("meta")
    memory = net.encode(batch.document, batch.mask, batch.extension)
    features, attention, _ = net.decode(batch.previous, memory, net.decoder.initial_state(memory))
    inputs = net.target_steps(batch, memory, features, attention)
    assert [tuple(x.shape) for x in inputs] == [(5, 8), (5, 5), (5, 5), (5,)]
    log_probs, _ = net.output.target_log_probs(*inputs)
    log_probs.sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


NEW_ENOUGH = pytest.mark.skipif(
    not hasattr(torch.backends.mkldnn, "matmul"), reason="this release of torch can't be told which products to use"
)


@NEW_ENOUGH
def test_products_are_exact_however_they_are_chosen() -> None:
    products = torch.backends.mkldnn.matmul
    before = products.fp32_precision
    try:
        chosen = hardware.use_onednn_products()
        assert products.fp32_precision == ("bf16" if chosen else before)
        assert hardware.exact(64)
        a, b = torch.randn(70, 130), torch.randn(130, 90)
        torch.testing.assert_close(a @ b, (a.double() @ b.double()).float(), rtol=1e-5, atol=1e-4)
    finally:
        products.fp32_precision = before


@NEW_ENOUGH
def test_products_that_round_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    product = torch.Tensor.__matmul__
    rounding = lambda a, b: product(a.bfloat16().float(), b.bfloat16().float())  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "__matmul__", rounding)
    assert not hardware.exact(64)
    assert not hardware.use_onednn_products()
    assert torch.backends.mkldnn.matmul.fp32_precision == before
