"""The W&B run of a training: an alert if it dies, and its results as artifacts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger

from ..dashboards import without_folders
from ..interruptions import Stopped
from ..lightning_internals import uploads_checkpoints

RESULTS = ("metrics.json", "predictions.jsonl")
MAX_TEXT = 500


class RunAlert(Callback):
    """Sends an alert of W&B when an error ends the run. A run that was asked to stop sends none.

    A process that the system kills cannot send one; W&B itself then marks the run as crashed.
    """

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if not trainer.is_global_zero or isinstance(exception, Stopped | KeyboardInterrupt | SystemExit):
            return
        where = f"at step {trainer.global_step} of {trainer.state.fn}"
        reason = " ".join(without_folders(word) for word in str(exception).split())
        for logger in _wandb(trainer):
            if getattr(sys.modules.get("wandb"), "run", None) is None:  # W&B itself could not be started
                continue
            text = f"{type(exception).__name__} {where}: {reason}"[:MAX_TEXT]
            logger.experiment.alert(title="seq2seq: the run has died", text=text, level="ERROR")


class RunArtifacts(Callback):
    """Uploads best.ckpt after `fit`, and metrics.json and predictions.jsonl after `test`, as artifacts of an online W&B
    run. With `log_model` of the logger, Lightning uploads the checkpoints instead.
    """

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for logger in _online(trainer):
            if not uploads_checkpoints(logger):
                _upload(logger, "model", trainer, ["best.ckpt"])

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for logger in _online(trainer):
            _upload(logger, "predictions", trainer, RESULTS)


def _wandb(trainer: Trainer) -> list[WandbLogger]:
    return [logger for logger in trainer.loggers if isinstance(logger, WandbLogger)]


def _online(trainer: Trainer) -> list[WandbLogger]:
    """The loggers of rank 0 whose run is online."""
    return [logger for logger in _wandb(trainer) if trainer.is_global_zero and not logger.experiment.offline]


def _upload(logger: WandbLogger, kind: str, trainer: Trainer, names: Sequence[str]) -> None:
    """Logs the files of the run's folder that exist as one artifact."""
    import wandb

    files = [file for name in names if (file := Path(trainer.default_root_dir) / name).is_file()]
    if files:
        artifact = wandb.Artifact(name=f"{kind}-{logger.experiment.id}", type=kind)
        for file in files:
            artifact.add_file(str(file), name=file.name)
        logger.experiment.log_artifact(artifact)
