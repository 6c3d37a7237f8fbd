"""The worth of each measure of docs/performance.md: a training step with all of them, and with one left out.

    python benchmarks/ablation.py [--size reuters] [--rounds 5] [--steps 10] [--training-vocabulary N ...]

All variants run in turn in one process, on the same batches. The last column is the ratio of a step without the
measure to a step with all of them, by round. `--training-vocabulary` adds steps with that option of the network, and
`--only` chooses among the variants. With `--threads 1 --processor-time` the time of other processes does not count. CPU
only.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

import common
import torch
from train_throughput import training_step
from workload import SIZES, batches, new_optimizer, vocabulary

from seq2seq import ops
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.ops.cpu import M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, keep_freed_memory, tune_cpu


@contextmanager
def plain(*names: str) -> Iterator[None]:
    """The plain version of these operations, and the fast version of all others."""

    def reference(operation: Callable) -> Callable:
        def run(*arguments: Any, **options: Any) -> Any:
            with ops.reference_only():
                return operation(*arguments, **options)

        return run

    with ExitStack() as patches:
        for name in names:
            patches.enter_context(patch.object(ops, name, reference(getattr(ops, name))))
        yield


@contextmanager
def torch_products() -> Iterator[None]:
    """The library of matrix products that torch chooses."""
    products = torch.backends.mkldnn.matmul
    before, products.fp32_precision = products.fp32_precision, "ieee"
    try:
        yield
    finally:
        products.fp32_precision = before


@contextmanager
def freed_memory_given_back() -> Iterator[None]:
    """glibc's thresholds at their initial value of 128 KiB. (glibc itself would raise them later.)"""
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
    try:
        yield
    finally:
        keep_freed_memory()


VARIANTS: dict[str, Callable[[], Any]] = {
    "all measures": nullcontext,
    "plain operations everywhere": ops.reference_only,
    "torch's GRU": lambda: plain("gru", "bigru"),
    "torch's dropout": lambda: plain("dropout"),
    "all logits at once": lambda: plain("linear_cross_entropy"),
    "torch's choice of products": torch_products,
    "freed memory given back": freed_memory_given_back,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="reuters")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--training-vocabulary", type=int, nargs="+", default=[])
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--processor-time", action="store_true")
    args = parser.parse_args()
    clock = time.process_time if args.processor_time else time.perf_counter
    if args.threads:
        torch.set_num_threads(args.threads)
    tune_cpu()
    torch.manual_seed(1)
    size = SIZES[args.size]
    network = build_network(NetworkOptions(**size.network), vocabulary(size.words)).train()
    optimizer, work = new_optimizer(network), batches(args.size, args.steps)
    all_measures = "all measures"
    variants = {name: VARIANTS[name] for name in dict.fromkeys([all_measures, *args.only])}
    for words in args.training_vocabulary:
        variants[f"training_vocabulary {words}"] = partial(patch.object, network, "training_vocabulary", words)
    times: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(args.rounds + 1):  # the first is the warm-up
        for name, variant in variants.items():
            with variant():
                start = clock()
                for batch in work:
                    training_step(network, batch, optimizer)
                seconds = (clock() - start) / len(work)
            if round_number:
                times[name].append(1e3 * seconds)
    print(f"{common.machine()}; {torch.get_num_threads()} threads; {args.size}; ", end="")
    print(f"{args.rounds} rounds of {args.steps} steps", "(processor time)\n" if args.processor_time else "\n")
    print("| a step with | ms (lowest-highest) | / all measures |\n|---|---|---|")
    for name, found in times.items():
        ratio = common.median_range(common.ratios(found, times[all_measures]))
        print(f"| {name} | {common.median_range(found, 1)} | {ratio} |")


if __name__ == "__main__":
    main()
