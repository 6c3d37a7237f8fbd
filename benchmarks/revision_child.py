"""Measures the speed of the package `seq2seq` that PYTHONPATH names: a process that works when it is asked to.

`revisions.py` and `load.py` start it and keep it. After a warm-up it prints its package and the figures it can measure,
as a line of JSON. For each line [figure, count] of its input it does `count` training steps, or decodes `count`
documents, and prints the mean seconds. Between two questions it does nothing, so several can be asked in turn. It works
with the present layout of the package and with the one before (commit 3b2cd5e), and therefore imports neither `common`
nor anything that only one of them has.

Imports stand in functions, because environment variables must be set before torch is loaded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
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


def training(build_network: Callable, options: type) -> Callable[[int], float]:
    """A function that trains some steps at the sizes of the comparison; returns the mean seconds of a step."""
    import torch
    import workload

    size = workload.SIZES["reuters"]
    torch.manual_seed(1)
    network = build_network(options(**size.network), workload.vocabulary(size.words)).train()
    optimizer = workload.new_optimizer(network)
    batches = workload.batches("reuters", 12)
    next_batch = itertools.cycle(batches)

    def steps(count: int) -> float:
        start = time.perf_counter()
        for batch in itertools.islice(next_batch, count):
            workload.update(network, optimizer, total_loss(network, batch) * batch.loss_scale)
        return (time.perf_counter() - start) / count

    steps(len(batches))  # warm-up
    return steps


def searching(checkpoint: Path, documents: list[str], beam_size: int) -> Callable[[int], float]:
    """A function that decodes some documents; returns the mean seconds of a document."""
    from seq2seq.inference import Summarizer

    summarizer = Summarizer.from_checkpoint(checkpoint, "cpu")
    next_document = itertools.cycle(documents)

    def decode(count: int) -> float:
        chunk = list(itertools.islice(next_document, count))
        start = time.perf_counter()
        summarizer.summarize(chunk, beam_size=beam_size)
        return (time.perf_counter() - start) / count

    decode(min(len(documents), 256))  # warm-up
    return decode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="measure searching too, with this checkpoint")
    parser.add_argument("--input", type=Path, help="documents, one a line")
    args = parser.parse_args()
    work = {"training": training(*prepare())}
    import seq2seq

    if args.checkpoint:
        documents = args.input.read_text(encoding="utf-8").splitlines()
        work |= {f"beam {size}": searching(args.checkpoint, documents, size) for size in BEAM_SIZES}
    print(json.dumps({"package": str(Path(seq2seq.__file__).parent), "figures": list(work)}), flush=True)
    for line in sys.stdin:
        figure, count = json.loads(line)
        print(json.dumps(work[figure](count)), flush=True)


if __name__ == "__main__":
    main()
