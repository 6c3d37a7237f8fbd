"""The output layer of a search: logits over the vocabulary, and the logarithm of the sum of their exponentials."""

from __future__ import annotations

import sys
from functools import cached_property

import torch
from torch import Tensor

from ..checks import Arguments, under_autocast, without_autocast
from ..dispatch import choose
from ..layouts import layout
from . import fast, reference

MAX_LOGITS = {"cpu": 1 << 22}


class PackedLinear:
    """The parameters of an output layer, prepared once for many calls of `linear_logsumexp`.

    Args:
        weight: [V, E]; bias: [V].
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias = weight, bias

    @cached_property
    def panels(self) -> Tensor:
        """[P, E + 1, ..] the layout of compiled loops, with the bias as one more input."""
        return layout(fast.pack, self.weight, self.bias)


@torch.no_grad()
def pack_linear(weight: Tensor, bias: Tensor) -> PackedLinear:
    """Prepares weight [V, E] and bias [V]. Raises ValueError for a wrong shape or type."""
    arguments = Arguments("pack_linear", weight)
    arguments.shape("weight", weight, "V E")
    arguments.shape("bias", bias, "V")
    return PackedLinear(weight.detach(), bias.detach())


@torch.no_grad()
def linear_logsumexp(hidden: Tensor, packed: PackedLinear, out: Tensor) -> Tensor:
    """Fills the first V columns of `out` with the logits hidden weight^T + bias; returns their log-sum-exp.

    Args:
        hidden: [N, E].
        out: [N, W], W >= V, contiguous, float32 or wider. Its other columns may be overwritten.

    Returns:
        log-norms [N]: logit - log-norm is a log-probability. Subtract it from the selected entries only; on all of them
        it would be one more pass over memory.

    Raises ValueError for a wrong shape or type.
    """
    words = len(packed.bias)
    arguments = Arguments("linear_logsumexp", packed.weight)
    arguments.shape("weight", packed.weight, "V E")
    arguments.shape("hidden", hidden, "N E", hidden.dtype if under_autocast(hidden) else None)
    arguments.shape("out", out, "N W", torch.promote_types(packed.weight.dtype, torch.float32))
    if out.shape[1] < words or not out.is_contiguous():
        raise ValueError(f"linear_logsumexp: out must be contiguous and have at least V = {words} columns")
    with without_autocast(hidden):
        hidden = hidden.contiguous()
        tensors = hidden, packed.weight.detach(), out
        return choose(fast.linear_logsumexp, reference.linear_logsumexp, (hidden, packed, out), len(hidden), tensors)


def logit_rows(hidden: Tensor, width: int) -> int:
    """The number of rows of `width` logits that a search should hold at once: few enough for the cache of a CPU."""
    return max(1, MAX_LOGITS.get(hidden.device.type, sys.maxsize) // width)
