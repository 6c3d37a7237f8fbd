"""Joey NMT, OpenNMT-py and Yoyodyne beside this project: the same sizes, the same words, in turn, in one run.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/peers/install.py                       # environments of their own for the three, in .peers/
    python benchmarks/peers/compare.py --prepare             # data and one checkpoint for each, once (some 20 minutes)
    python benchmarks/peers/compare.py                       # 3 rounds of everything: some 11 minutes on 2 idle cores
    python benchmarks/peers/compare.py --systems ours joey --measures decode --rounds 5

A round runs every measure of every system once, each in a process of its own, A B C D, then the next measure; rounds
follow each other (A B C D A B C D). Ratios are ours / theirs of the same round, so that what slows the machine down for
a while slows down both; the table has the median and (lowest-highest) of the rounds.

Sizes: one vocabulary of 10,000 words for documents and headlines, embeddings 128, bidirectional GRU encoder with 128
units for each direction, GRU decoder with 256 units and attention, dropout 0.2, Adam 1e-3, clipping 1.0, 64 pairs a
batch, documents of at most 80 words, headlines of at most 20 words when searching. float32, the same number of threads.

Measured for all systems alike:
- training: words of documents and headlines a second (no padding, no symbols of start and end), between the ends of
  optimizer steps in the toolkit's own loop, data loading included, after a warm-up;
- greedy and beam-5 search: headlines a second over the whole test split in a warm process, from text to text, in the
  batch size that was fastest for that toolkit (Yoyodyne's beam: over its first 6 documents);
- start: seconds of the whole process of the toolkit's command line for one document, greedy, files in the disk's cache;
- memory: the highest resident set of the (main) process while training, searching, and in that start.

Differences, besides those in the first lines of each driver:
- ours has two decoder layers and the pointer, the others one layer and no pointer; ours has no input feeding, Joey NMT
  and OpenNMT-py have (their decoders as they come), which makes them go through time step by step in training;
- ours uses one matrix for embeddings and output (2.8 million weights), the others two (4.7 million);
- ours puts documents of similar length into a batch in training, OpenNMT-py too, Joey NMT and Yoyodyne do not;
- each model writes headlines of another length, which determines the work of a search: the table has the mean number of
  words. The checkpoints are of one or two epochs: enough to end the headlines, but not to compare quality.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shared

from seq2seq.environment import PROCESS

HERE = Path(__file__).resolve().parent
DRIVERS = {"ours": "ours.py", "joey": "joey.py", "opennmt": "opennmt.py", "yoyodyne": "yoyo.py"}
NAMES = {"ours": "ours", "joey": "Joey NMT 2.3.0", "opennmt": "OpenNMT-py 3.5.1", "yoyodyne": "Yoyodyne 0.5.0"}
MEASURES = ("train", "decode", "start")
STEPS = {"ours": 80, "joey": 25, "opennmt": 32, "yoyodyne": 16}  # some 15 seconds each
Figure = Callable[[dict[str, dict[str, Any]]], float]
FIGURES: list[tuple[str, str, Figure, str]] = [  # title, measure, where the figure is, format
    ("training, words/s", "train", lambda found: found["train"]["words_per_second"], ",.0f"),
    ("a training step, ms", "train", lambda found: found["train"]["step_ms"], ",.0f"),
    ("greedy, headlines/s", "decode", lambda found: found["decode"]["1"]["sentences_per_second"], ",.0f"),
    ("beam 5, headlines/s", "decode", lambda found: found["decode"]["5"]["sentences_per_second"], ",.1f"),
    ("start to first headline, s", "start", lambda found: found["start"]["seconds"], ".2f"),
    ("peak memory training, MB", "train", lambda found: found["train"]["peak_mb"], ",.0f"),
    ("peak memory searching, MB", "decode", lambda found: found["decode"]["peak_mb"], ",.0f"),
    ("peak memory of one headline, MB", "start", lambda found: found["start"]["peak_mb"], ",.0f"),
]


def python(system: str) -> Path:
    """The interpreter of a system's environment."""
    if system == "ours":
        return Path(sys.executable)
    found = shared.FOLDER / system / "venv" / "bin" / "python"
    if not (shared.FOLDER / system / "venv" / "whole.txt").exists():
        raise SystemExit(f"{NAMES[system]} is not installed; run `python benchmarks/peers/install.py {system}` first")
    return found


def drive(system: str, verb: str, threads: int, device: str, *more: str, folder: Path | None = None) -> dict[str, Any]:
    """Runs a verb of a driver in its environment and returns the result. The output of the driver goes to a log.

    Args:
        folder: of the result and the log (default: .peers/SYSTEM/VERB).

    Raises SystemExit if the driver fails.
    """
    folder = folder or shared.run_folder(system, verb)
    output, log = folder / f"{verb}.json", folder / f"{verb}.log"
    output.unlink(missing_ok=True)
    command = [python(system), HERE / DRIVERS[system], verb, "--output", output]
    command += ["--threads", str(threads), "--device", device, *more]
    environment = dict(os.environ)
    if system != "ours":  # the other toolkits run without our modules and without our settings of libraries
        for name in ("PYTHONPATH", *PROCESS):
            environment.pop(name, None)
    start = time.perf_counter()
    with open(log, "w") as sink:
        status = subprocess.run(command, stdout=sink, stderr=subprocess.STDOUT, env=environment, cwd=shared.ROOT)
    if status.returncode:
        raise SystemExit(f"{NAMES[system]}, {verb}: ended with {status.returncode}; see {log}")
    print(f"    {NAMES[system]}: {verb}, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return json.loads(output.read_text())


def prepare(options: argparse.Namespace) -> None:
    """The token files, as for the comparison of quality, and a checkpoint of each system where there is none."""
    if not (shared.DATA / "vocabulary.txt").exists():
        sys.path.append(str(HERE.parent))  # behind this folder: benchmarks/common.py is not ours to shadow
        from reuters import tokenised

        corpus = Path("data/reuters21578")
        if not (shared.ROOT / corpus / "train.jsonl").exists():
            raise SystemExit("no corpus; run `seq2seq prepare reuters21578 --output data/reuters21578` first")
        tokens = shared.ROOT / "runs/reuters/tokens"
        tokenised(corpus, tokens)
        shared.prepare(tokens)
    for system in options.systems:
        if not (shared.FOLDER / system / "fit" / "done.json").exists():
            print(f"{NAMES[system]}: training a checkpoint, once", file=sys.stderr, flush=True)
            drive(system, "fit", options.threads, options.device, "--epochs", str(options.epochs))


def machine(options: argparse.Namespace) -> str:
    """Where, with what, and how."""
    name, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    words = [python(options.systems[0]), "-c", "import torch; print(torch.__version__)"]
    version = subprocess.run(words, capture_output=True, text=True).stdout.strip()
    load = f"load before {os.getloadavg()[0]:.1f}"
    return (
        f"{os.cpu_count()} cores, {name}; Python {platform.python_version()}, torch {version}; {options.device}, "
        f"{options.threads} threads; {options.rounds} rounds; {load}"
    )


def cell(values: list[float], form: str) -> str:
    """median (lowest-highest)"""
    median = f"{statistics.median(values):{form}}"
    return median if len(values) == 1 else f"{median} ({min(values):{form}}-{max(values):{form}})"


def table(rounds: list[dict[str, dict[str, dict[str, Any]]]], options: argparse.Namespace) -> str:
    """The figures of all rounds: rounds[i][system][measure]."""
    lines = [f"| | {' | '.join(NAMES[s] for s in options.systems)} |", "|---" * (1 + len(options.systems)) + "|"]
    for title, measure, figure, form in FIGURES:
        if measure not in options.measures:
            continue
        values = {s: [figure(found[s]) for found in rounds] for s in options.systems}
        lines.append(f"| {title} | {' | '.join(cell(values[s], form) for s in options.systems)} |")
        if "ours" not in values or len(values) == 1:
            continue
        ratios = {
            s: cell([a / b for a, b in zip(values["ours"], values[s], strict=True)], ".2f") if s != "ours" else ""
            for s in options.systems
        }
        lines.append(f"| &nbsp;&nbsp;ours / theirs, round by round | {' | '.join(ratios.values())} |")
    last = rounds[-1]
    if "decode" in options.measures:
        for beam, title in (("1", "greedy"), ("5", "beam 5")):
            searches = [last[s]["decode"][beam] for s in options.systems]
            lengths = [f"{x['mean_words']:.1f}" for x in searches]
            lines.append(f"| words of a headline, {title} | {' | '.join(lengths)} |")
            batches = [f"{x['batch']}; {x['documents']}" for x in searches]
            lines.append(f"| documents a batch; documents, {title} | {' | '.join(batches)} |")
    if "train" in options.measures:
        trained = [last[s]["train"] for s in options.systems]
        sizes = [f"{x['parameters'] / 1e6:.2f}; {x['words_per_step']:,.0f}" for x in trained]
        lines.append(f"| million weights; words a step | {' | '.join(sizes)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", choices=list(DRIVERS), default=list(DRIVERS))
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--prepare", action="store_true", help="only what is needed once: data and checkpoints")
    parser.add_argument("--epochs", type=int, default=2, help="of those checkpoints")
    parser.add_argument("--output", type=Path, help="also write all that was found, as JSON")
    options = parser.parse_args()
    for system in options.systems:
        python(system)
    prepare(options)
    if options.prepare:
        return
    title, rounds = machine(options), []
    for number in range(1, options.rounds + 1):
        print(f"round {number} of {options.rounds}", file=sys.stderr, flush=True)
        found: dict[str, dict[str, dict[str, Any]]] = {system: {} for system in options.systems}
        for measure in options.measures:
            for system in options.systems:
                steps = ["--steps", str(STEPS[system])] if measure == "train" else []
                found[system][measure] = drive(system, measure, options.threads, options.device, *steps)
        rounds.append(found)
        if options.output:
            options.output.write_text(json.dumps(rounds, indent=1))
    print(f"{title}\n\n{table(rounds, options)}")


if __name__ == "__main__":
    main()
