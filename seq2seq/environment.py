"""Every environment variable that the package sets or reads, in one place. docs/environment.md lists them for users.

`prepare_process` must run before torch and wandb are imported. It only sets variables that the user has not set.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from pathlib import Path

from .errors import UserError

ENCODING, ESCAPE = "PYTHONIOENCODING", "backslashreplace"
"""Encoding and error handler of a Python process, separated by a colon, and the handler of ours."""

PLUGINS = "SEQ2SEQ_PLUGINS"
"""Modules that every command imports first, separated by commas: they register cells, attentions, readers, ..."""

DEMO_PASSWORD = "SEQ2SEQ_DEMO_PASSWORD"
"""The password of the page of `seq2seq demo`. A variable, because other users can read a command line."""

SERVE_TOKEN = "SEQ2SEQ_SERVE_TOKEN"
"""The bearer token of `seq2seq serve`. A variable, because other users can read a command line."""

WANDB = {
    # No account and no network unless the user asks for them.
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    # No names of hosts, users or folders in the files of a run.
    "WANDB_HOST": "",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB__DISABLE_META": "true",
    "WANDB__DISABLE_MACHINE_INFO": "true",
}
"""Defaults of `fit`, `validate`, `test` and `predict`."""

RUN = {
    # W&B's own defaults lie in the home folder, which some machines do not let a job write.
    "WANDB_DATA_DIR": "wandb/data",
    "WANDB_CACHE_DIR": "wandb/cache",
}
"""Defaults of the same commands: folders in the run's folder."""

SWEEP, SWEEP_RUN = "WANDB_SWEEP_ID", "WANDB_RUN_ID"
"""Set by W&B's agent for each run of a sweep."""

PROCESS = {
    "GOMP_SPINCOUNT": "2500",  # threads that wait for each other sleep soon, and leave the core to other processes
    "THP_MEM_ALLOC_ENABLE": "1",  # torch then requests huge pages, on a Linux where programs must request them
    "TOKENIZERS_PARALLELISM": "true",  # otherwise `tokenizers` warns in every process of a data loader
}
"""Defaults of every command. The libraries read them when they are loaded."""

_defaults: dict[str, str] = {}
"""The variables that this process has set, and their values."""

WORKER = {
    "TOKENIZERS_PARALLELISM": "false",  # one core per process
}
"""Settings of the worker processes that encode a corpus."""


def prepare_process() -> None:
    """Sets the defaults of every command. Call it before torch is imported."""
    _set_defaults(PROCESS)


def escape_unencodable_output() -> None:
    """Makes this process and its child processes write escapes such as \\u0906 for characters outside the encoding of
    the output, where Python would raise an error.

    The encoding comes from the terminal, from PYTHONIOENCODING or from the locale; cp1252 and ASCII lack most scripts.
    An error handler that the user has named in PYTHONIOENCODING stays.
    """
    encoding, _, handler = os.environ.get(ENCODING, "").partition(":")
    if handler not in ("", ESCAPE):
        return
    os.environ[ENCODING] = f"{encoding}:{ESCAPE}"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPE)


def prepare_training() -> None:
    """Sets the defaults of the training commands. Call it before wandb is imported."""
    _set_defaults(WANDB)


def prepare_run(folder: Path) -> None:
    """Sets the variables that depend on the run's folder. Call it before a logger is made."""
    _set_defaults({name: str(folder.absolute() / part) for name, part in RUN.items()})


def sweep_run() -> str | None:
    """The id that W&B's agent has given this run of a sweep; None outside of a sweep."""
    return os.environ.get(SWEEP_RUN) if os.environ.get(SWEEP) else None


def prepare_worker() -> None:
    """Sets the variables of a worker process that encodes a corpus."""
    os.environ.update(WORKER)


def demo_password() -> str | None:
    """The password that the user has set for the page of `seq2seq demo`; None without one."""
    return os.environ.get(DEMO_PASSWORD) or None


def serve_token() -> str | None:
    """The token that the user has set for `seq2seq serve`; None without one."""
    return os.environ.get(SERVE_TOKEN) or None


def import_plugins() -> None:
    """Imports the modules named in SEQ2SEQ_PLUGINS, from the working directory or the Python path.

    Raises UserError if one cannot be imported.
    """
    for name in filter(None, (part.strip() for part in os.environ.get(PLUGINS, "").split(","))):
        try:
            import_module(name)
        except ImportError as error:
            raise UserError(f"{PLUGINS}: cannot import {name!r} ({error}); add its folder to PYTHONPATH") from error


def _set_defaults(variables: dict[str, str]) -> None:
    """Sets the variables that the user has not set. A second run in the same process replaces the first one's."""
    for name, value in variables.items():
        if os.environ.get(name) in (None, _defaults.get(name)):
            os.environ[name] = _defaults[name] = value
