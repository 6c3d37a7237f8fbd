"""Writes the newswire corpus: invented news stories (`document`) with their headlines (`summary`).

    python data/newswire/generate.py [--output DIR] [--seed N] [--train N] [--validation N] [--test N] [--names N]
    python data/newswire/generate.py --report

The package `grammar` next to this file contains the grammar. This file contains the command, and exports the functions
for use from Python.

A story depends on four values: the seed, the split, its index in the split, and the number of names. The sizes of the
splits have no influence: a smaller split is a prefix of a larger one. All random numbers come from
`random.Random(text).random()`. Python keeps this sequence the same in all versions
(https://docs.python.org/3/library/random.html#notes-on-reproducibility), and each Python since 3.10 writes the same
bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from grammar.corpus import NAMES, SEED, SIZES, generate_pairs, write_split
from grammar.desk import Desk, Person, Story
from grammar.document import rounded, write_document
from grammar.events import KINDS
from grammar.names import SMALL_NUMBERS, compose
from grammar.report import report

__all__ = [
    "KINDS",
    "NAMES",
    "SEED",
    "SIZES",
    "SMALL_NUMBERS",
    "Desk",
    "Person",
    "Story",
    "compose",
    "generate_pairs",
    "main",
    "report",
    "rounded",
    "write_document",
    "write_split",
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the invented newswire corpus as JSON Lines.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder (default: this file's)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument(
        "--names", type=int, default=NAMES, help=f"places, companies, surnames (each), default {NAMES:,}"
    )
    for split, size in SIZES.items():
        parser.add_argument(f"--{split}", type=int, default=size, metavar="PAIRS", help=f"default {size:,}")
    parser.add_argument("--report", action="store_true", help="print statistics and write nothing")
    options = parser.parse_args()
    sizes = {split: getattr(options, split) for split in SIZES}
    fewest = 1 if options.report else 0
    if min(sizes.values()) < fewest:
        parser.error(f"--train, --validation and --test must be at least {fewest}")
    if options.names < 1_000:
        parser.error("--names must be at least 1,000")
    if options.report:
        pairs = {
            split: list(generate_pairs(split, size, options.seed, names=options.names, kind=True))
            for split, size in sizes.items()
        }
        report(pairs, options.seed, options.names)
        return
    options.output.mkdir(parents=True, exist_ok=True)
    for split, size in sizes.items():
        write_split(options.output / f"{split}.jsonl", generate_pairs(split, size, options.seed, names=options.names))


if __name__ == "__main__":
    main()
