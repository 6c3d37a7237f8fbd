"""Every use of Lightning beyond its public interface, in one file.

A new release of Lightning can rename or remove these parts without notice.
tests/training/test_lightning_internals.py checks each of them and names a missing one.
"""

from __future__ import annotations

import logging
import re
import subprocess
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import SequentialSampler

SEEN_WITH = ("2.6.0", "2.6.6")
"""Releases of Lightning with which this file was tested."""

USELESS_WARNINGS = (
    ".*does not have many workers.*",
    ".*Checkpoint directory .* exists and is not empty.*",
    ".*is deprecated, use `isinstance.*",
    ".*`weights_only` was not set.*",
    ".*your dataloader is not resumable.*",  # it is resumable: see PlannedLoader
    ".*Total length of `list` across ranks is zero.*",  # no validation data: HeadlineData reports it
    ".*use `self.log.* sync_dist=True.*",  # all ranks log the same figures: those of the whole split
)
USELESS_MESSAGES = r"💡|TPU available|GPU available|to estimate number of"
MESSAGE_LOGGERS = ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch.accelerators.cuda")


# --- Progress of the training loop -----------------------------------------------------------------------------------


class Position(NamedTuple):
    """Position of a checkpoint between two batches: finished epochs, and finished batches of the current epoch."""

    epoch: int
    batches: int


def repair_progress_counters(loop: dict[str, Any]) -> None:
    """Changes the saved state of the training loop to "between two batches" where Lightning has another.

    Lightning restores the position from four counters, and takes equal counters for "between two batches". It counts a
    batch as soon as it is fetched. It counts an epoch as finished when the training ends in the middle of it, for
    example because of `max_steps`; a resumed run would lose the rest of the epoch.
    """
    progress, epochs = loop["epoch_loop.batch_progress"], loop["epoch_progress"]
    if epochs["current"]["ready"] == epochs["current"]["processed"] > 0 and not progress["is_last_batch"]:
        for counter in (epochs["total"], epochs["current"]):
            counter["processed"] -= 1
            counter["completed"] = counter["processed"]
    for counter in (progress["total"], progress["current"]):
        if counter["ready"] == counter["completed"] + 1 and counter["started"] == counter["completed"]:
            counter["ready"] -= 1
            progress["is_last_batch"] = False


def training_position(loop: dict[str, Any]) -> Position:
    """The position in a saved state of the training loop, after `repair_progress_counters`."""
    epochs = loop["epoch_progress"]["current"]
    between_epochs = epochs["ready"] == epochs["processed"]
    batches = 0 if between_epochs else loop["epoch_loop.batch_progress"]["current"]["ready"]
    return Position(epochs["processed"], batches)


def logged_steps(trainer: Trainer) -> int:
    """Optimizer steps by the count of the loggers."""
    return trainer.fit_loop.epoch_loop._batches_that_stepped


def set_logged_steps(trainer: Trainer, steps: int) -> None:
    """Sets the loggers' count: Lightning restores one step too few from a checkpoint written beside a validation."""
    trainer.fit_loop.epoch_loop._batches_that_stepped = steps


# --- Batches ---------------------------------------------------------------------------------------------------------


class KeptSampler(SequentialSampler):
    """A sampler that Lightning takes for a sequential one. `trainer.overfit_batches` replaces every other sampler."""

    def __init__(self, sampler: Any) -> None:
        self.wrapped = sampler

    def __iter__(self) -> Iterator[Any]:
        return iter(self.wrapped)

    def __len__(self) -> int:
        return len(self.wrapped)

    def set_epoch(self, epoch: int) -> None:
        self.wrapped.set_epoch(epoch)


# --- Checkpoints -----------------------------------------------------------------------------------------------------


class OpenModelCheckpoint(ModelCheckpoint):
    """`ModelCheckpoint` with public names for the private methods that `BestCheckpoint` needs."""

    def before_save(self, trainer: Trainer) -> None:
        """Hook: called on all ranks before a checkpoint is written."""

    def after_save(self, trainer: Trainer, file: Path) -> None:
        """Hook: called on all ranks after a checkpoint was written."""

    def write(self, trainer: Trainer, file: Path) -> None:
        """Writes a checkpoint of the current state."""
        self._save_checkpoint(trainer, str(file))

    def write_last(self, trainer: Trainer) -> None:
        """Writes last.ckpt."""
        self._save_last_checkpoint(trainer, self._monitor_candidates(trainer))

    def saves_now(self, trainer: Trainer) -> bool:
        """False in a sanity check, and if the current step is saved already."""
        return not self._should_skip_saving_checkpoint(trainer)

    def saved_at(self, step: int) -> bool:
        """Whether the last checkpoint was written after optimizer step `step`."""
        return self._last_global_step_saved == step

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        self.before_save(trainer)
        super()._save_checkpoint(trainer, filepath)
        self.after_save(trainer, Path(filepath))


def use_checkpoint_io(trainer: Trainer, checkpoint_io: TorchCheckpointIO) -> None:
    """Replaces Lightning's default reader and writer of checkpoints; keeps one that the user has chosen."""
    if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
        trainer.strategy.checkpoint_io = checkpoint_io


# --- Data loaders ----------------------------------------------------------------------------------------------------


def replaces_samplers(trainer: Trainer) -> bool:
    """Whether Lightning replaces the samplers of data loaders on several processes (`use_distributed_sampler`)."""
    return bool(trainer._accelerator_connector.use_distributed_sampler)


# --- Processes -------------------------------------------------------------------------------------------------------


def take_child_processes(trainer: Trainer) -> list[subprocess.Popen]:
    """Returns the processes that Lightning started beside this one, and removes them from Lightning's list.

    Otherwise Lightning's observer of this list would kill the current process before it can report its error.
    The processes of a spawn strategy stay in the list: torch ends them.
    """
    running = getattr(trainer.strategy.launcher, "procs", [])
    taken = [child for child in running if isinstance(child, subprocess.Popen)]
    for child in taken:
        running.remove(child)
    return taken


def uploads_checkpoints(logger: WandbLogger) -> bool:
    """Whether Lightning itself uploads the checkpoints: `log_model` of the logger."""
    return bool(logger._log_model)


def silence_anonymous_warning(trainer: Trainer) -> None:
    """Removes an argument of W&B that Lightning always gives, and about which W&B always warns."""
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger) and logger._wandb_init.get("anonymous", "") is None:
            del logger._wandb_init["anonymous"]


def is_first_process() -> bool:
    """Whether this process has rank 0. Works before a trainer exists."""
    return getattr(rank_zero_only, "rank", 0) == 0


# --- Command line ----------------------------------------------------------------------------------------------------


class OpenCLI(LightningCLI):
    """`LightningCLI` with public names for private steps."""

    def use_checkpoint(self) -> None:
        """Hook: changes the parsed config if it names a checkpoint."""

    def callbacks(self, arguments: dict[str, Any], sections: list[Callback | None]) -> list[Callback]:
        """Hook: the callbacks of the trainer beside the user's own ones.

        Args:
            arguments: those of the trainer; they can be changed.
            sections: the callbacks of the config's sections.
        """
        return [callback for callback in sections if callback is not None]

    def run_subcommand(self, subcommand: str) -> None:
        """Runs fit, validate, test or predict."""
        super()._run_subcommand(subcommand)

    def _parse_ckpt_path(self) -> None:  # Lightning's version prints a traceback for a damaged file
        self.use_checkpoint()

    def _instantiate_trainer(self, config: dict[str, Any], callbacks: list[Any]) -> Trainer:
        return super()._instantiate_trainer(config, self.callbacks(config, callbacks))

    def _run_subcommand(self, subcommand: str) -> None:
        self.run_subcommand(subcommand)


def accept_null(parser: LightningArgumentParser, section: str) -> None:
    """Makes null a value of a section of the config, on the command line and in files. No object is made of it."""
    action: Any = next(action for action in parser._actions if action.dest == section)
    group: Any = (parser.groups or {})[section]
    load, instantiate = action._load_config, group.instantiate_class

    def load_or_null(value: Any, within: Any) -> Any:
        return None if value in (None, "null", "None") else load(value, within)

    def instantiate_or_skip(this: Any, config: Any) -> None:
        if config[section] is not None:
            instantiate(this, config)

    action._load_config, group.instantiate_class = load_or_null, instantiate_or_skip


def all_actions(parser: LightningArgumentParser) -> list[Any]:
    """The arguments of a parser and of its subcommands."""
    inner = parser._subcommands_action.choices.values() if parser._subcommands_action is not None else ()
    return [*parser._actions, *(action for sub in inner for action in sub._actions)]


def option_type(parser: LightningArgumentParser, key: str) -> Any:
    """The type of the value of a key; None if there is no such key, or if its type is not known."""
    return next((getattr(action, "_typehint", None) for action in all_actions(parser) if action.dest == key), None)


def prefer_whole_numbers(parser: LightningArgumentParser) -> None:
    """Lets options that take whole numbers and fractions read 1 as a whole number: `limit_train_batches` 1 is one
    batch, and 1.0 is all batches.

    The parser tries the types of a union in their order. Python may change the order that Lightning wrote: `typing`
    keeps unions in a cache, where Optional[Union[int, float]] equals Optional[Union[float, int]] of another library.
    """
    for action in parser._actions:
        if (hint := getattr(action, "_typehint", None)) is not None:
            action._typehint = _whole_numbers_first(hint)  # type: ignore[attr-defined]


def _whole_numbers_first(hint: Any) -> Any:
    """The same union with int before float. Other hints are returned as they are."""
    kinds = list(get_args(hint)) if get_origin(hint) in (Union, UnionType) else []
    if int not in kinds or float not in kinds or kinds.index(int) < kinds.index(float):
        return hint
    kinds.remove(int)
    kinds.insert(kinds.index(float), int)
    return Union[tuple(kinds)]  # noqa: UP007 (the cache keeps the order of types that are no unions)


def raised_by_lightning(error: BaseException) -> bool:
    """Whether Lightning raised an error, which is then about the trainer's arguments."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals["__name__"].startswith("lightning.")


def silence_useless_messages() -> None:
    """Hides messages of Lightning that are wrong here or are advertisements."""
    for message in USELESS_WARNINGS:
        warnings.filterwarnings("ignore", message=message)
    for name in MESSAGE_LOGGERS:
        logging.getLogger(name).addFilter(lambda record: not re.search(USELESS_MESSAGES, record.getMessage()))
