"""Options of the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seq2seq.options import check_limits


@dataclass(frozen=True)
class ScoringOptions:
    """How texts are compared.

    Args:
        tokenizer: how ROUGE splits texts into words. rouge: the rule of rouge-score, for the letters a to z and digits.
            unicode: words of all scripts; each character is a word in scripts without spaces, such as Chinese. auto:
            unicode for a pair with a letter or digit outside ASCII, rouge for every other pair.
    """

    tokenizer: Literal["auto", "rouge", "unicode"] = "auto"

    def __post_init__(self) -> None:
        check_limits(self, "scoring")
