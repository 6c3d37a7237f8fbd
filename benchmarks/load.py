"""The speed beside busy processes: how much of it is kept when other programs use the cores too.

    python benchmarks/load.py [--busy 1] [--rounds 5] [--checkpoint FILE --input FILE] [--env NAME=VALUE ...]

A round measures once without and once with `--busy` busy processes (Python loops), in turn: training steps at the sizes
of the comparison, and with --checkpoint and --input greedy search and beam search. --env sets an environment variable
of the measured process, for example a wait policy: OMP_WAIT_POLICY=passive, GOMP_SPINCOUNT=1000, OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from common import ROOT, machine, ratios
from revisions import FIGURES, Child, add_child_options, middle


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
    parser.set_defaults(rounds=10)
    args = parser.parse_args()
    variables = " ".join("=".join(pair) for pair in args.env) or "variables as in environment.py"
    with Child(ROOT, args, dict(args.env)) as child:
        print(f"{machine()}; {variables}; {args.rounds} rounds, in turn; median (quartiles)\n")
        print(f"| figure | idle | beside {args.busy} busy | share of the speed that is kept |\n|---|---|---|---|")
        for figure in child.figures:
            idle, loaded = [], []
            for _ in range(args.rounds):
                idle.append(child.milliseconds(figure))
                with busy(args.busy):
                    loaded.append(child.milliseconds(figure))
            print(
                f"| {FIGURES[figure][0]} | {middle(idle)} | {middle(loaded)} | {middle(ratios(idle, loaded))} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
