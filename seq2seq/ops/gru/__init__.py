"""The GRU over whole sequences, in one direction or in both.

r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)       Cho et al. 2014, with the reset gate applied
z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)       after the product (as in torch and cuDNN)
n = tanh(W_in x + b_in + r (W_hn h + b_hn))
h' = n + z (h - n)
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..checks import Arguments
from ..dispatch import choose
from . import fast, reference
from .types import GRUWeights, Lookup


def gru(x: Tensor, h0: Tensor, weights: GRUWeights) -> Tensor:
    """x [N, T, I], h0 [N, H] -> the states after each step [N, T, H]. T is at least 1.

    Raises ValueError for a wrong shape or type.
    """
    x, h0, *layer = _lowered(x, h0, *weights)
    weights = GRUWeights(*layer)
    arguments = Arguments("gru", x)
    arguments.shape("x", x, "N T I")
    arguments.shape("h0", h0, "N H")
    _check_weights(arguments, "", weights)
    x, h0 = x.contiguous(), h0.contiguous()
    return choose(fast.gru, reference.gru, (x, h0, weights), len(x), (x, h0, *weights))


def bigru(x: Tensor | Lookup, lengths: Tensor, forward: GRUWeights, backward: GRUWeights) -> Tensor:
    """A bidirectional layer that starts from zero states.

    The backward direction reads each row reversed within its own length. The result at real steps is that of a packed
    bidirectional layer, without the cost of packing.

    Args:
        x: [N, T, I], or a `Lookup` of it.
        lengths: [N] real steps of each row, from 0 to T, on the device of x.

    Returns:
        [N, T, 2H]: forward and backward states. At padding they are finite and mean nothing.

    Raises ValueError for a wrong shape, type, length or id.
    """
    source, ids = (x.table, x.ids) if isinstance(x, Lookup) else (x, None)
    source, *layers = _lowered(source, *forward, *backward)
    forward, backward = GRUWeights(*layers[:4]), GRUWeights(*layers[4:])
    arguments = Arguments("bigru", source)
    if ids is not None:
        arguments.shape("table", source, "U I")
        arguments.indices("ids", ids, "N T", 0, len(source))
        if torch.is_grad_enabled():
            source, ids = Lookup(source, ids).rows(), None
    if ids is None:
        arguments.shape("x", source, "N T I")
        source = source.contiguous()
    arguments.indices("lengths", lengths, "N", 0, arguments.sizes["T"] + 1)
    _check_weights(arguments, "forward ", forward)
    _check_weights(arguments, "backward ", backward)
    inputs = source if ids is None else Lookup(source, ids), lengths, forward, backward
    return choose(fast.bigru, reference.bigru, inputs, len(lengths), (source, *forward, *backward))


def _check_weights(arguments: Arguments, prefix: str, weights: GRUWeights) -> None:
    arguments.sizes.setdefault("H", weights.w_hh.shape[-1])
    arguments.shape(f"{prefix}w_ih", weights.w_ih, "3H I")
    arguments.shape(f"{prefix}w_hh", weights.w_hh, "3H H")
    arguments.shape(f"{prefix}b_ih", weights.b_ih, "3H")
    arguments.shape(f"{prefix}b_hh", weights.b_hh, "3H")


def _lowered(*tensors: Tensor) -> list[Tensor]:
    """On a CPU under autocast all arguments in its type. (On a GPU torch does this, without copying the weights.)"""
    if tensors[0].device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        return [x.to(torch.get_autocast_dtype("cpu")) for x in tensors]
    return list(tensors)
