"""`seq2seq report`: writes the page of a run again, and compares the run with another one."""

from __future__ import annotations

import sys
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.files import user_path

from .arguments import Parser

CHECKPOINT_SETTINGS = (
    "task",
    "labels",
    "network",
    "optimizer",
    "objective",
    "search",
    "scoring",
    "max_document_tokens",
    "seed",
)
"""The parts of a checkpoint that are settings of its run."""


def parser() -> Parser:
    p = Parser(
        prog="seq2seq report",
        usage="seq2seq report RUN [OTHER] [--output FILE]",
        description="Write the page of a run: figures with intervals, curves, errors, samples and config in one HTML "
        "file. `fit` and `test` write it too. With OTHER the page also shows the differences between the two runs: "
        "figures with p-values, settings, and the documents that each run does better.",
    )
    p.add_argument("run", metavar="RUN", help="folder of a run, for example runs/quickstart")
    p.add_argument("other", metavar="OTHER", nargs="?", help="folder of the run to compare with")
    p.add_argument("--output", metavar="FILE", type=user_path, help="the page to write (default: RUN/index.html)")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq report`. Returns the exit status; raises UserError on bad arguments, or without a run."""
    args = parser().parse_args(argv)
    folders = [user_path(name) for name in (args.run, args.other) if name is not None]
    for folder in folders:
        check_run(folder)
    from seq2seq.report import PAGE, load_run, write_page

    runs = [load_run(folder) for folder in folders]
    for run in runs:
        if not run.config and not run.settings:
            run.settings = checkpoint_settings(run.folder)
        for note in run.notes:
            print(f"seq2seq report: note: {run.folder}: {note}", file=sys.stderr)
    output = args.output or folders[0] / PAGE
    if output.is_dir():
        raise UserError(f"--output {output}: a folder; name a file in it")
    size = write_page(runs[0], output, *runs[1:])
    print(f"{output}: {size / 1000:,.0f} kB")
    return 0


def check_run(folder: Path) -> None:
    """Raises UserError if a folder is not that of a run."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give the folder of a run, for example runs/quickstart")
    known = ("config.yaml", "metrics.json", "predictions.jsonl", "curves.jsonl", "*.ckpt")
    if not any(file for pattern in known for file in folder.glob(pattern)):
        raise UserError(f"{folder}: no run in this folder ({', '.join(known)}); give the folder that `fit` has written")


def checkpoint_settings(folder: Path) -> dict:
    """The settings of a run that has neither config.yaml nor metrics.json: those of its checkpoint, if there is one."""
    from seq2seq.checkpoint import read_checkpoint  # it loads torch, which takes seconds

    for name in ("best.ckpt", "last.ckpt"):
        if (folder / name).is_file():
            contents = read_checkpoint(folder / name)
            return {part: contents[part] for part in CHECKPOINT_SETTINGS if part in contents}
    return {}
