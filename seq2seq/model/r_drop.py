"""R-Drop: two passes with different dropout masks have to give similar distributions (Liang et al. 2021).

The chunked cross-entropy has no distributions over all words, so this module computes them. Gradients are computed on
the way forward, some rows at a time: memory depends on the size of a chunk and not on the batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .output import PointerOutput, SoftmaxOutput, TargetSteps

CHUNK_ROWS = 256  # enough rows for products at full speed
MIN_PROB = 1e-30  # keeps the logarithm of a probability of zero finite, in value and in gradient


class RDropLoss(NamedTuple):
    """The loss of two passes over the same M target words, and its parts.

    Args:
        total: cross-entropy + alpha * divergence, a scalar.
        divergence: 1/4 (KL(p || q) + KL(q || p)), summed over the words; a scalar without gradient.
        log_likelihoods: [M] those of the first pass, without gradient.
    """

    total: Tensor
    divergence: Tensor
    log_likelihoods: Tensor


def r_drop_loss(
    output: SoftmaxOutput, passes: tuple[TargetSteps, TargetSteps], alpha: float, label_smoothing: float, extension: int
) -> RDropLoss:
    """The mean of both cross-entropies, and the divergence of the distributions p and q: half of equation 4 of Liang et
    al. 2021, so that the gradient keeps the size that it has without R-Drop.

    The distributions are exact: all V words, and the X (`extension`) words that the pointer alone can write.
    """
    inputs = list[Tensor | None]()
    for steps in passes:
        gate = output.gate(steps.features) if isinstance(output, PointerOutput) else None
        inputs += [output.project(steps.features), gate, steps.attention]
    settings = passes[0].copy_ids, passes[0].targets.unsqueeze(1), alpha, label_smoothing, extension
    return RDropLoss(*_RDrop.apply(settings, *inputs, output.matrix(), output.bias))


def _distribution(tensors: list[Any], copy_ids: Tensor, extension: int) -> tuple[Tensor, Tensor]:
    """Probabilities of all words [M, V + X], and log-probabilities of the softmax alone [M, V]."""
    hidden, gate, attention, matrix, bias = tensors
    exact = torch.promote_types(hidden.dtype, torch.float32)
    log_softmax = (functional.linear(hidden, matrix.to(hidden.dtype)).to(exact) + bias).log_softmax(dim=-1)
    if gate is None:
        return log_softmax.exp(), log_softmax
    gate = gate.to(exact)
    generated = functional.pad(log_softmax.exp() * gate.sigmoid(), (0, extension))
    return generated.scatter_add(1, copy_ids, attention.to(exact) * (-gate).sigmoid()), log_softmax


def _chunk_loss(settings: tuple[Any, ...], tensors: list[Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy and divergence of some rows, two scalars, and the log-likelihoods of the first pass [m]."""
    copy_ids, targets, _, smoothing, extension = settings
    probs, logs, cross_entropy, likelihoods = [], [], [], []
    for inputs in (tensors[:3], tensors[3:6]):
        prob, log_softmax = _distribution([*inputs, *tensors[6:]], copy_ids, extension)
        log = prob.clamp_min(MIN_PROB).log()
        likelihood = log.gather(1, targets).squeeze(1)
        cross_entropy.append(-(1 - smoothing) * likelihood.sum() - smoothing * log_softmax.mean(dim=-1).sum())
        probs.append(prob)
        logs.append(log)
        likelihoods.append(likelihood)
    divergence = ((probs[0] - probs[1]) * (logs[0] - logs[1])).sum() / 4
    return (cross_entropy[0] + cross_entropy[1]) / 2, divergence, likelihoods[0].detach()


class _RDrop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, settings: tuple[Any, ...], *tensors: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        copy_ids, targets, alpha, *others = settings
        gradients = [None if x is None else torch.zeros_like(x) for x in tensors]
        parts = []
        for start in range(0, len(targets), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            own = [x if x is None else x[rows] for x in tensors[:6]]
            leaves = [None if x is None else x.detach().requires_grad_() for x in (*own, *tensors[6:])]
            with torch.enable_grad():
                part = _chunk_loss((copy_ids[rows], targets[rows], alpha, *others), leaves)
                wanted = [x for x in leaves if x is not None]
                found = iter(torch.autograd.grad(part[0] + alpha * part[1], wanted, allow_unused=True))
            for place, (leaf, total) in enumerate(zip(leaves, gradients, strict=True)):
                gradient = None if leaf is None else next(found)
                if gradient is not None and total is not None:
                    (total if place >= 6 else total[rows]).add_(gradient)
            parts.append([x.detach() for x in part])
        cross_entropies, divergences, likelihoods = zip(*parts, strict=True)
        divergence, log_likelihoods = torch.stack(divergences).sum(), torch.cat(likelihoods)
        ctx.save_for_backward(*gradients)
        ctx.mark_non_differentiable(divergence, log_likelihoods)
        return torch.stack(cross_entropies).sum() + alpha * divergence, divergence, log_likelihoods

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(x if x is None else x * upstream.to(x.dtype) for x in ctx.saved_tensors)
