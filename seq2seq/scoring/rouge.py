"""ROUGE of each pair (Lin 2004), and its mean over a split. rouge-score does the counting.

The mean is exact on any number of processes: each process scores its own examples with `score_pair`, and every process
then takes the mean over the scores of the whole split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import fsum

import numpy as np
from rouge_score import rouge_scorer, scoring, tokenizers

from .options import RougeOptions
from .words import unicode_words, uses_unicode

KINDS = ("rouge1", "rouge2", "rougeL")
ALL_KINDS = (*KINDS, "rougeLsum")
MEASURES = ("f1", "precision", "recall")
SETTINGS = "rouge-score F1, stemmer on, percent"
UNK = "<unk>"


class UnicodeTokenizer(tokenizers.Tokenizer):
    """`unicode_words` for rouge-score, which stems the ASCII words itself: its stemmer is for English."""

    def __init__(self, stemmer: bool = True) -> None:
        self._rouge = tokenizers.DefaultTokenizer(use_stemmer=stemmer)

    def tokenize(self, text: str) -> list[str]:
        """The words of a text, stemmed if the stemmer is on."""
        words = unicode_words(text)
        return [stem for word in words for stem in (self._rouge.tokenize(word) if word.isascii() else [word])]


class RememberingTokenizer(tokenizers.Tokenizer):
    """Another tokenizer with the words of the last texts: a reference is compared with each system, for each kind."""

    def __init__(self, tokenizer: tokenizers.Tokenizer) -> None:
        self._words = lru_cache(maxsize=1 << 14)(tokenizer.tokenize)

    def tokenize(self, text: str) -> list[str]:
        """The words of a text. The list is shared: callers do not change it."""
        return self._words(text)


@lru_cache
def _tokenizer(unicode: bool, stemmer: bool) -> tokenizers.Tokenizer:
    return RememberingTokenizer(UnicodeTokenizer(stemmer) if unicode else tokenizers.DefaultTokenizer(stemmer))


@lru_cache
def _scorer(unicode: bool, stemmer: bool, kinds: tuple[str, ...]) -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(list(kinds), tokenizer=_tokenizer(unicode, stemmer))


def score_pair(reference: str, prediction: str, tokenizer: str = "auto") -> tuple[float, float, float]:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L of one prediction, each in [0, 1]. The stemmer is on.

    Args:
        tokenizer: auto, rouge or unicode; see `WordOptions`.
    """
    unicode = uses_unicode(tokenizer, (reference, prediction))
    scores = _scorer(unicode, True, KINDS).score(reference, prediction)
    return scores["rouge1"].fmeasure, scores["rouge2"].fmeasure, scores["rougeL"].fmeasure


def mean_scores(scores: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    """The mean over a split, in percent. The sum is rounded once (`fsum`), so the order of the scores has no effect."""
    return {kind: 100 * fsum(s[i] for s in scores) / len(scores) if scores else 0.0 for i, kind in enumerate(KINDS)}


def score_references(references: Sequence[str], prediction: str, options: RougeOptions) -> np.ndarray:
    """[kinds of `ALL_KINDS`, `MEASURES`] scores of one prediction, each in [0, 1].

    ROUGE-Lsum takes each line of a text as a sentence. For texts of one line it equals ROUGE-L.

    Args:
        references: at least one. `options.several` chooses how their scores become one.
    """
    prediction = prepared(prediction, options)
    references = [prepared(reference, options) for reference in references]
    table = np.array([_score_table(reference, prediction, options) for reference in references])
    if len(references) == 1:
        return table[0]
    lengths = [_ngram_counts(reference, prediction, options) for reference in references]
    return COMBINATIONS[options.several](table, np.array(lengths))


def prepared(text: str, options: RougeOptions) -> str:
    """The part of a text that is compared: without `<unk>` if the options say so, then cut to `max_bytes`."""
    if options.unk == "removed":
        text = text.replace(UNK, " ")
    return text if options.max_bytes is None else first_bytes(text, options.max_bytes)


def first_bytes(text: str, count: int) -> str:
    """The first `count` bytes of a text in UTF-8. Ends of lines are not counted, as in ROUGE-1.5.5.

    A character of which only a part is left is dropped.
    """
    lines = []
    for line in text.split("\n"):
        raw = line.encode(errors="replace")[:count]
        count -= len(raw)
        lines.append(raw.decode(errors="ignore"))
    return "\n".join(lines)


def _score_table(reference: str, prediction: str, options: RougeOptions) -> list[list[float]]:
    """[`ALL_KINDS`][`MEASURES`] scores of one pair."""
    unicode = uses_unicode(options.tokenizer, (reference, prediction))
    lines = "\n" in reference or "\n" in prediction
    scores = _scorer(unicode, options.stemmer, ALL_KINDS if lines else KINDS).score(reference, prediction)
    if not lines:
        scores["rougeLsum"] = scores["rougeL"]
    return [[scores[kind].fmeasure, scores[kind].precision, scores[kind].recall] for kind in ALL_KINDS]


def _ngram_counts(reference: str, prediction: str, options: RougeOptions) -> list[int]:
    """[`ALL_KINDS`] the number of n-grams of a reference, by which its recall is divided."""
    unicode = uses_unicode(options.tokenizer, (reference, prediction))
    words = len(_tokenizer(unicode, options.stemmer).tokenize(reference))
    return [max(words - 1, 0) if kind == "rouge2" else words for kind in ALL_KINDS]


def _best(table: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The scores of the reference with the highest F1, for each kind; of equal ones the first."""
    best = table[:, :, MEASURES.index("f1")].argmax(axis=0)
    return table[best, range(len(ALL_KINDS))]


def _mean(table: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return table.mean(axis=0)


def _pooled(table: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Matches / n-grams, both summed over the references.

    A recall is matches / n-grams of the reference, so the pooled recall is the mean weighted by these n-grams. The
    n-grams of the prediction are the same for each reference, so the pooled precision is the plain mean.
    """
    precision = table[:, :, MEASURES.index("precision")].mean(axis=0)
    recall = (table[:, :, MEASURES.index("recall")] * lengths).sum(axis=0) / np.maximum(lengths.sum(axis=0), 1)
    f1 = [scoring.fmeasure(p, r) for p, r in zip(precision, recall, strict=True)]
    return np.stack([f1, precision, recall], axis=1)


COMBINATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "best": _best,
    "mean": _mean,
    "pooled": _pooled,
}
"""By `RougeOptions.several`: scores [references, kinds, measures] and n-gram counts [references, kinds] of one
prediction -> its scores [kinds, measures]."""
