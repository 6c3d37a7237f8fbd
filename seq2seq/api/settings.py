"""A config given in Python: nested or dotted keys, joined with the arguments of `train`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import yaml

from seq2seq.errors import UserError
from seq2seq.files import user_path

Config = Mapping[str, Any] | str | os.PathLike[str]


class Settings:
    """A nested config. Values keep the form that they would have in a YAML file."""

    def __init__(self, config: Config | None = None) -> None:
        """Args:
            config: {"model.network.dropout": 0.1}, {"model": {"network": {"dropout": 0.1}}}, a mixture of both, or the
                name of a YAML file.

        Raises UserError for a key that is given twice, and for a file that cannot be read.
        """
        self.values: dict[str, Any] = {}
        if config is None:
            return
        given = config if isinstance(config, Mapping) else _read(config)
        for key, value in given.items():
            self._add(self.values, str(key), str(key), value)

    def get(self, key: str) -> Any:
        """The value of a dotted key; None if it is not given."""
        section: Any = self.values
        for name in key.split("."):
            section = section.get(name) if isinstance(section, dict) else None
        return section

    def has(self, key: str) -> bool:
        """Whether a dotted key is given, or a section above it has a value that is no section, such as null."""
        section: Any = self.values
        for name in key.split("."):
            if not isinstance(section, dict):
                return True
            if name not in section:
                return False
            section = section[name]
        return True

    def set(self, key: str, value: Any, argument: str) -> None:
        """Sets the value of an argument of `train`. Raises UserError if the config has this key too."""
        if self.get(key) is not None:
            raise UserError(f"{argument} and {key} of the config are both given; give one of them")
        self._add(self.values, key, key, value, replace=True)

    def _add(self, section: dict[str, Any], key: str, whole: str, value: Any, replace: bool = False) -> None:
        name, _, rest = key.partition(".")
        if rest:
            inner = section.setdefault(name, {})
            if not isinstance(inner, dict):
                raise UserError(f"config: {whole} is given, and a section above it is {inner!r}; give one of them")
            self._add(inner, rest, whole, value, replace)
        elif isinstance(value, Mapping):
            inner = section.setdefault(name, {})
            if not isinstance(inner, dict):
                raise UserError(f"config: {whole} is given twice; give it once")
            for part, part_value in value.items():
                self._add(inner, str(part), f"{whole}.{part}", part_value, replace)
        elif name in section and not replace:
            raise UserError(f"config: {whole} is given twice; give it once")
        else:
            section[name] = value


def _read(file: str | os.PathLike[str]) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(user_path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: the config cannot be read ({error.strerror}); name a YAML file") from error
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{file}: not a config in YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise UserError(f"{file}: the config file holds no keys; give sections such as data and model")
    return content
