"""Trainings of any system on any corpus, in turn: checkpoints by time or by epoch, chosen on the validation split.

`benchmarks/quality.py` and `benchmarks/time_to_quality.py` use these functions. Each training is a process of its own,
in the environment of its toolkit. Nothing is decoded while it trains; its minutes begin with the process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from compare import NAMES, drive, python
from token_files import TokenFiles

from seq2seq.files import atomic_writer
from seq2seq.scoring import KINDS, RougeOptions, Signature, describe, mean_scores, score_pair

PEERS = ("joey", "opennmt")
"""The toolkits that can be trained here, at the sizes of `configs/published/small`."""


class Machine(NamedTuple):
    """What a process works on: the number of threads of torch, and cpu or cuda."""

    threads: int
    device: str = "cpu"


class Limits(NamedTuple):
    """When a training ends, and when it writes checkpoints.

    Args:
        epochs: passes over the training split, at most (None = those of the config; no limit for a peer).
        minutes: of training, at most.
        every: minutes between two checkpoints (None = one at the end of each epoch).
    """

    epochs: int | None = None
    minutes: float | None = None
    every: float | None = None


def check_installed(systems: Sequence[str]) -> None:
    """Raises SystemExit if the environment of a peer is missing."""
    for system in systems:
        if system in PEERS:
            python(system)


def train(
    system: str,
    corpus: TokenFiles,
    folder: Path,
    seed: int,
    limits: Limits,
    machine: Machine,
    configs: Sequence[str] = (),
) -> None:
    """Trains a system and decodes the validation split greedily with each checkpoint.

    Writes into `folder`: best.pt, the checkpoint with the highest validation ROUGE-L, and curve.json, the minutes of
    training and the validation ROUGE-1 of each checkpoint.

    Args:
        system: "ours", for anything that `seq2seq fit` trains, or one of `PEERS`.
        configs: of `seq2seq fit`, for "ours".
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--run", str(folder), "--seed", str(seed), "--epochs", str(limits.epochs or 0)]
    for name, minutes in (("--minutes", limits.minutes), ("--every", limits.every)):
        options += [name, str(minutes)] if minutes else []
    options += ["--config", *configs] if configs else []
    written = _drive(system, "learn", corpus, folder, machine, *options)["checkpoints"]
    files = [Path(checkpoint["file"]) for checkpoint in written]
    scores = [scored(corpus.pairs("validation"), texts) for texts in headlines(system, corpus, files, 1, machine)]
    best = max(range(len(files)), key=lambda index: scores[index]["rougeL"])
    files[best].rename(folder / "best.pt")
    for file in files:
        file.unlink(missing_ok=True)
    curve = [(checkpoint["minutes"], score["rouge1"]) for checkpoint, score in zip(written, scores, strict=True)]
    (folder / "curve.json").write_text(json.dumps(curve))


def test(system: str, corpus: TokenFiles, folder: Path, beam: int, machine: Machine) -> None:
    """Decodes the test split with best.pt, and writes predictions.jsonl and metrics.json as `seq2seq test` does."""
    pairs = corpus.pairs("test")
    texts = headlines(system, corpus, [folder / "best.pt"], beam, machine, "test")[0]
    with atomic_writer(folder / "predictions.jsonl") as stream:
        for pair, text in zip(pairs, texts, strict=True):
            stream.write(json.dumps({**pair, "prediction": text}, ensure_ascii=False) + "\n")
    figures = describe([pair["document"] for pair in pairs], texts)
    settings = {"system": NAMES[system], "beam_size": beam, "signature": str(Signature(options=RougeOptions()))}
    with atomic_writer(folder / "metrics.json") as stream:
        stream.write(json.dumps({**scored(pairs, texts), **figures, "settings": settings}, indent=2) + "\n")


def headlines(
    system: str, corpus: TokenFiles, checkpoints: Sequence[Path], beam: int, machine: Machine, split: str = "validation"
) -> list[list[str]]:
    """For each checkpoint the headlines of a split, as text."""
    settings = corpus.settings["model"]["search"]
    options = ["--split", split, "--beams", str(beam), "--max-length", str(settings["max_length"])]
    options += [] if settings["allow_unk"] else ["--ban-unk"]
    options += ["--checkpoints", *map(str, checkpoints)]
    found = _drive(system, "write", corpus, checkpoints[0].parent, machine, *options)["headlines"]
    return found if system == "ours" else [[corpus.text(tokens) for tokens in lines] for lines in found]


def scored(pairs: Sequence[dict[str, str]], texts: Sequence[str]) -> dict[str, float]:
    """ROUGE-1, 2 and L of a split, in percent, by the scorer of `test` and `validate`."""
    if len(pairs) != len(texts):
        raise SystemExit(f"{len(texts)} headlines for {len(pairs)} documents")
    scores = mean_scores([score_pair(pair["reference"], text) for pair, text in zip(pairs, texts, strict=True)])
    return {kind: scores[kind] for kind in KINDS}


def _drive(system: str, verb: str, corpus: TokenFiles, folder: Path, machine: Machine, *options: str) -> dict[str, Any]:
    return drive(system, verb, *machine, "--data", str(corpus.folder), *options, folder=folder)
