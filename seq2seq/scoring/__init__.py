"""Scores of texts: ROUGE, BLEU, and other figures about predictions, with intervals and tests of differences. Pure
functions of strings."""

from .compare import Comparison, Difference, Estimate, System, compare
from .doubts import doubts
from .figures import FIGURES, describe
from .options import RougeOptions, ScoringOptions, WordOptions
from .rouge import ALL_KINDS, KINDS, MEASURES, SETTINGS, mean_scores, score_pair
from .scores import Scores
from .signature import Signature, installed_versions, tokenizer_used
from .translation import CORPUS_METRICS, CorpusMetric, corpus_metric
from .words import normalized_words, uses_unicode

__all__ = [
    "ALL_KINDS",
    "CORPUS_METRICS",
    "FIGURES",
    "KINDS",
    "MEASURES",
    "SETTINGS",
    "Comparison",
    "CorpusMetric",
    "Difference",
    "Estimate",
    "RougeOptions",
    "Scores",
    "ScoringOptions",
    "Signature",
    "System",
    "WordOptions",
    "compare",
    "corpus_metric",
    "describe",
    "doubts",
    "installed_versions",
    "mean_scores",
    "normalized_words",
    "score_pair",
    "tokenizer_used",
    "uses_unicode",
]
