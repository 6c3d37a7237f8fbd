"""The parsers of the training commands, made once for all command lines of a process."""

from __future__ import annotations

import argparse
from functools import cache
from typing import Any, NoReturn

import pytest
from lightning.pytorch.cli import LightningArgumentParser

from seq2seq.commands import fit as training_command
from seq2seq.training.tasks import TASKS


class Parsed(BaseException):
    """Raised behind a parser that has accepted its arguments, in place of the work. No `except Exception` holds it."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


@cache
def training_parser(command: str, task: str) -> LightningArgumentParser:
    """The parser of a training command. It takes a second to make, and parses any number of command lines."""

    def made(self: Any, parser: LightningArgumentParser, args: Any) -> NoReturn:
        raise Parsed(parser)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_command.TaskCLI, "parse_arguments", made)
        with pytest.raises(Parsed) as raised:
            training_command.TaskCLI(command, task, TASKS[task], (), [])
    return raised.value.parser  # type: ignore[return-value]
