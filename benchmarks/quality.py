"""Quality of several systems on one corpus: trained from configs, scored on the test split, compared with the first.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/quality.py --corpus configs/reuters21578.yaml                       # all systems, three seeds
    python benchmarks/quality.py --corpus configs/arxiv.yaml --systems ours seass2017 --seeds 1 --minutes 20
    python benchmarks/quality.py --corpus configs/reuters21578.yaml --predictions joey=joey.txt --report

A system is a file of `configs/published/small`, or a config file of your own. Its config is laid over that of the
corpus. Training ends with the epochs of the config, or after `--minutes`. The best checkpoint on validation is tested.

The scores of a pair are averaged over the seeds before they are resampled, so intervals and p-values are about the
documents; the range over the seeds stands beside them. `--predictions NAME=FILE` adds the output of another program,
one line for each test document. Time to quality is read from the times at which `fit` printed its validations.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from common import ROOT, first_words, machine, metrics, run_seq2seq

from seq2seq.scoring import KINDS, score_pair
from seq2seq.scoring.significance import Metric, resample

SMALL = ROOT / "configs" / "published" / "small"
VALIDATION = re.compile(r"^epoch (\d+): validation  ROUGE-1 ([\d.]+)")


def config_of(system: str) -> Path:
    """The config of a system: a name in configs/published/small, or a file."""
    return Path(system) if system.endswith((".yaml", ".yml")) else SMALL / f"{system}.yaml"


def fit(folder: Path, options: list[str]) -> None:
    """Trains in `folder`, and writes curve.json: (minutes since the start, validation ROUGE-1) of each validation."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "seq2seq", "fit", *options]
    curve: list[tuple[float, float]] = []
    start = time.perf_counter()
    with (
        open(folder / "fit.log", "w", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            log.flush()
            if found := VALIDATION.match(line):
                curve.append(((time.perf_counter() - start) / 60, float(found[2])))
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed; see {folder / 'fit.log'}")
    (folder / "curve.json").write_text(json.dumps(curve))


def pairs_of(folder: Path) -> list[dict[str, str]]:
    """The tested documents, references and predictions of a run, in the order of the corpus."""
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]


def minutes_until(curve: list[list[float]], rouge: float) -> str:
    """The time of the first validation that reached a score."""
    return next((f"{minutes:.1f}" for minutes, score in curve if score >= rouge), "not reached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", required=True, metavar="CONFIG", help="configs with data and search")
    systems = ["ours", *sorted(file.stem for file in SMALL.glob("*.yaml") if file.stem != "ours")]
    parser.add_argument("--systems", nargs="+", default=systems, metavar="NAME|CONFIG")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, help="time of each training (default: epochs of the config)")
    parser.add_argument("--predictions", nargs="+", default=[], metavar="NAME=FILE", help="outputs of other programs")
    parser.add_argument("--reach", type=float, nargs="+", default=[], metavar="R1", help="goals of the time to quality")
    parser.add_argument("--first-words", type=int, default=8, metavar="N", help="words of the lead baseline")
    parser.add_argument("--trials", type=int, default=10_000, help="resamples for intervals and p-values")
    parser.add_argument("--output", type=Path, default=Path("runs/quality"))
    parser.add_argument("--report", action="store_true", help="only print the tables of existing runs")
    args = parser.parse_args()

    def folder(system: str, seed: int) -> Path:
        return ROOT / args.output / f"{Path(system).stem}-{seed}"

    corpus = [word for config in args.corpus for word in ("--config", config)]
    for seed in [] if args.report else args.seeds:
        for system in args.systems:
            place = folder(system, seed)
            common = [*corpus, "--config", str(config_of(system)), "--trainer.default_root_dir", str(place)]
            common += ["--seed_everything", str(seed), "--trainer.accelerator", "cpu", "--trainer.logger", "false"]
            limit = [] if args.minutes is None else ["--trainer.max_time", _duration(args.minutes)]
            fit(place, [*common, *limit])
            run_seq2seq("test", *common)

    runs = {system: [folder(system, seed) for seed in args.seeds] for system in args.systems}
    tested = pairs_of(runs[args.systems[0]][0])
    documents, references = [p["document"] for p in tested], [p["reference"] for p in tested]
    outputs = {Path(system).stem: [[p["prediction"] for p in pairs_of(run)] for run in runs[system]] for system in runs}
    for given in args.predictions:
        name, _, file = given.partition("=")
        outputs[name] = [Path(file).read_text(encoding="utf-8").splitlines()]
    outputs[f"first {args.first_words} words"] = [list(map(first_words(args.first_words), documents))]
    _print_scores(args, outputs, references, {Path(system).stem: runs[system] for system in runs})
    _print_curves(args, {Path(system).stem: runs[system] for system in runs})


def _print_scores(
    args: argparse.Namespace, outputs: dict[str, list[list[str]]], references: list[str], runs: dict[str, list[Path]]
) -> None:
    """A table with a line for each system: scores, range over the seeds, 95 % interval, p-values against the first."""
    by_seed = {
        name: [
            100 * np.array([score_pair(reference, text) for reference, text in zip(references, texts, strict=True)])
            for texts in seeds
        ]
        for name, seeds in outputs.items()
    }
    means = [np.mean(scores, axis=0) for scores in by_seed.values()]
    found = resample(Metric(KINDS, means, lambda sums: sums / len(references)), args.trials, 1)
    limit = f"{args.minutes:g} minutes of training" if args.minutes else "all epochs"
    print(f"{' + '.join(args.corpus)}, test split ({len(references):,} pairs), seeds {args.seeds}, {limit}")
    print(f"{machine()}; rouge-score F1, stemmer on, percent; {args.trials:,} resamples, seed 1\n")
    print("| system | R1 | seeds | 95 % | R2 | RL | p (bootstrap) | p (randomisation) | repeated bigrams | `<unk>` |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for number, (name, seeds) in enumerate(by_seed.items()):
        r1, r2, rl = found.scores[number]
        of_seeds = [scores.mean(axis=0)[0] for scores in seeds]
        low, high = found.bounds[number, 0]
        tests = ["", ""]
        if number:
            tests = [f"{found.bootstrap_p[number - 1, 0]:.4f}", f"{found.randomization_p[number - 1, 0]:.4f}"]
        figures = [metrics(run) for run in runs.get(name, [])]
        shares = [np.mean([f[key] for f in figures]) if figures else None for key in ("repeated_bigrams", "unk_share")]
        rest = ["-" if share is None else f"{share:.1f} %" for share in shares]
        cells = [name, f"{r1:.2f}", f"{min(of_seeds):.2f}-{max(of_seeds):.2f}", f"{low:.2f}-{high:.2f}"]
        print("| " + " | ".join([*cells, f"{r2:.2f}", f"{rl:.2f}", *tests, *rest]) + " |")


def _print_curves(args: argparse.Namespace, runs: dict[str, list[Path]]) -> None:
    """Minutes until some scores on the validation split, and the best score there, of the first seed."""
    print(
        "\n| system | best validation R1 | minutes | " + " | ".join(f"minutes until {x:g}" for x in args.reach) + " |"
    )
    print("|---|---|---|" + "---|" * len(args.reach))
    for name, (first, *_) in runs.items():
        curve = json.loads((first / "curve.json").read_text())
        best = max(score for _, score in curve)
        reached = [minutes_until(curve, rouge) for rouge in args.reach]
        print("| " + " | ".join([name, f"{best:.2f}", f"{curve[-1][0]:.1f}", *reached]) + " |")


def _duration(minutes: float) -> str:
    """Days:hours:minutes:seconds, as the trainer reads a duration."""
    seconds = round(60 * minutes)
    return f"{seconds // 86400:02}:{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


if __name__ == "__main__":
    main()
