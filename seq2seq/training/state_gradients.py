"""Gradients of the loss with respect to the recurrent states of a network, step by step.

The fast layers run all steps in one call, so their inner states are no nodes of torch's graph. Here each cell runs one
step at a time in plain torch, and each of its states is a node. The network is in evaluation mode: without dropout,
hence without random numbers. Its parameters and their gradients stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq import ops
from seq2seq.batch import Batch
from seq2seq.model.cell_inspection import gate_values, recurrent_matrices
from seq2seq.model.cells import Cell
from seq2seq.model.network import Seq2Seq


@dataclass
class Steps:
    """The steps of one cell for N rows, in the order of its reading.

    Args:
        hidden: for each step h_t [N, H], the output of the cell.
        memory: for each step the part of the state that is not h_t [N, state_size - H], for example c_t of an LSTM;
            the whole state of a cell whose output is no part of it. Its width is 0 if h_t is the whole state.
        gates: for each step the mean [N] over the units of each gate.
    """

    hidden: list[Tensor] = field(default_factory=list)
    memory: list[Tensor] = field(default_factory=list)
    gates: list[dict[str, Tensor]] = field(default_factory=list)


@dataclass
class LayerFlow:
    """The gradients of one cell. Position k of a list is the distance k from the last state of a row. Each value is a
    mean over the rows that have more than k steps.

    Args:
        hidden: norm of dL/dh_t, with all paths from h_t to the loss.
        memory: norm of the gradient of the memory (see `Steps`); empty if h_t is the whole state.
        carried: share of the gradient g = dL/dh_T at the last state that the recurrence carries back over k steps: the
            norm of (d h_T / d s_{T-k})^T g divided by the norm of g, where s is h with the memory. None where g is 0.
        gates: mean of each gate over rows, steps and units.
        singular_values: largest singular value of each recurrent matrix.
    """

    hidden: list[float]
    memory: list[float]
    carried: list[float | None]
    gates: dict[str, float]
    singular_values: dict[str, float]


@dataclass
class NetworkFlow:
    """The gradients of all cells, by the names of their modules.

    Args:
        loss: sum of the terms of the loss for each target word.
        attention_entropy: mean over the target words of -sum a log a in nats; None without an attention.
    """

    loss: float
    attention_entropy: float | None
    layers: dict[str, LayerFlow]


def network_flow(network: Seq2Seq, batch: Batch, step: int | None = None) -> NetworkFlow:
    """The gradients of the loss of a batch: the sum of the terms divided by the number of target words.

    Args:
        batch: one summary for each document.
        step: optimizer steps done; see `Seq2Seq.loss`.
    """
    cells = {name: module for name, module in network.named_modules() if isinstance(module, Cell)}
    attention: list[Tensor] = []
    hook = network.decoder.register_forward_hook(lambda module, inputs, output: attention.append(output[1].detach()))
    with evaluation_mode(network), step_by_step(cells) as traced, torch.enable_grad():
        try:
            terms, _ = network.loss(batch, step)
        finally:
            hook.remove()
        loss = torch.stack(list(terms.values())).sum() / len(batch.target_positions)
        lengths = {True: batch.lengths, False: batch.summary_mask.sum(dim=1).cpu()}
        traced = {name: steps for name, steps in traced.items() if steps.hidden}
        gradients = _gradients(loss, [x for steps in traced.values() for x in (*steps.hidden, *steps.memory)])
        layers = {}
        for name, steps in traced.items():
            found = [[next(gradients) for _ in part] for part in (steps.hidden, steps.memory)]
            layers[name] = _layer_flow(cells[name], steps, found, lengths[name.startswith("encoder.")])
    return NetworkFlow(float(loss.detach()), _entropy(attention[0], batch.summary_mask), layers)


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """The network in evaluation mode; every module has its own mode again afterwards. cuDNN is off: its layers compute
    gradients in training mode alone."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        for module, training in modes.items():
            module.training = training


@contextmanager
def step_by_step(cells: dict[str, Cell]) -> Iterator[dict[str, Steps]]:
    """Within the block the cells run one step at a time in plain torch. Yields the steps of each cell by its name."""
    traced = {name: Steps() for name in cells}
    with ExitStack() as stack:
        for name, cell in cells.items():
            methods = {"forward": _stepwise(cell, cell.forward, traced[name]), "bidirectional": _bidirectional(cell)}
            for method, replacement in methods.items():
                setattr(cell, method, replacement)
                stack.callback(delattr, cell, method)
        yield traced


def _bidirectional(cell: Cell) -> Callable[..., Tensor]:
    """The method of the base class, which calls each direction by itself."""
    return lambda *arguments: Cell.bidirectional(cell, *arguments)


def _stepwise(cell: Cell, forward: Callable[..., tuple[Tensor, Tensor]], steps: Steps) -> Callable[..., Any]:
    """`forward` of a cell, one step at a time."""
    size = cell.hidden_size

    def run(x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs = []
        for word in x.split(1, dim=1):
            with torch.no_grad():
                gates = gate_values(cell, word.squeeze(1), state)
                steps.gates.append({name: values.mean(dim=1) for name, values in gates.items()})
            with ops.reference_only():
                output, state = forward(word, state)
            hidden = output.squeeze(1).clone()  # one node for all paths: that of the output and that of the state
            if hidden.dtype == state.dtype and torch.equal(hidden, state[:, :size]):
                memory = state[:, size:].clone()
                state = torch.cat([hidden, memory], dim=1)
            else:
                memory = state = state.clone()
            steps.hidden.append(hidden)
            steps.memory.append(memory)
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), state

    return run


def _gradients(output: Tensor, inputs: list[Tensor], upstream: Tensor | None = None) -> Iterator[Tensor]:
    """The gradient of each input; zeros for an input that the output does not depend on. The graph stays."""
    found = torch.autograd.grad(output, inputs, upstream, retain_graph=True, allow_unused=True)
    return (torch.zeros_like(x) if gradient is None else gradient for x, gradient in zip(inputs, found, strict=True))


def _layer_flow(cell: Cell, steps: Steps, gradients: list[list[Tensor]], lengths: Tensor) -> LayerFlow:
    """The values of one cell.

    Args:
        gradients: dL/dh_t and those of the memory, for each step.
        lengths: [N] real steps of each row, on the CPU.
    """
    rows = torch.arange(len(lengths))
    last, upstream = (torch.stack(part, dim=1)[rows, lengths - 1] for part in (steps.hidden, gradients[0]))
    back = [*_gradients(last, [*steps.hidden, *steps.memory], upstream)]
    states = zip(back[: len(steps.hidden)], back[len(steps.hidden) :], strict=True)
    size = _row_norms(upstream)
    shares = [(_row_norms(torch.cat(state, dim=1)) / size).where(size > 0, torch.nan) for state in states]
    has_memory = any(memory.shape[1] for memory in steps.memory)
    matrices = recurrent_matrices(cell)
    return LayerFlow(
        hidden=_by_distance(map(_row_norms, gradients[0]), lengths),
        memory=_by_distance(map(_row_norms, gradients[1]), lengths) if has_memory else [],
        carried=[None if value != value else value for value in _by_distance(shares, lengths)],
        gates={name: _mean([gates[name] for gates in steps.gates], lengths) for name in steps.gates[0]},
        singular_values={name: float(torch.linalg.matrix_norm(w.detach().float(), 2)) for name, w in matrices.items()},
    )


def _row_norms(x: Tensor) -> Tensor:
    """[N, H] -> [N] in float32 or wider."""
    return torch.linalg.vector_norm(x.to(torch.promote_types(x.dtype, torch.float32)), dim=1)


def _by_distance(values: Iterable[Tensor], lengths: Tensor) -> list[float]:
    """T tensors [N] by step -> means by the distance from the last step of each row, NaN left out."""
    table = torch.stack(list(values), dim=1).cpu()  # [N, T]
    distance = torch.arange(int(lengths.max()))
    places = lengths.unsqueeze(1) - 1 - distance
    aligned = table.gather(1, places.clamp_min(0)).where(places >= 0, torch.nan)
    return aligned.nanmean(dim=0).tolist()


def _mean(values: list[Tensor], lengths: Tensor) -> float:
    """The mean of T tensors [N] over the real steps."""
    table = torch.stack(values, dim=1).cpu()
    return float(table[torch.arange(table.shape[1]) < lengths.unsqueeze(1)].mean())


def _entropy(attention: Tensor, mask: Tensor) -> float | None:
    """attention [N, T, S], mask [N, T] -> mean entropy; None if all weights are zero."""
    weights = attention[mask]
    return float(torch.special.entr(weights).sum(dim=1).mean()) if bool(weights.any()) else None
