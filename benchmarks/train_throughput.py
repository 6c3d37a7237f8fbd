"""How fast training is, and how far from what the machine can do.

    python benchmarks/train_throughput.py [--size reuters gigaword] [--device cpu|cuda] [--threads N]

Sizes: `reuters` are those of the comparison with other toolkits (vocabulary 10,000, embeddings 128, encoder 2 x 128,
decoder 2 x 256, 64 documents of 80 words a batch), `gigaword` is vocabulary 50,000, embeddings 300, encoder 2 x 512,
decoder 2 x 512, 4,000 tokens a batch. Text is random; lengths are as in the corpora. The floor is the time that the
step's matrix products alone would take at the rate this machine reaches on large ones.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from common import machine
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.data.bucketing import BatchOptions, BatchSampler
from seq2seq.ops.cpu import keep_freed_memory, tune_cpu
from seq2seq.ops import compiled
from seq2seq.model.network import NetworkOptions, Seq2Seq, build_network

SIZES = {
    "reuters": (
        Vocabulary(10_000, 0, 2, 3, 1),
        NetworkOptions(),
        BatchOptions(tokens=8000, examples=64),
        (68, 80, 8.3),
    ),
    "gigaword": (
        Vocabulary(50_000, 0, 2, 3, 1),
        NetworkOptions(embedding_size=300, encoder_size=512, decoder_size=512),
        BatchOptions(tokens=4000),
        (31, 80, 8.3),
    ),
}


def batches(size: str, count: int, seed: int = 0) -> list[Batch]:
    """`count` batches of random text with Zipf-like words, 3 % of them unknown."""
    vocabulary, _, options, (mean, limit, summary) = SIZES[size]
    rng = np.random.default_rng(seed)
    documents = np.minimum(rng.poisson(mean * 1.1, 20_000), limit).clip(8)
    summaries = rng.poisson(summary, 20_000).clip(3, 20)
    plans = list(BatchSampler(documents, summaries, options, shuffle=True, seed=seed))[:count]

    def words(n: int) -> list[int]:
        ranks = (vocabulary.size - 4) ** rng.random(n)
        unknown = rng.random(n) < 0.03
        return np.where(unknown, vocabulary.size + rng.integers(0, 3, n), 3 + ranks.astype(int)).tolist()

    made = []
    for plan in plans:
        texts = [words(documents[i]) for i in plan.indices], [words(summaries[i]) for i in plan.indices]
        made.append(make_batch(*texts, [["x"] * 3] * len(plan.indices), vocabulary, loss_scale=plan.loss_scale))
    return made


class Clock:
    """Seconds by part of a step; on a GPU every part is waited for."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.parts = device, dict[str, float]()

    def __call__(self, part: str, work: Callable):
        start = time.perf_counter()
        result = work()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        self.parts[part] = self.parts.get(part, 0.0) + time.perf_counter() - start
        return result


def profile(network: Seq2Seq, work: list[Batch], optimizer: torch.optim.Optimizer, device: torch.device) -> Clock:
    """Seconds of each part over some steps; `data` is what padding and moving ids into tensors takes."""
    clock, attention = Clock(device), network.decoder.attention
    attend = attention.forward

    def timed(*arguments: Tensor) -> Any:
        return clock("attention", lambda: attend(*arguments))

    for batch in work:
        documents = [row[mask].numpy() for row, mask in zip(batch.document, batch.mask, strict=True)]
        targets = zip(batch.targets, batch.summary_mask, strict=True)
        summaries = [row[mask].numpy()[:-1] for row, mask in targets]
        clock("data", lambda d=documents, s=summaries, b=batch: make_batch(d, s, b.oov, network.vocabulary))
        with patch.object(attention, "forward", timed):
            step(network, batch, optimizer, clock)
    clock.parts["decoder"] -= clock.parts["attention"]
    return clock


def step(network: Seq2Seq, batch: Batch, optimizer: torch.optim.Optimizer, clock: Clock | None = None) -> None:
    """One training step; with a clock, by parts."""
    run = clock or (lambda part, work: work())
    b = run("transfer", lambda: batch.to(network.output.bias.device, non_blocking=True))
    memory = run("encoder", lambda: network.encode(b.document, b.mask, b.extension))
    start = network.decoder.initial_state(memory)
    features, attention, _ = run("decoder", lambda: network.decode(b.previous, memory, start))
    inputs = network.target_steps(b, memory, features, attention)
    loss, _ = run("output and loss (with gradients)", lambda: network.output.loss(*inputs, 0.0))
    run("backward", lambda: (loss * b.loss_scale).backward())
    run("clipping", lambda: torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0))
    run("optimizer", lambda: (optimizer.step(), optimizer.zero_grad()))


def product_counter() -> FlopCounterMode:
    """Counts the operations of matrix products. torch's own count leaves out those that add to a matrix in place."""

    def added(to: torch.Size, left: torch.Size, right: torch.Size, **_: Any) -> int:
        return 2 * left.numel() * right[-1]

    in_place = (torch.ops.aten.addmm_, torch.ops.aten.baddbmm_)
    return FlopCounterMode(display=False, custom_mapping=dict.fromkeys(in_place, added))


def product_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of large matrix products here: the best of some."""
    a, b = (torch.randn(2048, 2048, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def measure(size: str, device: torch.device, steps: int, runs: int, bf16: bool) -> None:
    vocabulary, options, _, _ = SIZES[size]
    torch.manual_seed(1)
    network = build_network(options, vocabulary).to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    work = batches(size, steps)
    tokens, rows = sum(b.tokens() for b in work), sum(len(b) for b in work)
    dtype = torch.bfloat16 if bf16 else torch.float32

    def epoch() -> float:
        start = time.perf_counter()
        for batch in work:
            with torch.autocast(device.type, dtype=dtype, enabled=bf16):
                step(network, batch, optimizer)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    # With torch's operations, for it cannot see into compiled loops.
    with product_counter() as counter, patch.object(compiled, "LEAST", sys.maxsize):
        epoch()
    epoch()  # warm-up
    times = [epoch() for _ in range(runs)]
    rate = product_rate(device, dtype)
    median, floor = statistics.median(times), counter.get_total_flops() / rate
    with torch.autocast(device.type, dtype=dtype, enabled=bf16):
        clock = profile(network, work, optimizer, device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated()
    parameters = sum(p.numel() for p in network.parameters()) / 1e6
    low, high = tokens / max(times), tokens / min(times)
    print(f"\n{size}: {parameters:.2f} M parameters, {tokens / steps:.0f} tokens a batch")
    print(f"  {tokens / median:,.0f} tokens/s ({low:,.0f}-{high:,.0f}), {rows / median:,.0f} pairs/s")
    print(f"  {1e3 * median / steps:.1f} ms a step; floor {1e3 * floor / steps:.1f} ms at {rate / 1e9:,.0f} GFLOP/s")
    print(f"  ratio to the floor {median / floor:.2f}; peak memory {peak / 2**20:,.0f} MiB")
    total = sum(clock.parts.values())
    for part, seconds in clock.parts.items():
        print(f"    {part:34} {1e3 * seconds / steps:7.1f} ms  {100 * seconds / total:4.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--torch-products", action="store_true", help="the matrix products that torch would choose")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.torch_products:
        keep_freed_memory()
    else:
        tune_cpu()  # as `seq2seq fit` does
    print(f"{machine()}; {torch.get_num_threads()} threads; {args.device}")
    print(f"median of {args.runs} runs of {args.steps} steps")
    for size in args.size:
        measure(size, torch.device(args.device), args.steps, args.runs, args.bf16)


if __name__ == "__main__":
    main()
