"""Decides which version of an operation runs: compiled loops where they can work and pay, else plain torch.

Compiled loops work on contiguous float32 tensors on the CPU. They pay from `MIN_ROWS` rows on, because they must be
loaded first (0.4 s), and from the first row on for a caller with many small batches (`ready_for_few_rows`). If they
cannot be used (no numba, an error of the compiler, a forked process, a thread layer that is not thread-safe), one
warning is given and the plain versions run from then on, with the same results up to rounding.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import torch
from torch import Tensor

from .layouts import few_rows_pay

Result = TypeVar("Result")

MIN_ROWS = 16
THREAD_SAFE_LAYERS = ("omp", "tbb")

_reference_only: ContextVar[bool] = ContextVar("reference_only", default=False)
_unusable: str | None = None  # the reason why this process cannot use compiled loops
_process: int | None = None  # the process in which their threads were started
_starting = threading.Lock()


class KernelError(Exception):
    """A compiled loop could not be compiled, loaded or started."""


@contextmanager
def reference_only() -> Iterator[None]:
    """Plain torch for every operation inside the block: for tests, and to see gradients through time."""
    token = _reference_only.set(True)
    try:
        yield
    finally:
        _reference_only.reset(token)


def references_wanted() -> bool:
    """Whether the caller stands inside `reference_only`."""
    return _reference_only.get()


def choose(
    fast: Callable[..., Result], plain: Callable[..., Result], arguments: tuple, rows: int, tensors: tuple[Tensor, ...]
) -> Result:
    """Calls `fast` or `plain` with the arguments. `tensors` are those among them that compiled loops would read, `rows`
    is the number of independent rows of work."""
    if kernels_usable(rows, *tensors):
        try:
            return fast(*arguments)
        except KernelError as error:
            give_up(error)
    return plain(*arguments)


def kernels_usable(rows: int, *tensors: Tensor) -> bool:
    """Whether compiled loops can and should work on these tensors."""
    if _reference_only.get() or not rows or (rows < MIN_ROWS and not few_rows_pay()):
        return False
    if any(x.device.type != "cpu" or x.dtype != torch.float32 or not x.is_contiguous() for x in tensors):
        return False
    return not _unusable and _started()


def steps_in_parallel(x: Tensor) -> bool:
    """Whether a recurrence over the steps of x should do more work in fewer operations. It pays where starting an
    operation takes longer than its work: on a GPU, not on a CPU."""
    return x.device.type != "cpu" and not _reference_only.get()


def launch(kernel: Callable[..., None], *arguments: Any) -> None:
    """Calls a compiled loop with tensors (as arrays that share their memory) and numbers, and with the number of
    threads as last argument. Raises KernelError if it cannot run."""
    from . import numba_runtime

    arrays = [x.detach().numpy() if isinstance(x, Tensor) else x for x in arguments]
    try:
        kernel(*arrays, numba_runtime.use_threads(torch.get_num_threads()))
    except MemoryError:
        raise
    except Exception as error:  # numba, LLVM and the cache of compiled code raise many types
        reason = str(error).strip().splitlines() or [""]
        raise KernelError(f"{type(error).__name__}: {reason[0]}") from error


def give_up(error: Exception | str) -> None:
    """Use plain torch from now on, and say so once."""
    global _unusable
    if _unusable is None:
        _unusable = str(error)
        text = f"compiled loops cannot be used here ({error}): going on with torch alone, which is slower"
        warnings.warn(text, stacklevel=2)


def _started() -> bool:
    """Whether the threads of compiled loops run in this process; the first call loads numba and starts them."""
    if _process == os.getpid():
        return True
    with _starting:  # a thread layer that is not thread-safe ends the process if two threads use it at once
        if _process is None and not _unusable:
            _start()
    if _process not in (None, os.getpid()):
        give_up("the process was forked after its threads had started; start it with the method 'spawn'")
    return not _unusable


def _start() -> None:
    global _process
    threads = torch.get_num_threads()
    try:
        from . import numba_runtime

        numba_runtime.use_threads(threads)
        layer = numba_runtime.thread_layer()
        if layer not in THREAD_SAFE_LAYERS:
            raise ValueError(f"numba's thread layer {layer!r} is not thread-safe; unset NUMBA_THREADING_LAYER")
        _process = os.getpid()
    except Exception as error:  # the import of numba can fail in many ways
        give_up(error)
    finally:
        torch.set_num_threads(threads)  # numba, starting its threads, changes the number for torch too


def _after_fork() -> None:
    """GNU OpenMP hangs in a child of a process whose threads have run, torch's operations included. One thread needs
    none of it."""
    global _starting
    torch.set_num_threads(1)
    _starting = threading.Lock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
