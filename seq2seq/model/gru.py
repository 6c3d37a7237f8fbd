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

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class Weights(NamedTuple):
    """A layer's parameters as torch.nn.GRU lays them out, gates in the order r, z, n.

    Args:
        w_ih: [3H, I]; w_hh: [3H, H]; b_ih, b_hh: [3H].
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor


def gru(inputs: list[Tensor], states: list[Tensor], weights: list[Weights]) -> tuple[Tensor, ...]:
    """Run D independent layers of H units side by side.

    Args:
        inputs: for each layer [T, N, I]; states: for each [N, H], before the first step.

    Returns:
        for each layer its outputs [T, N, H].
    """
    flat = [tensor for layer in zip(inputs, states, weights, strict=True) for tensor in (layer[0], layer[1], *layer[2])]
    if torch.is_autocast_enabled("cpu"):
        flat = [tensor.to(torch.get_autocast_dtype("cpu")) for tensor in flat]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in flat):
        return _Gru.apply(*flat)
    return _outputs(_run(flat, None))


class _Saved(NamedTuple):
    """What the steps leave for the way back, all [D, T, N, .].

    Args:
        slopes: [.., 4H] d(pre-activation) / d(h') of the gates, in the order: n with regard to its input part, r, z, n
            with regard to its recurrent part. So the first three are the input's gates, the last three the state's.
        z: [.., H] the update gate, d(h') / d(h).
    """

    slopes: Tensor
    z: Tensor


def _outputs(hidden: Tensor) -> tuple[Tensor, ...]:
    return hidden[:, 1:].unbind(0)


def _run(flat: tuple[Tensor, ...] | list[Tensor], saved: _Saved | None) -> Tensor:
    """All steps of D layers (six tensors each, as in `gru`) -> h [D, T + 1, N, H]; fills `saved`."""
    layers = [flat[i : i + 6] for i in range(0, len(flat), 6)]
    steps, rows, _ = flat[0].shape
    size = flat[1].shape[-1]
    hidden = flat[0].new_empty(len(layers), steps + 1, rows, size)
    gates = flat[0].new_empty(len(layers), steps, rows, 3 * size)
    recurrent = flat[0].new_empty(len(layers), rows, 3 * size)
    products = []
    for d, (inputs, state, w_ih, w_hh, b_ih, b_hh) in enumerate(layers):
        torch.addmm(b_ih, inputs.reshape(steps * rows, -1), w_ih.t(), out=gates[d].flatten(0, 1))
        hidden[d, 0] = state
        products.append((b_hh, w_hh.t().contiguous(), recurrent[d]))
    q, n, a, b = (flat[0].new_empty(len(layers), rows, size) for _ in range(4))
    for t in range(steps):
        before, after, gate = hidden[:, t], hidden[:, t + 1], gates[:, t]
        for h, (bias, weight, out) in zip(before.unbind(0), products, strict=True):
            torch.addmm(bias, h, weight, out=out)
        rz = gate[..., : 2 * size].add_(recurrent[..., : 2 * size]).sigmoid_()
        r, z = rz[..., :size], rz[..., size:]
        torch.mul(r, recurrent[..., 2 * size :], out=q)
        # tanh(x) = 2 sigmoid(2 x) - 1: torch's sigmoid takes a tenth of the time of its tanh
        torch.add(q, gate[..., 2 * size :], out=n).mul_(2).sigmoid_().mul_(2).sub_(1)
        if saved is None:
            torch.lerp(n, before, z, out=after)
            continue
        s_in, s_r, s_z, s_n = saved.slopes[:, t].split(size, dim=-1)
        torch.sub(before, n, out=a).mul_(z)
        torch.add(n, a, out=after)
        torch.sub(1, z, out=b)
        torch.mul(a, b, out=s_z)  # (h - n) z (1 - z)
        torch.mul(n, n, out=a)
        torch.addcmul(b, b, a, value=-1, out=s_in)  # (1 - z) (1 - n^2)
        torch.mul(s_in, r, out=s_n)
        torch.sub(s_in, s_n, out=s_r).mul_(q)  # .. (W_hn h + b_hn) r (1 - r)
        saved.z[:, t] = z
    return hidden


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *flat: Tensor) -> tuple[Tensor, ...]:
        steps, rows, _ = flat[0].shape
        size = flat[1].shape[-1]
        shape = (len(flat) // 6, steps, rows)
        saved = _Saved(flat[0].new_empty(*shape, 4 * size), flat[0].new_empty(*shape, size))
        hidden = _run(flat, saved)
        ctx.save_for_backward(hidden, *saved, *flat)
        return _outputs(hidden)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        hidden, slopes, z, *flat = ctx.saved_tensors
        layers, steps, rows, size = z.shape
        d_gates = torch.empty_like(slopes)
        d_hidden = z.new_zeros(layers, rows, size)
        for t in reversed(range(steps)):
            for d, gradient in enumerate(upstream):
                d_hidden[d] += gradient[t]
            gates = d_gates[:, t]
            torch.mul(slopes[:, t].unflatten(-1, (4, size)), d_hidden.unsqueeze(-2), out=gates.unflatten(-1, (4, size)))
            d_hidden *= z[:, t]
            for d in range(layers):
                d_hidden[d].addmm_(gates[d, :, size:], flat[6 * d + 3])
        gradients: list[Tensor | None] = []
        for d in range(layers):
            inputs, _, w_ih, *_ = flat[6 * d : 6 * d + 6]
            all_gates = d_gates[d].flatten(0, 1)
            biases = all_gates.sum(dim=0)
            of_inputs, of_states = all_gates[:, : 3 * size], all_gates[:, size:]
            d_inputs = of_inputs @ _last_first(w_ih, size) if ctx.needs_input_grad[6 * d] else None
            d_w_ih = _first_last(of_inputs.t() @ inputs.reshape(steps * rows, -1), size)
            d_w_hh = of_states.t() @ hidden[d, :-1].flatten(0, 1)
            d_b_ih = _first_last(biases[: 3 * size], size)
            gradients += [None if d_inputs is None else d_inputs.view_as(inputs), d_hidden[d]]
            gradients += [d_w_ih, d_w_hh, d_b_ih, biases[size:]]
        return tuple(gradients)


def _last_first(gates: Tensor, size: int) -> Tensor:
    """Rows in the order r, z, n -> n, r, z."""
    return torch.cat([gates[2 * size :], gates[: 2 * size]])


def _first_last(gates: Tensor, size: int) -> Tensor:
    """Rows in the order n, r, z -> r, z, n."""
    return torch.cat([gates[size:], gates[:size]])
