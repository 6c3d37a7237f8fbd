"""`seq2seq schema`: the JSON schema of the config, with which an editor completes keys and marks mistakes.

The schema is made from the parser of `fit`: the keys, types, defaults and help texts are those of its options. Limits
and names of registered parts come from the fields of the option classes (`options.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from os import PathLike
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from seq2seq.environment import prepare_training
from seq2seq.options import check_choice, choices_of

from .arguments import Parser

DIALECT = "http://json-schema.org/draft-07/schema#"
SIMPLE_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}
LIMITS = {"minimum": "minimum", "maximum": "maximum", "above": "exclusiveMinimum", "below": "exclusiveMaximum"}
"""Limits of `options.limited`, and their keywords in a schema."""
NOT_IN_FILES = ("help", "config", "print_config")
"""Options of the command line that are no keys."""

Schema = dict[str, Any]


def parser() -> Parser:
    p = Parser(
        prog="seq2seq schema",
        description="Print the JSON schema of the config of fit, validate, test and predict. An editor reads it and "
        "completes keys, shows their meaning, and marks unknown keys and wrong values: docs/editors.md.",
    )
    p.add_argument("--task", default="summarization", metavar="NAME", help="task of the config (summarization)")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq schema`. Returns the exit status; raises UserError on bad arguments."""
    print(json.dumps(config_schema(parser().parse_args(argv).task), indent=1, ensure_ascii=False))
    return 0


def config_schema(task: str) -> Schema:
    """The schema of the configs of a task. Raises UserError for an unknown task."""
    prepare_training()
    from seq2seq.training.tasks import TASKS

    from .fit import OPTIONAL_SECTIONS

    check_choice("--task", task, TASKS)
    schema: Schema = {"$schema": DIALECT, "title": f"Config of seq2seq, task {task}", **section()}
    limited = dict(option_fields(task))
    for action in training_actions(task):
        *path, name = action.dest.split(".")
        inner = schema
        for key in path:
            inner = inner["properties"].setdefault(key, section())
        inner["properties"][name] = option_schema(action, limited.get(action.dest))
    for name in OPTIONAL_SECTIONS:
        schema["properties"][name]["type"] = ["object", "null"]
    schema["properties"]["task"]["enum"] = [task]
    return schema


def option_keys(schema: Schema, start: str = "") -> Iterator[tuple[str, Schema]]:
    """The dotted keys of a schema, with the schema of each one; no sections."""
    for name, inner in schema["properties"].items():
        if "properties" in inner:
            yield from option_keys(inner, f"{start}{name}.")
        else:
            yield f"{start}{name}", inner


def section() -> Schema:
    """A section without keys so far. Unknown keys are refused."""
    return {"type": "object", "properties": {}, "additionalProperties": False}


class _ParserMade(Exception):
    """Ends the start of the command line as soon as its parser is complete."""


def training_actions(task: str) -> list[Any]:
    """The options of `fit` that are keys of a config."""
    from seq2seq.training.tasks import TASKS

    from .fit import TaskCLI

    class ParserOnly(TaskCLI):
        def parse_arguments(self, parser: Any, args: Any) -> NoReturn:
            raise _ParserMade(parser)

    try:
        ParserOnly("fit", task, TASKS[task])
    except _ParserMade as made:
        fit = made.args[0]._subcommands_action.choices["fit"]
    linked = {link.target[0] for link in fit._links_group._group_actions}  # set by the command, never by a config
    keys = [action for action in fit._actions if action.option_strings and action.dest not in {*NOT_IN_FILES, *linked}]
    return [action for action in keys if type_of(action) is not None]


def type_of(action: Any) -> Any:
    """The type of an option; None for an option that loads a section."""
    return getattr(action, "_typehint", action.type)


def option_fields(task: str) -> Iterator[tuple[str, Field[Any]]]:
    """The fields of the option classes of a task, by their keys."""
    from seq2seq.scoring import ScoringOptions
    from seq2seq.training.tasks import TASKS

    for name, owner in (("model", TASKS[task].module), ("data", TASKS[task].data)):
        for argument, kind in get_type_hints(owner.__init__).items():
            yield from fields_of(f"{name}.{argument}", kind)
    yield from fields_of("scoring", ScoringOptions)


def fields_of(key: str, kind: Any) -> Iterator[tuple[str, Field[Any]]]:
    """The fields of a class of options at `key`, with those of classes inside it; nothing for other types."""
    if is_dataclass(kind):
        types = get_type_hints(kind)
        for option in fields(kind):
            yield f"{key}.{option.name}", option
            yield from fields_of(f"{key}.{option.name}", types[option.name])


def option_schema(action: Any, option: Field[Any] | None) -> Schema:
    """The schema of one key: type, limits, names, default and help text."""
    schema = type_schema(type_of(action))
    if action.nargs in ("+", "*"):
        schema = {"type": "array", "items": schema}
    if option is not None:
        restrict(schema, option)
    if isinstance(action.help, str) and (text := action.help.split(" (type:")[0].strip()):
        schema["description"] = " ".join(text.replace("%%", "%").split())
    if isinstance(action.default, (bool, int, float, str, list)):
        schema["default"] = action.default
    return schema


def restrict(schema: Schema, option: Field[Any]) -> None:
    """Adds the limits and the names of a field to the schema of its type."""
    for part in schema.get("anyOf", [schema]):
        if part.get("type") in ("integer", "number"):
            part.update({LIMITS[name]: limit for name, limit in option.metadata.get("limits", {}).items()})
    names = choices_of(option)
    if names is None:
        return
    if schema["type"] == "array":
        schema["items"]["enum"] = list(names)
    elif schema["type"] == "object":
        schema["propertyNames"] = {"enum": list(names)}
    else:
        schema["enum"] = list(names)


def type_schema(kind: Any) -> Schema:
    """The schema of the values of a type. Values of an unknown type are not restricted."""
    if kind in SIMPLE_TYPES:
        return {"type": SIMPLE_TYPES[kind]}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        parts: list[Schema] = []
        for part in map(type_schema, arguments):
            if not part:
                return {}
            parts += [alternative for alternative in part.get("anyOf", [part]) if alternative not in parts]
        return parts[0] if len(parts) == 1 else {"anyOf": parts}
    if origin is Literal:
        return {"enum": list(arguments)}
    if isinstance(origin, type) and issubclass(origin, dict):
        return {"type": "object", "additionalProperties": type_schema(arguments[1])}
    if isinstance(origin, type) and hasattr(origin, "__iter__"):  # lists, tuples and the like
        items = [argument for argument in arguments if argument is not Ellipsis]
        return {"type": "array", "items": type_schema(Union[tuple(items)])}  # noqa: UP007
    if not isinstance(kind, type):
        return {}
    if issubclass(kind, Enum):
        return {"enum": [*kind.__members__, *(member.value for member in kind)]}
    if issubclass(kind, PathLike) or kind is PathLike:
        return {"type": "string"}
    if issubclass(kind, timedelta) or kind in (dict, list, object):
        return {}
    return class_schema()


def class_schema() -> Schema:
    """An object of a class: the name of the class, or the name with its arguments, which the parser checks alone."""
    arguments = {"type": "object"}
    properties = {"class_path": {"type": "string"}, "init_args": arguments, "dict_kwargs": arguments}
    with_arguments = {
        "type": "object",
        "properties": properties,
        "required": ["class_path"],
        "additionalProperties": False,
    }
    return {"anyOf": [{"type": "string"}, with_arguments]}
