"""Yoyodyne 0.5.0: the driver of its environment (.peers/yoyodyne/venv/bin/python benchmarks/peers/yoyo.py VERB).

(The file is not called yoyodyne.py, because it would then be imported in the package's place.)

A library for transducing characters, used here with words as its symbols, separated by blanks: `SoftAttentionGRUModel`,
a bidirectional GRU encoder and a GRU decoder that reads the context of concat attention, queried by its last state,
together with the last word; one layer, one embedding matrix for both sides, its own output matrix; no input feeding, no
pointer. It has no limit on a vocabulary and learns no unknown symbol: its files have `<unk>` for words outside the
10,000. Its tables are read with quoting, so a double quote is written as two single ones.

Differences that matter: batches are drawn at random, without regard to length, and prepared by a second process; the
beam search takes one document at a time and makes an object of each of the 10,000 x 5 continuations of each step, so
that only the first few documents are searched (`--documents`, default 6) and the rate is theirs. Peak memory is that of
the main process; the second one is a fork that shares most of it.

Patches: in `decode`, the checkpoint's own settings are kept from replacing those of the config file, as they do in
Lightning's command line since 2.6: the beam's width is one of them, and every search would have that of training, 1.
It asks for torch 2.9.1 and wandb (for sweeps); it runs with our torch and without wandb. Checkpoints hold pickled
objects, which an environment variable lets torch load.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import shared

FASTEST = {1: 64, 5: 1}  # documents a batch, by beam size
BEAM_DOCUMENTS = 6


def table(name: str, documents: list[str], summaries: list[str] | None = None) -> Path:
    """Write documents (and summaries) as the tab-separated table it reads."""
    known = set((shared.DATA / "vocabulary.txt").read_text(encoding="utf-8").split())

    def symbols(text: str) -> str:
        return " ".join(word if word in known else "<unk>" for word in text.split()).replace('"', "''")

    rows = zip(documents, summaries, strict=True) if summaries else zip(documents, strict=True)
    file = shared.run_folder("yoyodyne", "tables") / f"{name}.tsv"
    file.write_text("".join("\t".join(map(symbols, row)) + "\n" for row in rows), encoding="utf-8")
    return file


def config(folder: Path, device: str, data: dict[str, Any], beam: int = 1, **trainer: Any) -> Path:
    """Write the config file (JSON is YAML)."""
    encoder = {
        "class_path": "yoyodyne.models.modules.GRUEncoder",
        "init_args": {
            "embedding_size": shared.EMBEDDING,
            "hidden_size": shared.ENCODER,
            "layers": 1,
            "bidirectional": True,
            "dropout": shared.DROPOUT,
        },
    }
    content = {
        "seed_everything": 1,
        "trainer": {
            "accelerator": "gpu" if device == "cuda" else "cpu",
            "devices": 1,
            "gradient_clip_val": shared.CLIPPING,
            "limit_val_batches": 0,
            "num_sanity_val_steps": 0,
            "enable_progress_bar": False,
            "logger": {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": str(folder)}},
            **trainer,
        },
        "checkpoint": {"filename": "model", "dirpath": str(folder)},
        "prediction": {"path": str(folder / "predictions.txt")},
        "data": {
            "model_dir": str(shared.run_folder("yoyodyne", "fit")),
            "source_sep": " ",
            "target_sep": " ",
            "tie_embeddings": True,
            "batch_size": shared.BATCH,
            "max_target_length": shared.MAX_LENGTH + 1,
            **{key: str(value) if isinstance(value, Path) else value for key, value in data.items()},
        },
        "model": {
            "class_path": "yoyodyne.models.SoftAttentionGRUModel",
            "init_args": {
                "source_encoder": encoder,
                "embedding_size": shared.EMBEDDING,
                "decoder_hidden_size": shared.DECODER,
                "decoder_layers": 1,
                "decoder_dropout": shared.DROPOUT,
                "max_target_length": shared.MAX_LENGTH + 1,
                "beam_width": beam,
                "compute_accuracy": False,
                "optimizer": {
                    "class_path": "yoyodyne.optimizers.Adam",
                    "init_args": {"lr": shared.LEARNING_RATE},
                },
            },
        },
    }
    file = folder / f"config-{beam}.yaml"
    file.write_text(json.dumps(content, indent=1))
    return file


def training_data() -> dict[str, Any]:
    splits = {"train": "train", "val": "validation"}
    return {k: table(v, shared.lines(v, "document"), shared.lines(v, "summary")) for k, v in splits.items()}


def train(args: argparse.Namespace) -> dict[str, Any]:
    from yoyodyne.cli.main import python_interface
    from yoyodyne.models.base import BaseModel

    steps, step = shared.Steps(args.device == "cuda"), BaseModel.training_step

    def counted(self: Any, batch: Any, batch_idx: int) -> Any:
        special = 2 + 1  # a start and an end symbol around the source, an end symbol behind the target
        steps.words(batch.source.lengths().sum() + batch.target.lengths().sum() - special * len(batch), self)
        return step(self, batch, batch_idx)

    BaseModel.training_step = counted
    folder = shared.run_folder("yoyodyne", "train")
    data = {**training_data(), "model_dir": str(folder)}
    file = config(folder, args.device, data, max_steps=args.warmup + args.steps)
    python_interface(["fit", "--config", str(file)])
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    from yoyodyne.cli.main import python_interface

    folder = shared.run_folder("yoyodyne", "fit")
    for old in folder.glob("*.ckpt"):
        old.unlink()
    python_interface(["fit", "--config", str(config(folder, args.device, training_data(), max_epochs=args.epochs))])
    return {"epochs": args.epochs}


def prediction(folder: Path, device: str, source: Path, beam: int, batch: int) -> list[str]:
    """The arguments of `yoyodyne` for predicting a table."""
    data = {"predict": source, "target_col": 0, "batch_size": batch}
    file = config(folder, device, data, beam)
    checkpoint = shared.FOLDER / "yoyodyne" / "fit" / "model.ckpt"
    return ["predict", "--config", str(file), "--ckpt_path", str(checkpoint)]


def decode(args: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(shared.UNTRUSTED)
    from yoyodyne.callbacks import PredictionWriter
    from yoyodyne.cli.main import YoyodyneCLI, python_interface

    YoyodyneCLI._parse_ckpt_path = lambda self: None
    times: dict[str, float] = {}

    def stamped(name: str) -> None:
        method = getattr(PredictionWriter, name)

        def wrapper(self: Any, *rest: Any) -> None:
            times[name] = time.perf_counter()
            method(self, *rest)

        setattr(PredictionWriter, name, wrapper)

    stamped("on_predict_start")
    stamped("on_predict_end")
    folder, found = shared.run_folder("yoyodyne", "decode"), {}
    documents = shared.lines("test", "document")
    for beam in args.beams:
        count = args.documents or (len(documents) if beam == 1 else BEAM_DOCUMENTS)
        batch = (args.batch_size or FASTEST[1]) if beam == 1 else FASTEST[5]
        for name, part in (("warm-up", documents[: 64 if beam == 1 else 1]), ("test", documents[:count])):
            python_interface(prediction(folder, args.device, table(name, part), beam, batch))
        rows = (folder / "predictions.txt").read_text(encoding="utf-8").split("\n")[:-1]
        headlines = [row.split("\t")[0] for row in rows]  # with a beam: headline, score, headline, score, ...
        seconds = times["on_predict_end"] - times["on_predict_start"]
        found[str(beam)] = {**shared.searched(headlines, seconds), "batch": batch}
    return found


def start(args: argparse.Namespace) -> dict[str, Any]:
    folder = shared.run_folder("yoyodyne", "start")
    document = (shared.DATA / "one.txt").read_text(encoding="utf-8").splitlines()
    words = prediction(folder, args.device, table("one", document), 1, 1)
    command = [Path(sys.executable).parent / "yoyodyne", *words]
    written = folder / "predictions.txt"
    return shared.timed_command(command, lambda _: written.read_text(encoding="utf-8"), **shared.UNTRUSTED)


if __name__ == "__main__":
    shared.main("yoyodyne", __doc__, {"train": train, "fit": fit, "decode": decode, "start": start})
