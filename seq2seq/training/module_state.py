"""What a checkpoint holds of a module beside its weights, and how a module is made from a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from seq2seq.checkpoint import FORMAT, read_checkpoint
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.inference import load_weights
from seq2seq.model.network import NetworkOptions
from seq2seq.scoring import ScoringOptions

from .objectives import ObjectiveOptions
from .optimizer import OptimizerOptions

if TYPE_CHECKING:
    from .module import SummarizerModule

Module = TypeVar("Module", bound="SummarizerModule")


def module_state(module: SummarizerModule) -> dict[str, Any]:
    """The section `seq2seq` of a checkpoint, as plain values."""
    return {
        "format": FORMAT,
        "tokenizer": module.tokenizer.to_dict(),
        "vocabulary": module.vocabulary._asdict(),
        "network": asdict(module.options),
        "optimizer": asdict(module.optimizer),
        "search": asdict(module.search),
        "objective": asdict(module.objective),
        "scoring": asdict(module.scoring),
        "max_document_tokens": module.max_document_tokens,
        "seed": module.seed,
    }


def load_module(kind: type[Module], path: str | Path, device: Any, changes: dict[str, Any]) -> Module:
    """A module with the weights and the settings of a checkpoint.

    Checkpoints of older versions lack the options of optimizer, objective and scores, and the seed. They give a module
    with the default options and with the seed of the data.

    Args:
        kind: the class of the module.
        changes: arguments of the class that replace those of the checkpoint, for example another search.

    Raises UserError if the checkpoint cannot be used.
    """
    contents = read_checkpoint(path)
    arguments = {
        "tokenizer": Tokenizer.from_dict(contents["tokenizer"]),
        "network": NetworkOptions(**contents["network"]),
        "optimizer": OptimizerOptions(**contents.get("optimizer", {})),
        "search": SearchOptions(**contents["search"]),
        "objective": ObjectiveOptions(**contents.get("objective", {})),
        "scoring": ScoringOptions(**contents.get("scoring", {})),
        "max_document_tokens": contents["max_document_tokens"],
        "seed": contents.get("seed", contents["resume"].get("plan", {}).get("seed", 1)),
    }
    module = kind(**arguments | changes)
    load_weights(module.network, contents, path)
    return module.to(device)


def logged_settings(module: SummarizerModule) -> dict[str, Any]:
    """The settings that loggers show."""
    return {
        "network": asdict(module.options),
        "optimizer": asdict(module.optimizer) | {"betas": list(module.optimizer.betas)},
        "search": asdict(module.search),
        "objective": asdict(module.objective),
        "scoring": asdict(module.scoring),
        "seed": module.seed,
        "vocabulary": module.vocabulary.size,
        "parameters": module.parameter_count,
    }
