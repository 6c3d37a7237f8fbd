"""`seq2seq export`: one subcommand for each form that is registered in `EXPORTS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError, require_packages
from seq2seq.files import is_same_file, user_path
from seq2seq.shipped import checkpoint_path

from .arguments import Parser


@dataclass(frozen=True)
class Export:
    """A form into which a checkpoint can be turned.

    Args:
        help: one line for the list of forms.
        description: the text of `seq2seq export FORM --help`.
        write: writes the file or folder from the arguments `checkpoint` (text), `output` (a path) and those of
            `arguments`; returns a line about the result. It raises UserError if the checkpoint cannot be used.
        arguments: further options, with the settings of argparse's `add_argument`.
    """

    help: str
    description: str
    write: Callable[..., str]
    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)


def write_model(checkpoint: str, output: Path) -> str:
    """Writes a checkpoint for inference alone. Returns its size and the figure by which it was chosen."""
    from seq2seq.checkpoint import export_checkpoint  # it loads torch, which takes seconds

    exported = export_checkpoint(checkpoint, output)
    size = f"{output.stat().st_size / 1e6:.1f} MB"
    return ", ".join([size, *(f"{name} {value:.2f}" for name, value in exported["metrics"].items())])


def write_hub_folder(checkpoint: str, output: Path, push: str | None) -> str:
    """Writes a folder for transformers, and uploads it to the repository `push`. Returns a line about the result."""
    from seq2seq.hub.folder import write_folder  # it loads transformers, which takes seconds

    return write_folder(checkpoint, output, push)


def write_onnx_folder(checkpoint: str, output: Path) -> str:
    """Writes a folder for onnxruntime. Returns its files, their size and the largest difference from torch."""
    require_packages("seq2seq export onnx", "onnx", "onnx", "onnxscript", "onnxruntime")
    from seq2seq.export_onnx.folder import write_folder  # it loads torch, which takes seconds

    return write_folder(checkpoint, output)


EXPORTS = {
    "model": Export(
        help="a small checkpoint for inference: weights in float16, without the state of the training",
        description="Write a small checkpoint: the weights are rounded to float16, and the state of the training is "
        "left out. decode, show, score, test and `fit --init_from` read it; no run can continue from it. Computations "
        "are in float32.",
        write=write_model,
    ),
    "hf": Export(
        help="a folder for transformers and the Hugging Face Hub: weights, configuration, processor, code and card",
        description="Write a folder that AutoModelForSeq2SeqLM and AutoProcessor of transformers read: generate() then "
        "writes the headlines of decode, copied words included. Summarizer and decode read it as hf:FOLDER.",
        write=write_hub_folder,
        arguments={
            "--push": {
                "metavar": "OWNER/NAME",
                "help": "also upload the folder to this repository of the Hugging Face Hub, which is made if it does "
                "not exist, private; needs `hf auth login` or HF_TOKEN",
            }
        },
    ),
    "onnx": Export(
        help="a folder for onnxruntime: encoder, step of the decoder, tokenizer and search options",
        description="Write a folder with encoder.onnx, step.onnx, tokenizer.json and seq2seq.json. Any number of "
        "documents, beams and tokens fits the graphs; the pointer is part of the step. The graphs are compared with "
        "torch before the folder is written. examples/onnx_decode.py reads such a folder without torch.",
        write=write_onnx_folder,
    ),
}
"""The forms, by the name of the subcommand."""


def parser() -> Parser:
    p = Parser(prog="seq2seq export", description="Turn a checkpoint into another form.")
    forms = p.add_subparsers(dest="form", metavar="FORM", required=True)
    for name, export in EXPORTS.items():
        form = forms.add_parser(name, help=export.help, description=export.description)
        form.add_argument(
            "--checkpoint",
            required=True,
            metavar="FILE",
            help="a checkpoint, the name of a shipped model, or hf: and a folder of `export hf`",
        )
        form.add_argument("--output", required=True, type=user_path, metavar="PATH", help="the file or folder to write")
        for option, settings in export.arguments.items():
            form.add_argument(option, **settings)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq export ARGV`. Returns the exit status; raises UserError on bad arguments or a bad checkpoint."""
    arguments = vars(parser().parse_args(argv))
    output = arguments["output"]
    if is_same_file(output, checkpoint_path(arguments["checkpoint"])):
        raise UserError(f"--output {output}: that is the checkpoint itself; give another name")
    print(f"{output}: {EXPORTS[arguments.pop('form')].write(**arguments)}")
    return 0
