"""Quality on the embedded corpus: the quickstart, without pointer, without attention, and the lead baseline.

python benchmarks/newswire.py [--seeds 1] [--workers 1] [--output runs/newswire]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from common import ROOT, first_words, lead, metrics, row, run_seq2seq, side_by_side, spread, title

VARIANTS: dict[str, list[str]] = {
    "quickstart": [],
    "without pointer": ["--model.network.pointer", "false", "--model.network.unknown_embeddings", "0"],
    "without attention": [
        *("--model.network.pointer", "false", "--model.network.unknown_embeddings", "0"),
        *("--model.network.attention", "none"),
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--workers", type=int, default=1, help="runs side by side; more than one share the cores")
    parser.add_argument("--output", type=Path, default=Path("runs/newswire"))
    args = parser.parse_args()

    def folder(variant: str, seed: int) -> Path:
        return args.output / f"{variant.replace(' ', '-')}-{seed}"

    def run(variant: str, seed: int) -> None:
        common = ["--config", "configs/quickstart.yaml", "--trainer.default_root_dir", folder(variant, seed)]
        threads = 1 if args.workers > 1 else None
        options = VARIANTS[variant]
        run_seq2seq("fit", *common, "--seed_everything", str(seed), *options, threads=threads)
        run_seq2seq("test", *common, "--ckpt_path", folder(variant, seed) / "best.ckpt", threads=threads)

    jobs = [lambda v=v, s=s: run(v, s) for s in args.seeds for v in VARIANTS]
    side_by_side(jobs, args.workers)
    print(title(f"Newswire, test split, beam 5, seeds {args.seeds}"))
    lines = (ROOT / "data/newswire/test.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    documents, references = [p["document"] for p in pairs], [p["summary"] for p in pairs]
    print(row("first 8 words of the document", lead(documents, references, first_words(8))))
    for variant in VARIANTS:
        print(spread(variant, [metrics(folder(variant, seed)) for seed in args.seeds]))


if __name__ == "__main__":
    main()
