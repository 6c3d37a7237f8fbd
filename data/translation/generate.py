"""Writes the translation corpus: German sentences (`document`) with their English translations (`summary`).

    python data/translation/generate.py [--output DIR] [--seed N] [--train N] [--validation N] [--test N]
    python data/translation/generate.py --show 20

All random numbers come from `random.Random(text).random()`, which gives the same numbers in all versions of Python
(https://docs.python.org/3/library/random.html#notes-on-reproducibility).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from german_english.corpus import SEED, SIZES, generate_pairs


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the German-English corpus as JSON Lines.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder (default: this file's)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    for split, size in SIZES.items():
        parser.add_argument(f"--{split}", type=int, default=size, metavar="PAIRS", help=f"default {size:,}")
    parser.add_argument("--show", type=int, metavar="N", help="print N pairs with their kinds, and write nothing")
    options = parser.parse_args()
    if min(options.train, options.validation, options.test, options.show or 0) < 0:
        parser.error("give no negative numbers")
    if options.show is not None:
        for kind, (de, en) in generate_pairs("train", options.show, options.seed):
            print(f"{kind}\n  {de}\n  {en}")
        return
    options.output.mkdir(parents=True, exist_ok=True)
    for split in SIZES:
        with (options.output / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for _, (de, en) in generate_pairs(split, getattr(options, split), options.seed):
                file.write(json.dumps({"document": de, "summary": en}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
