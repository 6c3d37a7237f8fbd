"""German to English: word by word with a dictionary, and the model with each kind of tokenizer.

python benchmarks/translation.py [--kinds bpe unigram ...] [--seed 1] [--output runs/translation-kinds]

BLEU and chrF are those of sacreBLEU. "Equal" is the share of sentences that equal the reference, and "new words" the
same among the sentences with a German word that no training sentence has.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from common import ROOT, machine, metrics, run_seq2seq
from word_by_word import learn_dictionary, split_words, translate

from seq2seq.scoring import corpus_metric

sys.path.insert(0, str(ROOT / "data" / "translation"))

from german_english.numbers import english_number, german_number

NUMBERS = range(10_000)
KINDS: dict[str, list[str]] = {
    "bpe": [],
    "bpe without pointer": ["--model.network.pointer", "false"],
    "unigram without pointer": ["--data.tokenizer.kind", "unigram", "--model.network.pointer", "false"],
    "word": [
        *("--data.tokenizer.kind", "word", "--data.tokenizer.vocab_size", "4000"),
        *("--model.network.unknown_embeddings", "16"),
    ],
}


def read(split: str) -> list[tuple[str, str]]:
    lines = (ROOT / f"data/translation/{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(pair["document"], pair["summary"]) for pair in map(json.loads, lines)]


def row(name: str, pairs: Sequence[tuple[str, str]], found: Sequence[str], known: set[str], seconds: str = "-") -> str:
    """The scores of one system as a line of a Markdown table. `known`: the German words of the training split."""
    references = [[en] for _, en in pairs]
    scores = []
    for metric in map(corpus_metric, ("bleu", "chrf")):
        sums = [sum(column) for column in zip(*metric.counts(found, references), strict=True)]
        scores.append(f"{metric.score(sums):.1f}")
    equal = [text == en for text, (_, en) in zip(found, pairs, strict=True)]
    new = [e for e, (de, _) in zip(equal, pairs, strict=True) if not known.issuperset(split_words(de))]
    shares = [f"{100 * sum(x) / len(x):.1f} %" for x in (equal, new)]
    return f"| {' | '.join([name, *scores, *shares, seconds])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="*", default=[*KINDS], choices=[*KINDS])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/translation-kinds"))
    args = parser.parse_args()
    pairs = read("test")
    train = read("train")
    known = {word for de, _ in train for word in split_words(de)}
    dictionary = {german_number(n): english_number(n) for n in NUMBERS} | learn_dictionary(train)
    print(f"{machine()}\n")
    print("| system | BLEU | chrF | equal | new words | CPU seconds of training |\n|---|---|---|---|---|---|")
    print(row("word by word", pairs, [translate(de, dictionary) for de, _ in pairs], known), flush=True)
    for kind in args.kinds:
        folder = args.output / f"{kind.replace(' ', '-')}-{args.seed}"
        common = ["--config", "configs/translation.yaml", "--trainer.default_root_dir", folder]
        start = _child_seconds()
        run_seq2seq("fit", *common, "--seed_everything", str(args.seed), "--trainer.logger", "false", *KINDS[kind])
        seconds = _child_seconds() - start
        run_seq2seq("test", *common, "--trainer.logger", "false")
        lines = (ROOT / folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        print(row(kind, pairs, [json.loads(line)["prediction"] for line in lines], known, f"{seconds:.0f}"), flush=True)
    if args.kinds:
        print(f"\nBLEU {metrics(folder)['settings']['metric_signatures']['bleu']}")


def _child_seconds() -> float:
    """CPU time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
