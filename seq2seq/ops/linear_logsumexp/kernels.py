# mypy: ignore-errors
"""Logits and the logarithm of the sum of their exponentials as a compiled loop."""

from __future__ import annotations

import math

import numba
import numpy as np

from ..elementwise import exp, maximum, sum_of_exponentials
from ..numba_runtime import inner, kernel
from ..product import TILE_COLUMNS, TILE_ROWS, panels, product

__all__ = ["logits", "panels"]

PANELS_AT_ONCE = 16  # panels of logits that fit into the cache of a core, together with their weights


@inner
def _logits_of_rows(hidden, weight, words, first, last, out, log_norms):
    depth, width = hidden.shape[1], out.shape[1]
    highest = np.full(last - first, -np.inf, np.float32)
    totals = np.zeros(last - first, np.float32)
    for panel in range(0, len(weight), PANELS_AT_ONCE):
        end = min(panel + PANELS_AT_ONCE, len(weight))
        for i in range(first, last, TILE_ROWS):
            rows = min(TILE_ROWS, last - i)
            start = i * width + panel * TILE_COLUMNS
            product(hidden, i * depth, depth, rows, weight, panel, end, out, start, width)
            for n in range(i, i + rows):
                row = out[n, panel * TILE_COLUMNS : min(end * TILE_COLUMNS, words)]
                before = highest[n - first]
                highest[n - first] = max(before, maximum(row))
                totals[n - first] *= exp(before - highest[n - first])
                totals[n - first] += sum_of_exponentials(row, highest[n - first])
    for n in range(first, last):
        log_norms[n] = highest[n - first] + np.float32(math.log(totals[n - first]))


@kernel
def logits(hidden, weight, words, out, log_norms, threads):
    """Fills the first `words` columns of out [N, W] with hidden [N, K] weight [P, K, ..], and log_norms [N]. W holds
    all panels; columns behind `words` are overwritten."""
    rows = len(hidden)
    share = -(-rows // threads)
    for thread in numba.prange(threads):
        first = min(thread * share, rows)
        _logits_of_rows(hidden, weight, words, first, min(first + share, rows), out, log_norms)
