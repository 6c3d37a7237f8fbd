"""The command `seq2seq`. Imports nothing heavy before it knows the subcommand, and turns errors into one line."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module

COMMANDS = {
    "fit": ("fit", "train a model from a config file"),
    "validate": ("fit", "score a checkpoint on the validation split (greedy)"),
    "test": ("fit", "score a checkpoint on the test split (beam search); writes metrics.json and predictions.jsonl"),
    "predict": ("fit", "write the headlines of a split"),
    "decode": ("decode", "write headlines for text or JSON Lines"),
    "show": ("show", "print documents, references and headlines side by side"),
    "prepare": ("prepare", "turn a raw corpus (Reuters-21578, Gigaword) into JSON Lines"),
}


def usage() -> str:
    lines = "\n".join(f"  {name:9} {text}" for name, (_, text) in COMMANDS.items())
    return (
        "usage: seq2seq COMMAND [options]\n\nA recurrent headline summarizer.\n\n"
        f"commands:\n{lines}\n\n`seq2seq COMMAND --help` shows a command's options."
    )


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; the exit status."""
    from seq2seq import __version__
    from seq2seq.errors import UserError

    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if argv[0] in ("-V", "--version"):
        print(__version__)
        return 0
    name, rest = argv[0], argv[1:]
    try:
        if name not in COMMANDS:
            near = get_close_matches(name, COMMANDS, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UserError(f"unknown command {name!r}; {hint}known are {', '.join(COMMANDS)}")
        module = import_module(f".commands.{COMMANDS[name][0]}", __package__)
        return module.main(argv if COMMANDS[name][0] == "fit" else rest)
    except UserError as error:
        return fail(" ".join(str(error).split()))
    except BrokenPipeError:
        abandon_output()  # whoever read it has had enough
        return 0
    except OSError as error:
        try:
            sys.stdout.flush()
        except OSError:  # a full disk, say: the interpreter would try once more when it ends, and complain at length
            abandon_output()
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return fail(what)
    except KeyboardInterrupt:
        return fail("interrupted", 130)


def abandon_output() -> None:
    """Send what is left for standard output nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(message: str, status: int = 1) -> int:
    print(f"seq2seq: error: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
