"""The output layer of a search by torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def linear_logsumexp(hidden: Tensor, packed: Any, out: Tensor) -> Tensor:
    """hidden [N, E], out [N, W >= V] -> log-norms [N]. Fills out with logits."""
    logits = out[:, : len(packed.bias)]
    if hidden.dtype == packed.weight.dtype == out.dtype:
        torch.addmm(packed.bias, hidden, packed.weight.t(), out=logits)
    else:
        logits.copy_(functional.linear(hidden, packed.weight.to(hidden.dtype), packed.bias.to(hidden.dtype)))
    return logits.logsumexp(dim=-1)
