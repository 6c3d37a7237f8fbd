"""Word, weight and variational dropout, and R-Drop: masks by hand, gradients, and no effect where they are off."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.errors import UserError
from seq2seq.model.cells import CELLS, Cell, FusedCell
from seq2seq.model.dropout import Dropout
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.model.output import PointerOutput, SoftmaxOutput, TargetSteps
from seq2seq.model.r_drop import CHUNK_ROWS, r_drop_loss
from seq2seq.model.variational_dropout import VariationalDropout
from seq2seq.model.weight_dropout import with_weight_dropout
from seq2seq.model.word_dropout import WordDropout

VOCABULARY = Vocabulary(size=11, pad=0, bos=2, eos=3, unk=1)
SMALL = NetworkOptions(
    embedding_size=5, encoder_size=4, decoder_size=6, attention_size=3, dropout=0.0, unknown_embeddings=1
)
BATCH = make_batch(
    [[4, 5, 11, 6, 12, 11], [7, 8], [9, 11, 4, 10]],
    [[4, 11, 8], [7], [10, 9, 11, 4]],
    [["x", "y"], [], ["z"]],
    VOCABULARY,
)
FUSED = [name for name, cell in CELLS.items() if issubclass(cell, FusedCell)]


def network(**options: Any) -> Seq2Seq:
    torch.manual_seed(0)
    return build_network(replace(SMALL, **options), VOCABULARY).train()


def loss(net: Seq2Seq) -> Tensor:
    torch.manual_seed(1)
    return torch.stack(list(net.loss(BATCH)[0].values())).sum()


def gradient(x: Tensor) -> Tensor:
    """The gradient of a leaf after a backward pass."""
    assert x.grad is not None
    return x.grad


def fused(cell: Cell) -> FusedCell:
    assert isinstance(cell, FusedCell)
    return cell


# --- Word dropout ---


def test_word_dropout_zeroes_whole_words_and_scales_the_others() -> None:
    torch.manual_seed(0)
    embedded = torch.ones(50, 40, 3).mul_(2).requires_grad_()
    dropped = WordDropout(0.2).train()(embedded)
    factor = (dropped / embedded).detach()
    assert torch.equal(factor, factor[..., :1].expand_as(factor))
    assert factor.unique().tolist() == [0.0, 1.25]
    share = float((factor[..., 0] == 0).float().mean())
    assert abs(share - 0.2) < 4 * math.sqrt(0.2 * 0.8 / 2000)
    assert factor[:, 0, 0].unique().numel() == factor[0, :, 0].unique().numel() == 2  # differs by row and by step
    dropped.sum().backward()
    assert torch.equal(gradient(embedded), factor)
    assert WordDropout(0.2).eval()(embedded) is embedded


@pytest.mark.parametrize("side", ["document", "summary"])
def test_word_dropout_reaches_the_words_of_one_side_alone(side: str) -> None:
    """With a share of almost 1 every word is zero: the gradient of the embedding comes from the other side alone."""
    net = network(tie_embeddings=False, **{f"{side}_word_dropout": 1 - 1e-9})
    loss(net).backward()
    known = {"document": {4, 5, 6, 7, 8, 9, 10, 11}, "summary": {2, 4, 7, 8, 9, 10, 11}}
    other = "summary" if side == "document" else "document"
    # ids from 12 on have no embedding of their own: they share that of <unk>
    expected = known[other] | ({1} if other == "document" else set())
    assert set(gradient(net.embedding.weight).abs().sum(dim=1).nonzero().flatten().tolist()) == expected


def test_the_pointer_copies_a_dropped_word() -> None:
    net = network(document_word_dropout=1 - 1e-9)
    memory = net.encode(BATCH.document, BATCH.mask, BATCH.extension)
    assert torch.equal(memory.copy_ids, BATCH.document)


# --- Weight dropout ---


@pytest.mark.parametrize("name", FUSED)
def test_weight_dropout_is_a_mask_of_the_recurrent_matrix(name: str) -> None:
    """A plain cell whose recurrent matrix is the dropped one gives the same states and the masked gradient."""
    torch.manual_seed(0)
    cell, plain = fused(with_weight_dropout(CELLS[name], 0.25)(5, 40)), fused(CELLS[name](5, 40))
    own = cell.layer.get_parameter("weight_hh_l0")
    nn.init.normal_(own, std=0.2)  # that of elman_relu starts with zeros, which no mask changes
    plain.load_state_dict(cell.state_dict())  # the same names
    torch.manual_seed(2)
    mask = (cell.weights().w_hh / own).detach()
    assert torch.isclose(mask.unique(), torch.tensor(1 / 0.75)).sum() == len(mask.unique()) - 1  # up to rounding
    kept = mask.count_nonzero().item() / mask.numel()
    assert abs(kept - 0.75) < 4 * math.sqrt(0.25 * 0.75 / mask.numel())
    with torch.no_grad():
        plain.weights().w_hh.mul_(mask)
    x, state = torch.randn(3, 4, 5), torch.randn(3, cell.state_size)
    torch.manual_seed(2)
    outputs, last = cell(x, state)
    expected, expected_last = plain(x, state)
    torch.testing.assert_close(outputs, expected)
    torch.testing.assert_close(last, expected_last)
    outputs.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(gradient(own), gradient(plain.weights().w_hh) * mask)
    torch.testing.assert_close(gradient(cell.weights().w_ih), gradient(plain.weights().w_ih))


@pytest.mark.parametrize("name", FUSED)
def test_weight_dropout_draws_in_training_alone_and_not_during_initialisation(name: str) -> None:
    torch.manual_seed(0)
    cell = with_weight_dropout(CELLS[name], 0.5)(5, 6)
    torch.manual_seed(0)
    plain = CELLS[name](5, 6)
    assert all(torch.equal(a, b) for a, b in zip(cell.parameters(), plain.parameters(), strict=True))
    x, state = torch.randn(3, 4, 5), torch.zeros(3, cell.state_size)
    assert not torch.equal(cell.train()(x, state)[0], plain(x, state)[0])
    assert torch.equal(cell.eval()(x, state)[0], plain(x, state)[0])
    assert with_weight_dropout(CELLS[name], 0.0) is CELLS[name]


def test_both_directions_and_all_layers_lose_weights() -> None:
    net = network(weight_dropout=0.5)
    loss(net).backward()
    matrices = {name: gradient(p) for name, p in net.named_parameters() if "weight_hh" in name}
    assert len(matrices) == 4
    for name, found in matrices.items():
        assert 0.2 < found.count_nonzero().item() / found.numel() < 0.8, name


@pytest.mark.parametrize("name", sorted({*CELLS} - {*FUSED}))
def test_a_cell_without_a_matrix_for_all_steps_is_refused(name: str) -> None:
    with pytest.raises(UserError) as refused:
        with_weight_dropout(CELLS[name], 0.1)
    assert str(refused.value) == (
        f"network.weight_dropout: {CELLS[name].__name__} has no recurrent matrix that one call applies to all steps; "
        "give 0, or choose network.cell gru, lstm, elman or elman_relu"
    )
    assert with_weight_dropout(CELLS[name], 0.0) is CELLS[name]


# --- Variational dropout ---


def test_variational_dropout_has_one_mask_for_all_steps() -> None:
    torch.manual_seed(0)
    x = torch.ones(60, 7, 50).mul_(2).requires_grad_()
    dropped = VariationalDropout(0.4).train()(x)
    factor = (dropped / x).detach()
    assert torch.equal(factor, factor[:, :1].expand_as(factor))
    assert factor.unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert abs(float((factor[:, 0] == 0).float().mean()) - 0.4) < 4 * math.sqrt(0.4 * 0.6 / 3000)
    dropped.sum().backward()
    assert torch.equal(gradient(x), factor)
    assert VariationalDropout(0.4).eval()(x) is x


def test_variational_dropout_replaces_each_dropout_of_the_network() -> None:
    net = network(dropout=0.3, variational_dropout=True, encoder_layers=2)
    kinds = [type(module) for module in net.modules() if isinstance(module, Dropout)]
    assert kinds == [VariationalDropout] * 4
    assert {module.p for module in net.modules() if isinstance(module, Dropout)} == {0.3}


# --- R-Drop ---


def two_passes(pointer: bool, rows: int = 3) -> tuple[SoftmaxOutput, tuple[TargetSteps, TargetSteps]]:
    torch.manual_seed(3)
    kind = PointerOutput if pointer else SoftmaxOutput
    output = kind(4, nn.Parameter(torch.randn(6, 5)), 6).double()
    nn.init.normal_(output.bias)
    copy_ids = torch.tensor([[4, 6, 4], [7, 2, 6], [1, 5, 5]]).repeat(rows // 3, 1)
    targets = torch.tensor([4, 7, 3] if pointer else [4, 0, 3]).repeat(rows // 3)
    passes = []
    for _ in range(2):
        features = torch.randn(rows, 4, dtype=torch.float64, requires_grad=True)
        scores = torch.randn(rows, 3, dtype=torch.float64, requires_grad=True)
        passes.append(TargetSteps(features, scores.softmax(dim=1), copy_ids, targets))
    return output, (passes[0], passes[1])


def distribution(output: SoftmaxOutput, steps: TargetSteps, row: int) -> list[float]:
    """p(w) of eight words, word by word."""
    logits = output.weight @ (output.project.get_parameter("weight") @ steps.features[row]) + output.bias
    generated = [*logits.softmax(dim=0).tolist(), 0.0, 0.0]
    if not isinstance(output, PointerOutput):
        return generated[:6]
    gate = float(output.gate(steps.features[row]).detach().sigmoid())
    copied = [
        sum(float(a) for a, i in zip(steps.attention[row].detach(), steps.copy_ids[row], strict=True) if i == w)
        for w in range(8)
    ]
    return [gate * p + (1 - gate) * c for p, c in zip(generated, copied, strict=True)]


@pytest.mark.parametrize("pointer", [True, False])
def test_r_drop_by_hand(pointer: bool) -> None:
    output, passes = two_passes(pointer)
    found = r_drop_loss(output, passes, 0.7, 0.0, extension=2 if pointer else 0)
    cross_entropy = divergence = 0.0
    for row, target in enumerate(passes[0].targets.tolist()):
        p, q = (distribution(output, steps, row) for steps in passes)
        cross_entropy -= (math.log(p[target]) + math.log(q[target])) / 2
        for a, b in ((p, q), (q, p)):
            divergence += sum(x * math.log(x / y) for x, y in zip(a, b, strict=True) if x > 0) / 4
        assert float(found.log_likelihoods[row]) == pytest.approx(math.log(p[target]))
    assert float(found.divergence) == pytest.approx(divergence)
    assert found.total.item() == pytest.approx(cross_entropy + 0.7 * divergence)


@pytest.mark.parametrize("pointer", [True, False])
def test_equal_passes_have_no_divergence_and_the_plain_loss(pointer: bool) -> None:
    """With equal passes value and gradients are those of the tuned cross-entropy, over several chunks."""
    output, (steps, _) = two_passes(pointer, rows=3 * CHUNK_ROWS)
    sources = [steps.features, *output.parameters()]
    found = r_drop_loss(output, (steps, steps), 5.0, 0.1, extension=2)
    expected, log_likelihoods = output.loss(steps, 0.1)
    assert float(found.divergence) == 0
    torch.testing.assert_close(found.total, expected)
    torch.testing.assert_close(found.log_likelihoods, log_likelihoods)
    gradients = (torch.autograd.grad(2 * x, sources, retain_graph=True) for x in (found.total, expected))
    for found_one, wanted in zip(*gradients, strict=True):
        torch.testing.assert_close(found_one, wanted)


def test_the_gradient_of_r_drop_is_that_of_finite_differences() -> None:
    output, passes = two_passes(pointer=True)

    def total(first: Tensor, second: Tensor, scores: Tensor, weight: Tensor) -> Tensor:
        with torch.no_grad():
            output.weight.copy_(weight)
        steps = passes[0]._replace(features=first, attention=scores.softmax(dim=1)), passes[1]._replace(features=second)
        return r_drop_loss(output, steps, 2.0, 0.1, extension=2).total

    first, second = (steps.features.detach().requires_grad_() for steps in passes)
    scores = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    weight = output.weight.detach().clone()
    assert torch.autograd.gradcheck(lambda a, b, c: total(a, b, c, weight), (first, second, scores))
    found = torch.autograd.grad(total(first, second, scores, weight), output.weight)[0]
    for place in ((0, 1), (4, 2), (3, 3)):
        step = torch.zeros_like(weight)
        step[place] = 1e-6
        change = total(first, second, scores, weight + step) - total(first, second, scores, weight - step)
        assert float(change) / 2e-6 == pytest.approx(float(found[place]), rel=1e-5)


def test_a_training_step_shows_the_divergence_and_validation_does_not() -> None:
    net = network(dropout=0.3, r_drop=2.0)
    terms, _ = net.loss(BATCH)
    assert list(terms) == ["cross_entropy", "r_drop"]
    assert float(terms["r_drop"]) > 0
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert list(net.eval().loss(BATCH)[0]) == ["cross_entropy"]


# --- Options ---


def test_the_defaults_change_no_bit() -> None:
    """An option of zero draws no random numbers."""
    plain = network(dropout=0.3)
    torch.manual_seed(1)
    words = plain.embedding(BATCH.document)
    states, final = plain.encoder(words, BATCH.mask.sum(dim=1))
    expected = plain.dropout(states), plain.dropout(final)
    torch.manual_seed(1)
    memory = plain.encode(BATCH.document, BATCH.mask)
    assert torch.equal(memory.states, expected[0])
    assert torch.equal(memory.final, expected[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"document_word_dropout": 1.0}, "network.document_word_dropout: 1.0 is too large"),
        ({"weight_dropout": 0.1, "input_feeding": True}, "network.weight_dropout: .*network.input_feeding"),
        ({"dropout": 0.1, "variational_dropout": True, "input_feeding": True}, "network.variational_dropout: "),
        ({"dropout": 0.1, "r_drop": 1.0, "training_vocabulary": 8}, "network.r_drop .*network.training_vocabulary"),
        ({"r_drop": 1.0}, "network.r_drop: both passes are equal without dropout"),
    ],
)
def test_combinations_without_a_meaning_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        replace(SMALL, **options)
