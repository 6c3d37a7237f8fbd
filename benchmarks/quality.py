"""Quality of several systems on one corpus: trained in turn, scored on the test split, compared with the first.

The tables of RESULTS.md, in the order in which they stand there:

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/peers/install.py joey opennmt
    python benchmarks/quality.py --corpus configs/reuters21578.yaml                       # all systems, three seeds
    python benchmarks/quality.py --corpus configs/reuters21578.yaml --epochs 3 --learning-rate 3e-3
    python benchmarks/quality.py --corpus configs/reuters21578.yaml --device cuda --jobs 12
    python benchmarks/quality.py --corpus configs/reuters21578.yaml --report              # the table again, no training
    python benchmarks/time_to_quality.py --corpus configs/reuters21578.yaml               # minutes until a goal
    python benchmarks/quality.py --corpus configs/arxiv.yaml --systems ours pointer_generator2017 seass2017 opennmt \\
        --seeds 1 --steps 1000 --learning-rate 3e-3 --minutes 8.4 --output runs/quality-arxiv

A system is a file of `configs/published/small`, a config file of your own, or `joey` or `opennmt`. Its config is laid
over that of the corpus. Joey NMT and OpenNMT-py have the sizes of `configs/published/small`, and train on our tokens
(`peers/token_files.py`). A training ends with its epochs, or after `--minutes`; then the peers have no limit of
epochs. The minutes of our systems begin with the first batch and contain the validations. Those of the peers begin with
the process and contain none. `--steps` is a limit of our systems that takes the place of the minutes. Their learning
rate falls until the last step. The best checkpoint on validation, by ROUGE-L, is tested with the beam size of the
config; everything else in the searches of the peers is their default. `<unk>` is forbidden for all systems alike,
unless the config allows it. References are the texts of the corpus.
Headlines are joined from tokens by our tokenizer, for all systems alike.

Complete runs in `--output` are kept, so a second call goes on; delete a folder to train it again. `--jobs` trains
several systems side by side, each with one thread: the minutes of the curves are then no measure of speed.

`--report` prints the tables of the runs that exist in `--output`, and names those that are missing. Each row states
its seeds. The scores of a pair are averaged over the seeds before they are resampled, so intervals and p-values are
about the documents; the range over the seeds stands beside them. `--predictions NAME=FILE` adds the output of another
program, one line for each test document.

`--save FILE` writes the scores of all runs without any text, and `--scores FILE` reads them. So a new system can be
compared with those of a table that others have trained, pair by pair:

    python benchmarks/quality.py --corpus configs/reuters21578.yaml --report \\
        --scores benchmarks/scores/reuters21578-3-epochs.npz --predictions mine=headlines.txt

The second table reports headlines apart that begin with a word which the document lacks. Most of these words cannot be
known: the headline of a table of earnings begins with the company's name, which the table often lacks. The rule reads
reference and document alone. `--apart-words net loss qtr` keeps those of them that also contain one of these words.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import ACCELERATORS, ROOT, SMALL, config_of, first_words, machine, run_seq2seq, side_by_side, threads
from outputs import Outputs

from seq2seq.scoring import KINDS, normalized_words
from seq2seq.scoring.significance import Metric, Resampled, resample

sys.path.append(str(ROOT / "benchmarks" / "peers"))
if TYPE_CHECKING:
    from token_files import TokenFiles

PEERS = ("joey", "opennmt")
VALIDATION = re.compile(r"^epoch (\d+): validation  ROUGE-1 ([\d.]+)")
CHECKPOINTS = 10
"""Checkpoints of a peer whose training ends after some minutes."""


def fit(folder: Path, options: list[str], threads: int) -> None:
    """Trains in `folder`, and writes curve.json: (minutes since the start, validation ROUGE-1) of each validation."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "seq2seq", "fit", *options]
    curve: list[tuple[float, float]] = []
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    with (
        open(folder / "fit.log", "w", encoding="utf-8") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
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


def train_all(args: argparse.Namespace, folder: Callable[[str, int], Path]) -> None:
    """Trains and tests the systems once for each seed, `--jobs` at a time. Complete runs are left as they are."""
    corpus = None
    if any(system in PEERS for system in args.systems):
        from token_files import TokenFiles

        import runs

        runs.check_installed(args.systems)
        corpus = TokenFiles(args.corpus, ROOT / args.output / "tokens")
    waiting = [(system, seed) for seed in args.seeds for system in args.systems if not complete(folder(system, seed))]
    side_by_side([partial(train, args, *run, folder(*run), corpus) for run in waiting], args.jobs)


def train(args: argparse.Namespace, system: str, seed: int, place: Path, corpus: TokenFiles | None) -> None:
    """Trains and tests a system in the folder `place`. A peer needs the token files of the corpus."""
    count = 1 if args.jobs > 1 else args.threads
    if corpus and system in PEERS:
        import runs

        settings, where = corpus.settings, runs.Machine(count, args.device)
        if args.minutes:
            limits = runs.Limits(minutes=args.minutes, every=args.minutes / CHECKPOINTS)
        else:
            limits = runs.Limits(epochs=args.epochs or settings["trainer"]["max_epochs"])
        runs.train(system, corpus, place, seed, limits, where)
        runs.test(system, corpus, place, settings["model"]["search"]["beam_size"], where)
        return
    options = [word for config in args.corpus for word in ("--config", config)]
    options += ["--config", str(config_of(system)), "--trainer.default_root_dir", str(place)]
    options += ["--seed_everything", str(seed), "--trainer.accelerator", ACCELERATORS[args.device]]
    options += ["--trainer.devices", "1", "--trainer.logger", "false"]
    if args.learning_rate is not None:
        options += ["--model.optimizer.learning_rate", str(args.learning_rate)]
    limit = [] if args.minutes is None else ["--trainer.max_time", _duration(args.minutes)]
    limit += [] if args.epochs is None else ["--trainer.max_epochs", str(args.epochs)]
    if args.steps is not None:
        limit = ["--trainer.max_steps", str(args.steps), "--trainer.max_epochs", "-1"]
    fit(place, [*options, *limit], count)
    run_seq2seq("test", *options, threads=count)


def complete(folder: Path) -> bool:
    """Whether a run has been tested."""
    return (folder / "metrics.json").exists() and (folder / "predictions.jsonl").exists()


def read_runs(runs: dict[str, dict[int, Path]], test_split: Callable[[], Outputs] | None = None) -> Outputs:
    """The outputs of the runs that are complete.

    Args:
        runs: the folder of each system and seed.
        test_split: makes empty outputs if no run is complete.

    Raises SystemExit if two runs have other references, or if no run is complete and `test_split` is None.
    """
    outputs = None
    for name, folders in runs.items():
        for seed, folder in folders.items():
            if not complete(folder):
                continue
            lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
            pairs = [json.loads(line) for line in lines]
            references = [pair["reference"] for pair in pairs]
            outputs = outputs or Outputs([pair["document"] for pair in pairs], references)
            if references != outputs.references:
                raise SystemExit(
                    f"{folder}: the references differ from those of the other runs; test all systems on one corpus"
                )
            curve = json.loads((folder / "curve.json").read_text()) if (folder / "curve.json").exists() else []
            best = max(score for _, score in curve) if curve else None
            outputs.add(name, [pair["prediction"] for pair in pairs], str(seed), best)
    if outputs is None and test_split is None:
        raise SystemExit(f"no complete run; missing: {'; '.join(missing_runs(Outputs([], []), runs))}")
    return outputs or test_split()  # type: ignore[misc]


def missing_runs(outputs: Outputs, runs: dict[str, dict[int, Path]]) -> list[str]:
    """The names of the runs that are neither complete nor in a file of scores."""
    return [
        f"{name}, seed {seed}"
        for name, folders in runs.items()
        for seed in folders
        if str(seed) not in outputs.runs.get(name, {})
    ]


def unknowable(document: str, reference: str, words: Sequence[str] = ()) -> bool:
    """Whether a headline begins with a word that its document lacks, and contains one of `words`, if there are any.

    Words are those of ROUGE, not stemmed.
    """
    known, headline = normalized_words("auto", [document, reference])
    return bool(headline) and headline[0] not in known and (not words or not set(words).isdisjoint(headline))


def resampled(scores: dict[str, list[np.ndarray]], rows: np.ndarray, trials: int) -> Resampled:
    """Scores, intervals and p-values of the pairs `rows`."""
    means = [np.mean(runs, axis=0)[rows] for runs in scores.values()]
    return resample(Metric(KINDS, means, lambda sums: sums / len(rows)), trials, 1)


def main_table(outputs: Outputs, trials: int) -> str:
    """A row for each system: scores, range over the seeds, 95 % interval, p-values against the first system."""
    found = resampled(outputs.scores(), np.arange(len(outputs.references)), trials)
    first = next(iter(outputs.runs))
    heads = ["system", "seeds", "R1", "range", "95 %", "R2", "RL", f"p against {first}: bootstrap", "randomisation"]
    heads += ["repeated bigrams", "`<unk>`", "validation R1"]
    lines = [_cells(heads), "|---" * len(heads) + "|"]
    for number, (name, runs) in enumerate(outputs.runs.items()):
        of_seeds = [run.scores.mean(axis=0)[0] for run in runs.values()]
        low, high = found.bounds[number, 0]
        r1, r2, rl = found.scores[number]
        shares = [np.mean([getattr(run, key) for run in runs.values()]) for key in ("repeated_bigrams", "unk_share")]
        validation = [run.validation for run in runs.values() if run.validation is not None]
        cells = [name, " ".join(runs), f"{r1:.2f}"]
        cells += [f"{min(of_seeds):.2f}-{max(of_seeds):.2f}" if len(runs) > 1 else "-", f"{low:.2f}-{high:.2f}"]
        cells += [f"{r2:.2f}", f"{rl:.2f}", *_p_values(found, number), *(f"{share:.1f} %" for share in shares)]
        cells.append(f"{np.mean(validation):.2f}" if validation else "-")
        lines.append(_cells(cells))
    return "\n".join(lines)


def apart_table(scores: dict[str, list[np.ndarray]], apart: np.ndarray, trials: int) -> str:
    """A row for each system: scores of the pairs that are reported apart, and of the rest with interval and p-values.

    Args:
        apart: [pairs] whether a pair is reported apart. Some pairs are, and some are not.
    """
    aside, rest = (resampled(scores, np.flatnonzero(rows), trials) for rows in (apart, ~apart))
    first = next(iter(scores))
    heads = ["system", f"apart ({apart.sum()}): R1", "R2", "RL", f"the rest ({(~apart).sum()}): R1", "95 %", "R2", "RL"]
    heads += [f"p against {first}: bootstrap", "randomisation"]
    lines = [_cells(heads), "|---" * len(heads) + "|"]
    for number, name in enumerate(scores):
        low, high = rest.bounds[number, 0]
        r1, *others = (f"{score:.2f}" for score in rest.scores[number])
        cells = [name, *(f"{score:.2f}" for score in aside.scores[number]), r1, f"{low:.2f}-{high:.2f}", *others]
        lines.append(_cells([*cells, *_p_values(rest, number)]))
    return "\n".join(lines)


def _p_values(found: Resampled, number: int) -> list[str]:
    """Both p-values of ROUGE-1 of a system; none for the first one."""
    tests = (found.bootstrap_p, found.randomization_p)
    return [f"{p[number - 1, 0]:.4f}" if number else "" for p in tests]


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def test_split(args: argparse.Namespace) -> Outputs:
    """The documents and references of the corpus, without any output."""
    from token_files import TokenFiles

    pairs = TokenFiles(args.corpus, ROOT / args.output / "tokens").pairs("test")
    return Outputs([pair["document"] for pair in pairs], [pair["reference"] for pair in pairs])


def report(args: argparse.Namespace, runs: dict[str, dict[int, Path]]) -> None:
    """Prints the tables of the runs that exist."""
    outputs = read_runs(runs, partial(test_split, args) if args.scores else None)
    for file in args.scores:
        outputs.add_saved(file, list(runs))
    outputs.sort(list(runs))
    if args.save:
        outputs.save(args.save)
    missing = missing_runs(outputs, runs)
    for given in args.predictions:
        name, _, file = given.partition("=")
        outputs.add(name, Path(file).read_text(encoding="utf-8").splitlines())
    outputs.add(f"first {args.first_words} words", list(map(first_words(args.first_words), outputs.documents)))
    epochs = f"{args.epochs} epochs" if args.epochs else "all epochs"
    limit = f"{args.minutes:g} minutes of training" if args.minutes else epochs
    limit = f"{args.steps:,} steps of ours, {limit} of the peers" if args.steps else limit
    limit = f"runs of {args.output} and {', '.join(map(str, args.scores))}" if args.scores else limit
    limit += f", learning rate {args.learning_rate:g} of ours" if args.learning_rate else ""
    count = len(outputs.references)
    if missing:
        print(f"missing: {'; '.join(missing)}\n")
    print(f"{' + '.join(args.corpus)}, test split ({count:,} pairs), {limit}")
    print(f"{machine()}; rouge-score F1, stemmer on, percent; {args.trials:,} resamples, seed 1\n")
    print(main_table(outputs, args.trials))
    pairs = zip(outputs.documents, outputs.references, strict=True)
    apart = np.array([unknowable(document, reference, args.apart_words) for document, reference in pairs])
    if not 0 < apart.sum() < count:
        print(f"\n{apart.sum()} of {count:,} headlines begin with a word that the document lacks.")
        return
    words = f" and contain one of the words {', '.join(args.apart_words)}" if args.apart_words else ""
    print(f"\nApart: headlines that begin with a word which the document lacks{words}: {apart.sum()} of {count:,}.")
    print("Words are those of ROUGE, not stemmed; the rule reads reference and document alone.\n")
    print(apart_table(outputs.scores(), apart, args.trials))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", required=True, metavar="CONFIG", help="configs with data and search")
    systems = ["ours", *sorted(file.stem for file in SMALL.glob("*.yaml") if file.stem != "ours"), *PEERS]
    parser.add_argument("--systems", nargs="+", default=systems, metavar="NAME|CONFIG")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, help="of each training (default: those of the config)")
    parser.add_argument("--minutes", type=float, help="time of each training (default: no limit)")
    parser.add_argument("--steps", type=int, help="optimizer steps of each training of ours, in place of the minutes")
    parser.add_argument("--learning-rate", type=float, help="of our systems (default: that of the config)")
    parser.add_argument("--device", default="cpu", choices=list(ACCELERATORS))
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side, each with one thread")
    parser.add_argument("--threads", type=int, default=threads(), help="of a training, if there is one at a time")
    parser.add_argument("--predictions", nargs="+", default=[], metavar="NAME=FILE", help="outputs of other programs")
    parser.add_argument("--first-words", type=int, default=8, metavar="N", help="words of the lead baseline")
    parser.add_argument("--apart-words", nargs="+", default=[], metavar="WORD", help="of headlines reported apart")
    parser.add_argument("--trials", type=int, default=10_000, help="resamples for intervals and p-values")
    parser.add_argument("--output", type=Path, default=Path("runs/quality"))
    scores = "files of scores of runs that are not in --output"
    parser.add_argument("--scores", type=Path, nargs="+", default=[], metavar="FILE", help=scores)
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the scores of all runs to this .npz file")
    parser.add_argument("--report", action="store_true", help="only print the tables of existing runs")
    args = parser.parse_args()

    def folder(system: str, seed: int) -> Path:
        return ROOT / args.output / f"{Path(system).stem}-{seed}"

    if not args.report:
        train_all(args, folder)
    report(args, {Path(system).stem: {seed: folder(system, seed) for seed in args.seeds} for system in args.systems})


def _duration(minutes: float) -> str:
    """Days:hours:minutes:seconds, as the trainer reads a duration."""
    seconds = round(60 * minutes)
    return f"{seconds // 86400:02}:{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


if __name__ == "__main__":
    main()
