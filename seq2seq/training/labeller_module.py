"""The LightningModule under both labelling tasks: a label for a document, or one for each of its tokens.

A task is a subclass of `LabellerModule` with `task`, `sections`, `main_figure`, `figures` and `label_scores`.
"""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import Any, NamedTuple

from torch import Tensor

from seq2seq.batch import LabelledBatch, make_labelled_batch
from seq2seq.data.labels import LABELS
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.errors import UserError
from seq2seq.labelling import complete, predicted_labels
from seq2seq.model.labeller import AnnotatorOptions, build_labeller

from .datamodule import vocabulary_of
from .optimizer import OptimizerOptions
from .task_module import TaskModule
from .text_batches import texts_of


class LabelPrediction(NamedTuple):
    """The result of one example.

    Args:
        row: position in the split.
        labels: the most probable label of each place; none if the document has no token.
        document, reference: the texts of the example; None if there are no labels, as `predict` allows.
        log_likelihood: log-probability of the labels of the reference, where the document was not cut.
        targets: the number of these labels.
    """

    row: int
    labels: list[str]
    document: str
    reference: str | None
    log_likelihood: float = 0.0
    targets: int = 0

    @property
    def text(self) -> str:
        """The labels with spaces between them."""
        return " ".join(self.labels)

    def record(self) -> dict[str, Any]:
        """The line of a prediction file."""
        return {"document": self.document, "reference": self.reference, "prediction": self.text}


class LabelOutcome(NamedTuple):
    """The predictions of a split in corpus order, and its scores."""

    predictions: list[LabelPrediction]
    scores: dict[str, float]

    @property
    def signature(self) -> str:
        """Labels are compared as they are: there is no setting."""
        return ""

    def line(self) -> str:
        """The scores in one line."""
        figures = "  ".join(f"{name} {value:.2f}" for name, value in self.scores.items() if name != "loss")
        return f"{figures}  ({len(self.predictions)} examples)  loss {self.scores['loss']:.3f}"


class LabellerModule(TaskModule):
    """Trains and evaluates a network that gives labels.

    Args:
        tokenizer: gives the vocabulary. Linked from the data by the command, as are the labels and the last two.
        labels: the labels in the order of their ids.
        network: the shape of the network.
        optimizer: the optimizer and its learning rate.
        max_document_tokens: limit to which documents were cut; part of a checkpoint.
        seed: of dropout.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        labels: list[str],
        network: AnnotatorOptions = AnnotatorOptions(),  # noqa: B008 (frozen)
        optimizer: OptimizerOptions = OptimizerOptions(),  # noqa: B008
        *,
        max_document_tokens: int,
        seed: int = 1,
    ) -> None:
        super().__init__()
        self.tokenizer, self.vocabulary, self.labels = tokenizer, vocabulary_of(tokenizer), labels
        self.options, self.optimizer = network, optimizer
        self.max_document_tokens, self.seed = max_document_tokens, seed
        self.network = build_labeller(network, self.vocabulary, len(self.labels))

    def label_scores(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        """The scores of all places of a split, by name."""
        raise NotImplementedError

    def usable(self, batch: Any, *, trains: bool = False, scores: bool = False) -> LabelledBatch:
        if not isinstance(batch, LabelledBatch):
            batch = self._encoded(texts_of(batch)).to(self.device)
        if trains and not len(batch.target_positions):
            raise UserError("a training batch has no labels; give {'document': [...], 'summary': [...]}")
        if scores and (len(batch.references) != len(batch) or None in batch.references):
            raise UserError("validation and test compare labels, which a batch lacks; give a label for each document")
        if trains or batch.documents:
            return batch
        return replace(batch, documents=[""] * len(batch), references=[None] * len(batch))

    def _encoded(self, texts: dict[str, list[str]]) -> LabelledBatch:
        """The batch of the texts that a plain data loader gave. Raises UserError for wrong labels."""
        documents = texts["document"]
        labels: list[str | None] = list(texts.get("summary", [])) or [None] * len(documents)
        kind = LABELS[self.task](tuple(self.labels), "the data loader")
        encoded, ids = kind.encode(self.tokenizer, documents, labels, self.max_document_tokens)
        batch = make_labelled_batch([document.ids for document in encoded], ids, self.vocabulary)
        return replace(batch, documents=documents, references=labels)

    def training_terms(self, batch: LabelledBatch) -> tuple[dict[str, Tensor], Tensor]:
        return self.network.loss(batch)

    def predict_batch(self, batch: LabelledBatch) -> list[LabelPrediction]:
        return self.evaluate_batch(batch, "predict") if len(batch) else []

    def evaluate_batch(self, batch: LabelledBatch, split: str) -> list[LabelPrediction]:
        log_probabilities = self.network.log_probabilities(batch).cpu().double()
        found = predicted_labels(self.labels, log_probabilities, batch)
        targets = batch.labels.flatten().index_select(0, batch.places).cpu()
        likelihoods = log_probabilities.gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1)
        parts = zip((targets >= 0).split(batch.places_each()), likelihoods.split(batch.places_each()), strict=True)
        sums = [(float(values[known].sum()), int(known.sum())) for known, values in parts]
        texts = zip(batch.rows, found, batch.documents, batch.references, sums, strict=True)
        return [
            LabelPrediction(
                row, [label.name for label in complete(self.task, labels, document)], document, reference, *likelihood
            )
            for row, labels, document, reference, likelihood in texts
        ]

    def score(self, predictions: list[LabelPrediction]) -> LabelOutcome:
        references = [LABELS[self.task].of_text(p.reference or "") for p in predictions]
        loss = -fsum(p.log_likelihood for p in predictions) / max(sum(p.targets for p in predictions), 1)
        scores = self.label_scores(references, [p.labels for p in predictions])
        return LabelOutcome(predictions, scores | {"loss": loss})

    def result_settings(self) -> dict[str, Any]:
        return {"task": self.task, "labels": self.labels}

    def prediction_settings(self) -> Any:
        return self.labels
