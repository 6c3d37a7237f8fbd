"""The common ground of the drivers in `benchmarks/peers`. It needs only the standard library, and torch where a driver
has loaded it, because each driver runs in the environment of its toolkit, without our package.

A driver is called `python DRIVER.py VERB [options]`, with the Python of its environment:

    train   a few optimizer steps of the toolkit's own training loop, with a time stamp at each
    fit     an epoch or more of it, once, for a checkpoint under .peers/NAME/fit
    decode  headlines for the whole test split in a warm process: seconds of the search, loading left out
    start   the toolkit's own command line for a file of one line, from the start of its process to its end
    learn   a whole training in the folder --run, with a checkpoint at the end of each epoch or every few minutes
    write   the headlines of such checkpoints for a split

`compare.py` calls the first four, which measure speed on the data in .peers/data. `runs.py` calls the last two, on the
token files of any corpus. Each writes one JSON object to --output. A word is a word of the token files: padding and the
symbols for start and end of a sentence are never counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
"""When this process began."""
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".peers"
DATA = FOLDER / "data"
VOCABULARY = 10_000  # four special symbols included
EMBEDDING, ENCODER, DECODER, DROPOUT = 128, 128, 256, 0.2
LEARNING_RATE, CLIPPING, BATCH, MAX_LENGTH = 1e-3, 1.0, 64, 20
UNTRUSTED = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
"""Lets torch load checkpoints that hold pickled objects. Only for those that the drivers have written themselves."""


def lines(split: str, column: str, data: Path = DATA) -> list[str]:
    """The token file of a split: a document or summary a line."""
    return (data / f"{split}.{column}.txt").read_text(encoding="utf-8").split("\n")[:-1]


def prepare(tokens: Path) -> None:
    """Make .peers/data from the token files of `benchmarks/reuters.py`: links to them, the vocabulary that all peers
    share (the most frequent words of documents and headlines), and one document for `start`."""
    DATA.mkdir(parents=True, exist_ok=True)
    for source in tokens.glob("*.*.txt"):
        link = DATA / source.name
        if not link.exists():
            link.symlink_to(source.resolve())
    counts = Counter(w for column in ("document", "summary") for line in lines("train", column) for w in line.split())
    words = sorted(counts, key=lambda word: (-counts[word], word))[: VOCABULARY - 4]
    (DATA / "vocabulary.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    (DATA / "one.txt").write_text(lines("test", "document")[0] + "\n", encoding="utf-8")


def run_folder(name: str, verb: str) -> Path:
    """Where a driver's verb leaves its files."""
    folder = FOLDER / name / verb
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Steps:
    """Counts words and records the end of each optimizer step, with a hook of torch that all toolkits pass.

    steps = Steps(cuda=False)
    ... steps.words(n, model) before each step, from a wrapped training step ...
    steps.result(warmup)
    """

    def __init__(self, cuda: bool) -> None:
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook

        self.counts: list[int] = []
        self.parameters = 0  # of the model; shared ones once
        self.times: list[float] = []

        def stamp(*_: Any) -> None:
            if cuda:
                torch.cuda.synchronize()
            self.times.append(time.perf_counter())

        register_optimizer_step_post_hook(stamp)

    def words(self, count: int, model: Any) -> None:
        self.counts.append(int(count))
        self.parameters = self.parameters or sum(p.numel() for p in model.parameters())

    def result(self, warmup: int) -> dict[str, Any]:
        """Words a second and milliseconds a step after the first `warmup` (at least one) steps."""
        if len(self.times) != len(self.counts) or len(self.times) <= warmup:
            raise SystemExit(f"{len(self.times)} steps, {len(self.counts)} batches counted, {warmup} to warm up")
        seconds = self.times[-1] - self.times[warmup - 1]
        words, steps = sum(self.counts[warmup:]), len(self.times) - warmup
        return {
            "words_per_second": words / seconds,
            "step_ms": 1e3 * seconds / steps,
            "words_per_step": words / steps,
            "parameters": self.parameters,
            "times": [t - self.times[0] for t in self.times],
            "words": self.counts,
        }


UNLIMITED = 10**6
"""Epochs of a training that ends after some minutes."""


class TimeIsOver(Exception):
    """Ends a training in a toolkit that has no limit of time."""


class Checkpoints:
    """Writes the checkpoints of a training, and measures the time of the training alone.

    The time begins with the process. It contains imports and the reading of the data. It does not contain the writing
    of checkpoints. Nothing is validated during the training: `write` decodes the checkpoints afterwards.

    checkpoints = Checkpoints(args, epoch_steps=268)
    ... checkpoints.save = ... before the first optimizer step, from a wrapped training step ...
    checkpoints.finish()

    Args:
        args: `run`, `every` and `minutes` of the command line.
        epoch_steps: optimizer steps of an epoch.

    Attributes:
        save: writes the model to a file. The driver sets it.
        stop: called if the time is over.
    """

    save: Callable[[Path], None]

    def __init__(self, args: argparse.Namespace, epoch_steps: int) -> None:
        from torch.optim.optimizer import register_optimizer_step_post_hook

        self.folder, self.every, self.limit, self.epoch_steps = args.run, args.every, args.minutes, epoch_steps
        self.steps, self.written = 0, []  # type: int, list[dict[str, Any]]
        self._saving = 0.0
        self._due = self.every
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("checkpoint-*.pt"):
            old.unlink()
        self.remove_hook = register_optimizer_step_post_hook(self._after_step).remove

    def stop(self) -> None:
        raise TimeIsOver

    def minutes(self) -> float:
        """Minutes of training so far."""
        return (time.perf_counter() - STARTED - self._saving) / 60

    def finish(self) -> dict[str, Any]:
        """Writes the last checkpoint, unless it is written. Returns file, step and minutes of each."""
        if not self.steps:
            raise SystemExit("the training ended without an optimizer step")
        if not self.written or self.written[-1]["step"] != self.steps:
            self._write()
        return {"checkpoints": self.written}

    def _after_step(self, *_: Any) -> None:
        self.steps += 1
        minutes = self.minutes()
        over = self.limit is not None and minutes >= self.limit
        if over or (minutes >= self._due if self.every else self.steps % self.epoch_steps == 0):
            self._write()
        if over:
            self.stop()

    def _write(self) -> None:
        minutes, start = self.minutes(), time.perf_counter()
        file = self.folder / f"checkpoint-{self.steps}.pt"
        self.save(file)
        self.written.append({"file": str(file), "step": self.steps, "minutes": minutes})
        if self.every:
            self._due = self.every * (minutes // self.every + 1)
        self._saving += time.perf_counter() - start


def timed_search(search: Callable[[], Sequence[str]], least: float = 3.0) -> dict[str, Any]:
    """Seconds of a search over a whole set (median of as many as fit into `least` seconds), and what it wrote."""
    seconds, cpu = [], time.process_time()
    while not seconds or sum(seconds) < least:
        start = time.perf_counter()
        headlines = search()
        seconds.append(time.perf_counter() - start)
    found = searched(headlines, statistics.median(seconds))
    return {**found, "cpu_seconds": (time.process_time() - cpu) / len(seconds), "searches": len(seconds)}


def searched(headlines: Sequence[str], seconds: float) -> dict[str, Any]:
    """The same where the seconds are known."""
    return {
        "seconds": seconds,
        "documents": len(headlines),
        "sentences_per_second": len(headlines) / seconds,
        "mean_words": statistics.mean(len(headline.split()) for headline in headlines),
        "sample": list(headlines[:3]),
    }


def timed_command(
    words: Sequence[str | Path], headline: Callable[[str], str], stdin: Path | None = None, **environment: str
) -> dict[str, Any]:
    """Run a toolkit's own command twice, the first time to warm the disk's cache; seconds and peak memory of the
    second, whole process. `headline` finds what it wrote, given its standard output."""
    for _ in range(2):
        with open(stdin or os.devnull, "rb") as source, open(FOLDER / "start.out", "wb") as out:
            start = time.perf_counter()
            process = subprocess.Popen(
                [str(word) for word in words],
                stdin=source,
                stdout=out,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, **environment},
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}; run it to see why")
    written = headline((FOLDER / "start.out").read_text(encoding="utf-8")).strip()
    if not written:
        raise SystemExit(f"{' '.join(map(str, words))} wrote no headline")
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss / 1024, "sample": [written]}


def main(name: str, doc: str, verbs: dict[str, Callable[[argparse.Namespace], dict[str, Any]]]) -> None:
    """The command line of a driver. A verb is a function of the options that returns what --output shall hold."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=list(verbs))
    parser.add_argument("--output", type=Path, help="where the JSON goes (default: standard output)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--steps", type=int, default=30, help="of `train`, after the warm-up")
    parser.add_argument("--warmup", type=int, default=5, help="steps of `train` that are not counted")
    parser.add_argument("--epochs", type=int, default=2, help="of `fit` and `learn`; 0 = as in the config, or no limit")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 5], help="of `decode`; 1 is greedy")
    parser.add_argument("--batch-size", type=int, help="of `decode` (default: the fastest found for this toolkit)")
    parser.add_argument("--documents", type=int, help="of `decode`: only the first so many")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the token files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=MAX_LENGTH, help="words of a headline, at most")
    parser.add_argument("--ban-unk", action="store_true", help="of `write`: `<unk>` cannot be written")
    parser.add_argument("--run", type=Path, help="folder of `learn`")
    parser.add_argument("--minutes", type=float, help="of `learn`: limit of the time, beside --epochs")
    parser.add_argument("--every", type=float, help="of `learn`: minutes between two checkpoints (default: an epoch)")
    parser.add_argument("--config", nargs="+", default=[], help="of `learn` with our own systems: config files")
    parser.add_argument("--checkpoints", type=Path, nargs="+", help="of `write`")
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="of `write`")
    args = parser.parse_args()
    if args.warmup < 1:
        parser.error("--warmup: give at least 1; the first step has no step before it to be measured from")
    if (args.verb == "learn" and not args.run) or (args.verb == "write" and not args.checkpoints):
        parser.error("`learn` needs --run, and `write` needs --checkpoints")
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)
    if not (args.data / "vocabulary.txt").exists():
        parser.error("the data is not prepared; run `python benchmarks/peers/compare.py --prepare`")
    fitted = FOLDER / name / "fit" / "done.json"
    if args.verb in ("decode", "start") and not fitted.exists():
        parser.error(f"there is no checkpoint yet; run `python {Path(sys.argv[0]).name} fit` first")
    start = time.perf_counter()
    found = verbs[args.verb](args)
    found = {
        "system": name,
        "verb": args.verb,
        "threads": args.threads,
        "device": args.device,
        "whole_seconds": time.perf_counter() - start,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **found,
    }
    text = json.dumps(found, indent=1)
    if args.verb == "fit":
        fitted.write_text(text)
    if args.output:
        args.output.write_text(text)
    else:
        print(text)
