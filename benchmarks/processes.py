"""Training on the cores of one machine: one process with N threads, and N processes with one thread, in turn (A B A B).

    python benchmarks/processes.py [--count 2] [--config configs/quickstart.yaml] [--batches 120] [--runs 3]

Tokens per second are taken from the logs of the runs (median after the first third), times the number of processes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import statistics
from pathlib import Path

from common import ROOT, machine, median_range, ratios, run_seq2seq


def rate(folder: Path, processes: int) -> float:
    """Tokens per second of all processes together, from the log of the run."""
    with open(next((ROOT / folder).rglob("metrics.csv"))) as file:
        values = [
            float(line["train/tokens_per_second"]) for line in csv.DictReader(file) if line["train/tokens_per_second"]
        ]
    return processes * statistics.median(values[len(values) // 3 :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2, help="cores")
    parser.add_argument("--config", default="configs/quickstart.yaml")
    parser.add_argument("--batches", type=int, default=120, help="of each process")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("runs/processes"))
    args = parser.parse_args()
    found: dict[int, list[float]] = {1: [], args.count: []}
    for run in range(args.runs):
        for processes, rates in found.items():
            folder = args.output / f"{processes}-{run}"
            shutil.rmtree(ROOT / folder, ignore_errors=True)  # the log of an earlier run must not be read
            options = ["--trainer.strategy", "ddp", "--trainer.devices", str(processes)] if processes > 1 else []
            run_seq2seq(
                *("fit", "--config", args.config, "--trainer.default_root_dir", folder, "--trainer.accelerator", "cpu"),
                *("--trainer.max_epochs", "1", "--trainer.limit_train_batches", str(args.batches // processes)),
                *("--trainer.limit_val_batches", "0", "--trainer.log_every_n_steps", "5"),
                *("--trainer.logger", "lightning.pytorch.loggers.CSVLogger", *options),
                threads=args.count // processes,
            )
            rates.append(rate(folder, processes))
    one, many = found[1], found[args.count]
    print(machine())
    print(f"1 process, {args.count} threads: {median_range(one, 0)} tokens/s")
    print(f"{args.count} processes, 1 thread: {median_range(many, 0)} tokens/s")
    print(f"ratio, by round: {median_range(ratios(many, one))}")


if __name__ == "__main__":
    main()
