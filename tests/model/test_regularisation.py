"""Weight dropout: masks by hand, gradients, and no effect where it is off."""

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
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.model.weight_dropout import with_weight_dropout

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
        ({"weight_dropout": 1.0}, "network.weight_dropout: 1.0 is too large"),
        ({"weight_dropout": 0.1, "input_feeding": True}, "network.weight_dropout: .*network.input_feeding"),
    ],
)
def test_combinations_without_a_meaning_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        replace(SMALL, **options)
