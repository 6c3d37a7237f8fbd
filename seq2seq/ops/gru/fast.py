"""The GRU by compiled loops, with its own gradient.

Input projections and weight gradients are one matmul over all steps; only the recurrence runs step by step, in one call
of a compiled loop. Rows are independent, so each thread takes some rows through all steps. D layers of the same size
(D = 2 directions) share one call. Positions are flattened: the row of step t of sequence n is n * T + t.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..dispatch import KernelError, give_up, launch
from ..layouts import layout
from . import reference
from .types import GRUWeights, Lookup

MAX_PROJECTIONS = 1 << 23
"""Numbers of input projections held at once if no gradient is wanted."""


def gru(x: Tensor, h0: Tensor, weights: GRUWeights) -> Tensor:
    """x [N, T, I], h0 [N, H] -> states [N, T, H]."""
    lengths = torch.full((len(x),), x.shape[1])
    if _gradient_wanted(x, h0, *weights):
        return _GRU.apply(lengths, x, h0.unsqueeze(0), *weights)
    return _inference(x, h0.unsqueeze(0), [weights], lengths)


def bigru(
    x: Tensor | Lookup,
    lengths: Tensor,
    forward: GRUWeights,
    backward: GRUWeights,
    max_projections: int = MAX_PROJECTIONS,
) -> Tensor:
    """x [N, T, I], lengths [N] -> states [N, T, 2H]. Without a gradient rows stop at their length, and only
    `max_projections` numbers of input projections are held at once."""
    table = x.table if isinstance(x, Lookup) else x
    h0 = table.new_zeros(2, len(lengths), forward.w_hh.shape[1])
    if not isinstance(x, Lookup) and _gradient_wanted(x, *forward, *backward):
        return _GRU.apply(lengths, x, h0, *forward, *backward)
    return _inference(x, h0, [forward, backward], lengths, max_projections)


def _gradient_wanted(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(x.requires_grad for x in tensors)


def _inference(
    x: Tensor | Lookup,
    h0: Tensor,
    layers: list[GRUWeights],
    lengths: Tensor,
    max_projections: int = MAX_PROJECTIONS,
) -> Tensor:
    """The states of D layers [N, T, D * H]; zeros where a row has stopped."""
    from . import kernels

    rows, steps = (x.ids if isinstance(x, Lookup) else x).shape[:2]
    size = h0.shape[2]
    states = h0.new_empty(rows, steps, len(layers), size)
    recurrent, bias_n, *inputs = layout(_inference_layout, *(x for w in layers for x in w))
    # A row stops no earlier than any later row: the active rows are then a prefix.
    stops = lengths.flip(0).cummax(0).values.flip(0)

    def run(part: slice, read: Tensor, ids: Tensor) -> None:
        projections = torch.stack([torch.addmm(bias, read, matrix) for matrix, bias in zip(*inputs, strict=True)])
        arguments = projections, ids, recurrent, bias_n, h0[:, part].contiguous(), lengths[part], stops[part]
        launch(kernels.gru_inference, *arguments, states[part])

    if isinstance(x, Lookup):
        distinct, ids = x.ids.unique(return_inverse=True)
        run(slice(None), x.table.index_select(0, distinct), ids)
    else:
        size_of_part = max_projections // (len(layers) * 3 * size * steps) or 1
        for start in range(0, rows, size_of_part):
            part = slice(start, start + size_of_part)
            run(part, x[part].flatten(0, 1), lengths.new_empty(0, 0))
    return states.flatten(2)


def _inference_layout(*flat: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
    """The recurrent weights in panels and the recurrent bias of n; for each layer input matrix [I, 3H] and biases."""
    from . import kernels

    layers = _layers(flat)
    size = layers[0].w_hh.shape[1]
    recurrent = kernels.stacked_panels([w.w_hh.t() for w in layers])
    bias_n = torch.stack([w.b_hh[2 * size :] for w in layers])
    biases = [torch.cat([w.b_ih[: 2 * size] + w.b_hh[: 2 * size], w.b_ih[2 * size :]]) for w in layers]
    return recurrent, bias_n, [w.w_ih.t() for w in layers], biases


def _forward(lengths: Tensor, x: Tensor, h0: Tensor, layers: Sequence[GRUWeights]) -> tuple[Tensor, Tensor, Tensor]:
    """States [N, T, D * H], gates [D, N * T, 4H] (n, r, z and q = W_hn h + b_hn), states before each step
    [D, N * T, H]."""
    from . import kernels

    rows, steps, _ = x.shape
    count, size = len(layers), h0.shape[2]
    states = x.new_empty(rows, steps, count, size)
    gates = x.new_empty(count, rows * steps, 4 * size)
    before = x.new_empty(count, rows * steps, size)
    for d, w in enumerate(layers):
        torch.mm(x.flatten(0, 1), _n_first(w.w_ih, size).t(), out=gates[d, :, : 3 * size])
    # Biases are added in the loop: after the product they would cost one more pass over memory.
    bias = torch.stack([torch.cat([w.b_hh[: 2 * size] + w.b_ih[: 2 * size], w.b_hh[2 * size :]]) for w in layers])
    bias_n = torch.stack([w.b_ih[2 * size :] for w in layers])
    recurrent = kernels.stacked_panels([w.w_hh.t() for w in layers])
    launch(kernels.gru_forward, gates, recurrent, bias, bias_n, h0, lengths, before, states)
    return states.flatten(2), gates, before


class _GRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, lengths: Tensor, x: Tensor, h0: Tensor, *flat: Tensor) -> Tensor:
        states, *ctx.trace = _forward(lengths, x, h0, _layers(flat))
        ctx.save_for_backward(lengths, x, h0, *flat)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_states: Tensor) -> tuple[Tensor | None, ...]:
        lengths, x, h0, *flat = ctx.saved_tensors
        trace, ctx.trace = ctx.trace, None  # the gradients overwrite the gates; a second pass computes them anew
        try:
            return None, *_backward(d_states, trace, lengths, x, h0, flat)
        except KernelError as error:
            give_up(error)
            return None, *_gradient_of_reference(d_states, lengths, x, h0, flat)


def _backward(
    d_states: Tensor, trace: list[Tensor] | None, lengths: Tensor, x: Tensor, h0: Tensor, flat: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """Gradients of x, h0 and the weights."""
    from . import kernels

    layers = _layers(flat)
    gates, before = trace or _forward(lengths, x, h0, layers)[1:]
    count, rows, size = h0.shape
    d_h0, d_bias = torch.zeros_like(h0), x.new_zeros(count, rows, 4 * size)
    d_states = d_states.contiguous().view(rows, -1, count, size)
    recurrent = kernels.stacked_panels([w.w_hh for w in layers])
    launch(kernels.gru_backward, gates, before, d_states, recurrent, lengths, d_h0, d_bias)
    d_x, d_weights = x.new_empty(x.shape).flatten(0, 1), list[Tensor]()
    for d, w in enumerate(layers):
        of_inputs, of_states, bias = gates[d, :, : 3 * size], gates[d, :, size:], d_bias[d].sum(dim=0)
        torch.addmm(d_x, of_inputs, _n_first(w.w_ih, size), beta=min(d, 1), out=d_x)
        d_w_ih = _n_last(of_inputs.t() @ x.flatten(0, 1), size)
        d_weights += [d_w_ih, of_states.t() @ before[d], _n_last(bias[: 3 * size], size), bias[size:]]
    return d_x.view(x.shape), d_h0, *d_weights


def _gradient_of_reference(
    d_states: Tensor, lengths: Tensor, x: Tensor, h0: Tensor, flat: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """The same by torch."""
    leaves = [tensor.detach().requires_grad_() for tensor in (x, h0, *flat)]
    with torch.enable_grad():
        x, h0, *flat = leaves
        layers = _layers(flat)
        states = reference.gru(x, h0[0], layers[0]) if len(layers) == 1 else reference.bigru(x, lengths, *layers)
    return torch.autograd.grad(states, leaves, d_states, allow_unused=True)


def _layers(flat: Sequence[Tensor]) -> list[GRUWeights]:
    return [GRUWeights(*flat[i : i + 4]) for i in range(0, len(flat), 4)]


def _n_first(gates: Tensor, size: int) -> Tensor:
    """Rows in the order r, z, n -> n, r, z. In n, r, z, q the gradients of the input projections are the first three
    quarters, those of the recurrent ones the last three."""
    return torch.cat([gates[2 * size :], gates[: 2 * size]])


def _n_last(gates: Tensor, size: int) -> Tensor:
    """Rows in the order n, r, z -> r, z, n."""
    return torch.cat([gates[size:], gates[:size]])
