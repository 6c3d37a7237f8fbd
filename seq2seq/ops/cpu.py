"""One-time tuning of the process for its CPU. It changes no result by more than the last bits."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # options of mallopt in glibc's malloc.h


def tune_cpu() -> None:
    """Call this before the first tensor is made."""
    keep_freed_memory()
    # Beside a GPU, which does the products, Lightning reads torch's precision, which torch refuses after this setting.
    if not torch.cuda.is_available() and amd_with_avx512():
        use_onednn_products()


def keep_freed_memory(threshold: int = 1 << 30) -> bool:
    """Makes glibc keep freed blocks below `threshold` bytes for the next tensor; returns whether it does.

    By default it gives large blocks back to the system, and each training step pays for thousands of page faults.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return False
    kept = any(mallopt(M_MMAP_THRESHOLD, size) for size in (threshold, 32 << 20))  # older releases refuse more
    return bool(kept and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def amd_with_avx512() -> bool:
    """Whether this is a CPU on which MKL, torch's usual library for matrix products, does not use AVX-512."""
    cpus = Path("/proc/cpuinfo")
    amd = cpus.exists() and "AuthenticAMD" in cpus.read_text(encoding="utf-8", errors="replace")
    return amd and torch.backends.cpu.get_cpu_capability() == "AVX512"


def use_onednn_products() -> bool:
    """Makes oneDNN multiply float32 matrices; returns whether it does.

    torch passes them to oneDNN if it may compute in bfloat16. oneDNN does that only where the CPU has units for it
    (AMX), and has float32 kernels for all others. This function verifies that; otherwise it changes nothing.
    """
    products = getattr(torch.backends.mkldnn, "matmul", None)
    if products is None or not hasattr(products, "fp32_precision") or not torch.backends.mkldnn.is_available():
        return False
    before, products.fp32_precision = products.fp32_precision, "bf16"
    if all(multiplies_float32(rows) for rows in (1, 64, 512)):
        return True
    products.fp32_precision = before
    return False


def multiplies_float32(rows: int, size: int = 256) -> bool:
    """Whether a product of float32 matrices [rows, size] [size, size] is computed in float32. The factors are
    1 + 2^-12, which float32 can represent; bfloat16 rounds it to 1."""
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
