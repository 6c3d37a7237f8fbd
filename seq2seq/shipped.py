"""Models that ship with the package, by name, and their cards.

A model NAME is two files in the folder `seq2seq/models`: the checkpoint NAME.ckpt and its card NAME.json. This module
lists files alone: it imports neither torch nor the network, so that a wrong name is reported at once.
"""

from __future__ import annotations

import json
import os
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from .errors import UserError, did_you_mean
from .files import atomic_writer, user_path
from .hub_folder import is_hub_name

FOLDER = Path(__file__).with_name("models")
NO_MODEL = "no model ships with this copy of seq2seq"


@dataclass(frozen=True)
class Card:
    """The card of a model: its data, its figures and its limits.

    Args:
        title: the output of the model, in one short line.
        description: the task, the network and the tokenizer.
        language: of documents and headlines.
        corpus: the source and the size of the training data.
        licence: of the corpus and of the weights.
        training: the commands that train the model again.
        evaluation: the data, the search and the ROUGE settings of the figures.
        figures: by the name of the score: `value`, and `low` and `high`, the ends of the 95 % interval, in percent.
        limits: kinds of input for which the model is not made, and known faults of its output.
        parameters: number of weights.
        seed: of the training.
        default: whether `decode` and `show` use this model if no checkpoint is given.
    """

    title: str
    description: str
    language: str
    corpus: str
    licence: str
    training: list[str]
    evaluation: str
    figures: dict[str, dict[str, float]]
    limits: list[str]
    parameters: int
    seed: int
    default: bool = False

    @classmethod
    def read(cls, name: str) -> Card:
        """The card of a shipped model. Raises UserError if it is missing, or is no card."""
        file = FOLDER / f"{name}.json"
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{file}: the model {name!r} has no card; install seq2seq again") from None
        except ValueError as error:
            raise UserError(f"{file}: no JSON ({error}); install seq2seq again") from None
        given = set(values) if isinstance(values, dict) else set()
        known = {field.name for field in fields(cls)}
        missing = {field.name for field in fields(cls) if field.default is MISSING} - given
        if missing or given - known:
            wrong = ", ".join(sorted(missing or given - known))
            raise UserError(f"{file}: {'lacks' if missing else 'unknown'} {wrong}; write the card again")
        return cls(**values)

    def write(self, file: Path) -> None:
        """Writes the card as JSON, which `read` reads."""
        with atomic_writer(file) as stream:
            stream.write(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def shipped_models() -> dict[str, Path]:
    """The checkpoints of the shipped models by name, in alphabetical order."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.ckpt"))}


def marked_models() -> list[str]:
    """The models that can be the default: the only model, or those that are marked in their cards."""
    models = list(shipped_models())
    return models if len(models) == 1 else [name for name in models if Card.read(name).default]


def default_model() -> str:
    """The name of the model that serves where no checkpoint is given. Raises UserError unless there is exactly one."""
    models, marked = shipped_models(), marked_models()
    if not models:
        raise UserError(f"{NO_MODEL}; give --checkpoint FILE, for example best.ckpt of `seq2seq fit`")
    if len(marked) != 1:
        raise UserError(f"there is no single default model; give --checkpoint with one of {', '.join(models)}")
    return marked[0]


def checkpoint_path(given: str | os.PathLike[str]) -> Path:
    """The file that the user means by `given`: a path, or the name of a shipped model.

    A file with that name, or the folder of a run, comes before a shipped model. `hf:` and a folder or a name stay as
    they are (`hub_folder.py`).

    Raises UserError for a name without folder and suffix that is neither a file nor a shipped model.
    """
    if is_hub_name(given):
        return Path(given)
    file, models = user_path(given), shipped_models()
    if file.is_file() or (file / "best.ckpt").is_file():
        return file
    name = os.fspath(given)
    if name in models:
        return models[name]
    if file.exists() or file.suffix or file.name != name:
        return file
    raise unknown_model(name, "no such checkpoint file, and no model of this name")


def shipped_model(name: str) -> Path:
    """The checkpoint of the shipped model `name`. Raises UserError, with the names, if there is no such model."""
    models = shipped_models()
    if name not in models:
        raise unknown_model(name, "no model of this name")
    return models[name]


def unknown_model(name: str, fault: str) -> UserError:
    """The error for a name that no shipped model has: with the most similar name, and all names."""
    models = shipped_models()
    if not models:
        return UserError(f"{name}: {fault}; {NO_MODEL}, so give a .ckpt file")
    hints = [did_you_mean(name, models), f"the models are {', '.join(models)}"]
    return UserError(f"{name}: {fault}; {' '.join(filter(None, hints))}")
