"""dL/dh_t of every recurrent step, compared with finite differences, a loop written by hand, and the fast layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.model.cell_inspection import gate_values, recurrent_matrices
from seq2seq.model.cells import CELLS, Cell
from seq2seq.model.losses import TeacherForced
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.training.state_gradients import evaluation_mode, network_flow, step_by_step

VOCABULARY = Vocabulary(size=12, pad=0, bos=2, eos=3, unk=1)
UNITS = 2
DOCUMENTS, SUMMARIES = [[5, 6, 12], [7, 8]], [[5, 12], [9]]
BATCH = make_batch(DOCUMENTS, SUMMARIES, [["new"], []], VOCABULARY)
LENGTHS = {"encoder": [3, 2], "decoder": [3, 2]}  # words that the cells read; the decoder also writes the end symbol


def small_network(cell: str = "gru", **changes: Any) -> Seq2Seq:
    torch.manual_seed(1)
    sizes = {"embedding_size": 4, "encoder_size": UNITS, "decoder_size": UNITS, "attention_size": 4}
    network = build_network(NetworkOptions(cell=cell, **{**sizes, **changes}), VOCABULARY).double()
    for parameter in network.parameters():  # biases and gates that do something
        nn.init.normal_(parameter, std=0.7)
    return network.eval()


def mean_loss(network: Seq2Seq) -> Tensor:
    terms, _ = network.loss(BATCH)
    return torch.stack(list(terms.values())).sum() / len(BATCH.target_positions)


class Shift(NamedTuple):
    """A number that is added to one unit of one row at one step: of h_t, or of the memory beside it."""

    cell: str
    step: int
    row: int
    unit: int
    size: float
    memory: bool = False


@contextmanager
def loops(network: Seq2Seq, shift: Shift) -> Iterator[None]:
    """The cells of the network as loops over their steps, with a shift. A shift of h_t changes both the output and the
    state, if h_t is a part of the state."""

    def loop(name: str, forward: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
        steps = count()  # over all calls: with input feeding the decoder calls its first cell once for each step

        def run(x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            outputs = []
            for word, step in zip(x.split(1, dim=1), steps):  # noqa: B905
                output, state = (tensor.clone() for tensor in forward(word, state))
                if (name, step) == (shift.cell, shift.step):
                    part_of_state = torch.equal(output[:, 0], state[:, :UNITS])
                    if part_of_state or shift.memory:
                        state[shift.row, shift.unit + UNITS * (shift.memory and part_of_state)] += shift.size
                    if not shift.memory:
                        output[shift.row, 0, shift.unit] += shift.size
                outputs.append(output)
            return torch.cat(outputs, dim=1), state

        return run

    with ExitStack() as stack:
        for name, cell in network.named_modules():
            if isinstance(cell, Cell):
                cell.forward = loop(name, cell.forward)  # type: ignore[method-assign]
                cell.bidirectional = lambda *args, cell=cell: Cell.bidirectional(cell, *args)  # type: ignore
                stack.callback(delattr, cell, "forward")
                stack.callback(delattr, cell, "bidirectional")
        yield


def difference_quotient(network: Seq2Seq, shift: Shift) -> float:
    """The norm over the units of the gradient at one step of one row, by central differences."""
    found = []
    for unit in range(UNITS):
        values = []
        for size in (1e-5, -1e-5):
            with torch.no_grad(), loops(network, shift._replace(unit=unit, size=size)):
                values.append(float(mean_loss(network)))
        found.append((values[0] - values[1]) / 2e-5)
    return float(torch.tensor(found).norm())


def expected(network: Seq2Seq, cell: str, memory: bool = False) -> list[float]:
    """By distance from the last step: the mean of these norms over the rows that have the step."""
    lengths = LENGTHS[cell.partition(".")[0]]
    means = []
    for distance in range(max(lengths)):
        rows = [(row, n - 1 - distance) for row, n in enumerate(lengths) if n > distance]
        norms = [difference_quotient(network, Shift(cell, step, row, 0, 0.0, memory)) for row, step in rows]
        means.append(sum(norms) / len(norms))
    return means


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_difference_quotients(cell: str) -> None:
    network = small_network(cell, decoder_layers=1)
    flow = network_flow(network, BATCH)
    assert list(flow.layers) == ["encoder.forwards.0", "encoder.backwards.0", "decoder.first"]
    for name in flow.layers:
        assert flow.layers[name].hidden == pytest.approx(expected(network, name), rel=1e-4), name
        if flow.layers[name].memory:
            assert flow.layers[name].memory == pytest.approx(expected(network, name, memory=True), rel=1e-4), name
    assert bool(flow.layers["decoder.first"].memory) == (cell in ("lstm", "ssru"))
    assert flow.loss == pytest.approx(float(mean_loss(network).detach()), abs=1e-12)


def test_input_feeding_and_the_attention_of_the_decoder_to_itself() -> None:
    """Decoder states then reach later steps by further paths."""
    network = small_network("gru", decoder_layers=2, input_feeding=True, intra_attention=True, attention="additive")
    flow = network_flow(network, BATCH)
    for name in ("encoder.backwards.0", "decoder.first", "decoder.upper.0"):
        assert flow.layers[name].hidden == pytest.approx(expected(network, name), rel=1e-4), name


def test_the_share_that_the_recurrence_carries_back() -> None:
    """Of an Elman layer it is a product of Jacobians diag(1 - h_t^2) W, computed here in a loop by hand."""
    network = small_network("elman", attention="none", pointer=False)
    flow = network_flow(network, BATCH)
    cell = network.encoder.forwards[0]  # type: ignore[index]
    w_ih, w_hh, b_ih, b_hh = (weight.detach() for weight in cell.weights())
    embedded = network.embedding(BATCH.document).detach()
    states: list[list[Tensor]] = []
    for row, length in enumerate(LENGTHS["encoder"]):
        state, found = torch.zeros(UNITS, dtype=torch.float64), []
        for word in embedded[row, :length]:
            state = torch.tanh(w_ih @ word + b_ih + w_hh @ state + b_hh)
            found.append(state)
        states.append(found)
    # Without an attention the last state is the only path to the loss.
    memory = network.encode(BATCH.document, BATCH.mask, BATCH.extension)
    final = memory.final.detach().requires_grad_()
    state = network.decoder.initial_state(memory._replace(final=final))
    features, attention, _ = network.decode(BATCH.previous, memory._replace(final=final), state)
    steps = network.target_steps(TeacherForced(BATCH, memory, features, attention))
    loss = network.output.loss(steps, 0.0)[0] / len(BATCH.target_positions)
    (gradient,) = torch.autograd.grad(loss, final)
    carried: list[list[float]] = [[], [], []]
    hidden: list[list[float]] = [[], [], []]
    for row, found in enumerate(states):
        vector = gradient[row, :UNITS]
        size = float(vector.norm())
        for distance, later in enumerate(reversed(found)):
            hidden[distance].append(float(vector.norm()))
            carried[distance].append(float(vector.norm()) / size)
            vector = w_hh.t() @ ((1 - later**2) * vector)
    layer = flow.layers["encoder.forwards.0"]
    assert layer.hidden == pytest.approx([sum(norms) / len(norms) for norms in hidden], rel=1e-6)
    assert layer.carried == pytest.approx([sum(shares) / len(shares) for shares in carried], rel=1e-6)
    assert layer.carried[0] == pytest.approx(1.0)
    assert flow.attention_entropy is None


def test_gates_and_singular_values() -> None:
    """The gates of a GRU from torch's own equations; the singular values from a decomposition of W^T W."""
    network = small_network("gru", decoder_layers=1)
    with evaluation_mode(network), step_by_step({"x": network.decoder.first}) as traced, torch.no_grad():
        network.loss(BATCH)
    hidden = traced["x"].hidden
    cell = network.decoder.first
    layer = cell.layer
    words = network.embedding(BATCH.previous).detach()
    (state,) = network.decoder.initial_state(network.encode(BATCH.document, BATCH.mask)).hidden
    update = []
    for step in range(3):
        from_word = words[:, step] @ layer.weight_ih_l0.t() + layer.bias_ih_l0
        from_state = state @ layer.weight_hh_l0.t() + layer.bias_hh_l0
        update.append((from_word + from_state)[:, UNITS : 2 * UNITS].sigmoid())
        state = hidden[step]
    flow = network_flow(network, BATCH).layers["decoder.first"]
    real = torch.stack(update, dim=1)[BATCH.summary_mask]
    assert flow.gates["update"] == pytest.approx(float(real.detach().mean()), abs=1e-12)
    assert set(flow.gates) == {"reset", "update"}
    for name, matrix in recurrent_matrices(cell).items():
        largest = float(torch.linalg.eigvalsh(matrix.t() @ matrix)[-1]) ** 0.5
        assert flow.singular_values[name] == pytest.approx(largest, rel=1e-5)
    assert list(flow.singular_values) == ["reset", "update", "candidate"]


def test_the_forget_gate_of_an_lstm_starts_open() -> None:
    """Its bias starts at 1, so with a state of zeros and no input it is sigmoid(1)."""
    cell = CELLS["lstm"](2, 4)
    gates = gate_values(cell, torch.zeros(1, 2), torch.zeros(1, 8))
    assert {name: round(float(gate.detach().mean()), 4) for name, gate in gates.items()} == {
        "input": 0.5,
        "forget": 0.7311,
        "output": 0.5,
    }


def test_a_cell_that_registers_nothing_has_no_gates() -> None:
    class Running(Cell):
        def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            return x + state, x + state

    assert recurrent_matrices(Running(2, 2)) == {}
    assert gate_values(Running(2, 2), torch.zeros(1, 2), torch.zeros(1, 2)) == {}


def test_the_entropy_of_the_attention() -> None:
    """Equal scores: the weights of a document with n words are 1/n, so the entropy is log n."""
    network = small_network("gru")
    nn.init.zeros_(network.decoder.attention.project.weight)
    words = torch.tensor(LENGTHS["decoder"], dtype=torch.float64)
    entropy = (words * torch.tensor(LENGTHS["encoder"]).log()).sum() / words.sum()
    assert network_flow(network, BATCH).attention_entropy == pytest.approx(float(entropy), abs=1e-6)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_network_is_as_before(cell: str) -> None:
    """Modes, gradients, random numbers and results: nothing remains of the measurement. Dropout is off in it."""
    network = small_network(cell, dropout=0.5, weight_dropout=0.3)
    network.train()
    network.encoder.eval()  # a module with a mode of its own
    mean_loss(network).backward()
    modes = [module.training for module in network.modules()]
    gradients = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
    random = torch.get_rng_state()
    first, second = network_flow(network, BATCH), network_flow(network, BATCH)
    assert first == second
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in network.modules()] == modes
    now = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert all(torch.equal(*both) for both in zip(gradients, now, strict=True))
    assert not any(
        {"forward", "bidirectional"} & set(vars(module)) for module in network.modules() if isinstance(module, Cell)
    )
