"""Time to quality: minutes of training until the validation ROUGE-1 reaches a goal, and ROUGE-1 after some minutes.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/peers/install.py joey opennmt
    python benchmarks/time_to_quality.py --corpus configs/reuters21578.yaml --systems ours joey opennmt \\
        --minutes 20 --every 0.5 --after 2 5 10 20 --reach 28.0 27.7 joey opennmt
    python benchmarks/time_to_quality.py ... --report       # the same options: only the tables of existing runs

All systems are trained in turn (A B C, A B C, once for each seed) with the same number of threads. A training writes a
checkpoint every `--every` minutes and decodes nothing. Afterwards each checkpoint decodes the validation split: greedy
search, the config's longest headline, `<unk>` forbidden unless the config allows it. ROUGE-1 is computed by the scorer
of `seq2seq test`, on the text that our tokenizer makes of the tokens, for all systems alike.

Minutes are those of the training process from its start, without the writing of checkpoints: they contain imports and
the reading of the corpus, and no search on the validation split. Our own systems end with the epochs of their config,
because their learning rate falls to zero by then. The others have a constant rate and go on until `--minutes`.

`--reach NAME` is the highest validation ROUGE-1 of system NAME with the same seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from common import ROOT, config_of, machine, median_range, threads

sys.path.append(str(ROOT / "benchmarks" / "peers"))

Curve = list[tuple[float, float]]
"""Minutes of training and validation ROUGE-1 of each checkpoint."""
LATE = 0.05
"""Minutes by which a checkpoint may be late: it is written after the batch in which its time has come."""


def minutes_until(curve: Curve, rouge: float) -> float | None:
    """The minutes of the first checkpoint that reached a score; None if none did."""
    return next((minutes for minutes, score in curve if score >= rouge), None)


def best_after(curve: Curve, minutes: float) -> float | None:
    """The highest score of the checkpoints within some minutes, the one due at the end included; None without any."""
    return max((score for time, score in curve if time <= minutes + LATE), default=None)


def summary(values: Sequence[float | None], digits: int) -> str:
    """The median of the seeds with their range; "not reached" or a share where some have no value."""
    found = [value for value in values if value is not None]
    if not found:
        return "-"
    text = median_range(found, digits) if len(found) > 1 else f"{found[0]:.{digits}f}"
    return text if len(found) == len(values) else f"{text}, {len(found)} of {len(values)} seeds"


def table(curves: dict[str, dict[int, Curve]], after: Sequence[float], reach: Sequence[str]) -> str:
    """The rows of all systems, over the seeds that each of them has."""
    heads = ["system", "seeds", "minutes trained", "best R1"]
    heads += [f"R1 after {minutes:g} min" for minutes in after]
    heads += [f"minutes until {goal}" for goal in reach]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, runs in curves.items():
        if not runs:
            continue
        cells = [name, " ".join(map(str, runs)), summary([curve[-1][0] for curve in runs.values()], 1)]
        cells.append(summary([max(score for _, score in curve) for curve in runs.values()], 2))
        cells += [summary([best_after(curve, minutes) for curve in runs.values()], 2) for minutes in after]
        for goal in reach:
            cells.append(summary([_until(curve, goal, curves, seed) for seed, curve in runs.items()], 1))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _until(curve: Curve, goal: str, curves: dict[str, dict[int, Curve]], seed: int) -> float | None:
    if goal not in curves:
        return minutes_until(curve, float(goal))
    other = curves[goal].get(seed)
    return minutes_until(curve, max(score for _, score in other)) if other else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", required=True, metavar="CONFIG", help="configs with data and search")
    parser.add_argument(
        "--systems", nargs="+", default=["ours", "joey", "opennmt"], metavar="NAME|CONFIG", help="as in quality.py"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--minutes", type=float, default=20, help="of each training, at most")
    parser.add_argument("--every", type=float, default=0.5, help="minutes between two checkpoints")
    parser.add_argument("--after", type=float, nargs="+", default=[2, 5, 10, 20], metavar="MINUTES")
    parser.add_argument("--reach", nargs="+", default=["28.0", "27.7"], metavar="R1|NAME", help="goals, or systems")
    parser.add_argument("--threads", type=int, default=threads())
    parser.add_argument("--output", type=Path, default=Path("runs/time_to_quality"))
    parser.add_argument("--report", action="store_true", help="only print the table of existing runs")
    args = parser.parse_args()
    names = {Path(system).stem: system for system in args.systems}
    for goal in args.reach:
        if goal not in names and not goal.replace(".", "", 1).isdigit():
            parser.error(f"--reach {goal}: neither a number nor one of the systems {', '.join(names)}")

    def folder(name: str, seed: int) -> Path:
        return ROOT / args.output / f"{name}-{seed}"

    if not args.report:
        _train(args, names, folder)
    curves: dict[str, dict[int, Curve]] = {name: {} for name in names}
    missing = []
    for name in names:
        for seed in args.seeds:
            file = folder(name, seed) / "curve.json"
            if file.exists():
                curves[name][seed] = [tuple(point) for point in json.loads(file.read_text())]
            else:
                missing.append(f"{name}, seed {seed}")
    if missing:
        print(f"missing: {'; '.join(missing)}\n")
    print(f"{' + '.join(args.corpus)}, validation split, greedy, a checkpoint every {args.every:g} minutes")
    print(f"{machine()}, {args.threads} threads; medians (and ranges) over the seeds\n")
    print(table(curves, args.after, args.reach))


def _train(args: argparse.Namespace, names: dict[str, str], folder: Callable[[str, int], Path]) -> None:
    from token_files import TokenFiles

    import runs

    runs.check_installed(args.systems)
    corpus = TokenFiles(args.corpus, ROOT / args.output / "tokens")
    limits, where = runs.Limits(minutes=args.minutes, every=args.every), runs.Machine(args.threads)
    for seed in args.seeds:
        for name, system in names.items():
            place = folder(name, seed)
            (place / "curve.json").unlink(missing_ok=True)
            if system in runs.PEERS:
                runs.train(system, corpus, place, seed, limits, where)
            else:
                configs = [*corpus.configs, str(config_of(system).resolve())]
                runs.train("ours", corpus, place, seed, limits, where, configs)


if __name__ == "__main__":
    main()
