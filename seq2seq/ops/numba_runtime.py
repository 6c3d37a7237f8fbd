# mypy: ignore-errors
# (numba types a compiled function by the arguments of its calls.)
"""How loops are compiled by numba, and the threads they share. Imported when the first loop is needed.

The first use on a machine compiles the loops (seconds). numba keeps the machine code beside the package, else in the
user's cache folder, else in the folder NUMBA_CACHE_DIR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import binding

FEATURES = binding.get_host_cpu_features()

if numba.config.THREADING_LAYER == "default":
    numba.config.THREADING_LAYER = "omp"  # as torch on Linux: two sets of threads would wait for each other's cores


def use_threads(count: int) -> int:
    """Sets and returns the number of threads: `count`, or fewer if numba has fewer.

    Raises ValueError if numba has no threads of the configured kind, or if its compiler is switched off.
    """
    if numba.config.DISABLE_JIT:
        raise ValueError("NUMBA_DISABLE_JIT is set")
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    return numba.get_num_threads()


def thread_layer() -> str:
    """The thread layer in use: omp, tbb or workqueue."""
    _touch_threads()
    return numba.threading_layer()


# `contract` allows fused multiply-adds. `reassoc` allows sums in another order, as vector instructions need. NaN and
# infinity keep their meaning in both.
inner = numba.njit(fastmath={"contract"}, error_model="numpy")
inner_sum = numba.njit(fastmath={"contract", "reassoc"}, error_model="numpy")


def kernel(function: Callable) -> Callable:
    """Compiles a function at its first call; its `numba.prange` loops are shared among threads."""
    options: dict[str, Any] = {"parallel": True, "nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the machine code can be written
        return numba.njit(**options)(function)


@kernel
def _touch(numbers):
    for i in numba.prange(len(numbers)):
        numbers[i] += 1


def _touch_threads() -> None:
    """numba chooses the thread layer when the first loop runs."""
    _touch(np.zeros(2, np.int64))
