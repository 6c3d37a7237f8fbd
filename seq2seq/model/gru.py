"""The GRU over whole sequences on a CPU: the recurrence as few large operations, with a gradient of its own.

torch's CPU layer records a dozen small operations a step for autograd, which then walks back through them and adds each
step's share to the gradients of the weights. Here a step costs one matrix product and some cheap elementwise work
forwards, and one product and four elementwise operations backwards: all that does not depend on the gradient of the
later steps is computed on the way forwards, while it is in the cache, and all that does not depend on the order of the
steps (products with inputs, gradients of weights) is one product over all of them. Several layers of the same size,
such as the two directions of an encoder, take their steps together.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)       Cho et al. 2014, with the reset gate applied
    z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)       after the product (as in torch and cuDNN)
    n = tanh(W_in x + b_in + r (W_hn h + b_hn))
    h' = n + z (h - n)

It gives what `torch.nn.GRU` gives, and its gradients, up to rounding; the tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

ROWS = 2048  # of gates that are made at once where no gradient is wanted: they stay in the cache


class Weights(NamedTuple):
    """A layer's parameters as torch.nn.GRU lays them out, gates in the order r, z, n.

    Args:
        w_ih: [3H, I]; w_hh: [3H, H]; b_ih, b_hh: [3H].
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor


class Words(NamedTuple):
    """Sequences of words, before they are looked up: what is read where a word is the same wherever it stands is
    computed once for each.

    Args:
        vectors: [U, I] of U distinct words; ids: rows of `vectors`, of any shape.
    """

    vectors: Tensor
    ids: Tensor

    def looked_up(self) -> Tensor:
        """[..., I]"""
        return self.vectors[self.ids]


def gru(
    inputs: list[Tensor] | list[Words], states: list[Tensor], weights: list[Weights], alive: list[int] | None = None
) -> tuple[Tensor, ...]:
    """Run D independent layers of H units side by side.

    Args:
        inputs: for each layer [T, N, I], or, for speed where no gradient is wanted, words [T, N].
        states: for each layer [N, H], before the first step.
        alive: how many of the first rows have a word at each step; the rest may be left out, and gives zeros then.

    Returns:
        for each layer its outputs [T, N, H].
    """
    ids = [x.ids for x in inputs if isinstance(x, Words)]
    vectors = [x.vectors if isinstance(x, Words) else x for x in inputs]
    flat = [tensor for x, h, layer in zip(vectors, states, weights, strict=True) for tensor in (x, h, *layer)]
    if torch.is_autocast_enabled("cpu"):
        flat = [tensor.to(torch.get_autocast_dtype("cpu")) for tensor in flat]
    if not torch.is_grad_enabled() or not any(tensor.requires_grad for tensor in flat):
        return _infer(flat, ids, alive).unbind(0)
    if ids:
        raise ValueError("words have no gradient; look them up first")
    return _Gru.apply(*flat)


class _Trace(NamedTuple):
    """What the steps leave for the way back.

    Args:
        slopes: [D, T, N, 4H] d(h') / d(pre-activation) of the gates, in the order: n with regard to its input part, r,
            z, n with regard to its recurrent part. The first three are the input's gates, the last three the state's.
        gates: [D, T, N, 3H] r, z and what n was made of; z is d(h') / d(h).
    """

    slopes: Tensor
    gates: Tensor


def _infer(flat: Sequence[Tensor], ids: Sequence[Tensor], alive: Sequence[int] | None) -> Tensor:
    """All steps of D layers -> their outputs [D, T, N, H].

    Args:
        flat: six tensors for each layer, as in `gru`; the first may be the vectors that `ids` [T, N] choose from.
    """
    layers = [flat[i : i + 6] for i in range(0, len(flat), 6)]
    steps, rows = (ids or flat)[0].shape[:2]
    size = flat[1].shape[-1]
    outputs = flat[0].new_empty(len(layers), steps, rows, size)
    start = _stacked([layer[1] for layer in layers])
    weights = _stacked([layer[3].t() if steps == 1 else layer[3].t().contiguous() for layer in layers])
    bias_n = _rows([layer[5][2 * size :] for layer in layers])
    reads = []
    for inputs, _, w_ih, _, b_ih, b_hh in layers:
        bias = torch.cat([b_ih[: 2 * size] + b_hh[: 2 * size], b_ih[2 * size :]])
        reads.append(((inputs @ w_ih.t()).add_(bias) if ids else inputs, w_ih.t(), bias))
    most = min(rows, max(1, ROWS // len(layers)))  # rows that go through all steps together
    block = min(steps, max(1, ROWS // (len(layers) * most)))  # steps whose products with inputs are made together
    room = flat[0].new_empty(len(layers), block * most, 3 * size)
    recurrent = flat[0].new_empty(len(layers), most, 3 * size)
    for first in range(0, rows, most):
        before = start[:, first : first + most]
        for t in range(steps):
            last = min(first + most, rows, alive[t] if alive else rows)
            if last <= first:
                outputs[:, t:, first : first + most] = 0
                break
            count, i = last - first, t % block
            if i == 0:
                gates = room[:, : min(block, steps - t) * count].unflatten(1, (-1, count))
                for d, (inputs, weight, bias) in enumerate(reads):
                    out = gates[d].flatten(0, 1)
                    if ids:
                        torch.index_select(inputs, 0, ids[d][t : t + block, first:last].flatten(), out=out)
                    else:
                        torch.mm(inputs[t : t + block, first:last].reshape(len(out), -1), weight, out=out).add_(bias)
            gate, products, before = gates[:, i, :count], recurrent[:, :count], before[:, :count]
            _multiply(before, weights, out=products)
            r, z, n = gate.split(size, dim=-1)
            gate[..., : 2 * size].add_(products[..., : 2 * size]).sigmoid_()
            tanh_(n.addcmul_(r, products[..., 2 * size :].add_(bias_n)))
            before = torch.lerp(n, before, z, out=outputs[:, t, first:last])
            outputs[:, t, last : first + most] = 0
    return outputs


def _stacked(matrices: list[Tensor]) -> Tensor:
    """D matrices as one tensor [D, ..]; a single one is not copied."""
    return matrices[0].unsqueeze(0) if len(matrices) == 1 else torch.stack(matrices)


def _multiply(left: Tensor, right: Tensor, out: Tensor) -> Tensor:
    """[D, N, K] [D, K, M] -> [D, N, M]: side by side, small products keep more cores busy than one after the other."""
    if len(left) == 1:
        torch.mm(left[0], right[0], out=out[0])
        return out
    return torch.bmm(left, right, out=out)


def _rows(vectors: list[Tensor]) -> Tensor:
    """D vectors [H] as [D, 1, H]."""
    return torch.stack(vectors).unsqueeze(1)


def tanh_(x: Tensor) -> Tensor:
    """tanh in place, on a CPU in a fraction of the time: torch's sigmoid takes a tenth of the time of its tanh, and
    tanh(x) = 2 sigmoid(2 x) - 1. (In half precision that would lose digits near 0.)"""
    if x.dtype in (torch.bfloat16, torch.float16):
        return x.tanh_()
    return torch.add(_number(-1), x.mul_(_number(2)).sigmoid_(), alpha=2, out=x)


@cache
def _number(value: int) -> Tensor:
    """A tensor is cheaper than Python's number in an operation of a microsecond."""
    with torch.inference_mode(False):
        return torch.tensor(float(value))


def _learn(flat: Sequence[Tensor]) -> tuple[Tensor, _Trace]:
    """As `_infer` -> h [D, T + 1, N, H], and what the way back needs."""
    layers = [flat[i : i + 6] for i in range(0, len(flat), 6)]
    steps, rows, _ = flat[0].shape
    size = flat[1].shape[-1]
    hidden = flat[0].new_empty(len(layers), steps + 1, rows, size)
    gates = flat[0].new_empty(len(layers), steps, rows, 3 * size)
    slopes = flat[0].new_empty(len(layers), steps, rows, 4 * size)
    recurrent = flat[0].new_empty(len(layers), rows, 3 * size)
    for d, (inputs, state, w_ih, *_) in enumerate(layers):
        torch.mm(inputs.reshape(steps * rows, -1), w_ih.t(), out=gates[d].flatten(0, 1))
        hidden[d, 0] = state
    # Biases are added step by step, in the cache: to a product as large as this one it would be a pass of its own.
    bias = _rows([torch.cat([b_hh[: 2 * size] + b_ih[: 2 * size], b_hh[2 * size :]]) for *_, b_ih, b_hh in layers])
    weights = _stacked([layer[3].t().contiguous() for layer in layers])
    bias_n = _rows([layer[4][2 * size :] for layer in layers])
    recurrent_rz, recurrent_n = recurrent.split([2 * size, size], dim=-1)
    states = hidden.unbind(1)
    rzs, rs, zs, ns = (x.unbind(1) for x in (gates[..., : 2 * size], *gates.split(size, dim=-1)))
    s_ins, s_rs, s_zs, s_ns = (x.unbind(1) for x in slopes.split(size, dim=-1))
    n, a, b = (flat[0].new_empty(len(layers), rows, size) for _ in range(3))
    one = _number(1)
    for t, (before, after, rz, r, z) in enumerate(zip(states, states[1:], rzs, rs, zs, strict=False)):
        _multiply(before, weights, out=recurrent).add_(bias)
        rz.add_(recurrent_rz).sigmoid_()
        tanh_(torch.addcmul(ns[t], r, recurrent_n, out=n).add_(bias_n))
        torch.sub(before, n, out=a).mul_(z)
        torch.add(n, a, out=after)
        torch.sub(one, z, out=b)
        torch.mul(a, b, out=s_zs[t])  # (h - n) z (1 - z)
        torch.mul(n, n, out=a)
        torch.addcmul(b, b, a, value=-1, out=s_ins[t])  # (1 - z) (1 - n^2)
        torch.mul(s_ins[t], r, out=s_ns[t])
        torch.sub(s_ins[t], s_ns[t], out=s_rs[t]).mul_(r).mul_(recurrent_n)  # .. (W_hn h + b_hn) r (1 - r)
    return hidden, _Trace(slopes, gates)


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *flat: Tensor) -> tuple[Tensor, ...]:
        hidden, trace = _learn(flat)
        ctx.save_for_backward(hidden, *trace, *flat)
        return hidden[:, 1:].unbind(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        hidden, slopes, gates, *flat = ctx.saved_tensors
        layers, steps, rows, size = len(slopes), slopes.shape[1], slopes.shape[2], hidden.shape[-1]
        d_gates = torch.empty_like(slopes)
        d_hidden = hidden.new_zeros(layers, rows, size)
        d_each, d_all = d_hidden.unbind(0), d_hidden.unsqueeze(-2)
        zs = gates[..., size : 2 * size].unbind(1)
        four_slopes, four_gates = (x.unflatten(-1, (4, size)).unbind(1) for x in (slopes, d_gates))
        w_hh, of_states = _stacked(flat[3::6]), d_gates[..., size:].unbind(1)
        gradients = list(zip(*(gradient.unbind(0) for gradient in upstream), strict=True))
        for t in reversed(range(steps)):
            for d_state, gradient in zip(d_each, gradients[t], strict=True):
                d_state.add_(gradient)
            torch.mul(four_slopes[t], d_all, out=four_gates[t])
            d_hidden.mul_(zs[t])
            d_hidden.baddbmm_(of_states[t], w_hh)
        results: list[Tensor | None] = []
        for d in range(layers):
            inputs, _, w_ih, *_ = flat[6 * d : 6 * d + 6]
            every = d_gates[d].flatten(0, 1)
            biases = every.sum(dim=0)
            d_inputs = every[:, : 3 * size] @ _last_first(w_ih, size) if ctx.needs_input_grad[6 * d] else None
            d_w_ih = _first_last(every[:, : 3 * size].t() @ inputs.reshape(steps * rows, -1), size)
            d_w_hh = every[:, size:].t() @ hidden[d, :-1].flatten(0, 1)
            results += [None if d_inputs is None else d_inputs.view_as(inputs), d_hidden[d]]
            results += [d_w_ih, d_w_hh, _first_last(biases[: 3 * size], size), biases[size:]]
        return tuple(results)


def _last_first(gates: Tensor, size: int) -> Tensor:
    """Rows in the order r, z, n -> n, r, z."""
    return torch.cat([gates[2 * size :], gates[: 2 * size]])


def _first_last(gates: Tensor, size: int) -> Tensor:
    """Rows in the order n, r, z -> r, z, n."""
    return torch.cat([gates[size:], gates[:size]])
