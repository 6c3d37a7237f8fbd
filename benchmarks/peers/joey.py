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
import sys
from pathlib import Path
from typing import Any

import shared

FASTEST = {1: 64, 5: 32}  # documents a batch, by beam size


def config(folder: Path, device: str, **training: Any) -> Path:
    """Write the experiment file (JSON is YAML)."""
    side = {"level": "word", "lowercase": False, "voc_file": str(shared.DATA / "vocabulary.txt")}
    embeddings = {"embedding_dim": shared.EMBEDDING, "dropout": shared.DROPOUT}
    recurrent = {"type": "recurrent", "rnn_type": "gru", "num_layers": 1, "dropout": shared.DROPOUT}
    content = {
        "name": "reuters",
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "model"),
        "use_cuda": device == "cuda",
        "random_seed": 1,
        "data": {
            **{name: str(shared.DATA / split) for name, split in (("train", "train"), ("dev", "validation"))},
            "test": str(shared.DATA / "test"),
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
            "load_model": str(shared.FOLDER / "joey" / "fit" / "model" / "latest.ckpt"),
            "batch_size": FASTEST[1],
            "batch_type": "sentence",
            "beam_size": 1,
            "max_output_length": shared.MAX_LENGTH,
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
    run_training(config(shared.run_folder("joey", "train"), args.device, updates=args.warmup + args.steps, epochs=99))
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    run_training(config(shared.run_folder("joey", "fit"), args.device, epochs=args.epochs))
    return {"epochs": args.epochs}


def decode(args: argparse.Namespace) -> dict[str, Any]:
    from joeynmt.config import load_config, parse_global_args
    from joeynmt.prediction import predict, prepare

    options = parse_global_args(load_config(config(shared.run_folder("joey", "decode"), args.device)), mode="test")
    model, _, _, data = prepare(options, rank=0, mode="test")
    whole = {side: texts[: args.documents] for side, texts in data.data.items()}

    def search(beam: int, texts: dict[str, list[str]]) -> list[str]:
        data.data = texts
        data.reset_indices()
        batch = args.batch_size or FASTEST.get(beam, 64)
        test = options.test._replace(beam_size=beam, batch_size=batch)
        rest = {"normalization": "none", "args": test, "autocast": options.autocast}
        return predict(model=model, data=data, device=options.device, n_gpu=options.n_gpu, **rest)[2]

    found = {}
    for beam in args.beams:
        search(beam, {side: texts[:64] for side, texts in whole.items()})
        found[str(beam)] = shared.timed_search(lambda beam=beam: search(beam, whole))
        found[str(beam)]["batch"] = args.batch_size or FASTEST.get(beam, 64)
    return found


def start(args: argparse.Namespace) -> dict[str, Any]:
    file = config(shared.run_folder("joey", "start"), args.device)
    (shared.FOLDER / "joey" / "start" / "model").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "joeynmt", "translate", file]
    return shared.timed_command(command, lambda out: out.splitlines()[-1], stdin=shared.DATA / "one.txt")


if __name__ == "__main__":
    shared.main("joey", __doc__, {"train": train, "fit": fit, "decode": decode, "start": start})
