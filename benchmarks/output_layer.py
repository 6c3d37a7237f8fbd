"""Time and memory of the output layer with its loss, forwards and backwards, beside a version that holds all logits.

    python benchmarks/output_layer.py [--vocabulary 50000] [--words 4000] [--size 300] [--runs 5]

`materialised` is torch's linear layer and cross-entropy in float32; `ours` is `seq2seq.ops.linear_cross_entropy`
without a pointer, which computes the same. Each run is a fresh process, the two in turn. Memory is the highest resident
memory of the process, less its memory before the first loss. The gradients of both are compared.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time

import common
import torch
from torch.nn import functional

from seq2seq import ops
from seq2seq.ops.cpu import amd_with_avx512, use_onednn_products

WAYS = ("materialised", "ours")


def loss_of(way: str, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor):
    if way == "ours":
        return ops.linear_cross_entropy(features, weight, bias, targets)[0]
    return functional.cross_entropy(functional.linear(features, weight, bias), targets, reduction="sum")


def peak() -> float:
    """Highest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(way: str, vocabulary: int, words: int, size: int, repeats: int = 5) -> None:
    if amd_with_avx512():  # as `seq2seq fit` does; it also keeps freed memory, which would blur the peak
        use_onednn_products()
    torch.manual_seed(1)
    weight = (torch.randn(vocabulary, size) / size**0.5).requires_grad_()
    bias = torch.zeros(vocabulary, requires_grad=True)
    features = torch.randn(words, size, requires_grad=True)
    targets = torch.randint(vocabulary, (words,))
    leaves = (features, weight, bias)
    before, seconds = peak(), []
    for _ in range(repeats):
        for leaf in leaves:
            leaf.grad = None
        start = time.perf_counter()
        loss = loss_of(way, features, weight, bias, targets)
        loss.backward()
        seconds.append(time.perf_counter() - start)
    used = peak() - before
    other = torch.autograd.grad(loss_of(WAYS[way == "materialised"], features, weight, bias, targets), leaves)
    differences = [
        float((leaf.grad - gradient).abs().max() / gradient.abs().max())
        for leaf, gradient in zip(leaves, other, strict=True)
    ]
    print(json.dumps({"seconds": statistics.median(seconds), "memory": used, "difference": max(differences)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=50_000)
    parser.add_argument("--words", type=int, default=4_000, help="target words of the batch")
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.vocabulary, args.words, args.size)
        return
    sizes = ["--vocabulary", args.vocabulary, "--words", args.words, "--size", args.size]
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(args.runs):
        for way in WAYS:
            results[way].append(common.run_python(__file__, "--child", way, *map(str, sizes)))
    print(f"{common.machine()}; {torch.get_num_threads()} threads")
    print(f"vocabulary {args.vocabulary:,}, {args.words:,} words, size {args.size}; {args.runs} runs, in turn\n")
    print("| way | ms (lowest-highest) | memory, MB | largest difference of gradients |\n|---|---|---|---|")
    for way, runs in results.items():
        times = common.median_range([1e3 * run["seconds"] for run in runs], 0)
        memory, difference = max(run["memory"] for run in runs), max(run["difference"] for run in runs)
        print(f"| {way} | {times} | {memory:,.0f} | {difference:.1e} |")
    for key in ("seconds", "memory"):
        found = common.ratios(*([run[key] for run in results[way]] for way in WAYS))
        print(f"{key}: materialised / ours {common.median_range(found)}")


if __name__ == "__main__":
    main()
