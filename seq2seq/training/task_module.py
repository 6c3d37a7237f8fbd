"""The LightningModule under every task: which computation runs at which hook of the trainer, and what is logged.

A task is a subclass that trains one network. It gives the terms of the loss, predictions and their scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from seq2seq.batch import Vocabulary
from seq2seq.data.tokenizer import Tokenizer

from .counters import Clipping, Throughput
from .evaluation import gather_predictions
from .exact_resume import ExactResume, batch_seed
from .finite_check import FiniteCheck
from .module_state import load_module, logged_settings, module_state
from .optimizer import OptimizerOptions, apply_schedule, build_optimizer, set_learning_rate
from .weight_averaging import WeightAveraging


class TaskModule(LightningModule):
    """Training, evaluation and checkpoints, the same for every task.

    A subclass sets the attributes `options`, `optimizer`, `tokenizer`, `vocabulary`, `max_document_tokens`, `seed`,
    `network` and one for each further entry of `sections` before the first step.
    """

    task: ClassVar[str]
    """The name of the task in configs and checkpoints."""
    sections: ClassVar[dict[str, type]]
    """The groups of options, by the name of the argument. A checkpoint stores them; `network` is the first."""
    main_figure: ClassVar[str]
    """The validation figure that determines the best checkpoint by default, without the name of the split."""

    figures: ClassVar[Sequence[str] | None]
    """The names of all scores; None = those of the summarizer, to which plugins add."""

    network: Any
    options: Any
    optimizer: OptimizerOptions
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    labels: list[str]
    """The labels of a labelling task, in the order of their ids; the summarizer has none."""
    max_document_tokens: int
    seed: int

    def __init__(self) -> None:
        super().__init__()
        self.source = ""
        """The name of the checkpoint of the weights, if Lightning has not read it."""
        self.outcome: Any = None
        """The predictions and scores of the last evaluated split."""
        self.clipping, self._throughput = Clipping(), Throughput()
        self._predictions: list[Any] = []
        self._finite = FiniteCheck()

    # --- A task implements ---------------------------------------------------------------------------------------

    def usable(self, batch: Any, *, trains: bool = False, scores: bool = False) -> Any:
        """The batch that a data loader gave, checked for training or for scores. Raises UserError."""
        raise NotImplementedError

    def training_terms(self, batch: Any) -> tuple[dict[str, Tensor], Tensor]:
        """Named terms of the loss, each a sum over the batch's M targets, and the log-likelihoods [M]."""
        raise NotImplementedError

    def predict_batch(self, batch: Any) -> list[Any]:
        """A prediction for each example of a batch, which can be empty."""
        raise NotImplementedError

    def evaluate_batch(self, batch: Any, split: str) -> list[Any]:
        """The same with what the scores need. `split`: validation or test."""
        raise NotImplementedError

    def score(self, predictions: list[Any]) -> Any:
        """The outcome of a whole split: `predictions`, `scores` by name, and `line()`."""
        raise NotImplementedError

    def result_settings(self) -> dict[str, Any]:
        """The settings that metrics.json holds for this task."""
        raise NotImplementedError

    def prediction_settings(self) -> Any:
        """The options on which predictions depend beside network and tokenizer, as plain values."""
        return None

    def report(self, split: str) -> None:
        """Hook: called once after each evaluation."""

    @property
    def parameter_count(self) -> int:
        """Trained numbers of the network."""
        return sum(p.numel() for p in self.network.parameters())

    @property
    def learning_rate(self) -> float:
        """The highest learning rate; Lightning's LearningRateFinder sets it."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.optimizer = replace(self.optimizer, learning_rate=value)
        for config in self.trainer.lr_scheduler_configs:
            set_learning_rate(config.scheduler, value)

    def configure_callbacks(self) -> Sequence[Callback]:
        return [ExactResume(), WeightAveraging()]

    # --- Training ----------------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        steps = 0 if self.optimizer.schedule == "constant" else self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            rank_zero_info("no last step is known, so the learning rate stays constant; trainer.max_steps gives one")
        adamw, scheduler = build_optimizer(self.network, self.optimizer, steps, self.trainer.precision != "16-mixed")
        return {"optimizer": adamw, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_fit_start(self) -> None:
        for logger in self.loggers:
            logger.log_hyperparams(logged_settings(self))

    def on_train_start(self) -> None:
        for config in self.trainer.lr_scheduler_configs:
            apply_schedule(config.scheduler)  # a learning rate finder sets the optimizer's alone
        self._throughput.read()

    def on_train_epoch_start(self) -> None:
        self.clipping.counts.zero_()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes the random numbers a function of the position, so that a resumed run draws the same."""
        torch.manual_seed(batch_seed(self.seed, self.current_epoch, batch_idx, self.global_rank))

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """The loss to minimise: the sum of all terms per target. `train/loss` is the negative log-likelihood."""
        batch = self.usable(batch, trains=True)
        terms, log_likelihood = self.training_terms(batch)
        loss = torch.stack(list(terms.values())).sum()
        words, size = len(batch.target_positions), len(batch)
        nll = -log_likelihood.sum() / words
        self.log_dict({f"train/{name}": term.detach() / words for name, term in terms.items()}, batch_size=size)
        self.log("train/loss", nll, prog_bar=True, batch_size=size)
        self.log("train/perplexity", nll.exp(), batch_size=size)
        self._finite.add_loss(batch.rows, loss)
        self._throughput.add(batch.tokens())
        if self._logs_now():
            self.log("train/tokens_per_second", self._throughput.read(), batch_size=size)
        return loss * batch.loss_scale if batch.loss_scale is not None else loss / words

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clips the norm of all gradients, and logs the norm before clipping."""
        norm = self.clipping.clip(self.network.parameters(), gradient_clip_val, gradient_clip_algorithm)
        self._finite.add_gradient_norm(norm)
        if self.device.type == "cpu" or self._logs_now():  # reading a value from a GPU waits for the GPU
            self._finite.check(self.trainer)
        if self._logs_now():
            rate = optimizer.param_groups[0]["lr"]
            self.log_dict({"train/gradient_norm": norm, "train/learning_rate": rate}, batch_size=1)

    def on_train_epoch_end(self) -> None:
        self.log("train/clipped_share", self.clipping.share(), batch_size=1)

    def _logs_now(self) -> bool:
        every = self.trainer.log_every_n_steps  # type: ignore[attr-defined]
        return every > 0 and (self.global_step + 1) % every == 0

    # --- Evaluation --------------------------------------------------------------------------------------------------

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, "validation")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, "test")

    def predict_step(self, batch: Any, batch_idx: int) -> list[Any]:
        return self.predict_batch(self.usable(batch))

    def on_validation_epoch_start(self) -> None:
        self._predictions = []

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        self._score("validation")

    def on_test_epoch_end(self) -> None:
        self._score("test")

    def _evaluate(self, batch: Any, split: str) -> None:
        batch = self.usable(batch, scores=True)
        if len(batch):
            self._predictions += self.evaluate_batch(batch, split)

    def _score(self, split: str) -> None:
        """Scores the whole split on all ranks, and logs every score as `SPLIT/NAME`."""
        self.outcome = self.score(gather_predictions(self._predictions, self.trainer.world_size))
        for name, value in self.outcome.scores.items():
            self.log(f"{split}/{name}", float(value), prog_bar=name in ("loss", self.main_figure), batch_size=1)
        if self.trainer.is_global_zero and not self.trainer.sanity_checking:
            self.report(split)

    # --- Checkpoints -------------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds everything that inference needs, as plain values. Raises UserError if a loss was not finite."""
        self._finite.check(self.trainer)
        checkpoint["seq2seq"] = module_state(self)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: str | Path, map_location: Any = "cpu", **changes: Any) -> Self:  # type: ignore[override]
        """The module of a checkpoint on a device. `changes` replace arguments of the module: see `load_module`."""
        return load_module(cls, checkpoint_path, map_location, changes)
