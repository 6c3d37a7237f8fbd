"""Growth: the cost of preparing and training with 40,000, 400,000 and 4,000,000 pairs, and of decoding 1,000,000 lines.

python benchmarks/scale.py [--sizes 40000 400000 4000000] [--decode 100000 1000000] [--limit-mb 2000]

The pairs are invented newswire (data/newswire/generate.py), written before the measurements. Every start is a fresh
process that must read corpus and cache from the disk. The first start of a size has an empty cache.

Memory is the highest sum over the process and its children, in two figures. The first sums anonymous pages, which the
program itself needs (RssAnon of /proc/PID/status, read every 50 ms). The second sums all mapped pages, and counts a
page of n processes as 1/n for each (Pss of /proc/PID/smaps_rollup, read in a twentieth of the time). It includes
memory-mapped files, which the system takes back when it needs memory.

With --limit-mb every command runs in its own memory cgroup, which also counts the page cache of files that it reads and
writes. A command that needs more than the limit is killed. Needs root.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from common import ROOT, machine

SHARD = 40_000
NAMES = 200_000  # places, companies and surnames (each)
CONFIG = """
seed_everything: 1
data:
  corpus: {{train: "{folder}/part-*.jsonl", validation: {validation}, test: {validation}}}
  tokenizer: {{kind: word, vocab_size: 50000}}
  batches: {{tokens: 4000}}
  max_document_tokens: 80
  max_summary_tokens: 30
model:
  network: {{embedding_size: 32, encoder_size: 32, decoder_size: 32}}
  search: {{beam_size: 1, max_length: 10}}
trainer:
  accelerator: cpu
  max_steps: 50
  val_check_interval: 50
  limit_val_batches: 1
  logger: false
  log_every_n_steps: 10
  default_root_dir: {folder}/run
"""


# ---- generating


def write_shard(file: Path) -> None:
    sys.path.insert(0, str(ROOT / "data" / "newswire"))
    from generate import generate_pairs, write_split

    temporary = file.with_suffix(".tmp")
    write_split(temporary, generate_pairs(f"scale {int(file.stem[5:])}", SHARD, names=NAMES))
    temporary.replace(file)


def generate(folder: Path, pairs: int) -> list[Path]:
    """Returns files of `SHARD` pairs each with `pairs` pairs in all; existing files are used again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"part-{i:03}.jsonl" for i in range(-(-pairs // SHARD))]
    with ProcessPoolExecutor() as pool:
        list(pool.map(write_shard, [file for file in files if not file.exists()]))
    return files


# ---- measuring


class Group:
    """A memory cgroup (version 1 or 2) for one command and its children."""

    def __init__(self, megabytes: int, root: Path = Path("/sys/fs/cgroup")) -> None:
        self.version = 1 if (root / "memory").is_dir() else 2
        self.folder = (root / "memory" if self.version == 1 else root) / f"seq2seq-scale-{os.getpid()}"
        try:
            self.folder.mkdir()
            limit = self.folder / ("memory.limit_in_bytes" if self.version == 1 else "memory.max")
            limit.write_text(str(megabytes * 1_000_000))
        except OSError as error:
            if self.folder.is_dir():
                self.folder.rmdir()
            raise SystemExit(
                f"--limit-mb: a memory cgroup can't be made here, neither version 1 nor 2 ({error}): "
                "run as root where one of them is mounted and writable, or measure without a limit"
            ) from error

    def command(self, words: Iterable[str]) -> list[str]:
        """The same command, started inside the group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"), *words]

    def usage(self) -> Usage:
        if self.version == 1:
            peak, reached, killed = "memory.max_usage_in_bytes", "memory.failcnt", "memory.oom_control"
        else:
            peak, reached, killed = "memory.peak", "memory.events", "memory.events"
        return Usage(self._read(peak) / 1e6, self._read(reached, "max"), self._read(killed, "oom_kill"))

    def _read(self, file: str, key: str = "") -> int:
        """The number in a file, or in the line of the file that begins with the key."""
        words = (self.folder / file).read_text().split()
        return int(words[words.index(key) + 1 if key in words else 0])


class Usage(NamedTuple):
    """Usage of a group: highest memory in MB, times at the limit, and processes killed at the limit."""

    peak: float
    reached: int
    killed: int


class Peak(NamedTuple):
    """Highest memory of a process and its children, in MB, and their processor time, in seconds."""

    anonymous: float
    mapped: float
    cpu: float
    group: Usage | None

    @property
    def memory(self) -> str:
        """A cell of the table."""
        cell = f"{self.anonymous:,.0f} / {self.mapped:,.0f}"
        if self.group:
            cell += f" / {self.group.peak:,.0f} ({self.group.reached:,}, {self.group.killed})"
        return cell


def watched(
    command: list[str | Path], environment: dict[str, str], limit_mb: int | None, read: Iterable[Path] = ()
) -> tuple[str, float, Peak]:
    """Runs a command; returns its output, its seconds and its peak memory.

    Args:
        read: files that are removed from the page cache first.
    """
    for file in read:
        forget(file)
    words, group = [str(word) for word in command], None
    if limit_mb:
        group = Group(limit_mb)
        words = group.command(words)
    start, before = time.perf_counter(), cpu_time()
    anonymous = mapped = 0
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)

    def watch() -> None:
        nonlocal anonymous, mapped
        rest = 0.0  # until the next look at mapped pages
        while process.poll() is None:
            members = family(process.pid)
            anonymous = max(anonymous, sum(kilobytes(pid, "status", "RssAnon") for pid in members))
            if time.perf_counter() > rest:
                began = time.perf_counter()
                mapped = max(mapped, sum(kilobytes(pid, "smaps_rollup", "Pss") for pid in members))
                rest = time.perf_counter() + 20 * (time.perf_counter() - began)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = process.communicate()[0]
    watcher.join()
    seconds, usage = time.perf_counter() - start, None
    if group:
        usage = group.usage()
        group.folder.rmdir()
    if process.returncode:
        raise SystemExit(f"{command} failed" + (f"; {usage}" if usage else ""))
    return output, seconds, Peak(anonymous / 1e3, mapped / 1e3, cpu_time() - before, usage)


def forget(file: Path) -> None:
    """Removes a file from the page cache. Its next reader reads it from the disk, and owns its pages."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cpu_time() -> float:
    """Processor seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    members = [pid]
    for member in members:
        try:
            for tasks in Path(f"/proc/{member}/task").iterdir():
                members += map(int, (tasks / "children").read_text().split())
        except OSError:  # it has ended
            continue
    return members


def kilobytes(pid: int, file: str, key: str) -> int:
    """A value in a file of a process in /proc, in kB; 0 if the process has ended."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{key}:")), 0)


def start_up(config: Path) -> None:
    """Runs all work up to the first batch, then an epoch of the sampler; prints the seconds. Needs a fresh process."""
    import yaml

    from seq2seq.data.bucketing import BatchOptions
    from seq2seq.data.corpora import CorpusOptions
    from seq2seq.data.tokenizer import TokenizerOptions
    from seq2seq.training.datamodule import HeadlineData

    section = yaml.safe_load(config.read_text())["data"]
    kinds = {"corpus": CorpusOptions, "tokenizer": TokenizerOptions, "batches": BatchOptions}
    data = HeadlineData(**{name: kinds[name](**value) if name in kinds else value for name, value in section.items()})
    seconds, last = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[name], last = now - last, now

    pairs = len(data.split("train"))
    lap("read")
    _ = data.tokenizer
    lap("vocabulary")
    loader = data.train_dataloader()
    lap("encode")
    next(iter(loader))
    lap("first batch")
    batches = sum(1 for _ in loader.sampler)
    lap("sampler")
    print(json.dumps({"pairs": pairs, "batches": batches, **seconds}))


def grow(corpus: list[Path], folder: Path, limit_mb: int | None) -> str:
    """Measures one size; returns a line of the table."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in corpus:
        (folder / file.name).symlink_to(file.resolve())
    validation = folder / "validation.jsonl"
    with corpus[0].open() as lines:
        validation.write_text("".join(islice(lines, 100)))
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder.resolve(), validation=validation.resolve()))
    cache = folder.resolve() / "cache"
    environment = {**os.environ, "HF_DATASETS_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    command: list[str | Path] = [sys.executable, __file__, "--start-up", config]
    output, first, peak = watched(command, environment, limit_mb, corpus)
    figures = json.loads(output.splitlines()[-1])
    cached = [file for file in cache.rglob("*") if file.is_file()]
    output, second, again = watched(command, environment, limit_mb, cached)
    figures["sampler"] = json.loads(output.splitlines()[-1])["sampler"]
    fit: list[str | Path] = [sys.executable, "-m", "seq2seq", "fit", "--config", config]
    _, _, training = watched(fit, environment, limit_mb, cached)
    work = figures["read"] + figures["vocabulary"] + figures["encode"]
    disk = sum(file.stat().st_size for file in cached) / 1e6
    text = sum(file.stat().st_size for file in corpus) / 1e6
    shutil.rmtree(cache)
    return (
        f"| {figures['pairs']:,} | {figures['read']:.1f} + {figures['vocabulary']:.1f} + {figures['encode']:.1f} "
        f"| {figures['pairs'] / work:,.0f} | {peak.memory} | {text:,.0f} -> {disk:,.0f} "
        f"| {first:.1f} ({peak.cpu:.1f}) | {second:.1f} ({again.cpu:.1f}) | {again.memory} "
        f"| {figures['sampler']:.2f} ({figures['batches']:,}) | {training.memory} |"
    )


HEADER = (
    "| pairs | read + vocabulary + encode, s | pairs/s | memory, MB | JSON Lines -> cache, MB | first start, s (CPU) "
    "| second start, s (CPU) | its memory, MB | sampler, s an epoch (batches) | memory of 50 training steps, MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def decode(corpus: list[Path], folder: Path, counts: list[int], limit_mb: int | None) -> Iterator[str]:
    """Streams lines through `seq2seq decode` with a tiny network; yields lines of a table."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HF_DATASETS_CACHE": str(folder.resolve() / "cache"), "HF_HUB_OFFLINE": "1"}
    train = folder / "part-000.jsonl"
    with corpus[0].open() as lines:
        train.write_text("".join(islice(lines, 4000)))
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder.resolve(), validation=train.resolve()).replace("50000", "1000"))
    watched([sys.executable, "-m", "seq2seq", "fit", "--config", config], environment, None)
    for count in counts:
        source, target = folder / f"{count}.txt", folder / "headlines.txt"
        with source.open("w") as output:
            lines = (json.loads(line)["document"] for file in corpus for line in file.open())
            output.writelines(f"{line}\n" for line in islice(lines, count))
        command = [sys.executable, "-m", "seq2seq", "decode", "--checkpoint", folder / "run" / "last.ckpt"]
        _, seconds, peak = watched([*command, "--input", source, "--output", target], environment, limit_mb, [source])
        with target.open() as output:
            written = sum(1 for _ in output)
        source.unlink()
        yield f"| {count:,} | {written:,} | {count / seconds:,.0f} | {peak.memory} |"


DECODE_HEADER = "| lines in | lines out | lines/s | memory, MB |\n|---|---|---|---|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[40_000, 400_000, 4_000_000], help="multiples of 40,000"
    )
    parser.add_argument("--decode", type=int, nargs="*", default=[100_000, 1_000_000], metavar="LINES")
    parser.add_argument("--limit-mb", type=int, help="run every command under a hard limit of memory")
    parser.add_argument("--folder", type=Path, default=Path("runs/scale"))
    parser.add_argument("--start-up", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.start_up:
        start_up(args.start_up)
        return
    files = generate(args.folder / "corpus", max([*args.sizes, *args.decode]))
    print(f"{machine()}; load {os.getloadavg()[0]:.1f} at the start")
    print("Memory, MB: anonymous / all that is mapped", end="")
    if args.limit_mb:
        print(f" / cgroup, page cache included (times at the limit of {args.limit_mb:,} MB, processes killed)", end="")
    print("\n\n" + (HEADER if args.sizes else DECODE_HEADER), flush=True)
    for size in args.sizes:
        print(grow(files[: size // SHARD], args.folder / str(size), args.limit_mb), flush=True)
    if args.decode:
        if args.sizes:
            print("\n" + DECODE_HEADER, flush=True)
        for row in decode(files, args.folder / "decode", args.decode, args.limit_mb):
            print(row, flush=True)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
