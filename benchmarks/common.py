"""What the quality benchmarks share: run `seq2seq` in a process of its own, read its metrics, print a table."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from seq2seq.scoring.rouge import KINDS, SETTINGS, mean_scores, score_pair

ROOT = Path(__file__).resolve().parents[1]


def machine() -> str:
    """This machine and the libraries that matter, in a line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{os.cpu_count()} cores, {name}; Python {platform.python_version()}, torch {torch.__version__}"


def seq2seq(*arguments: str | Path, threads: int | None = None) -> None:
    """Run the command; its output goes to a log in the run's folder if one is named, else to the terminal."""
    environment = dict(os.environ)
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    words = [str(a) for a in arguments]
    folder = (
        Path(words[words.index("--trainer.default_root_dir") + 1]) if "--trainer.default_root_dir" in words else None
    )
    command = [sys.executable, "-m", "seq2seq", *words]
    if folder is None:
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
        return
    (ROOT / folder).mkdir(parents=True, exist_ok=True)
    with open(ROOT / folder / f"{words[0]}.log", "w") as log:
        status = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT).returncode
    if status:
        raise SystemExit(f"{' '.join(command)} failed; see {folder / (words[0] + '.log')}")


def metrics(folder: Path) -> dict[str, float]:
    """metrics.json of a run."""
    return json.loads((ROOT / folder / "metrics.json").read_text())


def side_by_side(jobs: Sequence[Callable[[], None]], workers: int) -> None:
    """Run jobs, `workers` at a time (each starts processes of its own)."""
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()


def lead(documents: Iterable[str], references: Iterable[str], cut: Callable[[str], str]) -> dict[str, float]:
    """ROUGE of a document's own beginning as its headline."""
    return mean_scores([score_pair(r, cut(d)) for d, r in zip(documents, references, strict=True)])


def first_words(count: int) -> Callable[[str], str]:
    return lambda document: " ".join(document.split()[:count])


def row(name: str, scores: dict[str, float]) -> str:
    """A line of a Markdown table for one run."""
    figures = " | ".join(f"{scores[kind]:.2f}" for kind in KINDS)
    rest = [
        f"{scores[key]:.1f} %" if key in scores else "-" for key in ("unk_share", "novel_unigrams", "repeated_bigrams")
    ]
    return f"| {name} | {figures} | {' | '.join(rest)} |"


def spread(name: str, runs: Sequence[dict[str, float]]) -> str:
    """A line for several seeds: mean (lowest-highest)."""

    def cell(key: str, digits: int, unit: str = "") -> str:
        values = [run[key] for run in runs]
        mean = sum(values) / len(values)
        bounds = f" ({min(values):.{digits}f}-{max(values):.{digits}f})" if len(values) > 1 else ""
        return f"{mean:.{digits}f}{unit}{bounds}"

    cells = [cell(kind, 2) for kind in KINDS]
    cells += [cell(key, 1, " %") for key in ("unk_share", "novel_unigrams", "repeated_bigrams")]
    return f"| {name} | {' | '.join(cells)} |"


HEADER = (
    "| system | R1 | R2 | RL | headlines with `<unk>` | novel words | repeated bigrams |\n|---|---|---|---|---|---|---|"
)


def title(what: str) -> str:
    return f"{what}\n{machine()}; {SETTINGS}\n\n{HEADER}"
