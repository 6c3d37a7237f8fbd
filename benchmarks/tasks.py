"""The labelling tasks on their small corpora, beside methods that do not see the order of the words.

python benchmarks/tasks.py [--seeds 1] [--output runs/tasks]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from common import ROOT, machine, metrics, run_seq2seq
from label_baselines import bag_of_words, most_frequent_labels

from seq2seq.scoring.labels import annotation_scores, classification_scores

AGGREGATIONS = ("last", "mean", "max", "attention")


def examples(corpus: str, split: str, column: str) -> list[tuple[str, str]]:
    """The documents of a split with their labels."""
    lines = (ROOT / "data" / corpus / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["document"], row[column]) for row in map(json.loads, lines)]


def trained(config: str, folder: Path, seed: int, *options: str) -> dict[str, float]:
    """Trains and tests a config with a seed. Returns the figures of the test split."""
    common = ["--config", f"configs/{config}.yaml", "--trainer.default_root_dir", folder, "--trainer.logger", "false"]
    run_seq2seq("fit", *common, "--seed_everything", str(seed), *options)
    run_seq2seq("test", *common, "--ckpt_path", folder / "best.ckpt")
    return metrics(folder)


def head(subject: str, figures: tuple[str, ...]) -> str:
    """The lines above a table, and its head."""
    return f"\n{subject}\n{machine()}\n\n| system | {' | '.join(figures)} |\n|{'---|' * (len(figures) + 1)}"


def row(name: str, runs: list[dict[str, float]], figures: tuple[str, ...]) -> str:
    """A line of a table: for each figure the mean over the runs, and the range of several runs."""
    cells = []
    for values in ([run[figure] for run in runs] for figure in figures):
        bounds = f" ({min(values):.1f}-{max(values):.1f})" if len(values) > 1 else ""
        cells.append(f"{sum(values) / len(values):.1f}{bounds}")
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--output", type=Path, default=Path("runs/tasks"))
    args = parser.parse_args()

    train, test = examples("sentiment", "train", "label"), examples("sentiment", "test", "label")
    references = [label for _, label in test]
    majority = Counter(label for _, label in train).most_common(1)[0][0]
    guesses = {
        "the most frequent label": [majority] * len(test),
        "bag of words, logistic regression": bag_of_words(train, [document for document, _ in test]),
    }
    figures: tuple[str, ...] = ("accuracy", "macro_f1")
    print(head(f"Sentiment, test split of {len(test)}, seeds {args.seeds}", figures))
    for name, found in guesses.items():
        print(row(name, [classification_scores(references, found)], figures))
    for kind in AGGREGATIONS:
        option = ("--model.network.aggregation", kind)
        runs = [trained("sentiment", args.output / f"{kind}-{seed}", seed, *option) for seed in args.seeds]
        print(row(f"GRU, aggregation {kind}", runs, figures), flush=True)

    train, test = examples("entities", "train", "labels"), examples("entities", "test", "labels")
    found = most_frequent_labels(train, [document for document, _ in test])
    figures = ("entity_f1", "entity_precision", "entity_recall", "accuracy")
    print(head(f"Entities, test split of {len(test)}, seeds {args.seeds}", figures))
    print(
        row("the most frequent label of each word", [annotation_scores([r.split() for _, r in test], found)], figures)
    )
    runs = [trained("entities", args.output / f"entities-{seed}", seed) for seed in args.seeds]
    print(row("GRU", runs, figures))


if __name__ == "__main__":
    main()
