"""Measures the speed of the package `seq2seq` that PYTHONPATH names, and prints one line of JSON.

`revisions.py` and `load.py` start it in fresh processes. It works with the present layout of the package and with the
one before (commit 3b2cd5e), and therefore imports neither `common` nor anything that only one of them has.

Imports stand in functions, because environment variables must be set before torch is loaded.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEAM_SIZES = (1, 5)


def prepare() -> tuple[Callable, type]:
    """Prepares the process as `seq2seq fit` does; returns `build_network` and `NetworkOptions`."""
    try:
        from seq2seq.environment import prepare_process

        prepare_process()
        from seq2seq.model.network import NetworkOptions, build_network
        from seq2seq.ops.cpu import tune_cpu
    except ImportError:  # the layout before
        from seq2seq.hardware import tune_cpu
        from seq2seq.model.seq2seq import NetworkOptions, build_network
    tune_cpu()
    return build_network, NetworkOptions


def total_loss(network: Any, batch: Any) -> Any:
    """The summed loss: `network.loss` gives named terms, or their sum in the layout before."""
    loss, _ = network.loss(batch)
    return sum(loss.values()) if isinstance(loss, dict) else loss


def training(build_network: Callable, options: type, steps: int) -> float:
    """Median seconds of a training step at the sizes of the comparison, after a first pass over the batches."""
    import torch
    import workload

    size = workload.SIZES["reuters"]
    torch.manual_seed(1)
    network = build_network(options(**size.network), workload.vocabulary(size.words)).train()
    optimizer = workload.new_optimizer(network)
    seconds = []
    for batch in workload.batches("reuters", steps) * 2:
        start = time.perf_counter()
        workload.update(network, optimizer, total_loss(network, batch) * batch.loss_scale)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[steps:])


def searching(checkpoint: Path, documents: list[str]) -> dict[str, Any]:
    """Seconds of greedy search and of beam search over all documents, after a warm-up, and their headlines."""
    from seq2seq.inference import Summarizer

    summarizer = Summarizer.from_checkpoint(checkpoint, "cpu")
    found: dict[str, Any] = {}
    for beam_size in BEAM_SIZES:
        summarizer.summarize(documents[:256], beam_size=beam_size)
        start = time.perf_counter()
        headlines = summarizer.summarize(documents, beam_size=beam_size)
        seconds = time.perf_counter() - start
        found[f"beam {beam_size}"] = {"seconds": seconds / len(documents), "headlines": headlines}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40, help="training steps; 0 = none")
    parser.add_argument("--checkpoint", type=Path, help="measure searching too, with this checkpoint")
    parser.add_argument("--input", type=Path, help="documents, one a line")
    args = parser.parse_args()
    network = prepare()
    import seq2seq

    found: dict[str, Any] = {"package": str(Path(seq2seq.__file__).parent)}
    if args.steps:
        found["training"] = {"seconds": training(*network, args.steps)}
    if args.checkpoint:
        found |= searching(args.checkpoint, args.input.read_text(encoding="utf-8").splitlines())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
