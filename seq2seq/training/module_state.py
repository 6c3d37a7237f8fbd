"""What a checkpoint holds of a module beside its weights, and how a module is made from a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from seq2seq.checkpoint import FORMAT, SUMMARIZATION, check_task, read_checkpoint
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.inference import load_weights

if TYPE_CHECKING:
    from .task_module import TaskModule

Module = TypeVar("Module", bound="TaskModule")


def module_state(module: TaskModule) -> dict[str, Any]:
    """The section `seq2seq` of a checkpoint, as plain values."""
    state = {
        "format": FORMAT,
        "tokenizer": module.tokenizer.to_dict(),
        "vocabulary": module.vocabulary._asdict(),
        **_options(module),
        "max_document_tokens": module.max_document_tokens,
        "seed": module.seed,
    }
    if module.task != SUMMARIZATION:  # the checkpoints of that task are older than the key
        state["task"] = module.task
        state["labels"] = module.labels
    return state


def _options(module: TaskModule) -> dict[str, dict[str, Any]]:
    """The options of each section. Those of the network are `module.options`, for `module.network` is the network."""
    return {name: asdict(getattr(module, "options" if name == "network" else name)) for name in module.sections}


def load_module(kind: type[Module], path: str | Path, device: Any, changes: dict[str, Any]) -> Module:
    """A module with the weights and the settings of a checkpoint.

    Checkpoints of older versions lack the options of optimizer, objective and scores, and the seed. They give a module
    with the default options and with the seed of the data.

    Args:
        kind: the class of the module.
        changes: arguments of the class that replace those of the checkpoint, for example another search.

    Raises UserError if the checkpoint cannot be used, or is one of another task.
    """
    contents = read_checkpoint(path)
    check_task(contents, path, kind.task)
    arguments: dict[str, Any] = {
        "tokenizer": Tokenizer.from_dict(contents["tokenizer"]),
        **{name: options(**contents.get(name, {})) for name, options in kind.sections.items()},
        "max_document_tokens": contents["max_document_tokens"],
        "seed": contents.get("seed", contents["resume"].get("plan", {}).get("seed", 1)),
    }
    if "labels" in contents:
        arguments["labels"] = contents["labels"]
    module = kind(**arguments | changes)
    load_weights(module.network, contents, path)
    return module.to(device)


def logged_settings(module: TaskModule) -> dict[str, Any]:
    """The settings that loggers show."""
    options = _options(module)
    options["optimizer"]["betas"] = list(module.optimizer.betas)
    return {
        **options,
        "seed": module.seed,
        "vocabulary": module.vocabulary.size,
        "parameters": module.parameter_count,
    }
