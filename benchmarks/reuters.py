"""Quality on Reuters-21578, at the sizes of the comparison with other toolkits: word vocabulary 10,000, embeddings 128,
encoder 2 x 128, decoder 256, dropout 0.2, Adam 1e-3, clipping 1.0, 64 documents a batch, 10 epochs; beam 5 and greedy.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/reuters.py [--seeds 1 2 3] [--workers 1] [--data data/reuters21578] [--output runs/reuters]
    python benchmarks/reuters.py --stories benchmarks/stories.txt      # the first seed's headlines for other stories

`seq2seq.data.raw.reuters21578.tokenize` lower-cases and tokenises the text beforehand, as for every other system in the
table. Tokens joined by blanks are scored.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from common import ROOT, first_words, lead, metrics, row, run_seq2seq, side_by_side, spread, title

from seq2seq.data.raw.reuters21578 import tokenize

VARIANTS: dict[str, list[str]] = {
    "pointer": [],
    "without pointer": ["--model.network.pointer", "false", "--model.network.unknown_embeddings", "0"],
}
SEARCHES: dict[str, list[str]] = {
    "beam 5": [],
    "greedy": ["--model.search.beam_size", "1"],
    "beam 5, <unk> allowed": ["--model.search.allow_unk", "true"],
}


def tokenised(source: Path, output: Path) -> Path:
    """Writes the prepared corpus as line-aligned token files; returns a config file that names them."""
    output.mkdir(parents=True, exist_ok=True)
    corpus = {}
    for split in ("train", "validation", "test"):
        names = {"document": output / f"{split}.document.txt", "summary": output / f"{split}.summary.txt"}
        with open(ROOT / source / f"{split}.jsonl", encoding="utf-8") as lines:
            pairs = [json.loads(line) for line in lines]
        for column, name in names.items():
            limit = 80 if column == "document" else None
            text = "".join(" ".join(tokenize(pair[column])[:limit]) + "\n" for pair in pairs)
            name.write_text(text, encoding="utf-8")
        corpus[split] = {column: str(name) for column, name in names.items()}
    overlay = output / "data.yaml"  # JSON is YAML
    section = {"corpus": corpus, "tokenizer": {"split": "whitespace", "normalizers": []}}
    overlay.write_text(json.dumps({"data": section}, indent=2))
    return overlay


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--workers", type=int, default=1, help="runs side by side; more than one share the cores")
    parser.add_argument("--data", type=Path, default=Path("data/reuters21578"), help="output of `seq2seq prepare`")
    parser.add_argument("--output", type=Path, default=Path("runs/reuters"))
    parser.add_argument("--report", action="store_true", help="only print the table of existing runs")
    parser.add_argument(
        "--stories", type=Path, help="only print the first seed's headlines for the stories in this file"
    )
    args = parser.parse_args()
    if args.stories:
        from seq2seq.inference import Summarizer

        summarizer = Summarizer.from_checkpoint(ROOT / args.output / f"pointer-{args.seeds[0]}" / "best.ckpt")
        stories = args.stories.read_text(encoding="utf-8").splitlines()
        for story, headline in zip(
            stories, summarizer.summarize([" ".join(tokenize(s)) for s in stories]), strict=True
        ):
            print(f"- {story}\n  **{headline}**")
        return
    overlay = tokenised(args.data, ROOT / args.output / "tokens")

    def folder(variant: str, seed: int) -> Path:
        return args.output / f"{variant.replace(' ', '-')}-{seed}"

    def place(search: str) -> str:
        return search.replace(" ", "-").replace(",", "").replace("<unk>", "unk")

    def run(variant: str, seed: int) -> None:
        common = ["--config", "configs/reuters21578.yaml", "--config", overlay, "--trainer.accelerator", "cpu"]
        threads = 1 if args.workers > 1 else None
        root, seeds = folder(variant, seed), ["--seed_everything", str(seed)]
        run_seq2seq("fit", *common, "--trainer.default_root_dir", root, *seeds, *VARIANTS[variant], threads=threads)
        for search, options in SEARCHES.items():
            where = ["--trainer.default_root_dir", root / place(search), "--ckpt_path", root / "best.ckpt"]
            run_seq2seq("test", *common, *where, *seeds, *options, threads=threads)

    if not args.report:
        side_by_side([lambda v=v, s=s: run(v, s) for v in args.variants for s in args.seeds], args.workers)
    print(title(f"Reuters-21578, test split, seeds {args.seeds}: mean (lowest-highest)"))
    names = json.loads(overlay.read_text())["data"]["corpus"]["test"]
    documents, references = (Path(names[c]).read_text(encoding="utf-8").splitlines() for c in ("document", "summary"))
    print(row("first 8 words of the document", lead(documents, references, first_words(8))))
    print(row("first 75 characters of the document", lead(documents, references, lambda d: d[:75])))
    for variant in args.variants:
        for search in SEARCHES:
            print(spread(f"{variant}, {search}", [metrics(folder(variant, s) / place(search)) for s in args.seeds]))


if __name__ == "__main__":
    main()
