"""Growth: what preparing and training cost with 40,000, 400,000 and 4,000,000 pairs, and decoding 1,000,000 lines.

python benchmarks/scale.py [--sizes 40000 400000 4000000] [--folder runs/scale] [--decode 100000 1000000]

The pairs are invented newswire (data/newswire/generate.py), written before anything is measured. Every start is a fresh
process; the first of a size has an empty cache. Memory is the highest sum, over the process and its children, of what
/proc/PID/status gives every 50 ms: anonymous pages (RssAnon: what the program itself needs) and all resident pages
(VmRSS: with those of memory-mapped files, which the system takes back when it needs them; pages that two processes
share count twice).
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
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

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
    """`pairs` pairs in files of `SHARD`; those that are there already are used again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"part-{i:03}.jsonl" for i in range(-(-pairs // SHARD))]
    with ProcessPoolExecutor() as pool:
        list(pool.map(write_shard, [file for file in files if not file.exists()]))
    return files


# ---- measuring


class Peak(NamedTuple):
    """Highest memory of a process and its children, in MB, and their processor time, in seconds."""

    anonymous: float
    resident: float
    cpu: float


def watched(command: list[str | Path], environment: dict[str, str], **settings: Any) -> tuple[str, float, Peak]:
    """Run a command: (its output, seconds, peak memory)."""
    start, before, peak = time.perf_counter(), cpu_time(), [0, 0]
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment, **settings
    )

    def watch() -> None:
        while process.poll() is None:
            total = [sum(values) for values in zip((0, 0), *map(memory, family(process.pid)), strict=True)]
            peak[:] = map(max, peak, total)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = process.communicate()[0]
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return output, time.perf_counter() - start, Peak(peak[0] / 1e3, peak[1] / 1e3, cpu_time() - before)


def cpu_time() -> float:
    """Processor seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def family(pid: int) -> list[int]:
    """A process and its children, theirs included."""
    members = [pid]
    for member in members:
        try:
            for tasks in Path(f"/proc/{member}/task").iterdir():
                members += map(int, (tasks / "children").read_text().split())
        except OSError:  # it has ended
            continue
    return members


def memory(pid: int) -> tuple[int, int]:
    """(anonymous, all resident) pages of a process in kB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines) if " kB" in rest}
    return sizes.get("RssAnon", 0), sizes.get("VmRSS", 0)


def start_up(config: Path) -> None:
    """In a fresh process: everything up to the first batch, then an epoch of the sampler. Prints the seconds."""
    import yaml

    from seq2seq.data.bucketing import BatchOptions
    from seq2seq.data.corpora import CorpusOptions
    from seq2seq.data.tokenizer import TokenizerOptions
    from seq2seq.datamodule import HeadlineData

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


def grow(corpus: list[Path], folder: Path) -> str:
    """One line of the table."""
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
    output, first, peak = watched(command, environment)
    figures = json.loads(output.splitlines()[-1])
    output, second, again = watched(command, environment)
    figures["sampler"] = json.loads(output.splitlines()[-1])["sampler"]
    _, _, training = watched([sys.executable, "-m", "seq2seq", "fit", "--config", config], environment)
    work = figures["read"] + figures["vocabulary"] + figures["encode"]
    disk = sum(f.stat().st_size for f in cache.rglob("*") if f.is_file()) / 1e6
    text = sum(file.stat().st_size for file in corpus) / 1e6
    shutil.rmtree(cache)
    return (
        f"| {figures['pairs']:,} | {figures['read']:.1f} + {figures['vocabulary']:.1f} + {figures['encode']:.1f} "
        f"| {figures['pairs'] / work:,.0f} | {peak.anonymous:,.0f} / {peak.resident:,.0f} | {text:,.0f} -> {disk:,.0f} "
        f"| {first:.1f} ({peak.cpu:.1f}) | {second:.1f} ({again.cpu:.1f}) "
        f"| {again.anonymous:,.0f} / {again.resident:,.0f} "
        f"| {figures['sampler']:.2f} ({figures['batches']:,}) | {training.anonymous:,.0f} / {training.resident:,.0f} |"
    )


HEADER = (
    "| pairs | read + vocabulary + encode, s | pairs/s | memory, MB | JSON Lines -> cache, MB | first start, s (CPU) "
    "| second start, s (CPU) | its memory, MB | sampler, s an epoch (batches) | memory of 50 training steps, MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def decode(corpus: list[Path], folder: Path, counts: list[int]) -> list[str]:
    """Stream lines through `seq2seq decode` with a tiny network: lines of a table."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HF_DATASETS_CACHE": str(folder.resolve() / "cache"), "HF_HUB_OFFLINE": "1"}
    train = folder / "part-000.jsonl"
    with corpus[0].open() as lines:
        train.write_text("".join(islice(lines, 4000)))
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder.resolve(), validation=train.resolve()).replace("50000", "1000"))
    watched([sys.executable, "-m", "seq2seq", "fit", "--config", config], environment)
    rows = []
    for count in counts:
        source, target = folder / f"{count}.txt", folder / "headlines.txt"
        with source.open("w") as output:
            lines = (json.loads(line)["document"] for file in corpus for line in file.open())
            output.writelines(f"{line}\n" for line in islice(lines, count))
        command = [sys.executable, "-m", "seq2seq", "decode", "--checkpoint", folder / "run" / "last.ckpt"]
        _, seconds, peak = watched([*command, "--input", source, "--output", target], environment)
        with target.open() as output:
            written = sum(1 for _ in output)
        rows.append(
            f"| {count:,} | {written:,} | {count / seconds:,.0f} | {peak.anonymous:,.0f} / {peak.resident:,.0f} |"
        )
        source.unlink()
    return rows


DECODE_HEADER = "| lines in | lines out | lines/s | memory, MB |\n|---|---|---|---|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[40_000, 400_000, 4_000_000], help="multiples of 40,000"
    )
    parser.add_argument("--decode", type=int, nargs="*", default=[100_000, 1_000_000], metavar="LINES")
    parser.add_argument("--folder", type=Path, default=Path("runs/scale"))
    parser.add_argument("--start-up", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.start_up:
        start_up(args.start_up)
        return
    print(f"{machine()}\n", flush=True)
    files = generate(args.folder / "corpus", max([*args.sizes, *args.decode]))
    if args.sizes:
        print("Memory: anonymous / all resident pages.\n\n" + HEADER, flush=True)
    for size in args.sizes:
        print(grow(files[: size // SHARD], args.folder / str(size)), flush=True)
    if args.decode:
        print("\n" + DECODE_HEADER, flush=True)
        print("\n".join(decode(files, args.folder / "decode", args.decode)), flush=True)


if __name__ == "__main__":
    main()
