"""The training loss over a large vocabulary, without ever holding all its logits.

Softmax, mixture with the pointer, cross-entropy and their gradients are computed for some rows at a time: the logits of
those rows become probabilities in place, and are gone. Memory for the output layer then depends on how many rows these
are, not on the batch, and the work is the same three matrix products that autograd would do.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seq2seq.ops.compiled import arrays, loops

TINY = 1e-30  # keeps the logarithm of a copying probability of zero finite, in value and in gradient
ROWS = {"cpu": 256, "cuda": 2048}  # whose logits are held at once: enough for products at full speed,
LOGITS = {"cpu": 1 << 24, "cuda": 1 << 27}  # but not more than so many


def rows_at_once(device: torch.device, words: int, rows: int) -> int:
    """How many of `rows` rows of logits over a vocabulary of so many words are held in memory at once: about as many
    each time, since products of few rows are slow."""
    most = max(1, min(ROWS.get(device.type, 256), LOGITS.get(device.type, 1 << 24) // words))
    return max(1, -(-rows // max(1, -(-rows // most))))


def softmax_(logits: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """logits [M, V], bias [V] -> softmax(logits + bias) in the place of the logits, what was subtracted from them to
    make it (log sum exp) [M], and their mean [M]."""
    if do := loops(len(logits), logits, bias):
        normaliser, mean = (logits.new_empty(len(logits)) for _ in range(2))
        do.softmax(*arrays(logits, bias, normaliser, mean))
        return logits, normaliser, mean
    logits.add_(bias)
    highest, mean = logits.amax(dim=-1), logits.mean(dim=-1)
    probs = torch.softmax(logits, dim=-1, out=logits)
    return probs, highest - probs.amax(dim=-1).log(), mean  # cheaper than torch.logsumexp


class MixtureLoss(torch.autograd.Function):
    """Label-smoothed cross-entropy of p(w) = g softmax(W f + b)_w + (1 - g) copied_w, summed over M target words.

    loss = -(1 - e) log p(target) - e mean_w log softmax(W f + b)_w; e is the label smoothing; without a pointer g = 1.

    Args (of `apply`):
        features: [M, E]; weight: [V, E]; bias: [V].
        gate: [M] logits of g, or None without a pointer.
        pointed: [M] attention on the target's places in the document, or None.
        targets: [M] extended ids; those from V on can only be copied.
        smoothing: e.

    Returns:
        loss (a scalar), and the log-likelihood sum log p(target), which carries no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        bias: Tensor,
        gate: Tensor | None,
        pointed: Tensor | None,
        targets: Tensor,
        smoothing: float,
    ) -> tuple[Tensor, Tensor]:
        exact = torch.promote_types(features.dtype, torch.float32)  # sums and logarithms are never in half precision
        words, w = len(weight), weight.to(features.dtype)
        learning = any(ctx.needs_input_grad)
        loss, likelihood = (torch.zeros((), dtype=exact, device=features.device) for _ in range(2))
        if learning:
            d_features, d_gate = torch.empty_like(features), torch.zeros_like(targets, dtype=exact)
            d_weight, d_bias = torch.zeros_like(weight), torch.zeros_like(bias, dtype=exact)
            d_pointed = torch.zeros_like(d_gate)
        size = rows_at_once(features.device, words, len(features))
        room = features.new_empty(size, words)
        with torch.autocast(features.device.type, enabled=False):
            for start in range(0, len(features), size):
                rows = slice(start, start + size)
                f, target = features[rows], targets[rows]
                logits = torch.mm(f, w.t(), out=room[: len(f)]).to(exact)
                known = target < words
                inside = target.where(known, 0)
                chosen = logits.gather(-1, inside.unsqueeze(-1)).squeeze(-1) + bias[inside]
                probs, normaliser, mean = softmax_(logits, bias)
                chosen = chosen - normaliser
                share = torch.ones_like(chosen)  # of the target's probability that the softmax gives
                if gate is not None and pointed is not None:
                    z, copied = gate[rows].to(exact), pointed[rows].to(exact)
                    generated = (functional.logsigmoid(z) + chosen).masked_fill(~known, -torch.inf)
                    chosen = torch.logaddexp(generated, functional.logsigmoid(-z) + copied.clamp_min(TINY).log())
                    share = (generated - chosen).exp()
                likelihood += chosen.sum()
                loss -= (1 - smoothing) * chosen.sum()
                if smoothing:
                    loss -= smoothing * (mean - normaliser).sum()
                if not learning:
                    continue
                if gate is not None and pointed is not None:
                    d_gate[rows] = (1 - smoothing) * (z.sigmoid() - share)
                    d_pointed[rows] = ((smoothing - 1) * (1 - share) / copied.clamp_min(TINY)).where(copied > TINY, 0)
                # d loss / d logits = push * probs - pull * onehot(target) - smoothing / V
                pull = (1 - smoothing) * share
                push = pull + smoothing
                d_bias.unsqueeze(0).addmm_(push.unsqueeze(0), probs)  # in a third of the time of addmv_
                d_bias.index_add_(0, inside, -pull)
                if f.dtype == exact:  # only the first part is dense, and its factors go to the products' other side
                    wide, pulled = push.unsqueeze(-1), -pull.unsqueeze(-1)
                    torch.mm(probs, w, out=d_features[rows]).mul_(wide).addcmul_(w[inside], pulled)
                    d_weight.addmm_(probs.t(), f * wide).index_add_(0, inside, f * pulled)
                    continue
                # In half precision the difference must be taken before anything is rounded: it may be far smaller.
                d_logits = probs.mul_(push.unsqueeze(-1)).scatter_add_(-1, inside.unsqueeze(-1), -pull.unsqueeze(-1))
                d_logits = d_logits.to(f.dtype)
                torch.mm(d_logits, w, out=d_features[rows])
                d_weight += d_logits.t() @ f
            if learning and smoothing:
                d_features -= smoothing / words * w.sum(dim=0)
                d_weight -= smoothing / words * features.sum(dim=0)
                d_bias -= smoothing / words * len(features)
        if learning:
            ctx.save_for_backward(d_features, d_weight, d_bias, d_gate, d_pointed)
            ctx.bias_type = bias.dtype
            ctx.types = (gate.dtype, pointed.dtype) if gate is not None and pointed is not None else None
        ctx.mark_non_differentiable(likelihood)
        return loss, likelihood

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        d_features, d_weight, d_bias, d_gate, d_pointed = ctx.saved_tensors
        gates = (None, None)
        if ctx.types is not None:
            gates = ((d_gate * upstream).to(ctx.types[0]), (d_pointed * upstream).to(ctx.types[1]))
        scale = upstream.to(d_features.dtype)
        return (d_features * scale, d_weight * upstream, (d_bias * upstream).to(ctx.bias_type), *gates, None, None)
