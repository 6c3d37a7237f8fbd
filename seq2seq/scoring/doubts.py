"""Reasons why ROUGE can mislead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .words import normalized_words, uses_unicode

ENTITY_LABELS = re.compile(r"(O|[BI]-\S+)( (O|[BI]-\S+))*")
PAIRS_OF_A_LABEL = 5
"""More references than this for each different one-word reference are labels."""


def doubts(
    pairs: Sequence[tuple[str, str]], tokenizer: str, option: str = "--tokenizer", other_figure: str = "another figure"
) -> dict[str, str]:
    """Reasons why ROUGE can mislead for these pairs, one line each. Key: the kind of the reason.

    Args:
        pairs: (reference, prediction).
        tokenizer: see `WordOptions`.
        option: the option of the command line that sets the tokenizer.
        other_figure: the cure where no tokenizer finds a word.
    """
    found = {}
    unicode = sum(uses_unicode(tokenizer, pair) for pair in pairs)
    if 0 < unicode < len(pairs):
        found["mixed words"] = (
            f"ROUGE compares Unicode words in {unicode} of {len(pairs)} pairs, those with letters outside ASCII, and "
            f"the words of rouge-score in the others; {option} rouge gives figures that can be compared with a plain "
            "rouge-score"
        )
    references = [reference for reference, _ in pairs if reference.strip()]
    if references and not any(normalized_words(tokenizer, (text,))[0] for text in references):
        cure = f"{option} auto" if tokenizer == "rouge" else other_figure
        found["no words"] = f"every ROUGE is 0: the tokenizer {tokenizer} finds no word in a reference; give {cure}"
    if are_labels(references):
        found["labels"] = (
            "the references look like labels, for which ROUGE means nothing; the tasks classification and annotation "
            "of `seq2seq test` have accuracy and F1"
        )
    return found


def are_labels(references: Sequence[str]) -> bool:
    """Whether all references are labels of entities, or are a few different words."""
    if references and all(map(ENTITY_LABELS.fullmatch, references)):
        return True
    words = {reference.strip() for reference in references}
    return len(references) > PAIRS_OF_A_LABEL * len(words) and not any(" " in word for word in words)
