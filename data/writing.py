"""The command of the generators of corpora with labels."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path


def write_splits(
    folder: Path,
    corpus: str,
    sizes: Mapping[str, int],
    seed: int,
    examples: Callable[[str, int, int], Iterator[dict[str, str]]],
) -> None:
    """Parses the command line, and writes a JSON Lines file for each split.

    Args:
        folder: the default of `--output`.
        corpus: the name of the corpus, for `--help`.
        sizes: examples of each split, by default.
        seed: the default of `--seed`.
        examples: gives the first examples of a split: (split, count, seed).
    """
    parser = argparse.ArgumentParser(description=f"Write {corpus} as JSON Lines.")
    parser.add_argument("--output", type=Path, default=folder, help="folder (default: this file's)")
    parser.add_argument("--seed", type=int, default=seed, help=f"default {seed}")
    for split, size in sizes.items():
        parser.add_argument(f"--{split}", type=int, default=size, metavar="EXAMPLES", help=f"default {size:,}")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for split in sizes:
        lines = (
            json.dumps(example, ensure_ascii=False) + "\n"
            for example in examples(split, getattr(options, split), options.seed)
        )
        (options.output / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
