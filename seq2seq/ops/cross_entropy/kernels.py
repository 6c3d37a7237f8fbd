# mypy: ignore-errors
"""The softmax of the loss as a compiled loop: one pass over memory instead of four."""

from __future__ import annotations

import math

import numba
import numpy as np

from ..elementwise import ONE, exponentiate, maximum
from ..numba_runtime import inner_sum, kernel


@inner_sum
def _add(row, bias):
    """Replaces row [V] by row + bias and returns the sum."""
    total = np.float32(0)
    for j in range(len(row)):
        x = row[j] + bias[j]
        row[j] = x
        total += x
    return total


@kernel
def softmax(logits, bias, log_norms, means, threads):
    """Replaces logits [M, V] by softmax(logits + bias [V]); fills log_norms [M] and the mean logits [M]."""
    rows, words = logits.shape
    for i in numba.prange(rows):
        row = logits[i]
        means[i] = _add(row, bias) / np.float32(words)
        highest = maximum(row)
        total = exponentiate(row, highest)
        log_norms[i] = highest + np.float32(math.log(total))
        scale = ONE / total
        for j in range(words):
            row[j] *= scale
