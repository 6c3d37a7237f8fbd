"""Options that several commands share: the parser, and the options of a checkpoint and its search."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, get_args, get_type_hints

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError, did_you_mean
from seq2seq.files import is_zip_file, user_path
from seq2seq.options import argument_texts, check_effects
from seq2seq.shipped import Card, checkpoint_path, default_model, shipped_models

Options = TypeVar("Options")
DEFAULT_MODEL = " (default: the model that ships with seq2seq)"
"""For --help of the commands that need no checkpoint."""

if TYPE_CHECKING:  # it imports torch, which takes seconds; the arguments are checked first
    from seq2seq.inference import Summarizer


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UserError, and suggests the known option most similar to an unknown one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-\S*)", message)
        known = [option for action in self._all_actions() for option in action.option_strings]
        hint = did_you_mean(unknown[1].split("=")[0], known) if unknown else ""
        if (word := re.match(r"unrecognized arguments: ([^-]\S*)", message)) and "--input" in known:
            hint = f"documents are given as --input {word[1]}"
        raise UserError(f"{message}; {hint or f'`{self.prog} --help` lists the options'}")

    def _all_actions(self) -> list[argparse.Action]:
        """The actions of this parser and its subcommands: the parent reports the unknown options of a subcommand."""
        actions = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                actions += [inner for parser in action.choices.values() for inner in parser._actions]
        return actions


class Checkpoints(argparse.Action):
    """Reads one or several checkpoints. Other files after the first one are texts without an option of their own: the
    value `other_files` of a command that takes such texts, and else an error."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any) -> None:
        namespace.other_files = [name for name in values[1:] if not looks_like_checkpoint(name)]
        if namespace.other_files and not hasattr(namespace, "files"):
            parser.error(f"unrecognized arguments: {namespace.other_files[0]}")
        namespace.checkpoint = [name for name in values if name not in namespace.other_files]


def looks_like_checkpoint(name: str) -> bool:
    """Whether an argument is a checkpoint by its suffix or content, a folder, or the name of a shipped model."""
    path = user_path(name)
    return name.endswith(".ckpt") or path.is_dir() or is_zip_file(path) or name in shipped_models()


def add_decoding_options(parser: argparse.ArgumentParser, flag: str = "--checkpoint", default: str = "") -> None:
    """Adds the options that `load_summarizer` reads: the checkpoint, the search, and the device.

    Args:
        flag: the option of the checkpoint.
        default: a text for --help about the checkpoint if none is given.
    """
    parser.add_argument(
        flag,
        dest="checkpoint",
        action=Checkpoints,
        nargs="+",
        metavar="FILE",
        help="checkpoint of `seq2seq fit`, e.g. runs/quickstart/best.ckpt, a name of `seq2seq models`, or hf:FOLDER"
        f"{default}; several files are an ensemble, whose probabilities are averaged: they need the same tokenizer, "
        "and the first one gives the search options",
    )
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda or cuda:N")
    parser.add_argument(
        "--precision",
        default="float32",
        metavar="TYPE",
        help="float32 (default) or bfloat16, which is faster on GPUs and on CPUs with AVX512-BF16 or AMX",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    search = parser.add_argument_group("search options", "Their defaults are the values stored in the checkpoint.")
    add_fields(search, SearchOptions)


def add_reranking_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a second model, for commands that read `add_decoding_options` too and explain no headline."""
    group = parser.add_argument_group("reranking options")
    group.add_argument(
        "--rerank",
        metavar="FILE",
        help="checkpoint of a second model, best a right-to-left one (data.tokenizer.right_to_left): of the hypotheses "
        "of the beam, the one with the highest sum of both models' scores comes first",
    )
    group.add_argument(
        "--rerank-weight", type=float, metavar="X", help="factor of the second model's scores (default: 1)"
    )


def reranking(args: argparse.Namespace) -> dict[str, Any]:
    """The given ones of these options, as arguments of `Summarizer.from_checkpoint`; none for other commands.

    Raises UserError for a weight without a model.
    """
    given = {name: getattr(args, name, None) for name in ("rerank", "rerank_weight")}
    given = {name: value for name, value in given.items() if value is not None}
    if given and "rerank" not in given:
        raise UserError("--rerank-weight has no effect without --rerank; leave it out, or name the second model")
    return given


def add_fields(parser: argparse._ActionsContainer, options: type) -> None:
    """Adds one option for each field of a dataclass of options; its help text is that of the class docstring. The
    value is None if the option is not given."""
    types, texts = get_type_hints(options), argument_texts(options)
    for option in fields(options):
        kinds = [kind for kind in get_args(types[option.name]) or (types[option.name],) if kind is not NoneType]
        if kinds == [bool]:
            settings: dict[str, Any] = {"action": argparse.BooleanOptionalAction}
        elif isinstance(kinds[0], str):
            settings = {"choices": kinds}
        else:
            settings = {"type": kinds[0], "metavar": "N" if kinds == [int] else "X"}
        parser.add_argument(flag_of(option.name), help=texts[option.name].replace("%", "%%"), **settings)


def given_fields(args: argparse.Namespace, options: type) -> dict[str, Any]:
    """The fields of `options` that are given on the command line."""
    values = {option.name: getattr(args, option.name) for option in fields(options)}
    return {name: value for name, value in values.items() if value is not None}


def check_positive(args: argparse.Namespace, *names: str) -> None:
    """Raises UserError if one of these options is given and below 1."""
    for name in names:
        value = getattr(args, name)
        if value is not None and value < 1:
            raise UserError(f"{flag_of(name)} {value}: give at least 1")


def add_address(parser: argparse.ArgumentParser, port: int, secret: str) -> None:
    """Adds the address of a server.

    Args:
        port: the default.
        secret: a clause for `--help`: the token or password that other computers need.
    """
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help=f"address to listen at (default: 127.0.0.1, this computer alone). With another one {secret}, or a new "
        "one, which is printed",
    )
    parser.add_argument(
        "--port", type=int, default=port, metavar="N", help=f"port to listen at (default: {port}); 0 is a free one"
    )


def prepare_cpu(args: argparse.Namespace) -> None:
    """Sets the number of threads of the command line, and tunes the process for its CPU."""
    import torch

    from seq2seq.ops.cpu import tune_cpu

    if args.threads and args.device.startswith("cuda"):
        raise UserError(f"--threads has no effect with --device {args.device}; leave it out")
    if args.threads:
        torch.set_num_threads(args.threads)
    tune_cpu()


def load_summarizer(args: argparse.Namespace, *, scores_are_written: bool = False) -> Summarizer:
    """Loads the checkpoint of the command line; its search options are replaced by those of the command line.

    Without a checkpoint it loads the default model, and writes to standard error which one that is.

    `scores_are_written`: the output has scores, on which a length penalty has an effect with every beam size.
    """
    checkpoints = args.checkpoint or [announced_default_model()]
    second = reranking(args)
    for checkpoint in [*checkpoints, *([second["rerank"]] if second else [])]:
        checkpoint_path(checkpoint)  # before torch is loaded: an unknown name is reported at once
    from seq2seq.inference import Summarizer, check_search

    prepare_cpu(args)
    summarizer = Summarizer.from_checkpoint(checkpoints, args.device, args.precision, **second)
    summarizer.options = search_options(args, summarizer.options, scores_are_written)
    if summarizer.reranker:
        summarizer.reranker.check(summarizer.options)
    check_search(summarizer.network, summarizer.tokenizer, summarizer.options)
    return summarizer


def model_name(args: argparse.Namespace) -> str:
    """The name of the model of the command line for readers: the last two parts of a path, or a shipped model."""
    return " + ".join("/".join(Path(name).parts[-2:]) for name in args.checkpoint or [default_model()])


def announced_default_model() -> str:
    """The name of the default model, which one line on standard error names. Raises UserError if there is none."""
    name = default_model()
    print(
        f"seq2seq: no --checkpoint was given; the model is {name!r}: {Card.read(name).title} "
        f"(`seq2seq models {name}` shows its limits)",
        file=sys.stderr,
    )
    return name


def search_options(args: argparse.Namespace, stored: SearchOptions, scores_are_written: bool = False) -> SearchOptions:
    """Replaces a checkpoint's search options by those of the command line (None = not given).

    Raises UserError, naming the option of the command line, also for one that has no effect.
    """
    given = given_fields(args, SearchOptions)
    named = set(given) - ({"length_penalty"} if scores_are_written else set())
    return replace_fields("search", stored, stored.with_sizes_that_suit(given), named)


def replace_fields(section: str, stored: Options, given: dict[str, Any], named: Collection[str]) -> Options:
    """`stored` with other values for the fields `given`.

    Args:
        section: the name of the options in errors; there it becomes the option of the command line.
        named: the fields that the user has named. They must have an effect.

    Raises UserError, naming the option of the command line.
    """
    try:
        chosen = replace(stored, **given)  # type: ignore[type-var]
        check_effects(chosen, section, named)
        return chosen
    except UserError as error:
        raise UserError(re.sub(rf"\b{section}\.(\w+):?", lambda key: flag_of(key[1]), str(error))) from None


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")
