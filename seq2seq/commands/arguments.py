"""Options that several commands share: the parser, and the options of a checkpoint and its search."""

from __future__ import annotations

import argparse
import inspect
import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NoReturn, get_type_hints

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError, did_you_mean
from seq2seq.options import check_effects

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


def add_decoding_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `load_summarizer` reads: the checkpoint, the search, and the device."""
    parser.add_argument(
        "--checkpoint",
        required=True,
        metavar="FILE",
        help="checkpoint of `seq2seq fit`, e.g. runs/quickstart/best.ckpt",
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
    types, texts = get_type_hints(SearchOptions), argument_texts(SearchOptions)
    for option in fields(SearchOptions):
        kind = types[option.name]
        settings: dict[str, Any] = {"type": kind, "metavar": "N" if kind is int else "X"}
        if kind is bool:
            settings = {"action": argparse.BooleanOptionalAction}
        search.add_argument(_flag(option.name), help=texts[option.name], **settings)


def argument_texts(options: type) -> dict[str, str]:
    """Reads the text of each field from the "Args:" section of a class docstring."""
    section = inspect.getdoc(options).partition("\nArgs:\n")[2]  # type: ignore[union-attr]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()).removesuffix(".") for name, text in entries}


def check_positive(args: argparse.Namespace, *names: str) -> None:
    """Raises UserError if one of these options is given and below 1."""
    for name in names:
        value = getattr(args, name)
        if value is not None and value < 1:
            raise UserError(f"{_flag(name)} {value}: give at least 1")


def load_summarizer(args: argparse.Namespace, *, scores_are_written: bool = False) -> Summarizer:
    """Loads the checkpoint of the command line; its search options are replaced by those of the command line.

    `scores_are_written`: the output has scores, on which a length penalty has an effect with every beam size.
    """
    import torch

    from seq2seq.inference import Summarizer
    from seq2seq.ops.cpu import tune_cpu

    if args.threads and args.device.startswith("cuda"):
        raise UserError(f"--threads has no effect with --device {args.device}; leave it out")
    if args.threads:
        torch.set_num_threads(args.threads)
    tune_cpu()
    summarizer = Summarizer.from_checkpoint(args.checkpoint, args.device, args.precision)
    summarizer.options = search_options(args, summarizer.options, scores_are_written)
    return summarizer


def search_options(args: argparse.Namespace, stored: SearchOptions, scores_are_written: bool = False) -> SearchOptions:
    """Replaces a checkpoint's search options by those of the command line (None = not given).

    A given n_best raises the checkpoint's beam_size, and a given beam_size lowers the checkpoint's n_best, as far as
    needed. Raises UserError, naming the option of the command line, also for one that has no effect.
    """
    given = {option.name: getattr(args, option.name) for option in fields(stored)}
    given = {name: value for name, value in given.items() if value is not None}
    named = set(given) - ({"length_penalty"} if scores_are_written else set())
    given.setdefault("beam_size", max(stored.beam_size, given.get("n_best", 1)))
    given.setdefault("n_best", max(1, min(stored.n_best, given["beam_size"])))
    try:
        chosen = replace(stored, **given)
        check_effects(chosen, "search", named)
        return chosen
    except UserError as error:
        raise UserError(re.sub(r"search\.(\w+):?", lambda key: _flag(key[1]), str(error))) from None


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
