"""The task "annotation": one BIO label for each token, for the entities of a sentence."""

from __future__ import annotations

from typing import ClassVar

from seq2seq.data.tokenizer import Tokenizer
from seq2seq.model.labeller import AnnotatorOptions
from seq2seq.scoring.labels import annotation_scores

from .labelled_data import LabelledData
from .labeller_module import LabellerModule
from .optimizer import OptimizerOptions


class AnnotationData(LabelledData):
    __doc__ = LabelledData.__doc__
    task = "annotation"


class AnnotatorModule(LabellerModule):
    """Trains and evaluates a network that labels each token.

    Args:
        tokenizer: gives the vocabulary. Linked from the data by the command, as are the labels and the last two.
        labels: the labels in the order of their ids.
        network: the shape of the network.
        optimizer: the optimizer and its learning rate.
        max_document_tokens: limit to which documents were cut; part of a checkpoint.
        seed: of dropout.
    """

    task = "annotation"
    sections: ClassVar[dict[str, type]] = {"network": AnnotatorOptions, "optimizer": OptimizerOptions}
    main_figure = "entity_f1"
    figures = ("entity_f1", "entity_precision", "entity_recall", "accuracy", "loss")

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
        super().__init__(tokenizer, labels, network, optimizer, max_document_tokens, seed)

    def label_scores(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        return annotation_scores(references, predictions)
