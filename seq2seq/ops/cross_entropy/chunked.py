"""Cross-entropy over a large vocabulary, without all its logits in memory.

The logits of some rows become probabilities in place, then gradients, and are gone before the next rows. The gradients
of a sum need no gradient from above but its factor, so they are computed on the way forward. Memory depends on the
number of rows of a chunk, not on the batch; the work is the same three matrix products that autograd would do.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..dispatch import choose, launch
from .reference import MIN_PROB

MAX_ROWS = {"cpu": 256, "cuda": 2048}  # enough rows for products at full speed
ROW_STEP = 32
"""Chunks have a multiple of this many rows. Libraries of matrix products keep compiled code and buffers for each shape
they have met; the largest products, those over the vocabulary, then have few shapes."""
MAX_LOGITS = {"cpu": 1 << 24, "cuda": 1 << 27}


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    target: Tensor,
    gate_logit: Tensor | None,
    copy_prob: Tensor | None,
    target_weights: Tensor,
    label_smoothing: float,
    chunk: int | None,
) -> tuple[Tensor, Tensor]:
    """See `ops.cross_entropy`."""
    rows = len(hidden)
    chunk = chunk or chunk_rows(hidden.device.type, len(weight), rows)
    missing = -rows % min(chunk, ROW_STEP)
    hidden, target = functional.pad(hidden, (0, 0, 0, missing)), functional.pad(target, (0, missing))
    target_weights = functional.pad(target_weights, (0, missing))  # with the weight 0, padding adds nothing
    if gate_logit is not None and copy_prob is not None:
        gate_logit, copy_prob = functional.pad(gate_logit, (0, missing)), functional.pad(copy_prob, (0, missing))
    loss, likelihoods = _CrossEntropy.apply(
        hidden, weight, bias, target, gate_logit, copy_prob, target_weights, label_smoothing, chunk
    )
    return loss, likelihoods[:rows]


def chunk_rows(device: str, words: int, rows: int) -> int:
    """Rows of a chunk: few chunks of about the same size, because products of few rows are slow."""
    most = max(1, min(MAX_ROWS.get(device, 256), MAX_LOGITS.get(device, 1 << 24) // words))
    chunks = max(1, -(-rows // most))
    size = max(1, -(-rows // chunks))
    return min(most, -(-size // ROW_STEP) * ROW_STEP)


def softmax_in_place(logits: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """logits [M, V], bias [V] -> softmax(logits + bias) in place, its log-norm [M], the mean logit [M]."""
    return choose(_softmax_by_loop, _softmax_by_torch, (logits, bias), len(logits), (logits, bias))


def _softmax_by_loop(logits: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    from . import kernels

    log_norms, means = (logits.new_empty(len(logits)) for _ in range(2))
    launch(kernels.softmax, logits, bias, log_norms, means)
    return logits, log_norms, means


def _softmax_by_torch(logits: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    logits.add_(bias)
    highest, mean = logits.amax(dim=-1), logits.mean(dim=-1)
    probs = torch.softmax(logits, dim=-1, out=logits)
    return probs, highest - probs.amax(dim=-1).log(), mean  # less work than torch.logsumexp


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """x [V, ...], different rows [W] -> [W, ...]. The gradient copies rows; that of torch's operation adds them one by
    one, because they might be the same."""
    return _TakeRows.apply(x, rows)


class _TakeRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        ctx.shape = x.shape
        return x.index_select(0, rows)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors
        return upstream.new_zeros(ctx.shape).index_copy_(0, rows, upstream), None


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        target: Tensor,
        gate_logit: Tensor | None,
        copy_prob: Tensor | None,
        target_weights: Tensor,
        smoothing: float,
        chunk: int,
    ) -> tuple[Tensor, Tensor]:
        exact = torch.promote_types(hidden.dtype, torch.float32)  # sums and logarithms are never in half precision
        words, w = len(weight), weight.to(hidden.dtype)
        loss, likelihoods = hidden.new_zeros((), dtype=exact), hidden.new_empty(len(hidden), dtype=exact)
        learning = any(ctx.needs_input_grad)
        if learning:
            d_hidden, d_gate = torch.empty_like(hidden), torch.zeros_like(target, dtype=exact)
            d_weight, d_bias = torch.zeros_like(weight), torch.zeros_like(bias, dtype=exact)
            d_copy = torch.zeros_like(d_gate)
        buffer = hidden.new_empty(chunk, words)
        for start in range(0, len(hidden), chunk):
            rows = slice(start, start + chunk)
            h, wanted = hidden[rows], target[rows]
            logits = torch.mm(h, w.t(), out=buffer[: len(h)]).to(exact)
            known = wanted < words
            inside = wanted.where(known, 0)
            chosen = logits.gather(1, inside.unsqueeze(1)).squeeze(1) + bias[inside]
            probs, log_norm, mean = softmax_in_place(logits, bias)
            chosen = chosen - log_norm
            share = torch.ones_like(chosen)  # the part of p(target) that the vocabulary gives
            if gate_logit is not None and copy_prob is not None:
                gate, copied = gate_logit[rows].to(exact), copy_prob[rows].to(exact)
                generated = (functional.logsigmoid(gate) + chosen).masked_fill(~known, -torch.inf)
                chosen = torch.logaddexp(generated, functional.logsigmoid(-gate) + copied.clamp_min(MIN_PROB).log())
                share = (generated - chosen).exp()
            likelihoods[rows] = chosen
            counted = target_weights[rows]
            loss -= (1 - smoothing) * chosen.dot(counted)
            if smoothing:
                loss -= smoothing * (mean - log_norm).dot(counted)
            if not learning:
                continue
            if gate_logit is not None and copy_prob is not None:
                d_gate[rows] = (1 - smoothing) * (gate.sigmoid() - share) * counted
                slope = (smoothing - 1) * (1 - share) * counted / copied.clamp_min(MIN_PROB)
                d_copy[rows] = slope.where(copied > MIN_PROB, 0)
            # d loss / d logits = push * probs - pull * onehot(target) - smoothing / V
            pull = (1 - smoothing) * share * counted
            push = pull + smoothing * counted
            d_bias.unsqueeze(0).addmm_(push.unsqueeze(0), probs)  # a third of the time of addmv_
            d_bias.index_add_(0, inside, -pull)
            if h.dtype == exact:  # only `probs` is dense, so its factor goes to the other side of the products
                factor, pulled = push.unsqueeze(1), -pull.unsqueeze(1)
                torch.mm(probs, w, out=d_hidden[rows]).mul_(factor).addcmul_(w[inside], pulled)
                d_weight.addmm_(probs.t(), h * factor).index_add_(0, inside, h * pulled)
                continue
            # In half precision the difference must be taken before rounding: it may be far smaller than its parts.
            d_logits = probs.mul_(push.unsqueeze(1)).scatter_add_(1, inside.unsqueeze(1), -pull.unsqueeze(1))
            d_logits = d_logits.to(h.dtype)
            torch.mm(d_logits, w, out=d_hidden[rows])
            d_weight += d_logits.t() @ h
        if learning and smoothing:
            counted = target_weights.unsqueeze(1).to(hidden.dtype)
            d_hidden -= smoothing / words * w.sum(dim=0) * counted
            d_weight -= smoothing / words * (hidden * counted).sum(dim=0)
            d_bias -= smoothing / words * target_weights.sum()
        if learning:
            ctx.save_for_backward(d_hidden, d_weight, d_bias, d_gate, d_copy)
            ctx.bias_type = bias.dtype
            ctx.pointer_types = None if gate_logit is None or copy_prob is None else (gate_logit.dtype, copy_prob.dtype)
        ctx.mark_non_differentiable(likelihoods)
        return loss, likelihoods

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        d_hidden, d_weight, d_bias, d_gate, d_copy = ctx.saved_tensors
        pointer = (None, None)
        if ctx.pointer_types is not None:
            gate_type, copy_type = ctx.pointer_types
            pointer = ((d_gate * upstream).to(gate_type), (d_copy * upstream).to(copy_type))
        d_bias = (d_bias * upstream).to(ctx.bias_type)
        return d_hidden * upstream.to(d_hidden.dtype), d_weight * upstream, d_bias, None, *pointer, None, None, None
