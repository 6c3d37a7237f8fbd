"""The speed of two revisions, in turn (A B A B ...) on one machine, which should be idle.

    python benchmarks/revisions.py --before REVISION [--rounds 40] [--checkpoint FILE --input FILE]

`after` is the working tree. `before` is checked out into a temporary git worktree. Each revision has a process of its
own (`revision_child.py`); a round asks each of them for some training steps at the sizes of the comparison, and with
--checkpoint and --input for greedy search and beam search (5 beams) of some documents. Rounds are short and many, so
that the speed of the machine changes little within one. Ratios compare the two measurements of one round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, machine, ratios

from seq2seq.environment import PROCESS

CHILD = Path(__file__).with_name("revision_child.py")
FIGURES = {
    "training": ("training, ms a step", 4),
    "beam 1": ("greedy, ms a document", 100),
    "beam 5": ("beam 5, ms a document", 50),
}
"""Title, and the amount of work of one measurement (steps, documents)."""


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A temporary git worktree with a revision."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory(prefix="revision-") as folder:
        root = Path(folder).resolve() / "tree"
        subprocess.run([*git, "add", "--quiet", "--detach", str(root), revision], check=True)
        try:
            yield root
        finally:
            subprocess.run([*git, "remove", "--force", str(root)], check=True)


def add_child_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `started` and `measure` read."""
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--checkpoint", type=Path, help="measure searching too, with this checkpoint")
    parser.add_argument("--input", type=Path, help="the documents for the search, one a line")


class Child:
    """A process that measures the package in `root`. Raises SystemExit if it has loaded another package."""

    def __init__(self, root: Path, args: argparse.Namespace, variables: dict[str, str]) -> None:
        if (args.checkpoint is None) != (args.input is None):
            raise SystemExit("--checkpoint and --input: give both or neither")
        command = [sys.executable, str(CHILD)]
        if args.checkpoint:
            command += ["--checkpoint", str(args.checkpoint.resolve()), "--input", str(args.input.resolve())]
        # The revision sets its own defaults, which `common` has set for this process.
        inherited = {name: value for name, value in os.environ.items() if name not in PROCESS}
        environment = {**inherited, **variables, "PYTHONPATH": str(root)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=root
        )
        ready = self._answer()
        self.figures: list[str] = ready["figures"]
        if not Path(ready["package"]).is_relative_to(root):
            raise SystemExit(f"{ready['package']} was measured in place of {root}: is PYTHONSAFEPATH set?")

    def milliseconds(self, figure: str) -> float:
        """Milliseconds of a training step or a document."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([figure, FIGURES[figure][1]]) + "\n")
        self._process.stdin.flush()
        return 1e3 * self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{CHILD.name} ended with status {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def middle(values: Sequence[float], digits: int = 2) -> str:
    """Median and quartiles."""
    low, median, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, metavar="REVISION")
    add_child_options(parser)
    args = parser.parse_args()
    with ExitStack() as stack:
        before = stack.enter_context(checked_out(args.before))
        children = [stack.enter_context(Child(root, args, {})) for root in (before, ROOT)]
        print(f"{machine()}; {args.rounds} rounds, in turn; median (quartiles)\n")
        print(f"| figure | {args.before} | working tree | before / after, by round |")
        print("|---|---|---|---|")
        for figure in children[0].figures:
            found: list[list[float]] = [[], []]
            for number in range(args.rounds):
                for which in (0, 1) if number % 2 else (1, 0):
                    found[which].append(children[which].milliseconds(figure))
            ratio = middle(ratios(*found), 3)
            print(f"| {FIGURES[figure][0]} | {middle(found[0])} | {middle(found[1])} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
