"""The task "annotation": one BIO label for each token, for the entities of a sentence."""

from __future__ import annotations

from typing import ClassVar

from seq2seq.model.labeller import AnnotatorOptions
from seq2seq.scoring.labels import annotation_scores

from .labelled_data import LabelledData
from .labeller_module import LabellerModule
from .optimizer import OptimizerOptions


class AnnotationData(LabelledData):
    __doc__ = LabelledData.__doc__
    task = "annotation"


class AnnotatorModule(LabellerModule):
    __doc__ = LabellerModule.__doc__
    task = "annotation"
    sections: ClassVar[dict[str, type]] = {"network": AnnotatorOptions, "optimizer": OptimizerOptions}
    main_figure = "entity_f1"
    figures = ("entity_f1", "entity_precision", "entity_recall", "accuracy", "loss")

    def label_scores(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        return annotation_scores(references, predictions)
