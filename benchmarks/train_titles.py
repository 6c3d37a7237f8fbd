"""Trains the model `titles`, which ships with the package, and writes its two files: the checkpoint and the card.

    seq2seq prepare arxiv --years 2015-2019 --limit 200000 --output data/arxiv
    python benchmarks/train_titles.py --corpus data/arxiv                                # two hours on 2 cores
    python benchmarks/train_titles.py --corpus data/arxiv --checkpoint runs/titles/last.ckpt          # already trained
    python benchmarks/train_titles.py --corpus data/arxiv --init_from titles --trainer.max_epochs 1

Options that this script does not know, such as the last two, go to `seq2seq fit`, and stand on the card; with
--checkpoint they stand there alone, as the options of the training that is over. The last checkpoint is exported
(float16), and the exported file is tested with the search of the config. The card has ROUGE with 95 % intervals by the
seeded bootstrap, and the counts and dates of the corpus.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from common import ROOT, first_words, run_seq2seq

from seq2seq.inference import Summarizer
from seq2seq.scoring import Comparison, compare
from seq2seq.shipped import FOLDER, Card

SPLITS = ("train", "validation", "test")
FIGURES = {"ROUGE-1": "rouge1.f1", "ROUGE-2": "rouge2.f1", "ROUGE-L": "rougeL.f1"}
"""Names on the card, and names of the scores."""
BASELINES = (8, 10, 15)
"""Words of the abstract that stand for a title in the table."""
GREATEST = 12_000_000
"""Bytes that the file of a shipped model may have."""
PREPARATION = "seq2seq prepare arxiv --years 2015-2019 --limit 200000 --output data/arxiv"
DESCRIPTION = (
    "A GRU encoder-decoder with attention and a pointer reads an abstract of a scientific paper in English, cased, and "
    "writes a title. A word tokenizer; words outside its vocabulary are copied from the abstract."
)
LICENCE = "weights: MIT, as the package; corpus: metadata of arXiv, CC0 1.0"
LIMITS = [
    "Made for abstracts of physics, mathematics, computer science and their neighbours on arXiv. Abstracts of other "
    "fields, such as medicine or history, get titles in the style of arXiv.",
    "Not made for news, e-mail, whole papers, or languages other than English.",
    "A title can be more general than the paper, can repeat a phrase, or can name a method or a result that the "
    "abstract does not have. Check each title before you use it.",
    "Hyphens inside words are often lost in the corpus, so titles can lack them.",
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--config", type=Path, default=Path("configs/titles.yaml"))
    parser.add_argument("--corpus", type=Path, default=Path("data/arxiv"), help="output of `seq2seq prepare arxiv`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/titles"), help="folder of the run and of the test")
    parser.add_argument("--checkpoint", type=Path, help="a trained checkpoint: it is exported and tested, not trained")
    parser.add_argument("--name", default="titles", help="name of the shipped model")
    parser.add_argument("--models", type=Path, default=FOLDER, help="folder of the shipped models")
    parser.add_argument("--preparation", nargs="+", default=[PREPARATION], help="the commands before, for the card")
    parser.add_argument("--trials", type=int, default=10_000, help="resamples of the 95 %% intervals")
    args, options = parser.parse_known_args()

    common = ["--config", args.config, "--seed_everything", str(args.seed), "--trainer.logger", "false"]
    for split in SPLITS:
        common += [f"--data.corpus.{split}", args.corpus / f"{split}.jsonl"]
    if not args.checkpoint:
        run_seq2seq("fit", *common, "--trainer.default_root_dir", args.output, *options)
    trained = args.checkpoint or args.output / "last.ckpt"
    shipped, tested = args.models / f"{args.name}.ckpt", args.output / "test"
    run_seq2seq("export", "model", "--checkpoint", trained, "--output", shipped)
    size = (ROOT / shipped).stat().st_size
    if size > GREATEST:
        raise SystemExit(f"{shipped}: {size:,} bytes, but at most {GREATEST:,} are shipped; train a smaller network")
    run_seq2seq("test", *common, "--ckpt_path", shipped, "--trainer.default_root_dir", tested)
    result = score(ROOT / tested / "predictions.jsonl", args.trials)
    write_card(args, options, ROOT / shipped, result)


def score(predictions: Path, trials: int) -> Comparison:
    """ROUGE of the tested model, and of the first words of the abstracts, with 95 % intervals."""
    pairs = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    texts = {"titles": [pair["prediction"] for pair in pairs]}
    for count in BASELINES:
        texts[f"first {count} words"] = [first_words(count)(pair["document"]) for pair in pairs]
    return compare([pair["reference"] for pair in pairs], texts, trials=trials)


def write_card(args: argparse.Namespace, fit_options: list[str], shipped: Path, result: Comparison) -> None:
    """Writes the card of the exported checkpoint, and prints its figures as lines of a Markdown table."""
    model = Summarizer.from_checkpoint(shipped, device="cpu")
    options = model.options
    scores = {name: result.systems[0].scores[score] for name, score in FIGURES.items()}
    card = Card(
        title="titles for abstracts of scientific papers",
        description=f"{DESCRIPTION} At most {model.max_document_tokens} tokens of an abstract are read.",
        language="English",
        corpus="abstracts and titles of arXiv: " + ", ".join(described(args.corpus, split) for split in SPLITS),
        licence=LICENCE,
        training=[*args.preparation, command(args, fit_options)],
        evaluation=f"test split, {result.pairs:,} pairs, beam {options.beam_size}, length penalty "
        f"{options.length_penalty:g}, no {options.no_repeat_ngram_size}-gram twice, weights in float16 as shipped; "
        f"{result.signature}",
        figures={
            name: {"value": round(s.value, 2), "low": round(s.low, 2), "high": round(s.high, 2)}
            for name, s in scores.items()
            if s.low is not None and s.high is not None
        },
        limits=LIMITS,
        parameters=sum(weight.numel() for weight in model.network.parameters()),
        seed=args.seed,
        default=True,
    )
    card.write(shipped.with_suffix(".json"))
    print(f"{shipped}: {shipped.stat().st_size / 1e6:.1f} MB\n\n| system | {' | '.join(FIGURES)} |\n|---|---|---|---|")
    for system in result.systems:
        found = [system.scores[score] for score in FIGURES.values()]
        print(f"| {system.name} | " + " | ".join(f"{s.value:.2f} ({s.low:.2f}-{s.high:.2f})" for s in found) + " |")


def command(args: argparse.Namespace, fit_options: list[str]) -> str:
    """The command of this training, for the card."""
    words = ["python benchmarks/train_titles.py --corpus", f"data/{args.corpus.name}", "--seed", str(args.seed)]
    return " ".join([*words, *fit_options])


def described(corpus: Path, split: str) -> str:
    """The number of pairs of a split and, if the rows have dates, the first and the last one."""
    with open(ROOT / corpus / f"{split}.jsonl", encoding="utf-8") as lines:
        rows = [json.loads(line).get("date") for line in lines]
    dates = sorted(filter(None, rows))
    period = f" of {dates[0]} to {dates[-1]}" if dates else ""
    return f"{len(rows):,} pairs for {split}{period}"


if __name__ == "__main__":
    main()
