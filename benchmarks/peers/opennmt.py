"""OpenNMT-py 3.5.1: the driver of its environment (.peers/opennmt/venv/bin/python benchmarks/peers/opennmt.py VERB).

Bidirectional GRU encoder (`brnn`; its `enc_hid_size` is that of both directions together), GRU decoder with Luong's
general attention and input feeding, one layer; one embedding matrix for source and target, its own output matrix. No
pointer: its `copy_attn` multiplies wrong rows where the decoder is recurrent. `<unk>` may be written (`-replace_unk`
ends in an error).

Patches: none in its code. It loads its checkpoints with pickled objects, which torch refuses unless told otherwise; an
environment variable of torch tells it so. Training batches are drawn by the training process itself (`num_workers: 0`)
from buckets of 8,192 pairs sorted by length; the first bucket is filled before the first step, so that filling is not
in the steps that are measured. `filtertoolong` is not used (no pair is too long; its `tgt_seq_length` means two less).
It searches in batches sorted by length.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import shared

FASTEST = {1: 64, 5: 64}  # documents a batch, by beam size
NEVER = 10**9


def config(folder: Path, args: argparse.Namespace, steps: int) -> Path:
    """Write the config file of `onmt_train` (JSON is YAML)."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = str(args.data / "vocabulary.txt")
    content = {
        "data": {
            "corpus": {
                "path_src": str(args.data / "train.document.txt"),
                "path_tgt": str(args.data / "train.summary.txt"),
                "transforms": [],
                "weight": 1,
            }
        },
        "src_vocab": vocabulary,
        "tgt_vocab": vocabulary,
        "share_vocab": True,
        "share_embeddings": True,
        "save_data": str(folder / "data"),
        "save_model": str(folder / "model"),
        "overwrite": True,
        "seed": args.seed,
        "encoder_type": "brnn",
        "decoder_type": "rnn",
        "rnn_type": "GRU",
        "enc_layers": 1,
        "dec_layers": 1,
        "enc_hid_size": 2 * shared.ENCODER,
        "dec_hid_size": shared.DECODER,
        "word_vec_size": shared.EMBEDDING,
        "global_attention": "general",
        "input_feed": 1,
        "dropout": [shared.DROPOUT],
        "optim": "adam",
        "learning_rate": shared.LEARNING_RATE,
        "max_grad_norm": shared.CLIPPING,
        "batch_type": "sents",
        "batch_size": shared.BATCH,
        "normalization": "tokens",
        "bucket_size": 8192,
        "num_workers": 0,
        "train_steps": steps,
        "valid_steps": NEVER,
        "save_checkpoint_steps": NEVER,
        "keep_checkpoint": 1,
        "report_every": 50,
        "world_size": 1,
        "gpu_ranks": [0] if args.device == "cuda" else [],
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(content, indent=1))
    return file


def run_training(file: Path) -> None:
    """`onmt_train -config FILE`, in this process."""
    from onmt.bin.train import main

    sys.argv = ["onmt_train", "-config", str(file)]
    main()


def train(args: argparse.Namespace) -> dict[str, Any]:
    from onmt.trainer import Trainer

    steps, accumulate = shared.Steps(args.device == "cuda"), Trainer._gradient_accumulation

    def counted(self: Any, batches: Any, *rest: Any) -> Any:
        pad = self.train_loss.padding_idx
        targets = sum(int(batch["tgt"].ne(pad).sum()) - 2 * len(batch["tgt"]) for batch in batches)  # start, end
        steps.words(targets + sum(int(batch["srclen"].sum()) for batch in batches), self.model)
        return accumulate(self, batches, *rest)

    Trainer._gradient_accumulation = counted
    run_training(config(shared.run_folder("opennmt", "train"), args, args.warmup + args.steps))
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    batches = -(-len(shared.lines("train", "document", args.data)) // shared.BATCH)
    folder = shared.run_folder("opennmt", "fit")
    for old in folder.glob("model_step_*.pt"):
        old.unlink()
    run_training(config(folder, args, args.epochs * batches))
    return {"epochs": args.epochs}


def learn(args: argparse.Namespace) -> dict[str, Any]:
    from onmt.trainer import Trainer

    epoch = -(-len(shared.lines("train", "document", args.data)) // shared.BATCH)
    checkpoints, accumulate = shared.Checkpoints(args, epoch), Trainer._gradient_accumulation
    folder = args.run / "opennmt"

    def watched(self: Any, *rest: Any) -> Any:
        def save(file: Path) -> None:
            Path(self.model_saver._save(checkpoints.steps, self.model)[0]).rename(file)

        checkpoints.save = save
        return accumulate(self, *rest)

    Trainer._gradient_accumulation = watched
    with suppress(shared.TimeIsOver):
        run_training(config(folder, args, (args.epochs or shared.UNLIMITED) * epoch))
    found = checkpoints.finish()
    for own in folder.glob("model_step_*.pt"):
        own.unlink()
    return found


def translation(args: argparse.Namespace, model: Path, source: Path, beam: int, batch: int) -> tuple[list[str], Path]:
    """The options of `onmt_translate`, and the file that it will write, in the folder of the source."""
    written = source.with_suffix(f".beam-{beam}.txt")
    options = {
        "model": model,
        "src": source,
        "output": written,
        "beam_size": beam,
        "batch_size": batch,
        "max_length": args.max_length,
        "gpu": 0 if args.device == "cuda" else -1,
    }
    words = [word for key, value in options.items() for word in (f"-{key}", str(value))]
    return [*words, *(["-ban_unk_token"] if args.ban_unk else [])], written


def fitted() -> Path:
    """The checkpoint of `fit`."""
    return next((shared.FOLDER / "opennmt" / "fit").glob("model_step_*.pt"))


def search_of(args: argparse.Namespace, model: Path, source: Path, beam: int, batch: int) -> Callable[[], list[str]]:
    """A search with a model in memory: each call gives the headlines of the file `source`."""
    from onmt.bin.translate import _get_parser
    from onmt.inference_engine import InferenceEnginePY
    from onmt.utils.parse import ArgumentParser

    options = _get_parser().parse_args(translation(args, model, source, beam, batch)[0])
    for check in ("validate_translate_opts", "_get_all_transform_translate"):
        getattr(ArgumentParser, check)(options)
    for check in ("_validate_transforms_opts", "validate_translate_opts_dynamic"):
        getattr(ArgumentParser, check)(options)
    engine = InferenceEnginePY(options)
    return lambda: [best[0] for best in engine.infer_file()[1]]


def decode(args: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(shared.UNTRUSTED)
    folder, found = shared.run_folder("opennmt", "decode"), {}
    documents = [f"{document}\n" for document in shared.lines("test", "document", args.data)[: args.documents]]
    for beam in args.beams:
        batch, searches = args.batch_size or FASTEST.get(beam, 32), []
        for name, part in (("warm-up", documents[:64]), ("test", documents)):
            source = folder / f"{name}.txt"
            source.write_text("".join(part), encoding="utf-8")
            searches.append(search_of(args, fitted(), source, beam, batch))
        searches[0]()
        found[str(beam)] = shared.timed_search(searches[1])
        found[str(beam)]["batch"] = batch
    return found


def write(args: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(shared.UNTRUSTED)
    source = args.checkpoints[0].parent / f"{args.split}.txt"
    shutil.copyfile(args.data / f"{args.split}.document.txt", source)
    beam, found = args.beams[0], []
    for checkpoint in args.checkpoints:
        found.append(search_of(args, checkpoint, source, beam, args.batch_size or FASTEST.get(beam, 32))())
    return {"headlines": found}


def start(args: argparse.Namespace) -> dict[str, Any]:
    source = shared.run_folder("opennmt", "start") / "one.txt"
    shutil.copyfile(args.data / "one.txt", source)
    words, written = translation(args, fitted(), source, 1, 1)
    command = [Path(sys.executable).parent / "onmt_translate", *words]
    return shared.timed_command(command, lambda _: written.read_text(encoding="utf-8"), **shared.UNTRUSTED)


if __name__ == "__main__":
    verbs = {"train": train, "fit": fit, "decode": decode, "start": start, "learn": learn, "write": write}
    shared.main("opennmt", __doc__, verbs)
