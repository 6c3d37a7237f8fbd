"""The speed of two revisions, in turn (A B A B ...) on one machine, which should be idle.

    python benchmarks/revisions.py --before REVISION [--rounds 5] [--steps 40] [--checkpoint FILE --input FILE]

`after` is the working tree. `before` is checked out into a temporary git worktree. Each measurement is a fresh process
(`revision_child.py`): the median of training steps at the sizes of the comparison, and with --checkpoint and --input
greedy search and beam search (5 beams) over all documents. Ratios compare the two processes of one round.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, machine, median_range, ratios, run_python

CHILD = Path(__file__).with_name("revision_child.py")
FIGURES = {"training": "training, ms a step", "beam 1": "greedy, ms a document", "beam 5": "beam 5, ms a document"}


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
    """Adds the options that `measure` reads."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="training steps of a process, after as many to warm up")
    parser.add_argument("--checkpoint", type=Path, help="measure searching too, with this checkpoint")
    parser.add_argument("--input", type=Path, help="the documents for the search, one a line")


def measure(root: Path, args: argparse.Namespace, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """The figures of the package in `root`, from a fresh process (see `revision_child.py`).

    Raises SystemExit if the process has loaded another package.
    """
    if (args.checkpoint is None) != (args.input is None):
        raise SystemExit("--checkpoint and --input: give both or neither")
    options = ["--steps", str(args.steps)]
    if args.checkpoint:
        options += ["--checkpoint", str(args.checkpoint.resolve()), "--input", str(args.input.resolve())]
    found = run_python(CHILD, *options, environment={**(environment or {}), "PYTHONPATH": str(root)})
    if not Path(found["package"]).is_relative_to(root):
        raise SystemExit(f"{found['package']} was measured in place of {root}: is PYTHONSAFEPATH set?")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, metavar="REVISION")
    add_child_options(parser)
    args = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {"before": [], "after": []}
    with checked_out(args.before) as before:
        for _ in range(args.rounds):
            for name, root in (("before", before), ("after", ROOT)):
                found[name].append(measure(root, args))
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {args.rounds} rounds, in turn\n")
    print(f"| figure | {args.before} | working tree | before / after, by round | other headlines |")
    print("|---|---|---|---|---|")
    for key, title in FIGURES.items():
        if key not in found["after"][0]:
            continue
        before_ms, after_ms = ([1e3 * run[key]["seconds"] for run in found[name]] for name in ("before", "after"))
        one, other = (found[name][0][key].get("headlines", []) for name in ("before", "after"))
        differing = f"{sum(a != b for a, b in zip(one, other, strict=True))} of {len(one)}" if one else "-"
        ratio = median_range(ratios(before_ms, after_ms))
        print(f"| {title} | {median_range(before_ms)} | {median_range(after_ms)} | {ratio} | {differing} |")


if __name__ == "__main__":
    main()
