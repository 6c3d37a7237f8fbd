"""`seq2seq fit | validate | test | predict`: Lightning's command line over our module and data."""

from __future__ import annotations

import re
import secrets
import signal
import sys
from operator import attrgetter
from pathlib import Path
from typing import Any, NoReturn

from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.exceptions import MisconfigurationException, SIGTERMException

from seq2seq.checkpoint import newest_checkpoint, read_checkpoint, run_id, start_run
from seq2seq.environment import prepare_run, prepare_training
from seq2seq.errors import UserError, did_you_mean
from seq2seq.ops.cpu import tune_cpu
from seq2seq.training.callbacks import BestCheckpoint, EarlyStopping, arrange_callbacks
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.evaluation import figure_names
from seq2seq.training.interruptions import Stopped, process_errors
from seq2seq.training.lightning_internals import OpenCLI, accept_null, is_first_process, silence_useless_messages
from seq2seq.training.module import SummarizerModule

DEFAULT_FOLDER = "runs/default"
LINKS = ("tokenizer", "max_document_tokens", "seed")
"""Attributes of the data that are also arguments of the module."""


def raise_user_error(error: BaseException | None) -> None:
    """Raises the UserError among the causes of an error, if there is one: jsonargparse wraps the errors of our code."""
    while error is not None:
        if isinstance(error, UserError):
            raise error
        error = error.__cause__ or error.__context__


class SaveConfig(SaveConfigCallback):
    """Saves the config without the checkpoint of this start."""

    def __init__(self, parser: LightningArgumentParser, config: Any, **settings: Any) -> None:
        config = config.clone()
        config["ckpt_path"] = config["data.tokenizer_from"] = None
        super().__init__(parser, config, **settings)


class Parser(LightningArgumentParser):
    """A parser whose errors are one line: the fault, its place and the cure."""

    def add_class_arguments(self, theclass: type, *args: Any, **kwargs: Any) -> list[str]:
        """Gives loggers a default save_dir, which the run's folder replaces, so that naming a logger is enough."""
        added = super().add_class_arguments(theclass, *args, **kwargs)
        if issubclass(theclass, Logger) and "save_dir" in added:
            self.set_defaults(save_dir=".")
        return added

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        raise_user_error(ex)
        text = " ".join(message.split())
        raise UserError(f"{text}{self._hint(text)}") from ex

    def parse_path(self, cfg_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Reads a config file; its errors name the file."""
        try:
            return super().parse_path(cfg_path, *args, **kwargs)
        except UserError as error:
            raise UserError(f"{cfg_path}: {error}") from error

    def _hint(self, message: str) -> str:
        """The known key that is most similar to a misspelt one."""
        found = re.search(r"(?:[Kk]ey|[Oo]ption|arguments:?) ['\"]?-*([\w.]+)", message)
        if not found:
            return ""
        keys = [action.dest for action in self._actions]
        if self._subcommands_action is not None:
            keys += [action.dest for sub in self._subcommands_action.choices.values() for action in sub._actions]
        hint = did_you_mean(found.group(1), [*keys, *(key.rsplit(".", 1)[-1] for key in keys)])
        return f"; {hint or '`--help` lists the keys'}"


class SummarizerCLI(OpenCLI):
    """Links data to module, and takes network and tokenizer from a checkpoint if one is given."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        for name in LINKS:
            parser.link_arguments("data", f"model.{name}", compute_fn=attrgetter(name), apply_on="instantiate")
        parser.add_lightning_class_args(BestCheckpoint, "checkpoint")
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        for section in ("checkpoint", "early_stopping"):
            accept_null(parser, section)
        parser.add_argument(
            "--resume",
            type=str | None,
            default=None,
            help="for fit: continue a run exactly, from a checkpoint, or from the newest intact one of the run's "
            "folder (auto); without a checkpoint in the folder, auto starts a new run",
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        self.config = parser.parse_args(args)  # Lightning's own version warns if sys.argv has arguments too

    @property
    def settings(self) -> Any:
        """The config of the subcommand."""
        return self.config[self.config.subcommand]

    def use_checkpoint(self) -> None:
        """Takes the network of a checkpoint, so that the config need not repeat it. The search stays the config's."""
        config = self.settings
        self._find_checkpoint()
        path = config.get("ckpt_path")
        if not path or path in ("best", "last", "hpc"):
            return
        known = read_checkpoint(path)
        for name, value in known["network"].items():
            config[f"model.network.{name}"] = value
        config["data.tokenizer_from"] = path
        if self.config.subcommand != "fit":
            config["data.max_document_tokens"] = known["max_document_tokens"]

    def _find_checkpoint(self) -> None:
        """Turns `--resume auto | PATH` into `--ckpt_path`."""
        config = self.settings
        resume, config["resume"] = config["resume"], None  # the saved config must not depend on this start
        if not resume or self.config.subcommand != "fit":
            return
        if config.get("ckpt_path"):
            raise UserError("--resume and --ckpt_path both name a checkpoint; give one of them")
        if resume != "auto":
            config["ckpt_path"] = resume
            return
        folder = Path(config["trainer.default_root_dir"] or DEFAULT_FOLDER)
        found, passed_over = newest_checkpoint(folder)
        for reason in passed_over:
            rank_zero_info(f"passed over: {reason}")
        rank_zero_info(f"resuming from {found}" if found else f"no intact checkpoint in {folder}: starting a new run")
        config["ckpt_path"] = str(found) if found else None

    def before_instantiate_classes(self) -> None:
        config = self.settings
        config["trainer.default_root_dir"] = config["trainer.default_root_dir"] or DEFAULT_FOLDER
        self.folder = Path(config["trainer.default_root_dir"])
        self.folder.mkdir(parents=True, exist_ok=True)
        prepare_run(self.folder)
        self.run_id = (run_id(self.folder) if config.get("ckpt_path") else None) or secrets.token_hex(4)
        self._place_loggers()
        for key in ("checkpoint", "early_stopping"):
            if config[key] is not None and config[key].monitor not in (known := figure_names()):
                hint = did_you_mean(config[key].monitor, known) or f"known are {', '.join(known)}"
                raise UserError(f"{key}.monitor: there is no figure {config[key].monitor!r}; {hint}")
        seed = config.get("seed_everything")
        if not isinstance(seed, bool) and seed is not None:
            config["data.seed"] = seed
        if self.config.subcommand == "predict":
            config["return_predictions"] = False  # PredictionFiles writes them

    def callbacks(self, arguments: dict[str, Any], sections: list[Any]) -> list[Any]:
        return arrange_callbacks(arguments, sections)

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except ValueError as error:
            raise_user_error(error)
            raise

    def _place_loggers(self) -> None:
        """Loggers write into the run's folder; a W&B run has the run's id, so that a resumed run continues it."""
        loggers = self.settings["trainer.logger"]
        for logger in loggers if isinstance(loggers, list) else [loggers]:
            if hasattr(logger, "init_args") and logger.init_args.get("save_dir", None) in (None, "."):
                logger.init_args["save_dir"] = str(self.folder)
            if self.config.subcommand == "fit" and str(getattr(logger, "class_path", "")).endswith("WandbLogger"):
                given = logger.init_args
                if not given.get("id") and not given.get("version"):
                    given["id"] = self.run_id
                    logger["dict_kwargs"] = {"resume": "allow", **(logger.get("dict_kwargs") or {})}

    def before_fit(self) -> None:
        if is_first_process() and self.run_id != run_id(self.folder):
            start_run(self.folder, self.run_id)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        try:
            return super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, ValueError) as error:
            raise UserError(f"trainer: {error}") from error

    def run_subcommand(self, subcommand: str) -> None:
        try:
            super().run_subcommand(subcommand)
        except MisconfigurationException as error:
            raise UserError(f"trainer: {error}") from error
        except RuntimeError as error:
            if "loading state_dict" not in str(error):
                raise
            path = self.settings.get("ckpt_path")
            raise UserError(f"{path}: the weights do not fit the network of the checkpoint; it is damaged") from error


def main(argv: list[str]) -> int:
    """Runs the command with `argv`, whose first word is the subcommand. Returns the exit status."""
    prepare_training()
    silence_useless_messages()
    tune_cpu()
    sys.argv = [sys.argv[0], *argv]  # Lightning starts further processes with these arguments
    try:
        with process_errors():
            run()
    except (Stopped, SIGTERMException) as stopped:
        print(f"seq2seq: {str(stopped) or 'stopped by SIGTERM before the first step'}", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0


def run() -> None:
    """Parses the arguments in sys.argv, builds all parts and runs the subcommand."""
    SummarizerCLI(
        SummarizerModule,
        HeadlineData,
        parser_class=Parser,
        parser_kwargs={"prog": "seq2seq"},
        save_config_callback=SaveConfig,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=1,
        trainer_defaults={
            "use_distributed_sampler": False,  # BatchSampler gives each rank its own batches
            "num_sanity_val_steps": 0,
            "gradient_clip_val": 1.0,
            "max_epochs": 10,
            "enable_model_summary": False,
        },
    )
