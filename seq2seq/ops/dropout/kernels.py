# mypy: ignore-errors
"""Dropout as a compiled loop."""

from __future__ import annotations

import numba
import numpy as np

from ..numba_runtime import inner, kernel


@inner
def _mixed(x):
    """A bijection of 32 bits; each bit of the result depends on all bits of x (Wellons 2018, "lowbias32")."""
    x = np.uint32(x ^ (x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@kernel
def dropout(x, out, seed, other_seed, dropped, scale, threads):
    """out [n] = scale * x [n], or 0 at a share dropped / 2^32 of the positions, which seeds and position decide."""
    for i in numba.prange(len(x)):
        draw = _mixed(np.uint32(_mixed(np.uint32(i + seed)) ^ other_seed))
        out[i] = x[i] * scale if draw >= dropped else np.float32(0)
