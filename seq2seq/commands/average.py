"""`seq2seq average`: one checkpoint whose weights are the mean of those of several."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError
from seq2seq.files import is_same_file, user_path

from .arguments import Parser, check_positive


def parser() -> Parser:
    p = Parser(
        prog="seq2seq average",
        usage="seq2seq average CKPT [CKPT ...] --output FILE\n       seq2seq average FOLDER --last N --output FILE",
        description="Average the weights of checkpoints of one run, or of runs from the same trained weights. The "
        "result serves decode, test, score and `fit --init_from`; no run can be resumed from it. Search options and "
        "limits are those of the first checkpoint.",
    )
    p.add_argument("checkpoints", nargs="+", metavar="CKPT", help="checkpoints of the same network and tokenizer")
    p.add_argument(
        "--last",
        type=int,
        metavar="N",
        help="the newest N checkpoints of a run's folder; checkpoint.keep_last and checkpoint.every_n_train_steps of "
        "`fit` keep them",
    )
    p.add_argument("--output", required=True, metavar="FILE", help="the averaged checkpoint, e.g. averaged.ckpt")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq average`. Returns the exit status; raises UserError on bad arguments or checkpoints."""
    args = parser().parse_args(argv)
    check_positive(args, "last")
    output, given = user_path(args.output), [user_path(file) for file in args.checkpoints]
    if output.is_dir():
        raise UserError(f"--output {output}: that is a folder; name a file in it")
    from seq2seq.checkpoint import write_checkpoint

    files = newest_of_run(given, args.last) if args.last else given
    if any(is_same_file(output, file) for file in files):
        raise UserError(f"--output {output}: that is one of the checkpoints; give another name")
    averaged, runs = average(files)
    write_checkpoint(averaged, output)
    if len(runs) > 1:
        print(
            f"seq2seq average: note: checkpoints of {len(runs)} runs; an average is of use only if these runs have "
            "started from the same trained weights",
            file=sys.stderr,
        )
    print(f"the mean of {', '.join(file.name for file in files)} -> {output}")
    return 0


def average(files: Sequence[Path]) -> tuple[dict[str, Any], set[str | None]]:
    """The arithmetic mean of the weights of some checkpoints, summed in float64 and stored in float32.

    Returns:
        A checkpoint without the state of a training, and the ids of the runs.

    Raises UserError if the checkpoints have different networks or tokenizers.
    """
    import torch

    from seq2seq.checkpoint import network_weights, read_checkpoint, settings_of, weights_alone

    first, *_ = read = [read_checkpoint(file) for file in files]  # the weights stay on the disk until they are added
    sums: dict[str, torch.Tensor] = {}
    runs: set[str | None] = set()
    for file, contents in zip(files, read, strict=True):
        check_same_kind(first, contents, files[0], file)
        runs.add(contents["resume"].get("run"))
        for name, weight in network_weights(contents).items():
            sums[name] = weight.double() + sums.get(name, 0)
    places = {name: weight.data_ptr() for name, weight in network_weights(first).items()}
    means = {places[name]: (total / len(files)).to(torch.float32) for name, total in sums.items()}
    weights = {name: means[places[name]] for name in sums}  # tied weights are stored once
    return weights_alone(settings_of(first), weights), runs


def check_same_kind(first: dict[str, Any], other: dict[str, Any], first_file: Path, file: Path) -> None:
    """Raises UserError if the weights of two checkpoints do not belong to the same network and tokenizer."""
    from seq2seq.checkpoint import check_task, has_same_tokenizer, network_options, network_weights, task_of
    from seq2seq.model.options import TRAINING_OPTIONS

    check_task(other, file, task_of(first))
    options, others = (asdict(network_options(contents)) for contents in (first, other))
    for name in set(options) - set(TRAINING_OPTIONS):
        if options[name] != others[name]:
            raise UserError(
                f"{file}: network.{name} is {others[name]}, and {options[name]} in {first_file}; only checkpoints of "
                "the same network can be averaged (decode takes different networks as an ensemble)"
            )
    if not has_same_tokenizer(first, other):
        raise UserError(f"{file}: another tokenizer than in {first_file}; give checkpoints of one run")
    shapes, other_shapes = ({k: w.shape for k, w in network_weights(c).items()} for c in (first, other))
    if shapes != other_shapes:
        raise UserError(f"{file}: other weights than in {first_file}; one of them is damaged, leave it out")


def newest_of_run(folders: Sequence[Path], count: int) -> list[Path]:
    """The newest `count` checkpoints of the latest run in a folder, newest first, at most one for each step.

    Raises UserError if there are fewer.
    """
    from seq2seq.checkpoint import read_checkpoint, run_id

    folder = folders[0]
    if len(folders) > 1 or not folder.is_dir():
        raise UserError(f"--last {count}: name one folder of a run, not {' '.join(map(str, folders))}")
    by_step: dict[int, Path] = {}
    for file in sorted([*folder.glob("step-*.ckpt"), *folder.glob("last.ckpt")]):
        contents = read_checkpoint(file)
        if contents["step"] is not None and contents["resume"].get("run") in (None, run_id(folder)):
            by_step[contents["step"]] = file
    if len(by_step) < count:
        raise UserError(
            f"{folder}: {len(by_step)} checkpoints of different steps, so there are no {count} to average; train with "
            f"checkpoint.keep_last: {count} and checkpoint.every_n_train_steps, or give a smaller --last"
        )
    return [by_step[step] for step in sorted(by_step, reverse=True)[:count]]
