"""The quarters in headlines over tables of earnings: a fact that the document tells without naming it.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/quarters.py --checkpoint runs/reuters21578/best.ckpt     # a trained model, on validation
    python benchmarks/quarters.py --train default nopointer copy_attention     # trained on these headlines alone

A headline counts if its reference names a quarter ("3rd qtr"). The search is greedy. A training has the sizes of
configs/published/small/ours.yaml, 20 epochs and seed 1; its tokenizer is made from these headlines and documents.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from common import ROOT, SMALL, machine, run_seq2seq

from seq2seq.inference import Summarizer

QUARTER = re.compile(r"(\d) ?(?:st|nd|rd|th) qtr", re.IGNORECASE)
VARIANTS = {
    "default": [],
    "nopointer": ["--model.network.pointer", "false"],
    "copy_attention": ["--model.network.copy_attention", "true"],
}


def quarter(headline: str) -> str | None:
    """The quarter that a headline names."""
    found = QUARTER.search(headline)
    return found[1] if found else None


def pairs_with_quarter(file: Path) -> list[dict[str, str]]:
    """The pairs of a corpus whose headline names a quarter."""
    pairs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [pair for pair in pairs if quarter(pair["summary"])]


def report(name: str, checkpoint: Path, pairs: list[dict[str, str]]) -> None:
    """Prints the number of right quarters, and the most frequent pairs (in the reference, in the output)."""
    texts = Summarizer.from_checkpoint(checkpoint).summarize([pair["document"] for pair in pairs], beam_size=1)
    found = Counter((quarter(pair["summary"]), quarter(text)) for pair, text in zip(pairs, texts, strict=True))
    right = sum(count for (reference, written), count in found.items() if reference == written)
    print(f"{name}: {right} of {len(pairs)} right; {found.most_common(5)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("data/reuters21578"))
    parser.add_argument("--checkpoint", type=Path, help="a model of the whole corpus")
    parser.add_argument("--train", nargs="+", default=[], choices=VARIANTS, help="variants to train on earnings alone")
    parser.add_argument("--output", type=Path, default=Path("runs/quarters"))
    args = parser.parse_args()
    found = {split: pairs_with_quarter(ROOT / args.corpus / f"{split}.jsonl") for split in ("train", "validation")}
    print(f"{machine()}; greedy, validation; headlines with a quarter: {len(found['train'])} in train")
    if args.checkpoint:
        report(str(args.checkpoint), args.checkpoint, found["validation"])
    folder = ROOT / args.output
    folder.mkdir(parents=True, exist_ok=True)
    corpus = []
    for split, pairs in found.items():
        file = folder / f"{split}.jsonl"
        file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
        corpus += [f"--data.corpus.{split}", file]
    for name in args.train:
        configs = ["--config", "configs/reuters21578.yaml", "--config", SMALL / "ours.yaml", *corpus]
        settings = ["--trainer.default_root_dir", folder / name, "--trainer.max_epochs", "20"]
        settings += ["--trainer.check_val_every_n_epoch", "5", "--trainer.logger", "false", *VARIANTS[name]]
        run_seq2seq("fit", *configs, *settings)
        report(name, folder / name / "last.ckpt", found["validation"])


if __name__ == "__main__":
    main()
