"""Cross-entropy of an output layer and a pointer."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checks import Arguments, without_autocast
from ..dispatch import references_wanted
from . import chunked, reference


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    target: Tensor,
    *,
    gate_logit: Tensor | None = None,
    copy_prob: Tensor | None = None,
    target_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    words: Tensor | None = None,
    log_counts: Tensor | None = None,
    chunk: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Label-smoothed cross-entropy of M target words, summed.

        p(w) = g softmax(W h + b)_w + (1 - g) copy_prob_w           (See et al. 2017, equation 9)
        loss = sum_m weight_m (-(1 - e) log p(target) - e mean_w log softmax(W h + b)_w)

    with g = sigmoid(gate_logit) and label smoothing e (Szegedy et al. 2016). Without a pointer g = 1.

    Args:
        hidden: [M, E]; weight: [V, E]; bias: [V].
        target: [M] ids; those from V on can only be copied, all others are in `words`.
        gate_logit: [M]; copy_prob: [M] probability that the pointer gives to the target. Both or neither.
        target_weights: [M] factors of the targets, of any sign, float32 or wider and without gradient; None = 1.
        words: [W] ids in increasing order: the softmax and its mean are over these words alone; None = all V. Time and
            memory depend on W.
        log_counts: [W] logarithm of the number of words for which each of `words` stands, 0 for targets; None = 0. The
            softmax counts a word as often.
        chunk: rows whose logits are in memory at once; None = a number that suits the device.

    Returns:
        loss, a scalar, and the log-likelihoods log p(target) [M], which have no gradient. Both are float32 or wider.

    Raises ValueError for a wrong shape, type, word or target.
    """
    arguments = Arguments("linear_cross_entropy", hidden)
    arguments.shape("hidden", hidden, "M E")
    arguments.shape("weight", weight, "V E")
    arguments.shape("bias", bias, "V")
    pointer = gate_logit is not None and copy_prob is not None
    if (gate_logit is None) != (copy_prob is None):
        raise ValueError("linear_cross_entropy: gate_logit and copy_prob are given together or not at all")
    arguments.indices("target", target, "M", 0, None if pointer else len(weight))
    if pointer:
        arguments.shape("gate_logit", gate_logit, "M")  # type: ignore[arg-type]
        arguments.shape("copy_prob", copy_prob, "M", copy_prob.dtype)  # type: ignore[arg-type, union-attr]
    exact = torch.promote_types(hidden.dtype, torch.float32)
    if target_weights is None:
        target_weights = hidden.new_ones(len(hidden), dtype=exact)
    arguments.shape("target_weights", target_weights, "M", exact)
    if target_weights.requires_grad:
        raise ValueError("linear_cross_entropy: target_weights have no gradient; give target_weights.detach()")
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"linear_cross_entropy: label_smoothing must be in [0, 1), but is {label_smoothing}")
    if log_counts is not None and words is None:
        raise ValueError("linear_cross_entropy: log_counts belong to words; give both")
    if words is not None:
        arguments.indices("words", words, "W", 0, len(weight))
        if log_counts is not None:
            arguments.shape("log_counts", log_counts, "W", log_counts.dtype)
        target = _places(target, words, len(weight))
    with without_autocast(hidden):
        if words is not None:
            take = reference.take_rows if references_wanted() else chunked.take_rows
            weight, bias = take(weight, words), take(bias, words)
            bias = bias if log_counts is None else bias + log_counts
        inputs = hidden, weight, bias, target, gate_logit, copy_prob, target_weights, label_smoothing
        if references_wanted():
            return reference.linear_cross_entropy(*inputs)
        return chunked.linear_cross_entropy(*inputs, chunk)


def _places(target: Tensor, words: Tensor, vocabulary: int) -> Tensor:
    """Targets [M] as places in `words` [W]; ids from V on become W, W + 1, ..."""
    places = torch.searchsorted(words, target)
    known = target < vocabulary
    if target.device.type == "cpu":  # looking at values elsewhere would wait for the device
        if not bool((words.diff() > 0).all()):
            raise ValueError("linear_cross_entropy: words must be in increasing order")
        if not bool(torch.isin(target[known], words).all()):
            raise ValueError("linear_cross_entropy: words must hold every target below V")
    return places.where(known, target - vocabulary + len(words))
