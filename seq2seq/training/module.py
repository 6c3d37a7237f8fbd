"""The LightningModule: which computation runs at which hook of the trainer, and which figures are logged.

The computations themselves stand in the rooms below and in the other files of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from seq2seq.data.tokenizer import Tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.inference import check_search
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.scoring import ScoringOptions

from .counters import Clipping, Throughput
from .datamodule import vocabulary_of
from .evaluation import Doubts, Outcome, Prediction, gather_predictions, predict, score_predictions, score_split
from .exact_resume import ExactResume, batch_seed
from .finite_check import FiniteCheck
from .module_state import load_module, logged_settings, module_state
from .objectives import ObjectiveOptions, training_terms
from .optimizer import OptimizerOptions, apply_schedule, build_optimizer, set_learning_rate
from .text_batches import usable_batch
from .weight_averaging import WeightAveraging


class SummarizerModule(LightningModule):
    """Trains and evaluates a headline summarizer.

    Args:
        tokenizer: gives the vocabulary; decodes headlines. Linked from the data by the command, as are the last two.
        network: the shape of the network.
        optimizer: the optimizer and its learning rate.
        objective: what training minimises.
        search: how `test` and `predict` search, and the default of a checkpoint's users; validation is greedy.
        max_document_tokens: limit to which documents were cut; part of a checkpoint.
        seed: of dropout.
        scoring: how predictions are compared with references. Linked from the section `scoring` by the command.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen)
        optimizer: OptimizerOptions = OptimizerOptions(),  # noqa: B008
        search: SearchOptions = SearchOptions(beam_size=5),  # noqa: B008
        objective: ObjectiveOptions = ObjectiveOptions(),  # noqa: B008
        *,
        max_document_tokens: int,
        seed: int = 1,
        scoring: ScoringOptions = ScoringOptions(),  # noqa: B008
    ) -> None:
        super().__init__()
        self.tokenizer, self.vocabulary = tokenizer, vocabulary_of(tokenizer)
        self.options, self.optimizer, self.search, self.objective = network, optimizer, search, objective
        self.max_document_tokens, self.seed, self.scoring = max_document_tokens, seed, scoring
        self.network = build_network(network, self.vocabulary)
        check_search(self.network, tokenizer, search)  # now, and not at the first validation
        self.outcome: Outcome | None = None
        self.clipping, self._throughput = Clipping(), Throughput()
        self._predictions: list[Prediction] = []
        self._finite, self._doubts = FiniteCheck(), Doubts()

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
        """The loss to minimise: the sum of all terms per target word. `train/loss` is the negative log-likelihood."""
        batch = usable_batch(batch, self, trains=True)
        terms, log_likelihood = training_terms(self, batch)
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
        self._evaluate(batch, replace(self.search, beam_size=1, n_best=1))

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, self.search)

    def predict_step(self, batch: Any, batch_idx: int) -> list[Prediction]:
        return predict(self.network, self.tokenizer, usable_batch(batch, self), self.search)

    def on_validation_epoch_start(self) -> None:
        self._predictions = []

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        self._score("validation")

    def on_test_epoch_end(self) -> None:
        self._score("test")

    def _evaluate(self, batch: Any, search: SearchOptions) -> None:
        batch = usable_batch(batch, self, scores=True)
        if len(batch):
            found = predict(self.network, self.tokenizer, batch, search)
            log_likelihoods = self.network.log_likelihoods(batch)
            self._predictions += score_predictions(found, batch, log_likelihoods, self.scoring)

    def _score(self, split: str) -> None:
        """Scores the whole split on all ranks, and logs every score as `SPLIT/NAME`."""
        self.outcome = score_split(gather_predictions(self._predictions, self.trainer.world_size), self.scoring)
        for name, value in self.outcome.scores.items():
            self.log(f"{split}/{name}", float(value), prog_bar=name in ("loss", "rougeL"), batch_size=1)
        if self.trainer.is_global_zero and not self.trainer.sanity_checking:
            self._doubts.report(split, self.outcome)

    # --- Checkpoints -------------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds everything that inference needs, as plain values. Raises UserError if a loss was not finite."""
        self._finite.check(self.trainer)
        checkpoint["seq2seq"] = module_state(self)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: str | Path, map_location: Any = "cpu", **changes: Any) -> Self:  # type: ignore[override]
        """The module of a checkpoint on a device. `changes` replace arguments of the module: see `load_module`."""
        return load_module(cls, checkpoint_path, map_location, changes)
