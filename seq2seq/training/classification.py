"""The task "classification": one label for each document."""

from __future__ import annotations

from typing import ClassVar

from seq2seq.data.tokenizer import Tokenizer
from seq2seq.model.labeller import ClassifierOptions
from seq2seq.scoring.labels import classification_scores

from .labelled_data import LabelledData
from .labeller_module import LabellerModule
from .optimizer import OptimizerOptions


class ClassificationData(LabelledData):
    __doc__ = LabelledData.__doc__
    task = "classification"


class ClassifierModule(LabellerModule):
    __doc__ = LabellerModule.__doc__
    task = "classification"
    sections: ClassVar[dict[str, type]] = {"network": ClassifierOptions, "optimizer": OptimizerOptions}
    main_figure = "macro_f1"
    figures = ("accuracy", "macro_f1", "loss")

    def __init__(
        self,
        tokenizer: Tokenizer,
        labels: list[str],
        network: ClassifierOptions = ClassifierOptions(),  # noqa: B008 (frozen)
        optimizer: OptimizerOptions = OptimizerOptions(),  # noqa: B008
        *,
        max_document_tokens: int,
        seed: int = 1,
    ) -> None:
        limits = {"max_document_tokens": max_document_tokens, "seed": seed}
        super().__init__(tokenizer, labels, network, optimizer, **limits)

    def label_scores(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        return classification_scores([label for (label,) in references], [label for (label,) in predictions])
