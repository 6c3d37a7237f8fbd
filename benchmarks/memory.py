"""Resident memory of training on a CPU.

    python benchmarks/memory.py [--steps 100 500 1000 3000] [--words 30000] [--tokens 10000]
    python benchmarks/memory.py --fit configs/quickstart.yaml [MORE.yaml ...]

The first form trains a network of the default size on random text, and prints the resident memory after these steps.
Document lengths are lognormal, so there are many shapes of batches: oneDNN and the allocator keep memory for each.
The second form runs a whole `seq2seq fit`, and prints the highest resident memory of its main process.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, machine

MIB = 1 << 20


def resident() -> float:
    """Resident memory of this process, in MiB. Needs Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / MIB


def train(steps: list[int], words: int, tokens: int) -> None:
    """Trains for max(steps) steps, and prints a line of a table at each of them."""
    # Imported here: a child of `--fit` would start with the memory of these libraries in its highest resident memory.
    import numpy as np
    import torch
    import workload

    from seq2seq.data.bucketing import BatchOptions
    from seq2seq.model.network import NetworkOptions, build_network
    from seq2seq.ops.cpu import tune_cpu

    tune_cpu()
    rng = np.random.default_rng(0)
    documents = np.minimum(rng.lognormal(3.9, 0.5, 40_000).astype(int), 100).clip(4)
    summaries = rng.poisson(9, len(documents)).clip(2, 25)
    torch.manual_seed(0)
    network = build_network(NetworkOptions(), workload.vocabulary(words)).train()
    optimizer, shapes, start = workload.new_optimizer(network), set(), time.perf_counter()
    print(f"{machine()}; {torch.get_num_threads()} threads; {words:,} words, {tokens:,} tokens a batch\n")
    print("| steps | resident memory, MiB | highest so far, MiB | shapes of batches | seconds |\n|---|---|---|---|---|")
    batches = workload.random_batches(words, documents, summaries, BatchOptions(tokens=tokens), rng)
    for step, batch in zip(range(1, max(steps) + 1), batches, strict=False):
        shapes.add((batch.document.shape, batch.summary.shape, batch.target_positions.shape))
        terms, _ = network.loss(batch)
        workload.update(network, optimizer, sum(terms.values()) * batch.loss_scale)
        if step in steps:
            highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            seconds = time.perf_counter() - start
            print(f"| {step:,} | {resident():,.0f} | {highest:,.0f} | {len(shapes):,} | {seconds:.0f} |", flush=True)


def fit(configs: list[str]) -> None:
    """Runs `seq2seq fit` in a temporary folder, and prints its highest resident memory.

    Raises SystemExit if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        command = [sys.executable, "-m", "seq2seq", "fit", *(word for file in configs for word in ("--config", file))]
        command += ["--trainer.default_root_dir", folder]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    seconds = time.perf_counter() - start
    print(f"{machine()}; {' '.join(configs)}: {usage.ru_maxrss / 1024:,.0f} MiB at most, {seconds:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 500, 1000, 3000])
    parser.add_argument("--words", type=int, default=30_000, help="vocabulary")
    parser.add_argument("--tokens", type=int, default=10_000, help="padded tokens of a batch, at most")
    parser.add_argument("--fit", nargs="+", metavar="CONFIG", help="run `seq2seq fit` with these configs instead")
    args = parser.parse_args()
    if args.fit:
        fit(args.fit)
    else:
        train(args.steps, args.words, args.tokens)


if __name__ == "__main__":
    main()
