"""Scores of string pairs."""

from functools import partial

from .rouge import KINDS, SETTINGS, mean_scores, score_pair
from .rouge import describe as _describe

__all__ = ["FIGURES", "KINDS", "SETTINGS", "describe", "mean_scores", "score_pair"]


def _figure(name, documents, predictions):
    return _describe(documents, predictions)[name]


FIGURES = {name: partial(_figure, name) for name in _describe([], [])}


def describe(documents, predictions):
    """Every figure of FIGURES."""
    return {name: figure(documents, predictions) for name, figure in FIGURES.items()}
