"""What the plain commands (`decode`, `show`, `prepare`) share in reading their options. Stands above the library."""

from __future__ import annotations

import argparse
import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from seq2seq.errors import UserError

if TYPE_CHECKING:  # at run time it would import torch before the options are known to be right
    from seq2seq.decoding import SearchOptions

OptionsT = TypeVar("OptionsT", bound="SearchOptions")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are UserErrors, and which suggests the option that a misspelt one looks like."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-\S*)", message)
        known = [option for action in self._all_actions() for option in action.option_strings]
        near = difflib.get_close_matches(unknown[1].split("=")[0], known, 1) if unknown else []
        hint = f"did you mean {near[0]}?" if near else f"`{self.prog} --help` lists the options"
        raise UserError(f"{message}; {hint}")

    def _all_actions(self) -> list[argparse.Action]:
        """Its own actions and those of its subcommands: what a subcommand doesn't know is reported by its parent."""
        actions = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                actions += [inner for parser in action.choices.values() for inner in parser._actions]
        return actions


def search_options(given: dict[str, Any], known: OptionsT) -> OptionsT:
    """A checkpoint's SearchOptions with those given on the command line (None = not given) in their place.

    An n-best list that is asked for widens the checkpoint's beam, and a beam that is asked for shortens its n-best
    list, as far as needed. Raises UserError in terms of the options.
    """
    given = {name: value for name, value in given.items() if value is not None}
    given.setdefault("beam_size", max(known.beam_size, given.get("n_best", 1)))
    given.setdefault("n_best", max(1, min(known.n_best, given["beam_size"])))
    try:
        return replace(known, **given)
    except UserError as error:
        named = re.sub(r"search\.(\w+):", lambda key: "--" + key[1].replace("_", "-"), str(error))
        raise UserError(named) from None
