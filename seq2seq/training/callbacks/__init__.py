"""What watches a run: checkpoints, files of results, samples for the dashboard, plain progress lines."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only

from seq2seq import __version__
from seq2seq.errors import UserError
from seq2seq.inference import Headline
from seq2seq.scoring import KINDS, SETTINGS
from seq2seq.training.exact_resume import Stopped, save_whole, write_whole
from seq2seq.training.module import Outcome, Prediction, SummarizerModule
from seq2seq.training.parts import Parts, PartWriter


class WholeFiles(TorchCheckpointIO):
    """Writes checkpoints so that a file is whole or as it was before, and reads plain values only."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        save_whole(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        return super().load_checkpoint(path, map_location=map_location, weights_only=True)


class BestCheckpoint(ModelCheckpoint):
    """Keeps `best.ckpt` and `last.ckpt` in the run's folder (`trainer.default_root_dir`), with no host's paths inside,
    and between validations the two newest `step-N.ckpt`. On SIGTERM it saves one of these, and ends the run.

    Args:
        monitor: the validation figure that tells the best.
        mode: whether that figure should be large or small.
        every_n_train_steps: write `step-N.ckpt` after so many optimizer steps (null = by time alone).
        every_minutes: write `step-N.ckpt` after so many minutes (null = by steps alone).
    """

    def __init__(
        self,
        monitor: str = "validation/rougeL",
        mode: str = "max",
        every_n_train_steps: int | None = None,
        every_minutes: float | None = 10.0,
    ) -> None:
        for name, value in (("every_n_train_steps", every_n_train_steps), ("every_minutes", every_minutes)):
            if value is not None and value <= 0:
                raise UserError(f"checkpoint.{name}: {value} is too small; give more than 0, or null for never")
        super().__init__(
            filename="best",
            monitor=monitor,
            mode=mode,
            save_top_k=1,
            save_last=True,
            save_on_train_epoch_end=False,  # but beside the validation, so that the end of an epoch is still to come
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self.every_steps, self.every_minutes = every_n_train_steps, every_minutes
        self._asked_to_stop = False
        self._saved_step, self._saved_time = 0, 0.0
        self._group: Any = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.dirpath = str(Path(trainer.default_root_dir))
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = WholeFiles()
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        self._saved_step, self._saved_time = trainer.global_step, time.monotonic()
        if trainer.world_size > 1:  # on the CPU, so that a question at every step does not wait for a GPU
            self._group = torch.distributed.new_group(backend="gloo")
        # Lightning stops whereever it is, and each process by itself; here all stop together, between two steps.
        self._asked_to_stop = trainer.received_sigterm
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_sigterm)
        for stopping in trainer.early_stopping_callbacks:
            if isinstance(stopping, EarlyStopping) and stopping.wait_count >= stopping.patience:
                trainer.should_stop = True  # it had been decided when the checkpoint was written
        if trainer.val_check_batch not in (None, float("inf")):  # validate between steps, not within one
            whole = int(trainer.val_check_batch) // trainer.accumulate_grad_batches * trainer.accumulate_grad_batches
            trainer.val_check_batch = whole if 0 < whole < trainer.num_training_batches else trainer.val_check_batch

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The end is kept too where no validation came after the last step."""
        if self._last_global_step_saved != trainer.global_step:
            self._save_last_checkpoint(trainer, self._monitor_candidates(trainer))

    def _on_sigterm(self, signum: int, frame: Any) -> None:
        self._asked_to_stop = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whoever asks twice does not want to wait

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """The one moment between two optimizer steps when everything is done, logged, and not yet begun."""
        if batch_idx % trainer.accumulate_grad_batches:
            return
        stop, due = self._agreed(trainer)
        fresh = trainer.global_step > self._saved_step
        if fresh and (stop or due or (self.every_steps and trainer.global_step % self.every_steps == 0)):
            self._save_step(trainer)
        if stop:
            file = self._step_file(trainer.global_step)
            saved = f"saved {file}" if file.exists() else "there was nothing new to save"
            raise Stopped(f"stopped by SIGTERM after step {trainer.global_step}; {saved}; go on with `--resume auto`")

    def _agreed(self, trainer: Trainer) -> tuple[bool, bool]:
        """Whether to stop, and whether it is time to save: the same answer on all ranks. Any may be asked to stop; the
        first one's clock counts."""
        late = self.every_minutes and time.monotonic() - self._saved_time > 60 * self.every_minutes
        flags = torch.tensor([self._asked_to_stop, bool(late and trainer.is_global_zero)], dtype=torch.int32)
        if self._group is not None:
            torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX, group=self._group)
        stop, due = flags.tolist()
        return bool(stop), bool(due)

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        for logger in trainer.loggers:
            logger.save()  # what a checkpoint has behind it must be in the logs
        super()._save_checkpoint(trainer, filepath)

    def _step_file(self, step: int) -> Path:
        return Path(self.dirpath or ".") / f"step-{step}.ckpt"

    def _save_step(self, trainer: Trainer) -> None:
        self._save_checkpoint(trainer, str(self._step_file(trainer.global_step)))
        if trainer.is_global_zero:
            for old in Path(self.dirpath or ".").glob("step-*.ckpt"):
                if old not in (self._step_file(self._saved_step), self._step_file(trainer.global_step)):
                    old.unlink()
        self._saved_step, self._saved_time = trainer.global_step, time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write last.ckpt too, which Lightning (2.6) does only beside a new best.ckpt."""
        super().on_validation_end(trainer, pl_module)
        if not self._should_skip_saving_checkpoint(trainer):
            self._save_last_checkpoint(trainer, self._monitor_candidates(trainer))

    def state_dict(self) -> dict[str, Any]:
        return _map_paths(super().state_dict(), os.path.basename) | {"dirpath": ""}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        folder = self.dirpath or "."
        self.current_score = state_dict["current_score"]
        super().load_state_dict(
            _map_paths(state_dict, lambda name: os.path.join(folder, name)) | {"dirpath": self.dirpath}
        )


def _map_paths(state: dict[str, Any], change: Any) -> dict[str, Any]:
    """ModelCheckpoint's state with every file name changed."""
    changed = {k: change(v) if k.endswith("_path") and v else v for k, v in state.items()}
    changed["best_k_models"] = {change(name): score for name, score in state["best_k_models"].items()}
    return changed


class EndTogether(Callback):
    """When this process fails, those that it started end too, soon, and the other way round: none waits for ever.

    Args:
        seconds: that they have to end by themselves, with what they have to say.
    """

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        running: list[subprocess.Popen] = getattr(trainer.strategy.launcher, "procs", [])
        children = list(running)
        running.clear()  # else Lightning's watcher of them kills this process too, before it has said what is wrong
        deadline = time.monotonic() + self.seconds
        for child in children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()


class RunFiles(Callback):
    """Writes what `test` found out into the run's folder: metrics.json and predictions.jsonl."""

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, SummarizerModule)
        outcome = pl_module.outcome
        if outcome is None or not trainer.is_global_zero:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        folder = Path(trainer.default_root_dir)
        write_predictions(folder / "predictions.jsonl", outcome.predictions, data.split("test"))
        settings = {
            "rouge": SETTINGS,
            "search": asdict(pl_module.search),
            "network": asdict(pl_module.options),
            "parameters": sum(p.numel() for p in pl_module.network.parameters()),
            "examples": len(outcome.predictions),
            "max_document_tokens": data.max_document_tokens,
            "seed": data.seed,
            "checkpoint": os.path.basename(str(trainer.ckpt_path or "")),
            "seq2seq": __version__,
            "torch": torch.__version__,
        }
        write_whole(folder / "metrics.json", [json.dumps(outcome.scores | {"settings": settings}, indent=2), "\n"])
        print(summary_line(outcome), f"-> {folder / 'metrics.json'}, {folder / 'predictions.jsonl'}", flush=True)


class PredictionFiles(Callback):
    """Writes what `predict` finds as it comes, each process its own part, and merges the parts to
    predictions-SPLIT.jsonl in corpus order. After an interruption the same command, on however many processes,
    continues: only what no part holds yet is decoded."""

    def __init__(self) -> None:
        self.parts: Parts | None = None
        self.writer: PartWriter | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "predict":
            trainer.datamodule.remaining = lambda: self._remaining(trainer, pl_module)  # type: ignore[attr-defined]

    def _remaining(self, trainer: Trainer, pl_module: LightningModule) -> np.ndarray:
        """Rows still to be decoded; called on every rank between loading the weights and the first batch."""
        assert isinstance(pl_module, SummarizerModule)
        data = trainer.datamodule  # type: ignore[attr-defined]
        pairs = data.split(data.predict_split)
        file = Path(trainer.default_root_dir) / f"predictions-{data.predict_split}.jsonl"
        self.parts = Parts(file, prediction_fingerprint(pl_module, data), len(pairs))
        done = self.parts.done()
        if trainer.is_global_zero:
            if done.any():
                print(f"{int(done.sum()):,} of {len(pairs):,} predictions are there already: continuing", flush=True)
            for folder in self.parts.others():
                print(f"{folder}: left by an unfinished run with other settings; not used", flush=True)
        done[-1] &= not done.all()  # Lightning leaves out a run without batches, and with it the merging
        return np.flatnonzero(~done)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.parts is not None
        self.writer = self.parts.writer(trainer.global_rank)  # there was a barrier since all ranks called `done`

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        assert self.writer is not None
        self.writer.write([{"row": p.row, "hypotheses": [h._asdict() for h in p.hypotheses]} for p in outputs])

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.parts is not None
        assert self.writer is not None
        self.writer.close()
        trainer.strategy.barrier("all predictions are written")
        if not trainer.is_global_zero:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        merged = (Prediction(p["row"], [Headline(**h) for h in p["hypotheses"]]) for p in self.parts.merged())
        write_predictions(self.parts.file, merged, data.split(data.predict_split))
        self.parts.remove()
        print(f"{self.parts.rows:,} predictions -> {self.parts.file}", flush=True)


def prediction_fingerprint(pl_module: SummarizerModule, data: Any) -> str:
    """A name for all that predictions depend on: weights, tokenizer, search, limits, and the corpus."""
    digest = hashlib.sha256()
    for name, weights in pl_module.network.state_dict().items():
        digest.update(f"{name} {weights.dtype} {tuple(weights.shape)} ".encode())
        digest.update(weights.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    settings = [
        __version__,
        data.tokenizer.fingerprint,
        asdict(pl_module.search),
        data.max_document_tokens,
        str(pl_module.trainer.precision),
        data.predict_split,
        data.split(data.predict_split)._fingerprint,
    ]
    digest.update(json.dumps(settings).encode())
    return digest.hexdigest()[:16]


def summary_line(outcome: Outcome) -> str:
    """A split's scores in one line for people."""
    s = outcome.scores
    rouge = "  ".join(f"ROUGE-{kind[5:]} {s[kind]:.2f}" for kind in KINDS)
    rest = f"<unk> in {s['unk_share']:.1f} %  novel words {s['novel_unigrams']:.1f} %"
    return f"{rouge}  ({SETTINGS}; {len(outcome.predictions)} examples)  loss {s['loss']:.3f}  {rest}"


def write_predictions(file: Path, predictions: Iterable[Prediction], pairs: Any) -> None:
    """JSON Lines in corpus order: document, reference, prediction; with n-best also hypotheses and their scores."""
    write_whole(file, _prediction_lines(iter(predictions), pairs))


def _prediction_lines(predictions: Iterator[Prediction], pairs: Any) -> Iterator[str]:
    while chunk := list(islice(predictions, 1000)):
        source = pairs[[p.row for p in chunk]]
        for p, document, reference in zip(chunk, source["document"], source["summary"], strict=True):
            line = {"document": document, "reference": reference, "prediction": p.hypotheses[0].text}
            if len(p.hypotheses) > 1:
                line["hypotheses"] = [h._asdict() for h in p.hypotheses]
            yield json.dumps(line, ensure_ascii=False) + "\n"


class SampleHeadlines(Callback):
    """Shows some of the validation headlines each time: a table on W&B, text on TensorBoard, lines in the terminal.

    Args:
        count: how many, taken evenly from the split.
        printed: how many of them are printed too.
    """

    def __init__(self, count: int = 16, printed: int = 2) -> None:
        self.count, self.printed = count, printed

    @rank_zero_only
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, SummarizerModule)
        if pl_module.outcome is None or trainer.sanity_checking:
            return
        predictions = pl_module.outcome.predictions
        chosen = predictions[:: max(1, len(predictions) // self.count)][: self.count]
        source = trainer.datamodule.split("validation")[[p.row for p in chosen]]  # type: ignore[attr-defined]
        table = [
            [document, reference, p.hypotheses[0].text, round(100 * p.rouge[2], 1) if p.rouge else 0.0]
            for p, document, reference in zip(chosen, source["document"], source["summary"], strict=True)
        ]
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_table(
                    "validation/samples", columns=["document", "reference", "prediction", "rougeL"], data=table
                )
            elif isinstance(logger, TensorBoardLogger):
                text = "\n\n".join(f"{reference} → {prediction}" for _, reference, prediction, _ in table)
                logger.experiment.add_text("validation/samples", text, trainer.global_step)
        for _, reference, prediction, _ in table[: self.printed]:
            pl_module.print(f"    reference  {reference}\n    prediction {prediction}")


class PlainProgress(Callback):
    """A line now and then, where there is no terminal for a progress bar.

    Args:
        seconds: between two lines.
    """

    def __init__(self, seconds: float = 15.0) -> None:
        self.seconds, self.last = seconds, 0.0

    @rank_zero_only
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if time.monotonic() - self.last < self.seconds:
            return
        self.last = time.monotonic()
        metrics = trainer.callback_metrics
        loss = float(metrics.get("train/loss", float("nan")))
        position = f"epoch {trainer.current_epoch + 1}: batch {batch_idx + 1}/{trainer.num_training_batches}"
        rate = metrics.get("train/tokens_per_second")
        print(f"{position}  loss {loss:.3f}" + (f"  {float(rate):,.0f} tokens/s" if rate else ""), flush=True)

    @rank_zero_only
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, SummarizerModule)
        if pl_module.outcome is not None and not trainer.sanity_checking:
            print(f"epoch {trainer.current_epoch + 1}: validation  {summary_line(pl_module.outcome)}", flush=True)


def has_terminal() -> bool:
    """Whether somebody watches: progress bars make sense then."""
    return sys.stdout.isatty() and sys.stderr.isatty()
