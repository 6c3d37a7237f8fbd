# mypy: ignore-errors
"""Dot-product attention of a search as a compiled loop."""

from __future__ import annotations

import numba
import numpy as np

from ..elementwise import ONE, exponentiate, maximum
from ..numba_runtime import inner, inner_sum, kernel


@inner_sum
def _dot(left, right):
    total = np.float32(0)
    for j in range(len(left)):
        total += left[j] * right[j]
    return total


@inner
def _add_four(to, a, b, c, d, weight_a, weight_b, weight_c, weight_d):
    for j in range(len(to)):
        to[j] = to[j] + weight_a * a[j] + weight_b * b[j] + weight_c * c[j] + weight_d * d[j]


@inner
def _attend_to_document(query, states, mask, context, weights):
    count, length = weights.shape
    for s in range(length):
        for i in range(count):
            weights[i, s] = _dot(query[i], states[s]) if mask[s] else -np.float32(np.inf)
    end = length
    while end > 0 and not mask[end - 1]:
        end -= 1
    for i in range(count):
        scale = ONE / exponentiate(weights[i], maximum(weights[i]))
        for s in range(length):
            weights[i, s] = weights[i, s] * scale if mask[s] else np.float32(0)
        context[i] = 0
        for s in range(0, end - 3, 4):
            a, b, c, d = weights[i, s], weights[i, s + 1], weights[i, s + 2], weights[i, s + 3]
            _add_four(context[i], states[s], states[s + 1], states[s + 2], states[s + 3], a, b, c, d)
        for s in range(end // 4 * 4, end):
            for j in range(context.shape[1]):
                context[i, j] = context[i, j] + weights[i, s] * states[s, j]


@kernel
def attend(query, states, rows, mask, context, weights, threads):
    """Fills context [B, T, C] and weights [B, T, S]. The second pass over a document's states hits the cache."""
    for thread in numba.prange(threads):
        for b in range(thread, len(query), threads):  # neighbours have similar lengths: deal them out in turn
            _attend_to_document(query[b], states[rows[b]], mask[b], context[b], weights[b])
