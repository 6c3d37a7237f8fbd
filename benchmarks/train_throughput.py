"""Training speed, and its distance from the speed that the processor could reach.

    python benchmarks/train_throughput.py [--size reuters gigaword] [--device cpu|cuda] [--threads N]
                                          [--training-vocabulary N]

`workload.py` describes the sizes and the random text. The floor is the time of the step's matrix products alone, at the
rate that this machine reaches for large ones.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import common
import torch
from torch.utils.flop_counter import FlopCounterMode
from workload import SIZES, batches, new_optimizer, update, vocabulary

from seq2seq import ops
from seq2seq.batch import Batch, make_batch
from seq2seq.model.network import NetworkOptions, Seq2Seq, build_network
from seq2seq.ops.cpu import keep_freed_memory, tune_cpu


def training_step(network: Seq2Seq, batch: Batch, optimizer: torch.optim.Optimizer) -> None:
    """One training step."""
    batch = batch.to(network.output.bias.device, non_blocking=True)
    terms, _ = network.loss(batch)
    update(network, optimizer, torch.stack(list(terms.values())).sum() * batch.loss_scale)


class Clock:
    """Seconds by part of a step. On a GPU each part is waited for."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds = device, dict[str, float]()

    def timed(self, part: str, work: Callable) -> Callable:
        """`work`, with its time added to a part."""

        def run(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            result = work(*arguments, **options)
            synchronize(self.device)
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start
            return result

        return run

    @contextmanager
    def on(self, network: Seq2Seq, optimizer: torch.optim.Optimizer) -> Iterator[None]:
        """Measures the parts of all training steps inside the block."""
        parts = {
            "transfer": (Batch, "to"),
            "encoder": (network, "encode"),
            "decoder": (network, "decode"),
            "attention": (network.decoder.attention, "forward"),
            "output and loss (with gradients)": (network.output, "loss"),
            "backward": (torch.Tensor, "backward"),
            "clipping": (torch.nn.utils, "clip_grad_norm_"),
            "optimizer": (optimizer, "step"),
        }
        with ExitStack() as patches:
            for part, (owner, method) in parts.items():
                patches.enter_context(patch.object(owner, method, self.timed(part, getattr(owner, method))))
            yield
        self.seconds["decoder"] -= self.seconds["attention"]  # which runs inside the decoder


def synchronize(device: torch.device) -> None:
    """Waits until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def profile(network: Seq2Seq, work: list[Batch], optimizer: torch.optim.Optimizer, device: torch.device) -> Clock:
    """Seconds of each part over some steps; `data` is the time to pad ids and to copy them into tensors."""
    clock = Clock(device)
    collate = clock.timed("data", make_batch)
    for batch in work:
        documents = [row[mask].numpy() for row, mask in zip(batch.document, batch.mask, strict=True)]
        targets = zip(batch.targets, batch.summary_mask, strict=True)
        collate(documents, [row[mask].numpy()[:-1] for row, mask in targets], batch.oov, network.vocabulary)
    with clock.on(network, optimizer):
        for batch in work:
            training_step(network, batch, optimizer)
    return clock


def count_operations(network: Seq2Seq, work: list[Batch], optimizer: torch.optim.Optimizer) -> int:
    """Floating-point operations of the matrix products of some steps. The network must be on the CPU.

    torch's counter sees neither compiled loops nor cuDNN's GRU, so the steps run with plain operations on the CPU,
    where torch's GRU consists of counted products. By itself it does not count products that are added in place.
    """

    def added(to: torch.Size, left: torch.Size, right: torch.Size, **_: Any) -> int:
        return 2 * left.numel() * right[-1]

    in_place = (torch.ops.aten.addmm_, torch.ops.aten.baddbmm_)
    counter = FlopCounterMode(display=False, custom_mapping=dict.fromkeys(in_place, added))
    with counter, ops.reference_only():
        for batch in work:
            training_step(network, batch, optimizer)
    return counter.get_total_flops()


def product_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations per second of large matrix products on this machine: the best of 10 attempts."""
    a, b = (torch.randn(2048, 2048, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        a @ b
        synchronize(device)
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def measure(size: str, device: torch.device, steps: int, runs: int, bf16: bool, covered: int | None) -> None:
    """Measures one size and prints the results. `covered`: the network's `training_vocabulary`."""
    torch.manual_seed(1)
    options = NetworkOptions(**SIZES[size].network, training_vocabulary=covered)
    network = build_network(options, vocabulary(SIZES[size].words)).train()
    work = batches(size, steps)
    tokens, rows = sum(b.tokens() for b in work), sum(len(b) for b in work)
    operations = count_operations(network, work, new_optimizer(network))
    network.to(device)
    optimizer = new_optimizer(network)
    dtype = torch.bfloat16 if bf16 else torch.float32

    def epoch() -> float:
        start = time.perf_counter()
        for batch in work:
            with torch.autocast(device.type, dtype=dtype, enabled=bf16):
                training_step(network, batch, optimizer)
        synchronize(device)
        return time.perf_counter() - start

    epoch()  # warm-up
    times = [epoch() for _ in range(runs)]
    rate = product_rate(device, dtype)
    median, floor = statistics.median(times), operations / rate
    with torch.autocast(device.type, dtype=dtype, enabled=bf16):
        clock = profile(network, work, optimizer, device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated()
    parameters = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"\n{size}: {parameters:.2f} M parameters, {tokens / steps:.0f} tokens a batch")
    speed = common.median_range([tokens / seconds for seconds in times], 0)
    print(f"  {speed} tokens/s, {rows / median:,.0f} pairs/s")
    print(f"  {1e3 * median / steps:.1f} ms a step; floor {1e3 * floor / steps:.1f} ms at {rate / 1e9:,.0f} GFLOP/s")
    print(f"  ratio to the floor {median / floor:.2f}; peak memory {peak / 2**20:,.0f} MiB")
    total = sum(clock.seconds.values())
    for part, seconds in clock.seconds.items():
        print(f"    {part:34} {1e3 * seconds / steps:7.1f} ms  {100 * seconds / total:4.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--training-vocabulary", type=int, help="the option of the network; default: all words")
    parser.add_argument("--torch-products", action="store_true", help="let torch choose the library of products")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.torch_products:
        keep_freed_memory()
    else:
        tune_cpu()  # as `seq2seq fit` does
    print(f"{common.machine()}; {torch.get_num_threads()} threads; {args.device}")
    print(f"median of {args.runs} runs of {args.steps} steps")
    for size in args.size:
        measure(size, torch.device(args.device), args.steps, args.runs, args.bf16, args.training_vocabulary)


if __name__ == "__main__":
    main()
