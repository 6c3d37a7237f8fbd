"""Scores of texts: ROUGE, and other figures about a split's predictions. Pure functions of strings."""

from .figures import FIGURES, describe
from .rouge import KINDS, SETTINGS, mean_scores, score_pair

__all__ = ["FIGURES", "KINDS", "SETTINGS", "describe", "mean_scores", "score_pair"]
