"""Cross-entropy over all logits at once, its gradient left to autograd."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

MIN_PROB = 1e-30
"""Keeps the logarithm of a copy probability of zero finite, in value and in gradient."""


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """x [V, ...], different rows [W] -> [W, ...]."""
    return x.index_select(0, rows)


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    target: Tensor,
    gate_logit: Tensor | None,
    copy_prob: Tensor | None,
    target_weights: Tensor,
    label_smoothing: float,
) -> tuple[Tensor, Tensor]:
    """See `ops.cross_entropy`."""
    exact = torch.promote_types(hidden.dtype, torch.float32)
    logits = functional.linear(hidden, weight.to(hidden.dtype)).to(exact) + bias
    log_probs = logits.log_softmax(dim=-1)
    known = target < len(weight)
    chosen = log_probs.gather(1, target.where(known, 0).unsqueeze(1)).squeeze(1)
    if gate_logit is not None and copy_prob is not None:
        gate = gate_logit.to(exact)
        generated = (functional.logsigmoid(gate) + chosen).masked_fill(~known, -torch.inf)
        copied = functional.logsigmoid(-gate) + copy_prob.to(exact).clamp_min(MIN_PROB).log()
        chosen = torch.logaddexp(generated, copied)
    means = log_probs.mean(dim=-1)
    loss = -(1 - label_smoothing) * (target_weights * chosen).sum() - label_smoothing * (target_weights * means).sum()
    return loss, chosen.detach()
