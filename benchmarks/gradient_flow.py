"""The price of `gradient_flow`: seconds of a record beside those of training steps, in turn in one process.

    python benchmarks/gradient_flow.py [--size reuters] [--cell gru] [--every 100] [--examples 16] [--rounds 10]

Each round runs some training steps and one record on the same batches. The price is the ratio of the step times with
and without records. The time of the two pictures, which each validation draws again, stands apart. With `every: null`
the callback is not there, and the price is zero. `workload.py` describes the sizes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import common
import torch
from train_throughput import training_step
from workload import SIZES, batches, new_optimizer, vocabulary

from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.ops.cpu import tune_cpu
from seq2seq.training.flow_plots import draw_curves, draw_heat_maps
from seq2seq.training.state_gradients import network_flow

STEPS = 5  # of a round
RECORDS = 100  # of the pictures


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="reuters")
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--examples", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    tune_cpu()
    torch.manual_seed(1)
    size = SIZES[args.size]
    options = NetworkOptions(cell=args.cell, **size.network)
    network = build_network(options, vocabulary(size.words)).train()
    optimizer = new_optimizer(network)
    steps, records = list[float](), list[float]()
    work = list(batches(args.size, STEPS))
    for batch in work:  # the first steps load what they need
        training_step(network, batch, optimizer)
    flow = network_flow(network, work[0].part(slice(0, args.examples)))
    for _ in range(args.rounds):
        steps.append(
            sum(seconds(lambda batch=batch: training_step(network, batch, optimizer)) for batch in work) / STEPS
        )
        part = work[len(records) % STEPS].part(slice(0, args.examples))
        records.append(seconds(lambda part=part: network_flow(network, part)))
    ratios = [1 + record / (args.every * step) for record, step in zip(records, steps, strict=True)]
    print(common.machine(), f"{common.threads()} threads; {args.size}, {args.cell}, {args.examples} documents a record")
    print(f"training step, ms    {common.median_range([1000 * x for x in steps], 0)}")
    print(f"record, ms           {common.median_range([1000 * x for x in records], 0)}")
    print(f"step time with a record in every {args.every} steps / without: {common.median_range(ratios, 4)}")
    record = asdict(flow) | {"gradient_norm": 1.0, "clipped_norm": 1.0, "clipped_share": 0.0}
    drawn = [record | {"step": step} for step in range(1, RECORDS + 1)]
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in (("heat maps", draw_heat_maps), ("curves", draw_curves)):
            times = [seconds(lambda draw=draw: draw(drawn, Path(folder) / "picture")) for _ in range(3)]
            print(f"{name} of {RECORDS} records, s: {common.median_range(times, 2)}")


if __name__ == "__main__":
    main()
