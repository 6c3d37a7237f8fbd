"""The common ground of the benchmarks: processes of their own, metrics of runs, lines of tables.

A script imports this module before torch: it sets the environment variables that torch reads when it is loaded.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seq2seq.environment import prepare_process
from seq2seq.scoring import KINDS, SETTINGS, mean_scores, score_pair

prepare_process()

ROOT = Path(__file__).resolve().parents[1]


SMALL = ROOT / "configs" / "published" / "small"
ACCELERATORS = {"cpu": "cpu", "cuda": "gpu"}
"""The names of Lightning's trainer for the devices of torch."""


def config_of(system: str) -> Path:
    """The config of a system: a name in configs/published/small, or a file."""
    return Path(system) if system.endswith((".yaml", ".yml")) else SMALL / f"{system}.yaml"


def threads() -> int:
    """The number of threads that torch will use."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def machine() -> str:
    """The processor, Python and torch of this machine, in one line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{os.cpu_count()} cores, {name}; Python {platform.python_version()}, torch {version('torch')}"


def run_seq2seq(*arguments: str | Path, threads: int | None = None, folder: Path | None = None) -> None:
    """Runs the command `seq2seq`. Its output goes to a log in the run's folder if one is named, else to the terminal.

    Args:
        threads: of torch; None = those of this process.
        folder: of the log; None = `--trainer.default_root_dir`, if it is among the arguments.

    Raises SystemExit if the command fails.
    """
    environment = dict(os.environ)
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    words = [str(a) for a in arguments]
    if folder is None and "--trainer.default_root_dir" in words:
        folder = Path(words[words.index("--trainer.default_root_dir") + 1])
    command = [sys.executable, "-m", "seq2seq", *words]
    if folder is None:
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
        return
    (ROOT / folder).mkdir(parents=True, exist_ok=True)
    with open(ROOT / folder / f"{words[0]}.log", "w") as log:
        status = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT).returncode
    if status:
        raise SystemExit(f"{' '.join(command)} failed; see {folder / (words[0] + '.log')}")


def run_python(*arguments: str | Path, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Runs a Python script in a fresh process, and returns the JSON object in the last line of its output.

    Args:
        environment: environment variables that are added to those of this process.

    Raises SystemExit if the script fails.
    """
    command = [sys.executable, *map(str, arguments)]
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def metrics(folder: Path) -> dict[str, float]:
    """metrics.json of a run."""
    return json.loads((ROOT / folder / "metrics.json").read_text())


def side_by_side(jobs: Sequence[Callable[[], None]], workers: int) -> None:
    """Runs jobs, `workers` at a time. Each job starts processes of its own."""
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()


def lead(documents: Iterable[str], references: Iterable[str], cut: Callable[[str], str]) -> dict[str, float]:
    """ROUGE of the lead baseline: the beginning of each document, as `cut` returns it, is its headline."""
    return mean_scores([score_pair(r, cut(d)) for d, r in zip(documents, references, strict=True)])


def first_words(count: int) -> Callable[[str], str]:
    return lambda document: " ".join(document.split()[:count])


def median_range(values: Sequence[float], digits: int = 2) -> str:
    """The median of some values with their range: "median (lowest-highest)"."""
    median, *bounds = (f"{x:,.{digits}f}" for x in (statistics.median(values), min(values), max(values)))
    return f"{median} ({'-'.join(bounds)})"


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratios of values that were measured in the same rounds."""
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def row(name: str, scores: dict[str, float]) -> str:
    """The scores of one run as a line of a Markdown table; the table begins with `HEADER`."""
    figures = " | ".join(f"{scores[kind]:.2f}" for kind in KINDS)
    rest = [
        f"{scores[key]:.1f} %" if key in scores else "-" for key in ("unk_share", "novel_unigrams", "repeated_bigrams")
    ]
    return f"| {name} | {figures} | {' | '.join(rest)} |"


def spread(name: str, runs: Sequence[dict[str, float]]) -> str:
    """The scores of several seeds as one line: mean (lowest-highest)."""

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


def title(subject: str) -> str:
    """The lines above a table of scores, and its head."""
    return f"{subject}\n{machine()}; {SETTINGS}\n\n{HEADER}"
