"""The LightningModule of the summarizer. The steps that all tasks share stand in `task_module.py`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, ClassVar

from torch import Tensor

from seq2seq.batch import Batch
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.inference import check_search
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.scoring import ScoringOptions

from .datamodule import vocabulary_of
from .evaluation import Doubts, Outcome, Prediction, predict, score_predictions, score_split
from .objectives import OBJECTIVES, ObjectiveOptions
from .optimizer import OptimizerOptions
from .task_module import TaskModule
from .text_batches import usable_batch


class SummarizerModule(TaskModule):
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

    task = "summarization"
    sections: ClassVar[dict[str, type]] = {
        "network": NetworkOptions,
        "optimizer": OptimizerOptions,
        "search": SearchOptions,
        "objective": ObjectiveOptions,
        "scoring": ScoringOptions,
    }
    main_figure = "rougeL"
    figures = None
    outcome: Outcome | None

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
        self._doubts = Doubts()

    def usable(self, batch: Any, *, trains: bool = False, scores: bool = False) -> Batch:
        return usable_batch(batch, self, trains=trains, scores=scores)

    def on_train_start(self) -> None:
        super().on_train_start()
        if self.network.loss_starts:
            self.network.resolve_loss_starts(self.trainer.estimated_stepping_batches)

    def training_terms(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        objective = OBJECTIVES[self.objective.name]
        return objective(self.network, batch, self.global_step, self.objective, self.search)

    def predict_batch(self, batch: Batch) -> list[Prediction]:
        return predict(self.network, self.tokenizer, batch, self.search)

    def evaluate_batch(self, batch: Batch, split: str) -> list[Prediction]:
        search = replace(self.search, beam_size=1, n_best=1) if split == "validation" else self.search
        found = predict(self.network, self.tokenizer, batch, search)
        return score_predictions(found, batch, self.network.log_likelihoods(batch), self.scoring)

    def score(self, predictions: list[Prediction]) -> Outcome:
        return score_split(predictions, self.scoring)

    def report(self, split: str) -> None:
        assert self.outcome is not None
        self._doubts.report(split, self.outcome)

    def result_settings(self) -> dict[str, Any]:
        assert self.outcome is not None
        return {
            "rouge": self.outcome.rouge_settings,
            "signature": str(self.outcome.signature),
            "metric_signatures": self.outcome.metric_signatures,
            "scoring": asdict(self.scoring),
            "search": asdict(self.search),
        }

    def prediction_settings(self) -> Any:
        return asdict(self.search)
