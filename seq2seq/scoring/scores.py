"""The scores of one system, as a value to look at."""

from __future__ import annotations

from dataclasses import dataclass

from .compare import Comparison, Estimate
from .report import KIND_NAMES, cell, markdown


@dataclass(frozen=True)
class Scores:
    """The ROUGE F1 scores of some headlines in percent, with 95 % intervals. `print` shows them.

    Args:
        comparison: all scores and figures, with the signature of their settings.
        headlines: the headlines that were scored, in order.
    """

    comparison: Comparison
    headlines: list[str]

    @property
    def rouge1(self) -> Estimate:
        """ROUGE-1: words in common."""
        return self["rouge1.f1"]

    @property
    def rouge2(self) -> Estimate:
        """ROUGE-2: pairs of neighbouring words in common."""
        return self["rouge2.f1"]

    @property
    def rougeL(self) -> Estimate:
        """ROUGE-L: the longest common subsequence of words."""
        return self["rougeL.f1"]

    def __getitem__(self, name: str) -> Estimate:
        """A score by its name: rouge1.f1, rouge1.precision, rouge1.recall, rouge2.f1, ..."""
        return self.comparison.systems[0].scores[name]

    def __str__(self) -> str:
        lines = [f"{name:10}  {cell(self[f'{kind}.f1'])}" for kind, name in KIND_NAMES.items()]
        return "\n".join([*lines, f"{self.comparison.pairs:,} pairs, {self.comparison.signature}"])

    def _repr_markdown_(self) -> str:
        """The tables of `seq2seq score`, for a notebook."""
        return markdown(self.comparison)
