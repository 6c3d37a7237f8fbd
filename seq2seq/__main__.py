"""The command `seq2seq`: finds the subcommand, and reports errors in one line.

Heavy modules are imported only for the subcommand that needs them.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from importlib import import_module

from . import __version__
from .commands import COMMANDS
from .environment import escape_unencodable_output, import_plugins, prepare_process
from .errors import UserError, did_you_mean
from .files import discard_output


def usage() -> str:
    lines = "\n".join(f"  {name:10} {text}" for name, (_, text) in COMMANDS.items())
    return (
        "usage: seq2seq COMMAND [options]\n\nA recurrent headline summarizer.\n\n"
        f"commands:\n{lines}\n\n`seq2seq COMMAND --help` shows a command's options."
    )


def main(argv: list[str] | None = None) -> int:
    """Runs one subcommand with `argv` (default: sys.argv) and returns the exit status."""
    escape_unencodable_output()
    prepare_process()  # before a subcommand imports torch
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) == 2 and argv[0] in ("-h", "--help", "help") and argv[1] in COMMANDS:
        argv = [argv[1], "--help"]
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if argv[0] in ("-V", "--version"):
        print(__version__)
        return 0
    name, rest = argv[0], argv[1:]
    try:
        if name not in COMMANDS:
            hint = " ".join([did_you_mean(name, COMMANDS), f"known are {', '.join(COMMANDS)}"]).strip()
            raise UserError(f"unknown command {name!r}; {hint}")
        import_plugins()
        module = import_module(f".commands.{COMMANDS[name][0]}", __package__)
        return module.main(argv if COMMANDS[name][0] == "fit" else rest)
    except UserError as error:
        return fail(" ".join(str(error).split()))
    except BrokenPipeError:  # the reader of standard output, such as `head`, has ended
        discard_output(sys.stdout)
        return 0
    except OSError as error:
        try:
            sys.stdout.flush()
        except OSError:  # a full disk, for example: the interpreter would flush again at its end, and print a traceback
            discard_output(sys.stdout)
        return fail(": ".join(str(part) for part in (error.filename, error.strerror) if part) or str(error))
    except KeyboardInterrupt as interrupt:
        return fail("; ".join(filter(None, ["interrupted", str(interrupt)])), 130)
    except Exception as error:
        return fail(unexpected(error))


def unexpected(error: Exception) -> str:
    """Writes the traceback of an error that nobody foresaw into a temporary file; returns a message that names it."""
    with tempfile.NamedTemporaryFile("w", prefix="seq2seq-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{': ' if text else ''}{text}; the traceback is in {file.name}"


def fail(message: str, status: int = 1) -> int:
    """Prints an error in one line and returns `status`."""
    print(f"seq2seq: error: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
