"""Faults: interrupts or damages a training in many ways, continues it, and compares its end with an undisturbed run.

    python benchmarks/faults.py [FAULT ...]

"Lost" must be 0. It counts trainings whose weights or optimizer state differ from the undisturbed run by a single bit,
and lines of input without a line of output. Needs Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import common
import torch
import yaml

from seq2seq.__main__ import main as seq2seq
from seq2seq.checkpoint import newest_checkpoint
from seq2seq.commands import fit  # noqa: F401 (imported once here, so that the processes forked below start at once)
from seq2seq.model.network import Seq2Seq

SEED = 7
EPOCHS = 6


class Result(NamedTuple):
    """One fault: attempts, attempts that the run survived, losses, and a remark."""

    fault: str
    tried: int
    survived: int
    lost: int
    seen: str


class Process:
    """The command `seq2seq` in a forked process, with its output in a file."""

    def __init__(
        self, log: Path, *argv: str | Path, stdin: Path | None = None, before: Callable[[], None] | None = None
    ):
        self.log, self.status = log, None
        self.pid = os.fork()
        if self.pid == 0:
            with open(log, "wb") as output, open(stdin or os.devnull, "rb") as given:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                os.dup2(given.fileno(), 0)
            try:
                if before:
                    before()
                status = seq2seq([str(a) for a in argv])
            except BaseException as error:
                print(repr(error), file=sys.stderr)
                status = 99
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def running(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def wait(self, seconds: float = 300) -> int:
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        assert self.status is not None
        return self.status

    def kill(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signum)

    def error(self) -> str:
        """The last error message in the log."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("seq2seq: ")]
        return lines[-1].removeprefix("seq2seq: ") if lines else ""


class Bench:
    """A small training to damage: 480 pairs of the embedded corpus, with dropout, and a checkpoint every 5 steps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.random = folder, random.Random(SEED)
        splits = {}
        for split, count in (("train", 480), ("validation", 24), ("test", 8)):
            lines = (common.ROOT / "data" / "newswire" / f"{split}.jsonl").read_text().splitlines()[:count]
            splits[split] = folder / f"{split}.jsonl"
            splits[split].write_text("\n".join(lines) + "\n")
        self.corpus = {name: str(file) for name, file in splits.items()}
        process = self.fit("undisturbed")
        assert process.wait() == 0, process.log.read_text()[-2000:]
        self.expected = self.state("undisturbed")

    def fit(self, run: str, *options: str, before: Callable[[], None] | None = None, **data: Any) -> Process:
        """Starts or continues a run, in a folder of its own."""
        size = {"embedding_size": 32, "encoder_size": 32, "decoder_size": 48, "dropout": 0.3}
        config = {
            "seed_everything": SEED,
            "data": {
                "corpus": self.corpus,
                "tokenizer": {"vocab_size": 500},
                "batches": {"tokens": 4000, "examples": 12},
                "max_document_tokens": 40,
                "max_summary_tokens": 12,
                **data,
            },
            "model": {"network": size, "optimizer": {"warmup_steps": 5}, "search": {"beam_size": 2, "max_length": 10}},
            "trainer": {
                "max_epochs": EPOCHS,
                "accelerator": "cpu",
                "logger": False,
                "default_root_dir": str(self.folder / run),
            },
            "checkpoint": {"every_n_train_steps": 5},
        }
        file = self.folder / f"{run}.yaml"
        file.write_text(yaml.safe_dump(config))
        log = self.folder / f"{run}.log"
        return Process(log, "fit", "--config", file, "--resume", "auto", *options, before=before)

    def state(self, run: str) -> dict[str, Any]:
        checkpoint = torch.load(self.folder / run / "last.ckpt", weights_only=True)
        return {key: checkpoint[key] for key in ("state_dict", "optimizer_states", "lr_schedulers", "global_step")}

    def ends_alike(self, run: str, **data: Any) -> bool:
        """Continues a run to its end; returns whether the end is that of the undisturbed run, to the last bit."""
        return self.fit(run, **data).wait() == 0 and same(self.state(run), self.expected)

    def checkpoints(self, run: str) -> list[Path]:
        """The finished checkpoints of a run, newest first."""
        files = (self.folder / run).glob("*.ckpt")
        return sorted(files, key=lambda f: f.stat().st_mtime_ns, reverse=True)

    def wait_for_checkpoints(self, process: Process, run: str, count: int = 2) -> None:
        """Waits until `count` checkpoints have been written since the call."""
        now = time.time_ns()
        while process.running():
            if sum(step.stat().st_mtime_ns > now for step in self._present(run)) >= count:
                return
            time.sleep(0.005)

    def _present(self, run: str) -> Iterator[Path]:
        for file in self.checkpoints(run):
            if file.exists():
                yield file


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, through dictionaries, lists and tensors."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def killed(bench: Bench, count: int = 20) -> Result:
    """Trainings that are killed `count` times in all, at random moments after a first checkpoint, and continued."""
    steps: list[int] = []
    trainings = lost = 0
    while len(steps) < count:
        name = f"killed-{trainings}"
        process = bench.fit(name)
        while len(steps) < count:
            bench.wait_for_checkpoints(process, name, 1)
            time.sleep(bench.random.uniform(0, 1.2))
            process.kill(signal.SIGKILL)
            if process.wait() != -signal.SIGKILL:
                break  # it had already ended
            newest, _ = newest_checkpoint(bench.folder / name)
            steps.append(torch.load(newest, weights_only=True)["global_step"] if newest else 0)
            process = bench.fit(name)
        process.kill(signal.SIGKILL)
        process.wait()
        lost += not bench.ends_alike(name)
        trainings += 1
    seen = f"{trainings} trainings went on from steps {', '.join(map(str, steps))} of {bench.expected['global_step']}"
    return Result(
        "`kill -9` at random moments, resumed each time", len(steps), len(steps) if not lost else 0, lost, seen
    )


def terminated(bench: Bench, count: int = 4) -> Result:
    lost = survived = 0
    said = ""
    for i in range(count):
        process = bench.fit(f"term-{i}")
        bench.wait_for_checkpoints(process, f"term-{i}", 1 + i)
        time.sleep(bench.random.uniform(0, 0.3))
        process.kill(signal.SIGTERM)
        status, said = process.wait(), process.error()
        alike = bench.ends_alike(f"term-{i}")
        survived += status == 128 + signal.SIGTERM and "saved" in said and alike
        lost += not alike
    return Result("SIGTERM at random moments", count, survived, lost, f"status 143; “{short(said, bench)}”")


def full_disk(bench: Bench) -> Result:
    """The run's folder is a small disk. It is filled up, and later emptied again."""
    folder = bench.folder / "full"
    with small_disk(folder) as mounted:
        process = bench.fit("full")
        bench.wait_for_checkpoints(process, "full")
        filling = folder / "filling"
        if mounted:
            fill(filling, leave=100_000)
        else:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
        status, said = process.wait(), process.error()
        size = max(file.stat().st_size for file in bench.checkpoints("full"))
        whole = newest_checkpoint(folder)[0]
        filling.unlink(missing_ok=True)
        alike = bench.ends_alike("full")
    good = status == 1 and "cannot be written" in said and whole is not None and alike
    kind = f"a tmpfs with 0.1 MB left; one has {size / 1e6:.1f} MB" if mounted else "imitated by a file size limit"
    fault = f"disk full while a checkpoint is written ({kind})"
    return Result(fault, 1, good, not alike, f"“{short(said, bench)}”")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A folder with a file system of 32 MB in memory; False where mounting is not permitted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]
    try:
        mounted = subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:  # no such command
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)


def fill(file: Path, leave: int) -> None:
    """Writes until the disk has only `leave` bytes left."""
    with file.open("wb") as stream, contextlib.suppress(OSError):
        while (free := shutil.disk_usage(file.parent).free) > leave:
            stream.write(bytes(min(free - leave, 1 << 20)))
            stream.flush()


def truncated(bench: Bench) -> Result:
    shares = (0.0, 0.3, 0.9, 0.999)
    survived = lost = 0
    said = ""
    for i, share in enumerate(shares):
        run = f"truncated-{i}"
        process = bench.fit(run)
        bench.wait_for_checkpoints(process, run)
        process.kill(signal.SIGKILL)
        process.wait()
        newest = bench.checkpoints(run)[0]
        os.truncate(newest, int(newest.stat().st_size * share))
        found, passed_over = newest_checkpoint(bench.folder / run)
        said = passed_over[0] if passed_over else ""
        alike = bench.ends_alike(run)
        survived += found is not None and bool(passed_over) and alike
        lost += not alike
    return Result(
        "newest checkpoint truncated, an older one whole",
        len(shares),
        survived,
        lost,
        f"took the older; “{short(said, bench)}”",
    )


def changed_corpus(bench: Bench) -> Result:
    process = bench.fit("changed")
    bench.wait_for_checkpoints(process, "changed")
    process.kill(signal.SIGKILL)
    process.wait()
    file = Path(bench.corpus["train"])
    before = file.read_bytes()
    file.write_bytes(before.replace(b" a ", b" the ", 1))
    again = bench.fit("changed")
    status, said = again.wait(), again.error()
    file.write_bytes(before)
    alike = bench.ends_alike("changed")
    good = status == 1 and "not what the checkpoint was trained on" in said
    return Result(
        "corpus changed by a word between stop and resume",
        1,
        good and alike,
        not alike,
        f"refused: “{short(said, bench)}”; went on once restored",
    )


def worker_killed(bench: Bench) -> Result:
    process = bench.fit("worker", workers=1)
    bench.wait_for_checkpoints(process, "worker")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    status, said = process.wait(), process.error()
    alike = bench.ends_alike("worker", workers=1)
    return Result(
        "a data loader's process killed",
        1,
        status == 1 and bool(children) and alike,
        not alike,
        f"“{short(said, bench)}”",
    )


def not_a_number(bench: Bench) -> Result:
    def spoil() -> None:
        loss = Seq2Seq.loss

        def spoilt(self: Seq2Seq, batch: Any) -> Any:
            terms, log_likelihoods = loss(self, batch)
            steps[0] += self.training
            factor = float("nan") if steps[0] == 60 else 1.0
            return {name: factor * term for name, term in terms.items()}, log_likelihoods

        steps = [0]
        Seq2Seq.loss = spoilt  # type: ignore[method-assign]

    process = bench.fit("nan", before=spoil)
    status, said = process.wait(), process.error()
    finite = all(
        w.isfinite().all()
        for file in bench.checkpoints("nan")
        for w in torch.load(file, weights_only=True)["state_dict"].values()
    )
    alike = bench.ends_alike("nan")
    good = status == 1 and "not a finite number" in said and finite and alike
    return Result("NaN in the loss (injected at step 60)", 1, good, not alike, f"“{short(said, bench)}”")


class Payload:
    """A pickled object that creates a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def pickled(bench: Bench) -> Result:
    mark, evil = bench.folder / "executed", bench.folder / "evil.ckpt"
    checkpoint = torch.load(bench.folder / "undisturbed" / "last.ckpt", weights_only=True)
    torch.save({**checkpoint, "callbacks": {"x": Payload(mark)}}, evil)
    with zipfile.ZipFile(evil) as archive:  # proves that loading it would run the code
        assert b"touch" in archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    bare = bench.folder / "bare.ckpt"
    bare.write_bytes(pickle.dumps(Payload(mark)))
    log, said, refused = bench.folder / "evil.log", "", 0
    attempts = [["decode", "--checkpoint", file] for file in (bare, evil)]
    attempts += [
        ["fit", "--config", bench.folder / "undisturbed.yaml", flag, evil] for flag in ("--resume", "--ckpt_path")
    ]
    for argv in attempts:
        process = Process(log, *argv)
        status, said = process.wait(), process.error()
        refused += status == 1 and "checkpoint" in said and not mark.exists()
    return Result(
        "checkpoint with a pickle payload (decode, fit)", len(attempts), refused, 0, f"“{short(said, bench)}”"
    )


def fuzzed(bench: Bench, count: int = 2000, batches: int = 8) -> Result:
    rng = bench.random
    lines = [fuzz(rng) for _ in range(count)]
    survived = lost = 0
    for start in range(0, count, count // batches):
        part = lines[start : start + count // batches]
        file, log = bench.folder / "fuzz.txt", bench.folder / "fuzz.log"
        file.write_bytes(b"\n".join(part) + b"\n")
        out = bench.folder / "fuzz.out"
        argv = ["decode", "--checkpoint", bench.folder / "undisturbed" / "best.ckpt", "--output", out]
        status = Process(log, *argv, stdin=file).wait()
        got = out.read_bytes().count(b"\n") if out.exists() else 0
        survived += len(part) if status == 0 and got == len(part) else 0
        lost += abs(len(part) - got)
        out.unlink(missing_ok=True)
    return Result(
        "fuzzed lines to `decode` through standard input",
        count,
        survived,
        lost,
        f"{batches} batches; longest line {max(map(len, lines)):,} bytes",
    )


def fuzz(rng: random.Random) -> bytes:
    """A line of random bytes, words, control characters, right-to-left text, emoji or punctuation; or two of these."""
    pick = [
        lambda: rng.randbytes(rng.randrange(300)),
        lambda: (rng.choice(["word ", "x", "é", "<s> </s> <unk> ", "1,2.3 "]) * rng.randrange(20_000)).encode(),
        lambda: bytes(rng.randrange(32) for _ in range(rng.randrange(80))) + b"text",
        lambda: "".join(chr(rng.randrange(0x5D0, 0x6FF)) for _ in range(rng.randrange(60))).encode(),
        lambda: "".join(
            chr(rng.randrange(0x1F300, 0x1FAFF)) + rng.choice(["", "\u200d", "\ufe0f", " "]) for _ in range(40)
        ).encode(),
        lambda: "".join(rng.choice("…!?.,;:'\"()[]{}<>/\\|@#$%^&*-_=+~`") for _ in range(rng.randrange(120))).encode(),
        lambda: b"",
    ]
    line = rng.choice(pick)() if rng.random() < 0.8 else rng.choice(pick)() + b" " + rng.choice(pick)()
    return line.replace(b"\n", b" ").replace(b"\r", b" ")


def short(text: str, bench: Bench) -> str:
    text = re.sub(r"\x1b\[\d*m", "", text)
    return text.replace(f"{bench.folder}/", "").replace("|", "\\|")[:230]


def table(results: list[Result]) -> str:
    lines = ["| fault | tried | survived | lost | outcome |", "|---|---|---|---|---|"]
    return "\n".join(
        lines + [f"| {r.fault} | {r.tried} | {int(r.survived)} | {int(r.lost)} | {r.seen} |" for r in results]
    )


FAULTS: dict[str, Callable[[Bench], Result]] = {
    fault.__name__: fault
    for fault in (
        killed,
        terminated,
        full_disk,
        truncated,
        changed_corpus,
        worker_killed,
        not_a_number,
        pickled,
        fuzzed,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"default: all of {', '.join(FAULTS)}")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all files")
    args = parser.parse_args()
    if unknown := set(args.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; known are {', '.join(FAULTS)}")
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        bench, results = Bench(folder), []
        for name in args.faults or FAULTS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            results.append(FAULTS[name](bench))
            print(results[-1], file=sys.stderr, flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    command = " ".join(["python benchmarks/faults.py", *args.faults])
    print(f"`{command}`, seed {SEED}, {time.monotonic() - began:.0f} s; {common.machine()}\n")
    print(table(results))


if __name__ == "__main__":
    main()
