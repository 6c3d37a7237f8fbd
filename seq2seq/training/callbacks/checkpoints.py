"""Checkpoints: atomic files, the best and the last of a run, and one on SIGTERM."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_info

from seq2seq.checkpoint import read_checkpoint, run_id, write_checkpoint
from seq2seq.errors import UserError

from ..interruptions import STOP, Stopped
from ..lightning_internals import OpenModelCheckpoint, use_checkpoint_io
from ..monitors import Mode, direction


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints atomically, and reads plain values only."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        return super().load_checkpoint(path, map_location=map_location, weights_only=True)


class BestCheckpoint(OpenModelCheckpoint):
    """Keeps `best.ckpt`, `last.ckpt` and the newest `step-N.ckpt` in the run's folder (`trainer.default_root_dir`).

    The first checkpoint of a new run removes those of an earlier run in the folder. A run without any validation ends
    with a `best.ckpt` that is its last state.

    On SIGTERM, Ctrl-C or a closed standard output it writes a `step-N.ckpt` and ends the run. Checkpoints contain no
    path of the machine.

    Args:
        monitor: the validation figure that determines the best checkpoint.
        mode: max or min: whether a large or a small figure is good (null = as is known of the figure).
        every_n_train_steps: optimizer steps between two `step-N.ckpt` (null = no limit).
        every_minutes: minutes between two `step-N.ckpt` (null = no limit).
        keep_last: number of `step-N.ckpt` that are kept, the newest ones; `seq2seq average --last` averages them.
    """

    def __init__(
        self,
        monitor: str = "validation/rougeL",
        mode: Mode | None = None,
        every_n_train_steps: int | None = None,
        every_minutes: float | None = 10.0,
        keep_last: int = 2,
    ) -> None:
        for name, value in (("every_n_train_steps", every_n_train_steps), ("every_minutes", every_minutes)):
            if value is not None and value <= 0:
                raise UserError(f"checkpoint.{name}: {value} is too small; give more than 0, or null for never")
        if keep_last < 1:
            raise UserError(f"checkpoint.keep_last: {keep_last} is too small; give at least 1")
        super().__init__(
            filename="best",
            monitor=monitor,
            mode=direction("checkpoint", monitor, mode),
            save_top_k=1,
            save_last=True,
            save_on_train_epoch_end=False,  # beside the validation, before the end of the epoch is processed
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self.every_steps, self.every_minutes, self.keep_last = every_n_train_steps, every_minutes, keep_last
        self._saved_step, self._saved_time = 0, 0.0
        self._group: Any = None
        self._owns_folder = False  # whether the checkpoints in the folder are those of this run
        self._resumed_run: str | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.dirpath = str(Path(trainer.default_root_dir))
        use_checkpoint_io(trainer, AtomicCheckpointIO())
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        if self.best_model_path:
            self._find_best(trainer)
        self._saved_step, self._saved_time = trainer.global_step, time.monotonic()
        if trainer.world_size > 1:  # on the CPU, so that the exchange of every step does not wait for a GPU
            self._group = torch.distributed.new_group(backend="gloo")
        # Lightning's own handler stops each process anywhere; here all processes stop together, between two steps.
        if trainer.received_sigterm:
            STOP.signal = int(signal.SIGTERM)
        if threading.current_thread() is threading.main_thread():
            STOP.watch()
        for stopping in trainer.early_stopping_callbacks:
            if isinstance(stopping, EarlyStopping) and stopping.wait_count >= stopping.patience:
                trainer.should_stop = True  # decided before the checkpoint was written
        if trainer.val_check_batch not in (None, float("inf")):  # validate between steps, not within one
            whole = int(trainer.val_check_batch) // trainer.accumulate_grad_batches * trainer.accumulate_grad_batches
            trainer.val_check_batch = whole if 0 < whole < trainer.num_training_batches else trainer.val_check_batch

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Saves and stops here: the previous step is complete and logged, and the next has not started."""
        if batch_idx % trainer.accumulate_grad_batches:
            return
        stop, due = self._agree(trainer)
        step = trainer.global_step
        if step > self._saved_step and (stop or due or (self.every_steps and step % self.every_steps == 0)):
            self._save_step(trainer)
        if stop:
            file = self._step_file(step)
            saved = f"saved {file}" if file.exists() else "nothing new to save"
            raise Stopped(stop, f"after step {step}; {saved}; continue with `--resume auto`")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes last.ckpt after every validation; Lightning writes it only together with a new best.ckpt."""
        super().on_validation_end(trainer, pl_module)
        if self.saves_now(trainer):
            self.write_last(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes last.ckpt if no validation came after the last step, and best.ckpt if there was none at all."""
        if trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        if not self.saved_at(trainer.global_step):
            self.write_last(trainer)
        if not self.best_model_path:
            best = Path(self.dirpath or ".") / f"best{self.FILE_EXTENSION}"
            self.write(trainer, best)
            self.best_model_path = str(best)
            rank_zero_info(f"no validation took place in this run: {best} is its last state")

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step == 0:  # Lightning then calls no hook of the training
            rank_zero_info(
                "no training step took place, so no checkpoint was written; raise the limits of the training"
            )

    def before_save(self, trainer: Trainer) -> None:
        """Writes the logs first: a resumed run does not repeat the steps before its checkpoint."""
        for logger in trainer.loggers:
            logger.save()

    def after_save(self, trainer: Trainer, file: Path) -> None:
        """Removes the checkpoints of an earlier run, once this run has one of its own."""
        if trainer.is_global_zero and not self._owns_folder:
            for pattern in ("best.ckpt", "last.ckpt", "step-*.ckpt"):
                for earlier in set(file.parent.glob(pattern)) - {file}:
                    earlier.unlink()
        self._owns_folder = True

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self._owns_folder = True
        self._resumed_run = checkpoint.get("resume", {}).get("run")

    def state_dict(self) -> dict[str, Any]:
        return _map_paths(super().state_dict(), os.path.basename) | {"dirpath": ""}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        folder = self.dirpath or "."
        self.current_score = state_dict["current_score"]
        state = _map_paths(state_dict, lambda name: os.path.join(folder, name))
        super().load_state_dict(state | {"dirpath": self.dirpath})

    def _find_best(self, trainer: Trainer) -> None:
        """Brings best.ckpt of a run that goes on in another folder. Without that file, its score is no limit."""
        best, start = Path(self.best_model_path), Path(trainer.ckpt_path or "")
        if _run_of(best) == self._resumed_run:
            return
        earlier = start.parent / best.name
        if _run_of(earlier) != self._resumed_run:
            self.best_model_path, self.best_model_score, self.best_k_models = "", None, {}
        elif trainer.is_global_zero:
            checkpoint = torch.load(earlier, map_location="cpu", weights_only=True)
            checkpoint["resume"]["run"] = run_id(best.parent)
            write_checkpoint(checkpoint, best)

    def _agree(self, trainer: Trainer) -> tuple[int, bool]:
        """The signal to stop (0 = none), and whether to save because of the time: the same answer on all ranks.

        A stop request to any rank counts; only the clock of rank 0 counts.
        """
        late = self.every_minutes and time.monotonic() - self._saved_time > 60 * self.every_minutes
        flags = torch.tensor([STOP.signal, bool(late and trainer.is_global_zero)], dtype=torch.int32)
        if self._group is not None:
            torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX, group=self._group)
        stop, due = flags.tolist()
        return int(stop), bool(due)

    def _step_file(self, step: int) -> Path:
        return Path(self.dirpath or ".") / f"step-{step}.ckpt"

    def _save_step(self, trainer: Trainer) -> None:
        newest = self._step_file(trainer.global_step)
        self.write(trainer, newest)
        if trainer.is_global_zero:
            steps = [int(file.stem[5:]) for file in newest.parent.glob("step-*.ckpt") if file.stem[5:].isdigit()]
            kept = sorted(step for step in steps if step <= trainer.global_step)[-self.keep_last :]
            for step in set(steps) - set(kept):  # the older ones, and those of a continuation that was given up
                self._step_file(step).unlink()
        self._saved_step, self._saved_time = trainer.global_step, time.monotonic()


def _run_of(file: Path) -> str | None:
    """The id of the run that wrote a checkpoint; "" if there is no such file, or if it cannot be used."""
    try:
        return read_checkpoint(file)["resume"].get("run")
    except UserError:
        return ""


def _map_paths(state: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """The state of a ModelCheckpoint with every file name changed."""
    changed = {k: change(v) if k.endswith("_path") and v else v for k, v in state.items()}
    changed["best_k_models"] = {change(name): score for name, score in state["best_k_models"].items()}
    return changed
