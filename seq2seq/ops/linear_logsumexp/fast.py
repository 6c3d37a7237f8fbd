"""The output layer of a search by compiled loops: exponentials are summed while the logits are in the cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..dispatch import launch


def pack(weight: Tensor, bias: Tensor) -> Tensor:
    """weight [V, E], bias [V] -> panels of [E + 1, V]."""
    from .kernels import panels

    return panels(torch.cat([weight, bias.unsqueeze(1)], dim=1).t())


def linear_logsumexp(hidden: Tensor, packed: Any, out: Tensor) -> Tensor:
    """hidden [N, E], out [N, W >= V] -> log-norms [N]. Fills out with logits."""
    from . import kernels

    words, log_norms = len(packed.bias), out.new_empty(len(out))
    columns = packed.panels.shape[0] * packed.panels.shape[2]
    logits = out if out.shape[1] >= columns else out.new_empty(len(out), columns)  # the loop writes whole panels
    launch(kernels.logits, functional.pad(hidden, (0, 1), value=1.0), packed.panels, words, logits, log_norms)
    if logits is not out:
        out[:, :words] = logits[:, :words]
    return log_norms
