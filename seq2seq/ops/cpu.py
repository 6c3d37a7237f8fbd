"""What a command does once, before its first tensor, to have the speed of the CPU it runs on. It changes no result by
more than the last bits, and does nothing where it does not know better.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of glibc's malloc.h


def tune_cpu() -> None:
    """Call this before the first tensor is made."""
    # torch reads this at its first allocation: on a Linux where programs must ask for huge pages, it then does.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    keep_freed_memory()
    # With a GPU, which then does the products, Lightning asks torch for its precision, and torch would not answer.
    if not torch.cuda.is_available() and amd_with_avx512():
        use_onednn_products()


def keep_freed_memory(threshold: int = 1 << 30) -> bool:
    """Let glibc keep freed blocks below `threshold` bytes for the next tensor; whether it does.

    By default it gives large blocks back to the system, and every training step pays for thousands of page faults.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return False
    kept = any(mallopt(M_MMAP_THRESHOLD, size) for size in (threshold, 32 << 20))  # older releases refuse more
    return bool(kept and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def amd_with_avx512() -> bool:
    """Whether this is a CPU on which torch's usual library for matrix products, MKL, leaves AVX-512 unused."""
    cpus = Path("/proc/cpuinfo")
    amd = cpus.exists() and "AuthenticAMD" in cpus.read_text(encoding="utf-8", errors="replace")
    return amd and torch.backends.cpu.get_cpu_capability() == "AVX512"


def use_onednn_products() -> bool:
    """Let oneDNN multiply float32 matrices; whether it does.

    torch hands them to oneDNN when it may compute in bfloat16. oneDNN then does so where the CPU has units for it
    (AMX), and has float32 kernels for all others. That it uses these is verified here; otherwise all stays as it was.
    """
    products = getattr(torch.backends.mkldnn, "matmul", None)
    if products is None or not hasattr(products, "fp32_precision") or not torch.backends.mkldnn.is_available():
        return False
    before, products.fp32_precision = products.fp32_precision, "bf16"
    if all(exact(rows) for rows in (1, 64, 512)):
        return True
    products.fp32_precision = before
    return False


def exact(rows: int, size: int = 256) -> bool:
    """Whether the product of two float32 matrices [rows, size] [size, size] is one of float32 numbers: 1 + 2^-12 is
    such a number, but none of bfloat16, which would make it 1."""
    numbers = torch.full((rows, size), 1 + 2**-12)
    expected = size * (1 + 2**-12) ** 2
    return bool(((numbers @ numbers.new_full((size, size), 1 + 2**-12)) / expected - 1).abs().max() < 1e-5)


def bfloat16_is_faster(device: str) -> bool:
    """Whether torch computes a whole network faster in bfloat16 than in float32 on `device` (cpu, cuda or cuda:N).

    A CPU without AVX512-BF16 or AMX multiplies bfloat16 matrices several times slower than float32 ones.
    """
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))
