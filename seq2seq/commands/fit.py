"""`seq2seq fit | validate | test | predict`: the Lightning command line over our module and data."""

from __future__ import annotations

import difflib
import logging
import os
import re
import secrets
import signal
import sys
import warnings
from pathlib import Path
from typing import Any, NoReturn

# No account, no network, and no names of hosts, users or folders in a run's files, unless the user wishes otherwise.
for key, value in {
    "WANDB_MODE": "offline",
    "WANDB_HOST": "",
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB__DISABLE_META": "true",
    "WANDB__DISABLE_MACHINE_INFO": "true",
}.items():
    os.environ.setdefault(key, value)

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_info, rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException, SIGTERMException

from seq2seq.checkpoint import read_checkpoint
from seq2seq.errors import UserError
from seq2seq.ops.cpu import tune_cpu
from seq2seq.scoring import KINDS, describe
from seq2seq.training.callbacks import (
    BestCheckpoint,
    EndTogether,
    PlainProgress,
    PredictionFiles,
    RunFiles,
    SampleHeadlines,
    has_terminal,
)
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.exact_resume import Stopped, new_run, newest_checkpoint, plain_errors, run_id
from seq2seq.training.module import SummarizerModule

FOLDER = "runs/default"
FIGURES = [f"validation/{name}" for name in (*KINDS, *describe([], []), "loss", "perplexity")] + ["train/loss"]
"""What a checkpoint or the early stopping can go by."""


class SaveConfig(SaveConfigCallback):
    """Saves the config without what was only for this start: where to resume from."""

    def __init__(self, parser: LightningArgumentParser, config: Any, **settings: Any) -> None:
        config = config.clone()
        config["ckpt_path"] = config["data.tokenizer_from"] = None
        super().__init__(parser, config, **settings)


class Parser(LightningArgumentParser):
    """A parser whose errors are one line: what, where, cure."""

    def add_class_arguments(self, theclass: type, *args: Any, **kwargs: Any) -> list[str]:
        """Naming a logger is enough: save_dir has a default, which the run's folder replaces."""
        added = super().add_class_arguments(theclass, *args, **kwargs)
        if issubclass(theclass, Logger) and "save_dir" in added:
            self.set_defaults(save_dir=".")
        return added

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        cause: BaseException | None = ex
        while cause is not None:
            if isinstance(cause, UserError):
                raise cause
            cause = cause.__cause__ or cause.__context__
        text = " ".join(message.split())
        raise UserError(f"{text}{self._hint(text)}") from ex

    def parse_path(self, cfg_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Read a config file; its errors name it."""
        try:
            return super().parse_path(cfg_path, *args, **kwargs)
        except UserError as error:
            raise UserError(f"{cfg_path}: {error}") from error

    def _hint(self, message: str) -> str:
        """The known key that looks most like a misspelt one."""
        found = re.search(r"(?:[Kk]ey|[Oo]ption|arguments:?) ['\"]?-*([\w.]+)", message)
        if not found:
            return ""
        keys = [action.dest for action in self._actions]
        if self._subcommands_action is not None:
            keys += [action.dest for sub in self._subcommands_action.choices.values() for action in sub._actions]
        near = difflib.get_close_matches(found.group(1), [*keys, *(key.rsplit(".", 1)[-1] for key in keys)], 1)
        return f"; did you mean {near[0]!r}?" if near else "; `--help` lists the keys"


class SummarizerCLI(LightningCLI):
    """Links data to model, gives run folders their files, and lets a checkpoint bring its network and tokenizer."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.link_arguments("data.vocabulary", "model.vocabulary", apply_on="instantiate")
        parser.add_lightning_class_args(BestCheckpoint, "checkpoint")
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        parser.set_defaults(
            {
                "early_stopping.monitor": "validation/rougeL",
                "early_stopping.mode": "max",
                "early_stopping.patience": 10,
                "early_stopping.check_on_train_epoch_end": False,  # beside the validation, before last.ckpt is written
            }
        )

        parser.add_argument(
            "--resume",
            type=str | None,
            default=None,
            help="of fit: go on exactly where a run stopped; a checkpoint, or `auto` for the newest whole one of the "
            "run's folder (trainer.default_root_dir; without one, the run starts afresh)",
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        self.config = parser.parse_args(args)  # Lightning's own warns if there are arguments in sys.argv too

    def _find_checkpoint(self) -> None:
        """--resume auto | PATH becomes --ckpt_path."""
        config = self.config[self.config.subcommand]
        wanted, config["resume"] = config["resume"], None  # the run's saved config is of no one start
        if not wanted or self.config.subcommand != "fit":
            return
        if config.get("ckpt_path"):
            raise UserError("--resume and --ckpt_path both say where to go on; give one")
        if wanted != "auto":
            config["ckpt_path"] = wanted
            return
        folder = Path(config["trainer.default_root_dir"] or FOLDER)
        found, passed_over = newest_checkpoint(folder)
        for reason in passed_over:
            rank_zero_info(f"passed over: {reason}")
        rank_zero_info(f"resuming from {found}" if found else f"no whole checkpoint in {folder}: starting afresh")
        config["ckpt_path"] = str(found) if found else None

    def before_fit(self) -> None:
        if first_process() and self.run_id != run_id(self.folder):
            new_run(self.folder, self.run_id)

    def _parse_ckpt_path(self) -> None:
        """A checkpoint's network replaces the config's, so that the config need not repeat it. (Lightning's own version
        would also override how to search, and fails with a traceback on a broken file.)"""
        self._find_checkpoint()
        config = self.config[self.config.subcommand]
        path = config.get("ckpt_path")
        if not path or path in ("best", "last", "hpc"):
            return
        known = read_checkpoint(path)
        for name, value in known["network"].items():
            config[f"model.network.{name}"] = value
        config["data.tokenizer_from"] = path
        if self.config.subcommand != "fit":
            config["data.max_document_tokens"] = known["max_document_tokens"]

    def before_instantiate_classes(self) -> None:
        config = self.config[self.config.subcommand]
        folder = config["trainer.default_root_dir"] or FOLDER
        config["trainer.default_root_dir"] = folder
        os.makedirs(folder, exist_ok=True)
        self.folder = Path(folder)
        self.run_id = (run_id(self.folder) if config.get("ckpt_path") else None) or secrets.token_hex(4)
        loggers = config["trainer.logger"]
        for logger in loggers if isinstance(loggers, list) else [loggers]:
            if hasattr(logger, "init_args") and logger.init_args.get("save_dir", None) in (None, "."):
                logger.init_args["save_dir"] = folder
            if self.config.subcommand == "fit" and str(getattr(logger, "class_path", "")).endswith("WandbLogger"):
                given = logger.init_args  # the dashboard of a resumed run goes on
                if not given.get("id") and not given.get("version"):
                    given["id"] = self.run_id
                    logger["dict_kwargs"] = {"resume": "allow", **(logger.get("dict_kwargs") or {})}
        for key in ("checkpoint", "early_stopping"):
            if config[key].monitor not in FIGURES:
                near = difflib.get_close_matches(config[key].monitor, FIGURES, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FIGURES)}"
                raise UserError(f"{key}.monitor: there is no figure {config[key].monitor!r}; {hint}")
        seed = config.get("seed_everything")
        if not isinstance(seed, bool) and seed is not None:
            config["data.seed"] = seed
        if self.config.subcommand == "predict":
            config["return_predictions"] = False  # they are written as they come
        if not has_terminal():
            config["trainer.enable_progress_bar"] = False

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        try:
            return super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, ValueError) as error:
            raise UserError(f"trainer: {error}") from error

    def _run_subcommand(self, subcommand: str) -> None:
        try:
            super()._run_subcommand(subcommand)
        except MisconfigurationException as error:
            raise UserError(f"trainer: {error}") from error
        except RuntimeError as error:
            if "loading state_dict" not in str(error):
                raise
            path = self.config[subcommand].get("ckpt_path")
            raise UserError(f"{path}: the weights don't fit the network it describes; the file is damaged") from error


def first_process() -> bool:
    """Whether this is the process that writes, before the trainer has been made and knows."""
    return getattr(rank_zero_only, "rank", 0) == 0


def quiet() -> None:
    """Leave out what libraries say to everybody and what helps nobody here."""
    for noise in (
        ".*does not have many workers.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*is deprecated, use `isinstance.*",
        ".*`weights_only` was not set.*",
        ".*your dataloader is not resumable.*",  # it is: see PlannedLoader
        ".*use `self.log.* sync_dist=True.*",  # every rank logs the figures of the whole split
    ):
        warnings.filterwarnings("ignore", message=noise)
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch.accelerators.cuda"):
        logging.getLogger(name).addFilter(
            lambda record: not re.search(r"💡|TPU available|GPU available|to estimate number of", record.getMessage())
        )


def main(argv: list[str]) -> int:
    """Run the command with `argv` (subcommand first)."""
    quiet()
    tune_cpu()
    callbacks: list[Any] = [RunFiles(), PredictionFiles(), SampleHeadlines(), EndTogether()]
    if not has_terminal():
        callbacks.append(PlainProgress())
    sys.argv = [sys.argv[0], *argv]  # read from here, also by the processes that Lightning starts beside this one
    try:
        with plain_errors():
            run(argv, callbacks)
    except (Stopped, SIGTERMException) as stopped:
        print(f"seq2seq: {str(stopped) or 'stopped by SIGTERM before the first step'}", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0


def run(argv: list[str], callbacks: list[Any]) -> None:
    """Parse, build, and run the subcommand."""
    SummarizerCLI(
        SummarizerModule,
        HeadlineData,
        parser_class=Parser,
        parser_kwargs={"prog": "seq2seq"},
        save_config_callback=SaveConfig,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=1,
        trainer_defaults={
            "callbacks": callbacks,
            "use_distributed_sampler": False,  # our sampler shards by itself
            "num_sanity_val_steps": 0,
            "gradient_clip_val": 1.0,
            "max_epochs": 10,
            "enable_model_summary": False,
        },
    )
