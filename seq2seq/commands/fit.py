"""`seq2seq fit | validate | test | predict`: Lightning's command line over our module and data."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from jsonargparse import set_dumper
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import BatchSizeFinder
from lightning.pytorch.utilities.exceptions import MisconfigurationException, SIGTERMException

from seq2seq.checkpoint import SUMMARIZATION, run_id, start_run
from seq2seq.environment import prepare_run, prepare_training
from seq2seq.errors import UserError
from seq2seq.hub_folder import is_hub_name
from seq2seq.inference import checkpoint_file, load_networks, load_weights
from seq2seq.ops.cpu import tune_cpu
from seq2seq.options import check_choice
from seq2seq.scoring import ScoringOptions
from seq2seq.training.callbacks import (
    BestCheckpoint,
    DirectedEarlyStopping,
    GradientFlow,
    Pictures,
    PretrainedEmbeddings,
    arrange_callbacks,
)
from seq2seq.training.interruptions import Stopped, process_errors, stop_when_closed
from seq2seq.training.lightning_internals import (
    OpenCLI,
    accept_null,
    is_first_process,
    raised_by_lightning,
    silence_anonymous_warning,
    silence_useless_messages,
)
from seq2seq.training.tasks import TASKS, Task

from .config_text import dump_yaml
from .training_config import SaveConfig, TrainingConfig
from .training_parser import (
    Parser,
    check_checkpoint_option,
    chosen_value,
    raise_user_error,
    warn_of_overridden_options,
)

LINKS = ("tokenizer", "max_document_tokens", "seed")
"""Attributes of the data that are also arguments of the module."""

RECORDERS: dict[str, type[Callback]] = {
    "embeddings": PretrainedEmbeddings,
    "gradient_flow": GradientFlow,
    "pictures": Pictures,
}
"""Callbacks with a section in the config that do nothing by default."""
OPTIONAL_SECTIONS = ("checkpoint", "early_stopping", *RECORDERS)
"""Sections of the config that can be null."""


class TaskCLI(OpenCLI):
    """Links data to module, and completes the config.

    Args:
        command: fit, validate, test or predict.
        name, task: the chosen entry of the registry of tasks.
        watchers: callbacks beside those of the config.
        arguments: the words of a command line, or a nested config; None = those of this process.
    """

    def __init__(
        self,
        command: str,
        name: str,
        task: Task,
        watchers: Sequence[Callback] = (),
        arguments: list[str] | dict[str, Any] | None = None,
    ) -> None:
        self.command, self.task_name, self.task, self.watchers = command, name, task, watchers
        super().__init__(
            task.module,
            task.data,
            args=arguments,
            parser_class=Parser,
            parser_kwargs={"prog": "seq2seq"},
            save_config_callback=SaveConfig,
            save_config_kwargs={},
            seed_everything_default=1,
            load_from_checkpoint_support=False,  # a checkpoint has the parts that make its network (checkpoint.py)
            trainer_defaults={
                "use_distributed_sampler": False,  # BatchSampler gives each rank its own batches
                "num_sanity_val_steps": 0,
                "gradient_clip_val": 1.0,
                "max_epochs": 10,
                "enable_model_summary": False,
            },
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """The subcommand that runs, with the arguments to skip. A parser of the other three would delay the start."""
        return {self.command: OpenCLI.subcommands()[self.command]}

    def add_arguments_to_parser(self, parser: Parser) -> None:  # type: ignore[override]
        parser.add_argument("--task", type=str, default=self.task_name, help=f"what the model does: {', '.join(TASKS)}")
        for name in (*LINKS, *(["labels"] if self.task.data.with_labels else [])):
            parser.link_arguments("data", f"model.{name}", compute_fn=attrgetter(name), apply_on="instantiate")
        if "scoring" in self.task.module.sections:
            parser.add_class_arguments(ScoringOptions, "scoring")
            parser.link_arguments("scoring", "model.scoring", apply_on="instantiate")
        parser.add_lightning_class_args(BestCheckpoint, "checkpoint")
        parser.add_lightning_class_args(DirectedEarlyStopping, "early_stopping")
        for section in ("checkpoint", "early_stopping"):
            parser.set_defaults({f"{section}.monitor": f"validation/{self.task.module.main_figure}"})
        for section, callback in RECORDERS.items():
            parser.add_lightning_class_args(callback, section)
        for section in OPTIONAL_SECTIONS:
            accept_null(parser, section)
        parser.add_argument(
            "--resume",
            type=str | None,
            default=None,
            help="for fit: continue a run exactly, from a checkpoint, or from the newest intact one of the run's "
            "folder (auto); without a checkpoint in the folder, auto starts a new run",
        )
        parser.add_argument(
            "--init_from",
            type=str | None,
            default=None,
            help="for fit: start a new run with the weights, the network and the tokenizer of a checkpoint, or of a "
            "model that `seq2seq models` lists; with --resume auto it serves for the first start",
        )
        if "search" in self.task.module.sections:
            parser.add_argument(
                "--ensemble",
                nargs="+",
                type=str,
                default=None,
                help="for validate, test and predict: further checkpoints, whose probabilities are averaged with those "
                "of --ckpt_path at each step of the search; they need the same tokenizer",
            )

    def parse_arguments(self, parser: Parser, args: Any) -> None:  # type: ignore[override]
        """Reads options or a nested config. Lightning's own version warns if sys.argv has arguments too."""
        self.config = parser.parse_object(args) if isinstance(args, dict) else parser.parse_args(args)

    @property
    def settings(self) -> Any:
        """The config of the subcommand."""
        return self.config[self.config.subcommand]

    def use_checkpoint(self) -> None:
        self.completed = TrainingConfig(self.config.subcommand, self.settings, self.task.module)
        self.save_config_kwargs["written"] = self.completed.written

    def before_instantiate_classes(self) -> None:
        folder = self.completed.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{folder} cannot be made ({error.strerror}); name another folder"
            raise UserError(f"trainer.default_root_dir: {reason}") from error
        prepare_run(folder)

    def callbacks(self, arguments: dict[str, Any], sections: list[Any]) -> list[Any]:
        return [*arrange_callbacks(arguments, sections), *self.watchers]

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except ValueError as error:
            raise_user_error(error)
            raise

    def before_fit(self) -> None:
        folder, run = self.completed.folder, self.completed.run_id
        if is_first_process() and run != run_id(folder):
            start_run(folder, run)
        if self.completed.start:
            load_weights(self.model.network, self.completed.start, self.settings["init_from"])

    def before_test(self) -> None:
        """Makes the ensemble, if there is one, or reads a folder of `export hf`. Lightning then loads no checkpoint."""
        others = self.settings.get("ensemble") or []
        if others or is_hub_name(self.settings["ckpt_path"]):
            names = self.settings["ckpt_path"], *others
            self.model.network, _ = load_networks([checkpoint_file(name) for name in names])
            self.model.source = names[0]
            self.config_init[self.config.subcommand]["ckpt_path"] = None

    before_validate = before_predict = before_test

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, ValueError, TypeError) as error:
            raise UserError(f"trainer: {error}") from error
        silence_anonymous_warning(trainer)
        if any(isinstance(callback, BatchSizeFinder) for callback in trainer.callbacks):  # type: ignore[attr-defined]
            raise UserError("trainer.callbacks: BatchSizeFinder finds nothing, for data.batches.tokens limits a batch")
        return trainer

    def run_subcommand(self, subcommand: str) -> None:
        try:
            super().run_subcommand(subcommand)
        except (MisconfigurationException, ValueError) as error:
            if not raised_by_lightning(error):
                raise
            raise UserError(f"trainer: {error}") from error
        except RuntimeError as error:
            if "loading state_dict" not in str(error):
                raise
            path = self.settings.get("ckpt_path")
            raise UserError(f"{path}: the weights do not fit the network of the checkpoint; it is damaged") from error
        finally:
            self.completed.remove_temporary_folder()


def main(argv: list[str]) -> int:
    """Runs the command with `argv`, whose first word is the subcommand. Returns the exit status."""
    check_checkpoint_option(argv[0], argv[1:])
    warn_of_overridden_options(argv[1:])
    sys.argv = [sys.argv[0], *argv]  # Lightning starts further processes with these arguments
    try:
        run_command(argv[0], argv, chosen_value(argv[1:], "task"))
    except Stopped as stopped:
        print(f"seq2seq: {stopped}", file=sys.stderr)
        return 128 + stopped.signal
    except SIGTERMException:
        print("seq2seq: stopped by SIGTERM before the first step", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0


def run_command(
    command: str, arguments: list[str] | dict[str, Any], task: str | None = None, watchers: Sequence[Callback] = ()
) -> TaskCLI:
    """Parses the arguments, builds all parts and runs the subcommand. Returns the parts.

    Args:
        command: fit, validate, test or predict.
        arguments: the words of a command line, or a nested config: {"fit": {"data": {...}}}.
        task: the name of a task; None = summarization.
        watchers: callbacks beside those of the config.

    Raises UserError for a wrong argument, and Stopped after a signal that ended the training.
    """
    prepare_training()
    silence_useless_messages()
    tune_cpu()
    set_dumper("yaml", dump_yaml)
    name = task or SUMMARIZATION
    with process_errors(command), stop_when_closed():
        check_choice("task", name, TASKS)
        return TaskCLI(command, name, TASKS[name], watchers, arguments)
