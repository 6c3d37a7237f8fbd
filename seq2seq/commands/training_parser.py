"""The parser of `fit`, `validate`, `test` and `predict`. Its errors are one line: the fault, its place and the cure."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

import yaml
from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.loggers import Logger

from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.training.lightning_internals import all_actions, option_type, prefer_whole_numbers

from .arguments import looks_like_checkpoint
from .types_in_words import class_names, type_in_words

CONFIG = ("--config", "-c")
USUAL_NAMES = {
    "lr": "model.optimizer.learning_rate",
    "epochs": "trainer.max_epochs",
    "steps": "trainer.max_steps",
    "batch_size": "data.batches.tokens",
    "hidden_size": "model.network.encoder_size",
    "num_layers": "model.network.encoder_layers",
    "num_workers": "data.workers",
    "output_dir": "trainer.default_root_dir",
    "gpus": "trainer.devices",
    "seed": "seed_everything",
    "beam": "model.search.beam_size",
}
"""Names that other programs give to our keys, for the errors."""


def raise_user_error(error: BaseException | None) -> None:
    """Raises the UserError among the causes of an error, if there is one: jsonargparse wraps the errors of our code."""
    while error is not None:
        if isinstance(error, UserError):
            raise error
        error = error.__cause__ or error.__context__


class Parser(LightningArgumentParser):
    """A parser of config files and options, which raises UserError."""

    def add_class_arguments(self, theclass: type, *args: Any, **kwargs: Any) -> list[str]:
        """Adds the arguments of a class. A logger gets a default save_dir, which the run's folder replaces, so that
        naming a logger is enough. A whole number stays one where a fraction has another meaning."""
        added = super().add_class_arguments(theclass, *args, **kwargs)
        if issubclass(theclass, Logger) and "save_dir" in added:
            self.set_defaults(save_dir=".")
        prefer_whole_numbers(self)
        return added

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        raise_user_error(ex)
        text = " ".join(message.split())
        raise UserError(self._wrong_type(text) or f"{text}{self._hint(text)}") from ex

    def _wrong_type(self, message: str) -> str | None:
        """The error of a value that has not the type of its key, in words. None for another error."""
        found = re.match(r'Parser key "([\w.]+)": (?:- )?(?:Expected a|Does not validate)', message)
        value = re.search(r"(?:Given|Got) value: (.*)$", message)
        hint = option_type(self, found[1]) if found else None
        if not found or not value or hint is None:
            return None
        classes = {name.lower(): name for name in class_names(hint)}
        similar = get_close_matches(value[1].lower(), classes, 1)
        cure = f"; did you mean {classes[similar[0]]!r}?" if similar else ""
        return f"{found[1]}: {value[1]!r} is not {type_in_words(hint)}{cure}"

    def parse_path(self, cfg_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Reads a config file; its errors name the file."""
        try:
            return super().parse_path(cfg_path, *args, **kwargs)
        except UnicodeDecodeError as error:
            raise UserError(f"{cfg_path}: no config file, for it holds no UTF-8 text") from error
        except UserError as error:
            empty = str(error).startswith("Unexpected config")
            reason = "the config file holds no keys; give sections such as data and model" if empty else str(error)
            raise UserError(f"{cfg_path}: {reason}") from error

    def _hint(self, message: str) -> str:
        """The known key that is most similar to a misspelt one, or the option for a config file without one."""
        if file := re.search(r"unrecognized arguments: ([^-\s]\S*\.ya?ml)", message):
            return f"; a config file is given as --config {file[1]}"
        found = re.search(r"(?:[Kk]ey|[Oo]ption|arguments:?) ['\"]?-*([\w.]+)", message)
        if not found or found[1] == "config":
            return ""
        keys = [action.dest for action in all_actions(self)]
        if found[1] in keys:  # its value is wrong
            return ""
        names = {key.rsplit(".", 1)[-1]: key for key in keys} | USUAL_NAMES | {key: key for key in keys}
        for name in (found[1].rsplit(".", 1)[-1], found[1]):
            if similar := get_close_matches(name, names, 1):
                return f"; did you mean {names[similar[0]]!r}?"
        return "; `--help` lists the keys"


def warn_of_overridden_options(argv: Sequence[str]) -> None:
    """Writes one line for each option that a config file after it replaces: the later one of two values wins."""
    for option, value, file, replacement in overridden_options(argv):
        print(
            f"seq2seq: {option} {value} has no effect: --config {file} comes after it and sets {replacement!r}; "
            "put options after --config",
            file=sys.stderr,
        )


def check_checkpoint_option(command: str, argv: Sequence[str]) -> None:
    """Raises UserError if `--checkpoint`, a section of the config, is given the name of a checkpoint."""
    for name, value in _options(argv):
        if name == "--checkpoint" and value and looks_like_checkpoint(value):
            options = "--resume or --init_from" if command == "fit" else "--ckpt_path"
            raise UserError(
                f"--checkpoint {value}: this is the section of the config about saving checkpoints; {command} reads"
                f" weights with {options} {value}"
            )


def chosen_value(argv: Sequence[str], option: str) -> str | None:
    """The value of an option on the command line or of a key at the top of a config file; the last one counts.

    It is needed before the parser is made, because the options depend on it.
    """
    found = None
    for name, value in _options(argv):
        settings = _settings(value) if name in CONFIG else None
        if name == f"--{option}":
            found = value
        elif isinstance(settings, dict) and option in settings:
            found = str(settings[option])
    return found


def overridden_options(argv: Sequence[str]) -> Iterator[tuple[str, str, str, Any]]:
    """Yields (option, its value, config file, the file's value) for options that a later config file changes."""
    given: list[tuple[str, str]] = []
    for name, value in _options(argv):
        if name not in CONFIG:
            given.append((name, value))
            continue
        settings = _settings(value) if given else None
        for option, earlier in given:
            found = _value_at(settings, option.removeprefix("--").split("."))
            if found is not None and str(found) != earlier and found != _parsed(earlier):
                yield option, earlier, value, found


def _options(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields (option, value) for `--option=value` and `--option value`. An option without a value has the value ""."""
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            yield name, value if equals or following.startswith("--") else following


def _settings(file: str) -> Any:
    """The content of a config file; None if it cannot be read, which the parser reports."""
    try:
        return yaml.safe_load(user_path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _value_at(settings: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings


def _parsed(value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value
