"""Completes the config of `fit`, `validate`, `test` and `predict`: paths, folder, checkpoint and loggers of the run.

The saved config must serve any later run. So every value that the command completes is remembered with the value that
the user wrote, and the user's value is saved.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.accelerators import Accelerator, CUDAAccelerator, MPSAccelerator
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback
from lightning.pytorch.utilities import rank_zero_info

from seq2seq.checkpoint import check_task, network_options, newest_checkpoint, read_checkpoint, run_id
from seq2seq.environment import sweep_run
from seq2seq.errors import UserError
from seq2seq.files import VARIABLE, atomic_writer, user_path
from seq2seq.model.options import TRAINING_OPTIONS
from seq2seq.options import check_effects
from seq2seq.scoring import corpus_metric
from seq2seq.shipped import checkpoint_path
from seq2seq.training.dashboards import dashboards, without_folders
from seq2seq.training.lightning_internals import is_first_process
from seq2seq.training.monitors import check_figure, check_is_computed, figure_names
from seq2seq.training.task_module import TaskModule

DEFAULT_FOLDER = "runs/default"
SEEDS = range(2**32)
GPUS: dict[str, tuple[type[Accelerator], ...]] = {
    "cuda": (CUDAAccelerator,),
    "mps": (MPSAccelerator,),
    "gpu": (CUDAAccelerator, MPSAccelerator),
}
"""The devices of a name of `trainer.accelerator`."""
PROCESSES_PER_CORE = 4
"""More are a mistake; a few more processes than cores are useful to try a run on several processes."""


class SaveConfig(SaveConfigCallback):
    """Saves the config of `fit` in the run's folder, as the user wrote it, without the checkpoint of this start. The
    dashboard shows it without folders.

    Args:
        written: the values that the user wrote, for the keys that the command has completed.
    """

    def __init__(
        self, parser: LightningArgumentParser, config: Any, *, written: dict[str, Any], **settings: Any
    ) -> None:
        config = config.clone()
        for key, value in written.items():
            config[key] = value
        config["ckpt_path"] = config["resume"] = None
        super().__init__(parser, config, save_to_log_dir=False, **settings)

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":  # the config of a later test must not replace that of the training
            file = Path(trainer.default_root_dir) / self.config_filename
            with atomic_writer(file) as stream:
                stream.write(text := self.parser.dump(self.config, skip_none=False))
            for logger in dashboards(trainer):
                logger.log_hyperparams({"config": without_folders(yaml.safe_load(text))})


class TrainingConfig:
    """The config of one training command, and what follows from it.

    Args:
        command: fit, validate, test or predict.
        config: the parsed config; it is changed.
        module: the module of the task.

    Attributes:
        written: the user's value of each completed key.
        folder: the run's folder.
        run_id: the id of the run, which its checkpoints and its W&B run carry.
        start: contents of the checkpoint with the weights of a new run (`--init_from`).
    """

    def __init__(self, command: str, config: Namespace, module: type[TaskModule]) -> None:
        self.command, self.config, self.module = command, config, module
        self.written: dict[str, Any] = {}
        self.start: dict[str, Any] | None = None
        self._unnamed = False  # whether the checkpoint is the run's best one because none was named
        self._expand_paths()
        self.folder = Path(config["trainer.default_root_dir"] or DEFAULT_FOLDER)
        self._check_numbers()
        check_devices(config["trainer.accelerator"], config["trainer.devices"])
        self._choose_checkpoint()
        self._use_checkpoint()
        self._check_effects()
        swept = sweep_run() if command == "fit" else None
        if swept:  # the runs of a sweep share a config
            self.folder = self.folder / swept
        if config["trainer.fast_dev_run"]:  # its results stand for nothing, so they replace nothing
            self.folder = self.folder / ".fast_dev_run"
            rank_zero_info(f"trainer.fast_dev_run: {self.folder} is removed at the end")
        self.complete("trainer.default_root_dir", str(self.folder))
        new_id = f"r{secrets.token_hex(4)}"  # with a letter first: YAML takes 11204e97 for a number
        self.run_id = (run_id(self.folder) if config.get("ckpt_path") else None) or swept or new_id
        self._place_loggers()
        if command == "predict":
            self.complete("return_predictions", False)  # a callback writes them

    def complete(self, key: str, value: Any) -> None:
        """Sets a value that the user left open, and remembers the user's value."""
        if self.config[key] != value:
            self.written.setdefault(key, self.config[key])
            self.config[key] = value

    def remove_temporary_folder(self) -> None:
        """Removes the results of `trainer.fast_dev_run`."""
        if self.config["trainer.fast_dev_run"] and is_first_process():
            shutil.rmtree(self.folder, ignore_errors=True)
            if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
                self.folder.parent.rmdir()

    def _expand_paths(self) -> None:
        """Replaces the `~` or `$NAME` of every path, also in the arguments of loggers, callbacks and plugins.

        Default values of the `Enum` type, which cannot be saved, become plain values.
        """
        for key, value in list(self.config.items()):
            value = _changed(value, lambda leaf: leaf.value if isinstance(leaf, Enum) else leaf)
            self.config[key] = value
            self.complete(key, _changed(value, _expand_start))

    def _check_numbers(self) -> None:
        if self.config["trainer.accumulate_grad_batches"] < 1:
            raise UserError("trainer.accumulate_grad_batches: give at least 1")
        if (self.config["trainer.gradient_clip_val"] or 0) < 0:  # it would turn the gradients around
            raise UserError("trainer.gradient_clip_val: give more than 0, or null for no clipping")
        seed = self.config.get("seed_everything")
        if isinstance(seed, bool) or seed is None:
            return
        if seed not in SEEDS:
            raise UserError(f"seed_everything: {seed} is no seed; give a number from 0 to {SEEDS.stop - 1}")
        if self.config["data.seed"] not in (1, seed):
            raise UserError("data.seed has no effect with seed_everything, which sets it; give seed_everything alone")
        self.complete("data.seed", seed)

    def _choose_checkpoint(self) -> None:
        """Turns `--resume auto | FILE`, `--ckpt_path best | last` and a missing `--ckpt_path` into a file."""
        config = self.config
        resume, named = config["resume"], config.get("ckpt_path")
        if self.command != "fit":
            if resume:
                raise UserError(f"--resume: {self.command} does not train; name a checkpoint with --ckpt_path")
            config["ckpt_path"] = self._checkpoint_to_score(named)
            return
        if config.get("ensemble"):
            raise UserError("--ensemble: fit trains one network; give the option to validate, test or predict")
        if config["trainer.fast_dev_run"] and (resume or named):
            rank_zero_info("trainer.fast_dev_run: a few batches from the first, not resumed")
            config["ckpt_path"] = None
            return
        start = config["init_from"] if resume != "auto" else None
        given = {"--resume": resume, "--ckpt_path": named, "--init_from": start}
        both = [option for option, value in given.items() if value]
        if len(both) > 1:
            raise UserError(f"{' and '.join(both)} each name a checkpoint; give one of them")
        if resume == "auto":
            found, passed_over = newest_checkpoint(self.folder)
            for reason in passed_over:
                rank_zero_info(f"passed over: {reason}")
            beginning = f"no intact checkpoint in {self.folder}: starting a new run"
            rank_zero_info(f"resuming from {found}" if found else beginning)
            config["ckpt_path"] = str(found) if found else None
        elif resume or named:
            config["ckpt_path"] = str(self._named_checkpoint(resume or named))

    def _checkpoint_to_score(self, named: str | None) -> str:
        """The checkpoint that the user named, else the best one of the run's folder."""
        if named:
            return str(self._named_checkpoint(named))
        best = self.folder / "best.ckpt"
        if not best.is_file():
            raise UserError(
                f"{self.command}: there is no {best}, so there are no trained weights; name a checkpoint with "
                "--ckpt_path, or the run's folder with --trainer.default_root_dir"
            )
        self._unnamed = True
        return str(best)

    def _check_owner(self, best: str, owner: str | None) -> None:
        """Raises UserError if nobody has named a checkpoint, and the best one is of an earlier run than the latest."""
        run = run_id(self.folder)
        if None not in (owner, run) and owner != run:
            raise UserError(
                f"{best}: of an earlier run in this folder; the latest run has no best checkpoint; name a checkpoint "
                "with --ckpt_path"
            )
        rank_zero_info(f"{self.command}: no --ckpt_path was given; the weights are those of {best}")

    def _named_checkpoint(self, name: str) -> Path | str:
        """The file that a name means: `best` and `last` are files of the run's folder."""
        if name not in ("best", "last"):
            return name if name == "hpc" else checkpoint_path(name)
        file = self.folder / f"{name}.ckpt"
        if not file.is_file():
            raise UserError(f"--ckpt_path {name}: there is no {file}; name a file, or start the run with `fit`")
        return file

    def _use_checkpoint(self) -> None:
        """Takes network and tokenizer from a checkpoint, so that the config need not repeat them."""
        config, path = self.config, self.config.get("ckpt_path")
        if path == "hpc":
            return
        starts_anew = not path and self.command == "fit" and config["init_from"]
        if not path and not starts_anew:
            return
        path = path or config["init_from"]
        known = read_checkpoint(path)
        check_task(known, path, self.module.task)
        if self.command == "fit" and not starts_anew and known["step"] is None:
            raise UserError(
                f"{path}: weights alone, without the state of a training, so no run can continue from it; start a new "
                "run with --init_from"
            )
        if self._unnamed:
            self._check_owner(path, known["resume"].get("run"))
        for name, value in asdict(network_options(known)).items():  # older files lack newer options
            if not (starts_anew and name in TRAINING_OPTIONS):
                config[f"model.network.{name}"] = value
        self.complete("data.tokenizer_from", str(path))
        if starts_anew:
            if (config.get("embeddings") or {}).get("file"):
                raise UserError(
                    "embeddings.file has no effect with --init_from, which brings the embeddings; leave it out"
                )
            self.start = known
            rank_zero_info(f"a new run with the weights, the network and the tokenizer of {path}")
        if self.command != "fit":
            config["data.max_document_tokens"] = known["max_document_tokens"]

    def _check_effects(self) -> None:
        """Refuses options that have no effect with other options of the config."""
        config, kind = self.config, self.config["data.tokenizer.kind"]
        for name in ("search", "objective", "network"):
            # a checkpoint brings its own network and tokenizer
            if name in self.module.sections and not (name == "network" and config["data.tokenizer_from"]):
                check_effects(self.module.sections[name](**vars(config[f"model.{name}"])), f"model.{name}")
        if not config["data.tokenizer_from"]:
            for key in ("model.network.unknown_embeddings", "model.search.allow_unk"):
                if config.get(key) and kind in ("bpe", "unigram"):
                    raise UserError(
                        f"{key} has no effect with data.tokenizer.kind: {kind}; it knows all words: give the default"
                    )
        metrics = config.get("scoring.metrics") or ()
        for name in metrics:
            corpus_metric(name)  # before any work, the error that a package is not installed
        for section in ("checkpoint", "early_stopping"):
            if config.get(section):
                check_figure(section, config[f"{section}.monitor"], figure_names(self.module.figures))
                check_is_computed(section, config[f"{section}.monitor"], metrics)
        if config["trainer.gradient_clip_algorithm"] and not config["trainer.gradient_clip_val"]:
            raise UserError(
                "trainer.gradient_clip_algorithm has no effect without trainer.gradient_clip_val; give both"
            )
        if self.command == "predict" and config["return_predictions"]:
            raise UserError("return_predictions has no effect on `seq2seq predict`, which writes files; leave it out")

    def _place_loggers(self) -> None:
        """Loggers write into the run's folder; a W&B run has the run's id, so that a resumed run continues it."""
        key = "trainer.logger"
        written = self.config[key]
        loggers = [_placed(logger, self.folder) for logger in (written if isinstance(written, list) else [written])]
        for logger in loggers:
            if self.command == "fit" and str(getattr(logger, "class_path", "")).endswith("WandbLogger"):
                given = logger.init_args
                if not given.get("id") and not given.get("version"):
                    given["id"] = self.run_id
                    logger["dict_kwargs"] = {"resume": "allow", **(logger.get("dict_kwargs") or {})}
        self.complete(key, loggers if isinstance(written, list) else loggers[0])


def check_devices(accelerator: Any, devices: Any) -> None:
    """Refuses devices that this machine lacks, before any work. Lightning would start every process.

    Args:
        accelerator, devices: arguments of the trainer.

    Raises UserError for a GPU on a machine without one, and on a CPU for far more processes than cores.
    """
    if str(accelerator) in GPUS and not _is_available(accelerator):
        raise UserError(f"trainer.accelerator: torch finds no {accelerator} on this machine; give cpu or auto")
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not _is_available("gpu"))
    if not on_cpu or devices == "auto":
        return
    count = int(devices) if str(devices).isdecimal() else 0
    if count < 1:
        raise UserError(f"trainer.devices: {devices} is no number of processes, which a CPU needs; give 1 or more")
    cores = os.cpu_count() or 1
    if count > PROCESSES_PER_CORE * cores:
        raise UserError(
            f"trainer.devices: {count} processes on {cores} cores would slow each other down; give at most "
            f"{PROCESSES_PER_CORE * cores}"
        )


def _is_available(accelerator: str) -> bool:
    return any(kind.is_available() for kind in GPUS[accelerator])


def _placed(logger: Any, folder: Path) -> Any:
    """A copy of a logger's config that writes into `folder`, unless the user has chosen another folder."""
    if not hasattr(logger, "init_args"):
        return logger
    logger = logger.clone()
    given = logger.init_args
    place, run = given.get("save_dir", None), given.get("id", None)
    if place and run and run == run_id(place) and Path(place) != folder:  # the saved config of an older version
        place = given["id"] = None
    if place in (None, "."):
        given["save_dir"] = str(folder)
    return logger


def _expand_start(value: Any) -> Any:
    """The path that a user means by a text that starts with a home folder or a variable; other values stay."""
    starts = rf"~[\w.-]*(/|$)|{VARIABLE}"
    return str(user_path(value)) if isinstance(value, str) and re.match(starts, value) else value


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of a config value with `change` applied to every leaf."""
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _changed(item, change) for name, item in value.items()}
    if isinstance(value, Namespace):
        return Namespace(**{name: _changed(item, change) for name, item in vars(value).items()})
    return change(value)
