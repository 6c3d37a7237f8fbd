"""This project: the driver that runs in its own environment (python benchmarks/peers/ours.py VERB).

configs/reuters21578.yaml with the token files: bidirectional GRU encoder, two GRU layers in the decoder (the first asks
multiplicative attention, the second reads the context), pointer on, one matrix for the embeddings of both sides and the
output, `<unk>` forbidden in headlines. Training is `seq2seq fit` as it is (Lightning, W&B offline, batches of similar
length), decoding is `Summarizer.summarize` (text in, text out), starting is `seq2seq decode`.

It has no input feeding, unlike Joey NMT and OpenNMT-py, and does the pointer's work, unlike all three.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import shared


def settings(folder: Path, args: argparse.Namespace, *more: str) -> list[str]:
    """The arguments of `seq2seq fit`."""
    corpus = {
        split: {column: str(args.data / f"{split}.{column}.txt") for column in ("document", "summary")}
        for split in ("train", "validation", "test")
    }
    overlay = folder / "data.yaml"  # JSON is YAML
    section = {"corpus": corpus, "tokenizer": {"split": "whitespace", "normalizers": []}}
    overlay.write_text(json.dumps({"data": section}, indent=1))
    return [
        *("fit", "--config", str(shared.ROOT / "configs/reuters21578.yaml"), "--config", str(overlay)),
        *("--trainer.default_root_dir", str(folder / "run")),
        *("--trainer.accelerator", "gpu" if args.device == "cuda" else "cpu"),
        *("--trainer.logger", "false"),
        *more,
    ]


def run_training(arguments: list[str]) -> None:
    """`seq2seq fit ...`, in this process."""
    from seq2seq.__main__ import main

    status = main(arguments)
    if status:
        raise SystemExit(status)


def train(args: argparse.Namespace) -> dict[str, Any]:
    os.environ.setdefault("WANDB_MODE", "offline")
    from seq2seq.training.module import SummarizerModule

    steps, step = shared.Steps(args.device == "cuda"), SummarizerModule.training_step

    def counted(self: Any, batch: Any, batch_idx: int) -> Any:
        steps.words(batch.tokens() - len(batch), self.network)  # an end symbol behind each summary
        return step(self, batch, batch_idx)

    SummarizerModule.training_step = counted
    folder = shared.run_folder("ours", "train")
    shutil.rmtree(folder / "run", ignore_errors=True)
    count = str(args.warmup + args.steps)
    limits = ("--trainer.max_epochs", "1", "--trainer.limit_train_batches", count, "--trainer.limit_val_batches", "0")
    run_training(settings(folder, args, *limits))
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    folder = shared.run_folder("ours", "fit")
    run_training(settings(folder, args, "--trainer.max_epochs", str(args.epochs)))
    return {"epochs": args.epochs}


def learn(args: argparse.Namespace) -> dict[str, Any]:
    """`seq2seq fit` without validation, with the config files of --config."""
    from seq2seq.training.module import SummarizerModule

    checkpoints, step = shared.Checkpoints(args, epoch_steps=0), SummarizerModule.training_step

    def watched(self: Any, batch: Any, batch_idx: int) -> Any:
        checkpoints.save = lambda file: self.trainer.save_checkpoint(file, weights_only=True)
        checkpoints.stop = lambda: setattr(self.trainer, "should_stop", True)
        checkpoints.epoch_steps = self.trainer.num_training_batches
        return step(self, batch, batch_idx)

    SummarizerModule.training_step = watched
    run_training(
        [
            "fit",
            *(word for file in args.config for word in ("--config", file)),
            *("--trainer.default_root_dir", str(args.run / "fit")),
            *("--trainer.accelerator", "gpu" if args.device == "cuda" else "cpu"),
            *("--trainer.logger", "false"),
            *("--trainer.logger", "false", "--trainer.limit_val_batches", "0", "--early_stopping", "null"),
            *("--seed_everything", str(args.seed)),
            *(("--trainer.max_epochs", str(args.epochs)) if args.epochs else ()),
        ]
    )
    found = checkpoints.finish()
    for own in (args.run / "fit").glob("*.ckpt"):
        own.unlink()
    return found


def write(args: argparse.Namespace) -> dict[str, Any]:
    """Headlines of the texts in SPLIT.jsonl, the same documents as in the token file."""
    from seq2seq.inference import Summarizer
    from seq2seq.ops.cpu import tune_cpu

    tune_cpu()
    with open(args.data / f"{args.split}.jsonl", encoding="utf-8") as stream:
        documents = [json.loads(line)["document"] for line in stream]
    options = {"beam_size": args.beams[0], "max_length": args.max_length, "allow_unk": not args.ban_unk}
    found = []
    for file in args.checkpoints:
        found.append(Summarizer.from_checkpoint(file, args.device).summarize(documents, **options))
    return {"headlines": found}


def checkpoint() -> Path:
    return shared.FOLDER / "ours" / "fit" / "run" / "best.ckpt"


def decode(args: argparse.Namespace) -> dict[str, Any]:
    from seq2seq.inference import Summarizer
    from seq2seq.ops.cpu import tune_cpu

    tune_cpu()  # as `seq2seq decode` does
    summarizer = Summarizer.from_checkpoint(checkpoint(), args.device)
    documents = shared.lines("test", "document", args.data)[: args.documents]

    def search(beam: int, part: list[str]) -> list[str]:
        options = {"beam_size": beam, "max_length": shared.MAX_LENGTH}
        return [best[0].text for best in summarizer.stream(part, batch_size=args.batch_size, **options)]

    found = {}
    for beam in args.beams:
        search(beam, documents[:64])
        found[str(beam)] = shared.timed_search(lambda beam=beam: search(beam, documents))
        found[str(beam)]["batch"] = args.batch_size or f"{summarizer.batch_tokens:,} tokens"
    return found


def start(args: argparse.Namespace) -> dict[str, Any]:
    command = [
        *(sys.executable, "-m", "seq2seq", "decode", "--checkpoint", checkpoint(), "--device", args.device),
        *("--input", args.data / "one.txt", "--beam-size", "1", "--max-length", str(shared.MAX_LENGTH)),
    ]
    return shared.timed_command(command, lambda out: out)


if __name__ == "__main__":
    verbs = {"train": train, "fit": fit, "decode": decode, "start": start, "learn": learn, "write": write}
    shared.main("ours", __doc__, verbs)
