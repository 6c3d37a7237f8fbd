"""Options of the scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from seq2seq.errors import UserError
from seq2seq.options import check_limits, limited


def _corpus_metrics() -> dict[str, Any]:
    from .translation import CORPUS_METRICS  # here, because other options do without it

    return CORPUS_METRICS


@dataclass(frozen=True)
class WordOptions:
    """The words that are compared.

    Args:
        tokenizer: how ROUGE splits texts into words. rouge: the rule of rouge-score, for the letters a to z and digits.
            unicode: words of all scripts; each character is a word in scripts without spaces, such as Chinese. auto:
            unicode for a pair with a letter or digit outside ASCII, rouge for every other pair.
    """

    tokenizer: Literal["auto", "rouge", "unicode"] = "auto"

    def __post_init__(self) -> None:
        check_limits(self, "scoring")


@dataclass(frozen=True)
class ScoringOptions(WordOptions):
    """How the predictions of a whole split are scored.

    Args:
        metrics: scores of the whole split besides ROUGE: bleu, chrf (of the package sacrebleu). Each is logged,
            stands in metrics.json with its signature, and can choose the best checkpoint (--checkpoint.monitor
            validation/bleu).
    """

    metrics: list[str] = field(default_factory=list, metadata={"choices": _corpus_metrics})

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.metrics)) < len(self.metrics):
            raise UserError(f"scoring.metrics: {', '.join(self.metrics)} has a name twice; give each name once")


@dataclass(frozen=True)
class RougeOptions(WordOptions):
    """All settings that change a ROUGE figure.

    `seq2seq score` has one option for each field; its help text is the text below.

    Args:
        stemmer: reduce English words to their stems (Porter 1980) before they are compared.
        several: how the scores of several references become one. best: those of the reference with the highest F1, for
            each kind of ROUGE, as rouge-score does. mean: the mean over the references. pooled: the counts of matches
            and of n-grams are summed over the references, as ROUGE-1.5.5 does with -f A.
        max_bytes: cut each prediction and each reference to its first N bytes, if need be inside a word, as ROUGE-1.5.5
            does with -b N.
        unk: whether the symbol <unk> stays in predictions and references, where it counts as the word "unk", or is
            removed from both.
    """

    stemmer: bool = True
    several: Literal["best", "mean", "pooled"] = "best"
    max_bytes: int | None = limited(None, minimum=1)
    unk: Literal["kept", "removed"] = "kept"
