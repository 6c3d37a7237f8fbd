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
import sys
from pathlib import Path
from typing import Any

import shared

FASTEST = {1: 64, 5: 64}  # documents a batch, by beam size
NEVER = 10**9


def config(folder: Path, device: str, steps: int) -> Path:
    """Write the config file of `onmt_train` (JSON is YAML)."""
    vocabulary = str(shared.DATA / "vocabulary.txt")
    content = {
        "data": {
            "corpus": {
                "path_src": str(shared.DATA / "train.document.txt"),
                "path_tgt": str(shared.DATA / "train.summary.txt"),
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
        "seed": 1,
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
        "gpu_ranks": [0] if device == "cuda" else [],
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
    run_training(config(shared.run_folder("opennmt", "train"), args.device, args.warmup + args.steps))
    return steps.result(args.warmup)


def fit(args: argparse.Namespace) -> dict[str, Any]:
    batches = -(-len(shared.lines("train", "document")) // shared.BATCH)
    folder = shared.run_folder("opennmt", "fit")
    for old in folder.glob("model_step_*.pt"):
        old.unlink()
    run_training(config(folder, args.device, args.epochs * batches))
    return {"epochs": args.epochs}


def translation(source: Path, beam: int, batch: int, device: str) -> tuple[list[str], Path]:
    """The options of `onmt_translate`, and the file that it will write."""
    folder = shared.run_folder("opennmt", "decode")
    model = next((shared.FOLDER / "opennmt" / "fit").glob("model_step_*.pt"))
    written = folder / f"{source.stem}.beam-{beam}.txt"
    options = {
        "model": model,
        "src": source,
        "output": written,
        "beam_size": beam,
        "batch_size": batch,
        "max_length": shared.MAX_LENGTH,
        "gpu": 0 if device == "cuda" else -1,
    }
    return [word for key, value in options.items() for word in (f"-{key}", str(value))], written


def decode(args: argparse.Namespace) -> dict[str, Any]:
    from onmt.bin.translate import _get_parser
    from onmt.inference_engine import InferenceEnginePY
    from onmt.utils.parse import ArgumentParser

    os.environ.update(shared.UNTRUSTED)
    folder, found = shared.run_folder("opennmt", "decode"), {}
    documents = [f"{document}\n" for document in shared.lines("test", "document")[: args.documents]]
    for beam in args.beams:
        batch, engines = args.batch_size or FASTEST.get(beam, 32), []
        for name, part in (("warm-up", documents[:64]), ("test", documents)):
            (folder / f"{name}.txt").write_text("".join(part), encoding="utf-8")
            words, _ = translation(folder / f"{name}.txt", beam, batch, args.device)
            options = _get_parser().parse_args(words)
            for check in ("validate_translate_opts", "_get_all_transform_translate"):
                getattr(ArgumentParser, check)(options)
            for check in ("_validate_transforms_opts", "validate_translate_opts_dynamic"):
                getattr(ArgumentParser, check)(options)
            engines.append(InferenceEnginePY(options))

        def search(engine: Any) -> list[str]:
            return [best[0] for best in engine.infer_file()[1]]

        search(engines[0])
        found[str(beam)] = shared.timed_search(lambda engine=engines[1]: search(engine))
        found[str(beam)]["batch"] = batch
    return found


def start(args: argparse.Namespace) -> dict[str, Any]:
    words, written = translation(shared.DATA / "one.txt", 1, 1, args.device)
    command = [Path(sys.executable).parent / "onmt_translate", *words]
    return shared.timed_command(command, lambda _: written.read_text(encoding="utf-8"), **shared.UNTRUSTED)


if __name__ == "__main__":
    shared.main("opennmt", __doc__, {"train": train, "fit": fit, "decode": decode, "start": start})
