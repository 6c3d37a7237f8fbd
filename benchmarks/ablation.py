"""What each measure of docs/performance.md is worth: a training step with all of them, and with one left out.

    python benchmarks/ablation.py [--size reuters] [--rounds 5] [--steps 10]

All variants run in turn in one process, on the same batches; the last column is the ratio of a step without the
measure to a step with all of them, round by round. CPU only.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import torch
from common import machine
from torch.nn import functional
from train_throughput import SIZES, batches, step

from seq2seq.ops import cpu as hardware
from seq2seq.ops import compiled
from seq2seq.ops.dropout import Dropout
from seq2seq.model.output import PointerOutput
from seq2seq.model.cells import Recurrent
from seq2seq.model.network import build_network


def materialised(output: PointerOutput, *inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss over all logits at once, its gradient left to autograd."""
    *inputs, smoothing = inputs
    chosen, spread = output.target_log_probs(*inputs)
    return (smoothing - 1) * chosen.sum() - smoothing * spread.sum(), chosen.sum()


def torch_dropout(module: Dropout, inputs: torch.Tensor) -> torch.Tensor:
    return functional.dropout(inputs, module.p, module.training)


@contextmanager
def torchs_products() -> Iterator[None]:
    products = torch.backends.mkldnn.matmul
    before, products.fp32_precision = products.fp32_precision, "ieee"
    try:
        yield
    finally:
        products.fp32_precision = before


@contextmanager
def freed_memory_given_back() -> Iterator[None]:
    """glibc's own thresholds, as far as they can be brought back: fixed at 128 KiB."""
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(hardware.M_MMAP_THRESHOLD, 128 << 10)
    mallopt(hardware.M_TRIM_THRESHOLD, 128 << 10)
    try:
        yield
    finally:
        hardware.keep_freed_memory()


WITHOUT: dict[str, Callable[[], Any]] = {
    "all of them": nullcontext,
    "compiled loops": lambda: patch.object(compiled, "LEAST", sys.maxsize),
    "torch's GRU": lambda: patch.object(Recurrent, "on_cpu", lambda *_: False),
    "torch's dropout": lambda: patch.object(Dropout, "forward", torch_dropout),
    "all logits at once": lambda: patch.object(PointerOutput, "loss", materialised),
    "torch's choice of products": torchs_products,
    "freed memory given back": freed_memory_given_back,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="reuters")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    hardware.tune_cpu()
    vocabulary, options, *_ = SIZES[args.size]
    torch.manual_seed(1)
    network = build_network(options, vocabulary).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    work = batches(args.size, args.steps)
    times: dict[str, list[float]] = {name: [] for name in WITHOUT}
    for round_number in range(args.rounds + 1):  # the first is the warm-up
        for name, change in WITHOUT.items():
            with change():
                start = time.perf_counter()
                for batch in work:
                    step(network, batch, optimizer)
                seconds = (time.perf_counter() - start) / len(work)
            if round_number:
                times[name].append(1e3 * seconds)
    print(f"{machine()}; {torch.get_num_threads()} threads; {args.size}; {args.rounds} rounds of {args.steps} steps\n")
    print("| a step with | ms (lowest-highest) | / all of them |\n|---|---|---|")
    for name, found in times.items():
        ratios = [a / b for a, b in zip(found, times["all of them"], strict=True)]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"| {name} | {statistics.median(found):.1f} ({min(found):.1f}-{max(found):.1f}) | {ratio} |")


if __name__ == "__main__":
    main()
