"""The GRU over whole sequences on a CPU: the recurrence as few large operations, with a gradient of its own.

torch's CPU layer records a dozen small operations a step for autograd, which then walks back through them and adds each
step's share to the gradients of the weights. Here all that does not depend on the order of the steps (products with
inputs, gradients of inputs and weights) is one product over all of them; and the steps are taken by loops compiled for
this CPU (`kernels.py`). Where these cannot be used, torch's operations do the same: see `infer`, `learn` and `back`,
whose arguments the loops share. Two layers of the same size, the directions of an encoder, take their steps together.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)       Cho et al. 2014, with the reset gate applied
    z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)       after the product (as in torch and cuDNN)
    n = tanh(W_in x + b_in + r (W_hn h + b_hn))
    h' = n + z (h - n)

It gives what `torch.nn.GRU` gives, and its gradients, up to rounding; the tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seq2seq.ops.compiled import arrays, can_multiply_bfloat16, loops, low_precision, pairs, right_hand, threads

READS = 1 << 23  # numbers that are made of inputs at once where no gradient is wanted
ROWS = 2048  # of gates that torch's operations make at once then: they stay in the cache
LEAVE_BY = 128  # so many rows leave torch's operations together: each new shape of a product costs time and memory


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
    inputs: Tensor | Words,
    states: list[Tensor],
    weights: list[Weights],
    turned: Tensor | None = None,
    ends: Tensor | None = None,
) -> Tensor:
    """Run a layer of H units, or D = 2 of them side by side, of which the second reads in another order.

    Args:
        inputs: [N, T, I], or, for speed where no gradient is wanted, words [N, T].
        states: for each layer [N, H], before the first step.
        turned: [N, T] the positions that the second layer reads, one after the other; every position once, and such
            that twice turned is as before.
        ends: [N] how many steps each row needs; where no gradient is wanted, what comes after them is left out, but a
            row goes on as long as one that comes after it.

    Returns:
        [N, T, D * H]: what each layer says at each position; 0 where something was left out.
    """
    ids = inputs.ids if isinstance(inputs, Words) else None
    flat = [inputs.vectors if isinstance(inputs, Words) else inputs, *states, *(x for layer in weights for x in layer)]
    rows, steps = (inputs.ids if isinstance(inputs, Words) else inputs).shape[:2]
    position = torch.arange(steps).expand(rows, -1)
    order = torch.stack([position] if turned is None else [position, turned])
    learning = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in flat)
    if torch.is_autocast_enabled("cpu"):
        # Without gradients the loops can multiply bfloat16 numbers and do all else in float32.
        stay = not learning and low_precision() and loops(rows) and can_multiply_bfloat16()
        flat = [tensor.to(torch.float32 if stay else torch.get_autocast_dtype("cpu")) for tensor in flat]
    if not learning:
        ends = torch.full((rows,), steps) if ends is None else ends.flip(0).cummax(0).values.flip(0)
        return _infer(flat, ids, _by_step(order), ends)
    if ids is not None:
        raise ValueError("words have no gradient; look them up first")
    return _Gru.apply(order, *flat)


class _Layers(NamedTuple):
    """The arguments of D layers, unpacked: inputs [N, T, I] or words' vectors; D states [N, H]; D weights."""

    inputs: Tensor
    states: tuple[Tensor, ...]
    weights: tuple[Weights, ...]

    @classmethod
    def unpack(cls, flat: Sequence[Tensor]) -> _Layers:
        layers = len(flat) // 5
        tensors = flat[1 + layers :]
        weights = tuple(Weights(*tensors[4 * d : 4 * d + 4]) for d in range(layers))
        return cls(flat[0], tuple(flat[1 : 1 + layers]), weights)


def _by_step(order: Tensor) -> Tensor:
    """Positions [D, N, T] -> the rows of [N * T] in the order in which they are read, [D, T, N]."""
    _, rows, steps = order.shape
    return (order + torch.arange(rows).unsqueeze(1) * steps).transpose(1, 2).contiguous()


def _read(inputs: Tensor, by_step: Tensor, layer: int) -> Tensor:
    """What a layer reads of inputs [N, T, I], step by step: [T * N, I]."""
    if layer == 0:  # as it stands
        return inputs.transpose(0, 1).flatten(0, 1)
    return inputs.flatten(0, 1).index_select(0, by_step[layer].flatten())


def _stacked(tensors: Sequence[Tensor]) -> Tensor:
    """D tensors as one [D, ..]; a single one is not copied."""
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(list(tensors))


def _matrices(matrices: Sequence[Tensor], do: ModuleType | None, low: bool = False) -> Tensor:
    """D matrices [K, M] as one tensor [D, K, M], or [D, ..] as the compiled loops want them."""
    return _stacked([right_hand(matrix, do, low) for matrix in matrices] if do else matrices)


def _multiply(left: Tensor, right: Tensor) -> Tensor:
    """[D, N, K] [D, K, M] -> [D, N, M]: side by side, small products keep more cores busy than one after the other."""
    return (left[0] @ right[0]).unsqueeze(0) if len(left) == 1 else torch.bmm(left, right)


# Without gradients.


def _infer(flat: Sequence[Tensor], ids: Tensor | None, by_step: Tensor, ends: Tensor) -> Tensor:
    """All steps of D layers -> their outputs [N, T, D * H].

    Args:
        flat: see `_Layers`; the inputs may be the vectors that `ids` [N, T] choose from.
        by_step: [D, T, N] which rows of [N * T] are read; ends: [N] see `infer`.
    """
    inputs, states, weights = _Layers.unpack(flat)
    layers, steps, rows = by_step.shape
    size = states[0].shape[-1]
    outputs = inputs.new_empty(rows * steps, layers, size)
    do = loops(rows, outputs)
    low = do is not None and low_precision()
    start, recurrent = _stacked(states), _matrices([w.w_hh.t() for w in weights], do, low)
    bias_n = _stacked([w.b_hh[2 * size :] for w in weights])
    biases = [torch.cat([w.b_ih[: 2 * size] + w.b_hh[: 2 * size], w.b_ih[2 * size :]]) for w in weights]
    most = READS // (layers * 3 * size * (1 if ids is not None else steps)) or 1
    if not do:
        most = min(most, max(1, ROWS // layers))
    if ids is not None:
        reads = _stacked([_add_bias(_reads(inputs, w.w_ih, do, low), b) for w, b in zip(weights, biases, strict=True)])
    for first in range(0, rows, most):
        here = slice(first, first + most)
        of_these = by_step[:, :, here].contiguous()
        if ids is not None:
            words = ids.flatten()[of_these]
        else:
            words = by_step[:, :0]
            read = [_read(inputs[here], of_these - first * steps, d) for d in range(layers)]
            made = [_reads(x, w.w_ih, do, low) for x, w in zip(read, weights, strict=True)]
            reads = _stacked([_add_bias(x, b) for x, b in zip(made, biases, strict=True)])
        of_all = reads, words, ends[here], recurrent, bias_n, start[:, here].contiguous(), of_these, outputs
        if do:
            do.infer(*arrays(*of_all), threads())
        else:
            infer(*of_all)
    return outputs.view(rows, steps, layers * size)


def _reads(inputs: Tensor, w_ih: Tensor, do: ModuleType | None, low: bool) -> Tensor:
    """inputs [M, I] w_ih [3H, I] transposed: [M, 3H], or wider if the loops make it."""
    if not (do and low):
        return inputs @ w_ih.t()
    right = right_hand(w_ih.t(), do, low)
    made = inputs.new_empty(len(inputs), right.shape[0] * right.shape[2])
    do.multiply(*arrays(pairs(inputs), right, made), threads())
    return made


def _add_bias(reads: Tensor, bias: Tensor) -> Tensor:
    """reads [M, W], of which as many columns as there are biases count, + bias, in place."""
    reads[:, : len(bias)].add_(bias)
    return reads


def infer(
    reads: Tensor,
    words: Tensor,
    ends: Tensor,
    recurrent: Tensor,
    bias_n: Tensor,
    start: Tensor,
    by_step: Tensor,
    outputs: Tensor,
) -> None:
    """All steps of N rows, of D layers.

    Args:
        reads: [D, .., 3H] what was read, multiplied, biases added; a row's stands at words [D, T, N], or, if that is
            empty, at t * N + n.
        ends: [N] how many steps a row needs, not increasing; after them it says 0.
        recurrent: [D, H, 3H] W_hh transposed; bias_n: [D, H] what is added to the state's part of n.
        start: [D, N, H] states before the first step.
        by_step: [D, T, N] where in `outputs` [.., D, H] those after a step go.
    """
    _, steps, rows = by_step.shape
    size, states, layers = start.shape[2], start, range(len(start))
    alive = (ends > torch.arange(steps).unsqueeze(1)).sum(dim=1)
    for t, living in enumerate((-(-alive // LEAVE_BY) * LEAVE_BY).clamp_max(rows).tolist()):
        for d in layers:
            outputs[:, d].index_fill_(0, by_step[d, t, living:], 0)
        if not living:
            continue
        states = states[:, :living]
        if words.shape[1]:
            gates = torch.stack([reads[d].index_select(0, words[d, t, :living]) for d in layers])
        else:
            gates = reads[:, t * rows : t * rows + living]
        products = _multiply(states, recurrent)
        _, z, n = gates.split(size, dim=-1)
        r = gates[..., : 2 * size].add_(products[..., : 2 * size]).sigmoid_()[..., :size]
        tanh_(n.addcmul_(r, products[..., 2 * size :].add_(bias_n.unsqueeze(1))))
        states = torch.lerp(n, states, z)
        for d in layers:
            outputs[:, d].index_copy_(0, by_step[d, t, :living], states[d])


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


# With gradients.


def _learn(flat: Sequence[Tensor], by_step: Tensor) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """As `_infer` -> outputs, and what the way back needs: hidden [D, T + 1, N, H]; gates [D, T, N, 4H], which are n,
    r, z and q = W_hn h + b_hn; and of each layer what it read [T * N, I]."""
    inputs, start, weights = _Layers.unpack(flat)
    layers, steps, rows = by_step.shape
    size = start[0].shape[-1]
    outputs = inputs.new_empty(rows * steps, layers, size)
    hidden = inputs.new_empty(layers, steps + 1, rows, size)
    gates = inputs.new_empty(layers, steps, rows, 4 * size)
    reads = [_read(inputs, by_step, d) for d in range(layers)]
    for d, w in enumerate(weights):
        torch.mm(reads[d], _last_first(w.w_ih, size).t(), out=gates[d].flatten(0, 1)[:, : 3 * size])
        hidden[d, 0] = start[d]
    # Biases are added step by step, in the cache: to a product as large as this one it would be a pass of its own.
    bias = torch.stack([torch.cat([w.b_hh[: 2 * size] + w.b_ih[: 2 * size], w.b_hh[2 * size :]]) for w in weights])
    bias_n = _stacked([w.b_ih[2 * size :] for w in weights])
    do = loops(rows, hidden)
    of_all = gates, _matrices([w.w_hh.t() for w in weights], do), bias, bias_n, hidden, by_step, outputs
    if do:
        do.learn(*arrays(*of_all), threads())
    else:
        learn(*of_all)
    return outputs.view(rows, steps, layers * size), hidden, gates, reads


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, order: Tensor, *flat: Tensor) -> Tensor:
        by_step = _by_step(order)
        outputs, *ctx.trace = _learn(flat, by_step)
        ctx.save_for_backward(order, by_step, *flat)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        order, by_step, *flat = ctx.saved_tensors
        hidden, gates, reads = ctx.trace or _learn(flat, by_step)[1:]
        ctx.trace = None  # gradients take the place of the gates; whoever comes once more has them made once more
        inputs, states, weights = _Layers.unpack(flat)
        layers, steps, rows = by_step.shape
        size = states[0].shape[-1]
        d_state, d_bias = hidden.new_zeros(layers, rows, size), hidden.new_zeros(layers, rows, 4 * size)
        upstream, do = upstream.contiguous().view(rows * steps, layers, size), loops(rows, hidden)
        of_all = gates, hidden, upstream, by_step, _matrices([w.w_hh for w in weights], do), d_state, d_bias
        if do:
            do.back(*arrays(*of_all), threads())
        else:
            back(*of_all)
        d_inputs, d_weights = None, list[Tensor]()
        for d, w in enumerate(weights):
            every, biases = gates[d].flatten(0, 1), d_bias[d].sum(dim=0)
            d_w_ih = _first_last(every[:, : 3 * size].t() @ reads[d], size)
            d_w_hh = every[:, size:].t() @ hidden[d, :-1].flatten(0, 1)
            d_weights += [d_w_ih, d_w_hh, _first_last(biases[: 3 * size], size), biases[size:]]
            if ctx.needs_input_grad[1]:
                d_read = every[:, : 3 * size] @ _last_first(w.w_ih, size)
                if d_inputs is None:
                    d_inputs = d_read.view(steps, rows, -1).transpose(0, 1)
                else:
                    places = order[d] * rows + torch.arange(rows).unsqueeze(1)  # where a position was read
                    d_inputs = d_inputs + d_read.index_select(0, places.flatten()).view_as(inputs)
        return None, d_inputs, *d_state.unbind(0), *d_weights


def learn(
    gates: Tensor, recurrent: Tensor, bias: Tensor, bias_n: Tensor, hidden: Tensor, by_step: Tensor, outputs: Tensor
) -> None:
    """All steps forwards, of D layers.

    Args:
        gates: [D, T, N, 4H] products with the inputs for n, r, z; become n, r, z and q.
        recurrent: [D, H, 3H] W_hh transposed, for r, z, n; bias: [D, 3H] what is added to its products.
        bias_n: [D, H] what is added to the input's part of n.
        hidden: [D, T + 1, N, H] the states before the first step; those after each are filled in.
        by_step: [D, T, N] where in outputs [N * T, D, H] they go.
    """
    for t in range(gates.shape[1]):
        n, r, z, q = gates[:, t].chunk(4, dim=-1)
        of_r, of_z, of_n = (_multiply(hidden[:, t], recurrent) + bias.unsqueeze(1)).chunk(3, dim=-1)
        r.add_(of_r).sigmoid_()
        z.add_(of_z).sigmoid_()
        n.addcmul_(r, q.copy_(of_n)).add_(bias_n.unsqueeze(1)).tanh_()
        hidden[:, t + 1] = torch.lerp(n, hidden[:, t], z)
        for d, state in enumerate(hidden[:, t + 1]):
            outputs[:, d].index_copy_(0, by_step[d, t], state)


def back(
    gates: Tensor, hidden: Tensor, upstream: Tensor, by_step: Tensor, w_hh: Tensor, d_state: Tensor, d_bias: Tensor
) -> None:
    """All steps backwards, of D layers.

    Args:
        gates, hidden: as `learn` left them; the gates become the gradients of what n was made of, of what r and z were
            made of, and of q.
        upstream: [N * T, D, H] gradients of the outputs; by_step: [D, T, N] where those of a step stand.
        w_hh: [D, 3H, H].
        d_state: [D, N, H] gradient of the states after the last step; becomes that of those before the first.
        d_bias: [D, N, 4H] zeros; becomes something whose sum over the rows is that of the gates' gradients over steps
            and rows.
    """
    size = hidden.shape[3]
    for t in reversed(range(gates.shape[1])):
        n, r, z, q = gates[:, t].chunk(4, dim=-1)
        for d, state in enumerate(d_state):
            state.add_(upstream[:, d].index_select(0, by_step[d, t]))
        d_n = d_state * (1 - z) * (1 - n * n)
        d_z = d_state * (hidden[:, t] - n) * z * (1 - z)
        d_state.mul_(z)
        d_r = d_n * q * r * (1 - r)
        q.copy_(d_n * r)
        n.copy_(d_n)
        r.copy_(d_r)
        z.copy_(d_z)
        d_state.add_(_multiply(gates[:, t, :, size:], w_hh))
        d_bias.add_(gates[:, t])


def _last_first(gates: Tensor, size: int) -> Tensor:
    """Rows in the order r, z, n -> n, r, z."""
    return torch.cat([gates[2 * size :], gates[: 2 * size]])


def _first_last(gates: Tensor, size: int) -> Tensor:
    """Rows in the order n, r, z -> r, z, n."""
    return torch.cat([gates[size:], gates[:size]])
