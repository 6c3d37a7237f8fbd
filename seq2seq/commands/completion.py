"""`seq2seq completion`: the script with which a shell completes commands, options, names and files.

The script is made by the library shtab from the parsers of the commands. The keys of `fit`, `validate`, `test` and
`predict` are those of the schema of a config.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from .arguments import Parser

SHELLS = ("bash", "zsh")
FILES, FOLDERS = ("FILE", "PATH", "REFERENCES", "PREDICTIONS"), ("DIR", "RUN", "OTHER")
"""Names for arguments in --help that stand for a file or a folder."""
FILE_KEYS = ("config", "ckpt_path", "resume", "init_from")
"""Options of `fit` and its kin that take a file."""


def parser() -> Parser:
    p = Parser(
        prog="seq2seq completion",
        description="Print the script that completes commands, options, names and files in a shell. For bash: "
        "seq2seq completion bash > ~/.local/share/bash-completion/completions/seq2seq. For zsh, a file _seq2seq in a "
        "folder of $fpath.",
    )
    p.add_argument("shell", choices=SHELLS, help="the shell")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq completion`. Returns the exit status; raises UserError on bad arguments."""
    import shtab

    print(shtab.complete(whole_parser(), parser().parse_args(argv).shell))
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """A parser with one subparser for each command, which is never used to parse."""
    from . import COMMANDS

    whole = argparse.ArgumentParser(prog="seq2seq")
    commands = whole.add_subparsers(metavar="COMMAND")
    training = training_options()
    for name, (module, text) in COMMANDS.items():
        made = training if module == "fit" else import_module(f".{module}", __package__).parser()
        subparsers = made._subparsers  # argparse copies no subcommands of a parent
        command = commands.add_parser(name, help=text, parents=[made], add_help=False, conflict_handler="resolve")
        command._subparsers = subparsers
        complete_paths(command)
    return whole


def training_options() -> argparse.ArgumentParser:
    """The options of `fit`, with the names that they accept."""
    from .schema import config_schema, option_keys

    options = argparse.ArgumentParser()
    options.add_argument("--config", metavar="FILE", help="a config file")
    for key, schema in option_keys(config_schema("summarization")):
        settings: dict[str, Any] = {"metavar": "FILE"} if key in FILE_KEYS else {"choices": schema.get("enum")}
        options.add_argument(f"--{key}", help=schema.get("description", "").replace("%", "%%"), **settings)
    return options


def complete_paths(parser: argparse.ArgumentParser) -> None:
    """Marks the arguments of a parser and of its subcommands that are files or folders."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                complete_paths(inner)
        elif action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
