"""Joey NMT 2.3.0: the driver of its environment (.peers/joey/venv/bin/python benchmarks/peers/joey.py VERB).

Bidirectional GRU encoder, GRU decoder with Bahdanau attention and input feeding (Luong et al. 2015), one layer; source
and target embeddings are one matrix, the output matrix is its own. Adam at a constant rate: a scheduler must be named,
`plateau` with a patience of 1000 validations never acts. No pointer, `<unk>` may be written.

Patches: its schedulers are built with `verbose`, an argument that torch no longer has; the wrapper here leaves it out.
`translate` is used without `-o`, which ends in an error once the work is done; standard output is right.
Batches of the test split are taken in the file's order (it does not sort by length).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import shared

FASTEST = {1: 64, 5: 32}  # documents a batch, by beam size


def config(folder: Path, args: argparse.Namespace, **training: Any) -> Path:
    """Write the experiment file (JSON is YAML)."""
    folder.mkdir(parents=True, exist_ok=True)
    side = {"level": "word", "lowercase": False, "voc_file": str(args.data / "vocabulary.txt")}
    model = args.checkpoints[0] if args.checkpoints else shared.FOLDER / "joey" / "fit" / "model" / "latest.ckpt"
    embeddings = {"embedding_dim": shared.EMBEDDING, "dropout": shared.DROPOUT}
    recurrent = {"type": "recurrent", "rnn_type": "gru", "num_layers": 1, "dropout": shared.DROPOUT}
    content = {
        "name": "reuters",
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "model"),
        "use_cuda": args.device == "cuda",
        "random_seed": args.seed,
        "data": {
            **{name: str(args.data / split) for name, split in (("train", "train"), ("dev", "validation"))},
            "test": str(args.data / "test"),
            "dataset_type": "plain",
            # A file's name is split and "language": train.document.txt
            "src": {"lang": "document.txt", **side},
            "trg": {"lang": "summary.txt", **side},
        },
        "training": {
            "optimizer": "adam",
            "learning_rate": shared.LEARNING_RATE,
            "learning_rate_min": 0.0,
            "scheduling": "plateau",
            "patience": 1000,
            "clip_grad_norm": shared.CLIPPING,
            "normalization": "tokens",
            "batch_size": shared.BATCH,
            "batch_type": "sentence",
            "logging_freq": 100,
            "validation_freq": 10**9,
            "overwrite": True,
            **training,
        },
        "testing": {
            "load_model": str(model),
            "batch_size": FASTEST[1],
            "batch_type": "sentence",
            "beam_size": 1,
            "max_output_length": args.max_length,
            "generate_unk": not args.ban_unk,
        },
        "model": {
            "tied_embeddings": True,
            "encoder": {**recurrent, "embeddings": embeddings, "hidden_size": shared.ENCODER, "bidirectional": True},
            "decoder": {
                **recurrent,
                "embeddings": embeddings,
                "hidden_size": shared.DECODER,
                "hidden_dropout": shared.DROPOUT,
                "init_hidden": "bridge",
                "input_feeding": True,
                "attention": "bahdanau",
            },
        },
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(content, indent=1))
    return file


def without_verbose() -> None:
    """Let `plateau` be built by a torch that does not know `verbose`."""
    from joeynmt import builders

    plateau = builders.ReduceLROnPlateau
    builders.ReduceLROnPlateau = lambda verbose=False, **rest: plateau(**rest)


def run_training(file: Path) -> None:
    """`python -m joeynmt train CONFIG --skip-test`, in this process."""
    from joeynmt.__main__ import main

    without_verbose()
    sys.argv = ["joeynmt", "train", str(file), "--skip-test"]
    main()


def train(args: argparse.Namespace) -> dict[str, Any]:
    from joeynmt.training import TrainManager

    steps, step = shared.Steps(args.device == "cuda"), TrainManager._train_step

    def counted(self: Any, batch: Any) -> Any:
        # Both sides have an end symbol.
        steps.words(batch.src_length.sum() + batch.ntokens - 2 * batch.nseqs, self.model)
        return step(self, batch)

    TrainManager._train_step = counted
    run_training(config(shared.run_folder("joey", "train"), args, updates=args.warmup + args.steps, epochs=99))
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    run_training(config(shared.run_folder("joey", "fit"), args, epochs=args.epochs))
    return {"epochs": args.epochs}


def learn(args: argparse.Namespace) -> dict[str, Any]:
    import torch
    from joeynmt.training import TrainManager

    epoch = -(-len(shared.lines("train", "document", args.data)) // shared.BATCH)
    checkpoints, step = shared.Checkpoints(args, epoch), TrainManager._train_step

    def watched(self: Any, batch: Any) -> Any:
        checkpoints.save = lambda file: torch.save({"model_state": self.model.state_dict()}, file)
        return step(self, batch)

    TrainManager._train_step = watched
    with suppress(shared.TimeIsOver):
        run_training(config(args.run / "joey", args, epochs=args.epochs or shared.UNLIMITED))
    shutil.rmtree(args.run / "joey" / "model")  # its own checkpoint, with the optimizer's state
    return checkpoints.finish()


class Search:
    """The search of a process that has a model and the data in memory."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        from joeynmt.config import load_config, parse_global_args
        from joeynmt.prediction import prepare

        self.options = parse_global_args(load_config(config(folder, args)), mode="test")
        self.model, _, validation, test = prepare(self.options, rank=0, mode="test")
        self.data = {"validation": validation, "test": test}[args.split]
        self.batch_size = args.batch_size

    def load(self, checkpoint: Path) -> None:
        from joeynmt.helpers import load_checkpoint

        self.model.load_state_dict(load_checkpoint(checkpoint, self.options.device)["model_state"])

    def headlines(self, beam: int) -> list[str]:
        from joeynmt.prediction import predict

        self.data.reset_indices()
        options = self.options.test._replace(beam_size=beam, batch_size=self.batch(beam))
        rest = {"normalization": "none", "args": options, "autocast": self.options.autocast}
        device, gpus = self.options.device, self.options.n_gpu
        return predict(model=self.model, data=self.data, device=device, n_gpu=gpus, **rest)[2]

    def batch(self, beam: int) -> int:
        return self.batch_size or FASTEST.get(beam, 64)


def decode(args: argparse.Namespace) -> dict[str, Any]:
    search = Search(shared.run_folder("joey", "decode"), args)
    whole = {side: texts[: args.documents] for side, texts in search.data.data.items()}
    found = {}
    for beam in args.beams:
        search.data.data = {side: texts[:64] for side, texts in whole.items()}
        search.headlines(beam)
        search.data.data = whole
        found[str(beam)] = shared.timed_search(lambda beam=beam: search.headlines(beam))
        found[str(beam)]["batch"] = search.batch(beam)
    return found


def write(args: argparse.Namespace) -> dict[str, Any]:
    search, found = Search(args.checkpoints[0].parent / "joey", args), []
    for checkpoint in args.checkpoints:
        search.load(checkpoint)
        found.append(search.headlines(args.beams[0]))
    return {"headlines": found}


def start(args: argparse.Namespace) -> dict[str, Any]:
    file = config(shared.run_folder("joey", "start"), args)
    (shared.FOLDER / "joey" / "start" / "model").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "joeynmt", "translate", file]
    return shared.timed_command(command, lambda out: out.splitlines()[-1], stdin=args.data / "one.txt")


if __name__ == "__main__":
    verbs = {"train": train, "fit": fit, "decode": decode, "start": start, "learn": learn, "write": write}
    shared.main("joey", __doc__, verbs)
