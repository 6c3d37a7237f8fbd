"""Scores of texts: ROUGE, and other figures about a split's predictions. Pure functions of strings."""

from .figures import FIGURES, describe
from .options import ScoringOptions
from .rouge import KINDS, SETTINGS, mean_scores, score_pair
from .words import normalized_words, uses_unicode

__all__ = [
    "FIGURES",
    "KINDS",
    "SETTINGS",
    "ScoringOptions",
    "describe",
    "mean_scores",
    "normalized_words",
    "score_pair",
    "uses_unicode",
]
