"""Helpers of the end-to-end tests: a tiny corpus, a config for it, and a way to run the command in this process."""

from __future__ import annotations

import getpass
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from filelock import FileLock

from seq2seq.__main__ import main
from seq2seq.shipped import Card

CASES = Path(__file__).parent / "cases"
"""Inputs that once went wrong; see the README there."""

CITIES = ("Athens", "Bergen", "Cadiz", "Delhi", "Essen", "Faro", "Genoa", "Hanoi")
EVENTS = (
    ("a fire broke out in the old harbour of {city} , {number} people were hurt", "Fire in {city} hurts {number}"),
    ("shares of the {city} bank fell by {number} percent on monday", "{city} bank falls {number} percent"),
    ("the mayor of {city} opened {number} new schools last week", "{city} opens {number} schools"),
    ("{number} flights from {city} were delayed by snow and wind", "Snow delays {number} {city} flights"),
)

CARD = Card(
    title="titles for tests",
    description="A description.",
    language="English",
    corpus="24 pairs",
    licence="CC0",
    training=["python train.py"],
    evaluation="test split",
    figures={"ROUGE-1": {"value": 42.125, "low": 41.0, "high": 43.25}},
    limits=["Not made for news.", "Not made for poems."],
    parameters=1234,
    seed=1,
)
"""The card of a model that the tests ship."""


def pairs(count: int = 24, first: int = 0) -> list[dict[str, str]]:
    """`count` (document, summary) pairs, all different; the numbers make `first` choose other ones."""
    made = []
    for i in range(first, first + count):
        document, summary = EVENTS[i % len(EVENTS)]
        names = {"city": CITIES[i // len(EVENTS) % len(CITIES)], "number": str(10 + i)}
        made.append({"document": document.format(**names), "summary": summary.format(**names)})
    return made


def needs(module: str, extra: str) -> pytest.MarkDecorator:
    """Skips tests where a module is not installed. The module is imported by the tests alone: every process of a test
    run imports all files of tests, and would wait for it."""
    reason = f'{module} is not installed: pip install "seq2seq-headlines[{extra}]"'
    return pytest.mark.skipif(find_spec(module) is None, reason=reason)


def write_jsonl(file: Path, lines: Sequence[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def read_jsonl(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def write_corpus(folder: Path, count: int = 24) -> dict[str, str]:
    """Training, validation and test files in `folder`; validation is the training split itself, and the test split has
    empty documents and an empty summary too. Returns the `data.corpus` section for them."""
    train = pairs(count)
    test = [train[0], {"document": "", "summary": "Nothing to say"}, *train[1:6], {"document": " \t", "summary": ""}]
    splits = {"train": train, "validation": train, "test": [*test, *pairs(4, first=40)]}
    return {name: str(write_jsonl(folder / f"{name}.jsonl", lines)) for name, lines in splits.items()}


def config(corpus: dict[str, Any], folder: Path, **changes: Any) -> dict[str, Any]:
    """A config that learns `pairs()` by heart in a few seconds. `changes`: dotted keys with __ for the dots."""
    settings: dict[str, Any] = {
        "seed_everything": 1,
        "data": {
            "corpus": corpus,
            "tokenizer": {"kind": "word", "vocab_size": 80},
            "batches": {"tokens": 400, "examples": 8},
            "max_document_tokens": 30,
            "max_summary_tokens": 10,
        },
        "model": {
            "network": {
                "embedding_size": 32,
                "encoder_size": 32,
                "decoder_size": 48,
                "attention_size": 16,
                "dropout": 0.0,
            },
            "optimizer": {"learning_rate": 1.0e-2, "warmup_steps": 5},
            "search": {"beam_size": 3, "max_length": 12},
        },
        "trainer": {
            "max_epochs": 30,
            "check_val_every_n_epoch": 10,
            "accelerator": "cpu",
            "log_every_n_steps": 1,
            "logger": False,
            "default_root_dir": str(folder),
        },
    }
    for key, value in changes.items():
        *path, last = key.split("__")
        section = settings
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    return settings


def write_config(file: Path, settings: dict[str, Any]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def run(*argv: str | Path) -> int:
    """Run the command in this process; its exit status (also where argparse leaves by SystemExit)."""
    known, environment = sys.argv, dict(os.environ)
    for name in ("lightning", "lightning.fabric", "lightning.pytorch"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.stream = sys.stderr  # it keeps the stream of the test that imported lightning first
    try:
        return main([str(arg) for arg in argv])
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    finally:
        sys.argv = known
        os.environ.clear()  # a run sets W&B's folders, which must not be those of the next run
        os.environ.update(environment)


def process(
    *argv: str | Path, stdin: bytes = b"", timeout: float = 300, unset: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own, without the environment variables `unset`."""
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-m", "seq2seq", *map(str, argv)],
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env={**kept, "OMP_NUM_THREADS": "1"},
    )


class TrainedRun(NamedTuple):
    """A finished run: its config file, its folder, the corpus section."""

    config: Path
    folder: Path
    corpus: dict[str, str]

    @classmethod
    def at(cls, folder: Path) -> TrainedRun:
        """The run that `train(folder)` made."""
        corpus = {split: str(folder / "corpus" / f"{split}.jsonl") for split in ("train", "validation", "test")}
        return cls(folder / "config.yaml", folder / "run", corpus)

    @property
    def best(self) -> Path:
        return self.folder / "best.ckpt"


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled, once for all processes of a test run. Read only."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not Path(f"{folder}.done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            Path(f"{folder}.done").touch()
    return folder


def train(folder: Path, **changes: Any) -> TrainedRun:
    """Make a corpus and a config in `folder`, and fit."""
    corpus = write_corpus(folder / "corpus")
    file = write_config(folder / "config.yaml", config(corpus, folder / "run", **changes))
    assert run("fit", "--config", file) == 0
    return TrainedRun.at(folder)


def together(folder: Path, world: int, *commands: Sequence[str | Path], timeout: float = 240) -> None:
    """Run commands, one after the other, on `world` processes that form one group; all must succeed."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"commands-{world}.json"
    file.write_text(json.dumps([[str(arg) for arg in argv] for argv in commands]), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = str(Path(__file__).parents[1])
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world), "NODE_RANK": "0"}
    processes = [
        subprocess.Popen(
            [sys.executable, Path(__file__).with_name("ranks.py"), file],
            env={**os.environ, **group, "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1", "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]
    try:
        outputs = [process.communicate(timeout=timeout)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * world, "\n".join(outputs)[-4000:]


@contextmanager
def started(*argv: str | Path, **settings: str) -> Iterator[subprocess.Popen]:
    """The command as a process of its own that goes on; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seq2seq", *map(str, argv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **settings},
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for something; fails if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def wait_for(file: Path) -> None:
    until(file.exists)


def children(pid: int) -> list[int]:
    """Python processes that a process has started (Linux)."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def secrets(folder: Path) -> list[bytes]:
    """Texts that no published file may contain: folders, host and user of this machine."""
    names = {str(folder), str(Path.cwd()), str(Path.home()), socket.gethostname(), str(Path(__file__).parents[1])}
    user = getpass.getuser()
    if len(user) > 4:  # a shorter name can be part of a word
        names.add(user)
    return [name.encode() for name in names if len(name) > 2]
