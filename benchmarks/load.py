"""The speed beside busy processes: how much of it is kept when other programs use the cores too.

    python benchmarks/load.py [--busy 1] [--rounds 5] [--checkpoint FILE --input FILE] [--env NAME=VALUE ...]

A round measures once without and once with `--busy` busy processes (Python loops), in turn, each time in a fresh
process: training steps at the sizes of the comparison, and with --checkpoint and --input greedy search and beam search.
--env sets an environment variable of the measured processes, for example a wait policy: OMP_WAIT_POLICY=passive,
GOMP_SPINCOUNT=1000, OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common import ROOT, machine, median_range, ratios
from revisions import FIGURES, add_child_options, measure


@contextmanager
def busy(count: int) -> Iterator[None]:
    """`count` processes that each keep a core busy."""
    processes = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def variable(text: str) -> tuple[str, str]:
    """NAME=VALUE -> name, value. Raises argparse's error for other text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", type=int, default=1, help="busy processes (default 1)")
    parser.add_argument("--env", type=variable, action="append", default=[], metavar="NAME=VALUE")
    add_child_options(parser)
    args = parser.parse_args()
    found: dict[int, list[dict[str, Any]]] = {0: [], args.busy: []}
    for _ in range(args.rounds):
        for count, runs in found.items():
            with busy(count):
                runs.append(measure(ROOT, args, dict(args.env)))
    variables = " ".join("=".join(pair) for pair in args.env) or "no variables set"
    print(f"{machine()}; {variables}; {args.rounds} rounds, in turn\n")
    print(f"| figure | idle | beside {args.busy} busy | share of the speed that is kept |\n|---|---|---|---|")
    for key, title in FIGURES.items():
        if key not in found[0][0]:
            continue
        idle, loaded = ([1e3 * run[key]["seconds"] for run in found[count]] for count in (0, args.busy))
        print(f"| {title} | {median_range(idle)} | {median_range(loaded)} | {median_range(ratios(idle, loaded))} |")


if __name__ == "__main__":
    main()
