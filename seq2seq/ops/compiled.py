"""When the compiled loops of `kernels.py` may do the work."""

from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

LEAST = 16  # rows from which on compiled loops pay: they have to be loaded first


def loops(rows: int, *tensors: Tensor) -> ModuleType | None:
    """The compiled loops, if there are enough rows to be worked on, the tensors are such as they can work with
    (float32, in memory without gaps, on the CPU), and numba works here; else None."""
    if rows < LEAST:
        return None
    if any(x.device.type != "cpu" or x.dtype != torch.float32 or not x.is_contiguous() for x in tensors):
        return None
    return _kernels() if threads() else None


def threads() -> int:
    """How many threads the loops have: as many as torch; 0 where numba cannot be used."""
    kernels = _kernels()
    return kernels.use_threads(torch.get_num_threads()) if kernels else 0


def arrays(*tensors: Tensor) -> tuple[np.ndarray, ...]:
    """The same numbers in the same places, for loops that know no torch."""
    return tuple(x.detach().numpy() for x in tensors)


def low_precision() -> bool:
    """Whether products on the CPU are to be those of bfloat16 numbers (summed in float32)."""
    return torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16


def can_multiply_bfloat16() -> bool:
    """Whether the loops can do that on this CPU."""
    kernels = _kernels()
    return kernels is not None and kernels.PAIRS


def pairs(matrix: Tensor) -> Tensor:
    """[N, K] -> [N, (K + 1) / 2]: neighbours of a row as bfloat16 numbers side by side in an int32."""
    return functional.pad(matrix, (0, matrix.shape[1] % 2)).to(torch.bfloat16).contiguous().view(torch.int32)


def right_hand(matrix: Tensor, do: ModuleType, low: bool = False) -> Tensor:
    """A matrix [K, M] as the loops want the right-hand side of a product, for floats or (`low`) for pairs: [P, K or
    (K + 1) / 2, columns], see `kernels.panels`."""
    if low:
        matrix = pairs(matrix.t()).t()
    width = matrix.shape[1]
    count, columns = do.panels(width)
    if count * columns != width:
        matrix = functional.pad(matrix, (0, count * columns - width))
    return matrix.unflatten(1, (count, columns)).transpose(0, 1).contiguous()


@cache
def _kernels() -> ModuleType | None:
    threads = torch.get_num_threads()
    try:
        from seq2seq.ops import kernels

        kernels.use_threads(threads)
    except (ImportError, ValueError) as error:
        warnings.warn(f"numba cannot be used here ({error}): going on with torch alone, which is slower", stacklevel=2)
        return None
    finally:
        torch.set_num_threads(threads)  # to start its threads, numba sets how many OpenMP has, for torch too
    return kernels
