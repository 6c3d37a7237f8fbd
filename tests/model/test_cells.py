"""The cells by hand, step by step, in both directions, and in low precision."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from seq2seq import ops
from seq2seq.model.cell_inspection import gate_values, recurrent_matrices
from seq2seq.model.cells import CELLS, Cell
from seq2seq.ops.linear_recurrence import differentiable, scan


def a_cell(name: str, input_size: int = 3, hidden_size: int = 4) -> Cell:
    """A cell in float64 whose biases are not zero."""
    torch.manual_seed(0)
    cell = CELLS[name](input_size, hidden_size).double()
    for parameter in cell.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter)
    return cell


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def one_unit(name: str, **values: float) -> Cell:
    """A cell with one input and one unit, with these numbers as parameters, in the order of its state_dict."""
    cell = CELLS[name](1, 1).double()
    numbers = iter(values.values())
    with torch.no_grad():
        for parameter in cell.parameters():
            for i in range(parameter.numel()):
                parameter.view(-1)[i] = next(numbers)
    assert next(numbers, None) is None
    return cell


def outputs_of(cell: Cell, words: list[float], start: float) -> tuple[list[float], float]:
    """The outputs for a sequence of numbers and the last state."""
    outputs, state = cell(torch.tensor(words).double().view(1, -1, 1), torch.tensor([[start]]).double())
    return outputs.flatten().tolist(), state.item()


WORDS, START = [0.5, -1.0, 2.0], 0.25


def test_jordan_by_hand() -> None:
    """The hidden layer reads the output, and the output layer reads the hidden layer."""
    y, expected = START, []
    for x in WORDS:
        h = math.tanh(0.7 * x - 1.5 * y + 0.1)
        y = math.tanh(2.0 * h - 0.3)
        expected.append(y)
    cell = one_unit("jordan", w=0.7, b=0.1, u=-1.5, v=2.0, c=-0.3)
    found, last = outputs_of(cell, WORDS, START)
    assert found == pytest.approx(expected)
    assert last == pytest.approx(expected[-1])


def test_elman_relu_by_hand() -> None:
    """With weight 1 and no bias: 0.25 + 0.5, then - 1 gives 0, then + 2."""
    cell = one_unit("elman_relu", w_ih=1.0, w_hh=1.0, b_ih=0.0, b_hh=0.0)
    assert outputs_of(cell, WORDS, START)[0] == [0.75, 0.0, 2.0]


def test_elman_relu_starts_as_the_identity() -> None:
    """Without input a state of numbers >= 0 stays as it is, for any number of steps, and so does its gradient."""
    torch.manual_seed(0)
    state = torch.rand(2, 8, requires_grad=True)
    outputs, last = CELLS["elman_relu"](3, 8)(torch.zeros(2, 100, 3), state)
    torch.testing.assert_close(outputs, state.unsqueeze(1).expand(2, 100, 8))
    (gradient,) = torch.autograd.grad(last.sum(), state)
    torch.testing.assert_close(gradient, torch.ones_like(state))


@pytest.mark.parametrize("name", ["mingru", "ssru"])
def test_gated_averages_by_hand(name: str) -> None:
    h, expected = START, []
    for x in WORDS:
        z = sigmoid(1.2 * x - 0.4)
        h = (1 - z) * h + z * (-0.8 * x + 0.3)
        expected.append(h)
    assert min(expected) < 0 < max(expected)
    cell = one_unit(name, w_n=-0.8, w_z=1.2, b_n=0.3, b_z=-0.4)
    found, last = outputs_of(cell, WORDS, START)
    assert last == pytest.approx(expected[-1])
    assert found == pytest.approx([max(0.0, h) for h in expected] if name == "ssru" else expected)


def test_matrices_and_gates_of_a_cell() -> None:
    """The matrices on the way from state to state, and the gates of a step by hand."""
    jordan = a_cell("jordan")
    found = recurrent_matrices(jordan)
    assert found.keys() == {"feedback", "output"}
    x, y = torch.randn(1, 3).double(), torch.randn(1, 4).double()
    h = (x @ jordan.input.weight.T + jordan.input.bias + y @ found["feedback"].T).tanh()
    torch.testing.assert_close((h @ found["output"].T + jordan.output.bias).tanh(), jordan(x.unsqueeze(1), y)[1])
    assert recurrent_matrices(a_cell("elman_relu")).keys() == {"state"}
    mingru = one_unit("mingru", w_n=-0.8, w_z=1.2, b_n=0.3, b_z=-0.4)
    gates = gate_values(mingru, torch.tensor([[0.5]]).double(), torch.tensor([[START]]).double())
    assert {name: value.item() for name, value in gates.items()} == {"update": pytest.approx(sigmoid(0.2))}
    assert recurrent_matrices(mingru) == {}


@pytest.mark.parametrize("name", CELLS)
def test_a_sequence_equals_its_steps(name: str) -> None:
    """All steps in one call, as in training, and one step a call, as in a search: outputs, states and gradients."""
    cell, x = a_cell(name), torch.randn(5, 9, 3, dtype=torch.double, requires_grad=True)
    start = torch.randn(5, cell.state_size, dtype=torch.double, requires_grad=True)
    outputs, last = cell(x, start)
    state, steps = start, []
    for word in x.split(1, dim=1):
        output, state = cell(word, state)
        steps.append(output)
    torch.testing.assert_close(torch.cat(steps, dim=1), outputs)
    torch.testing.assert_close(state, last)
    leaves, weights = [x, start, *cell.parameters()], torch.randn_like(outputs)
    wanted = torch.autograd.grad((torch.cat(steps, dim=1) * weights).sum() + state.sum(), leaves)
    for one, other in zip(torch.autograd.grad((outputs * weights).sum() + last.sum(), leaves), wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", ["mingru", "ssru"])
def test_the_parallel_scan_equals_the_steps_of_a_search(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scan runs on devices other than the CPU; here it replaces the loop."""
    cell, x = a_cell(name), torch.randn(5, 41, 3, dtype=torch.double)
    state = start = torch.randn(5, 4, dtype=torch.double)
    steps = []
    for word in x.split(1, dim=1):
        output, state = cell(word, state)
        steps.append(output)
    calls = []

    def scanned(*arguments: Tensor) -> Tensor:
        calls.append(arguments)
        return differentiable(scan.linear_recurrence, *arguments)

    monkeypatch.setattr(ops, "linear_recurrence", scanned)
    outputs, last = cell(x, start)
    assert len(calls) == 1
    torch.testing.assert_close(outputs, torch.cat(steps, dim=1), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(last, state, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_gradcheck(name: str) -> None:
    cell = a_cell(name, hidden_size=3)
    x = torch.randn(2, 4, 3, dtype=torch.double, requires_grad=True)
    state = torch.randn(2, cell.state_size, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, state, *_: cell(x, state), (x, state, *cell.parameters()))


@pytest.mark.parametrize("name", CELLS)
def test_both_directions_equal_each_row_alone(name: str) -> None:
    """Rows of unequal lengths together; each row alone, without padding, the backward cell over the reversed row."""
    forward, backward = a_cell(name), CELLS[name](3, 4).double()
    lengths = torch.tensor([5, 1, 7, 3])
    x = torch.randn(4, 7, 3, dtype=torch.double)
    states = forward.bidirectional(backward, x, lengths)
    zeros = torch.zeros(1, forward.state_size, dtype=torch.double)
    for row, length in enumerate(lengths.tolist()):
        alone = x[row : row + 1, :length]
        expected = torch.cat([forward(alone, zeros)[0], backward(alone.flip(1), zeros)[0].flip(1)], dim=-1)
        torch.testing.assert_close(states[row : row + 1, :length], expected)


@pytest.mark.parametrize("name", ["mingru", "ssru"])
def test_gated_averages_compute_in_float32_under_autocast(name: str) -> None:
    """z = sigmoid(-7) = 0.0009, and 1 - z is 1 in bfloat16: a state in bfloat16 would not decay at all."""
    cell = CELLS[name](1, 1)
    with torch.no_grad():
        cell.project.weight.zero_()
        cell.project.bias.copy_(torch.tensor([0.0, -7.0]))
    with torch.autocast("cpu", torch.bfloat16):
        outputs, state = cell(torch.ones(1, 400, 1), torch.ones(1, 1, dtype=torch.bfloat16))
    assert (outputs.dtype, state.dtype) == (torch.bfloat16, torch.float32)
    expected = (1 - sigmoid(-7)) ** 400
    assert 0.6 < expected < 0.8
    assert state.item() == pytest.approx(expected, rel=1e-4)
    assert outputs[0, -1].item() == pytest.approx(expected, rel=2**-8)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_in_bfloat16(name: str) -> None:
    """`decode --precision bfloat16` converts the weights: outputs stay near those in float32."""
    torch.manual_seed(0)
    cell = CELLS[name](8, 8)
    x, start = torch.randn(2, 12, 8), torch.zeros(2, cell.state_size)
    expected, _ = cell(x, start)
    found, state = cell.bfloat16()(x.bfloat16(), start.bfloat16())
    assert found.dtype == torch.bfloat16
    again, _ = cell(x.bfloat16(), state)  # the state of one call starts the next one
    assert again.shape == found.shape
    torch.testing.assert_close(found.float(), expected, rtol=0.1, atol=0.1)
