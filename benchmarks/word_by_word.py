"""Translation word by word: each German word becomes the English word that a dictionary gives, in the German order.

The dictionary is learned from parallel text by IBM model 1 (Brown et al. 1993): the probability t(e | g) that the word
g becomes the word e. It shows the share of a translation that needs no word order and no context.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

NULL = ""
"""The German word that stands for English words without a counterpart, such as "do" in a question."""


def split_words(text: str) -> list[str]:
    """Words and punctuation marks. "8:25", "12,50", "twenty-one" and "o'clock" are one word each."""
    return re.findall(r"\w+(?:[-.:,']\w+)*|[^\w\s]", text)


def learn_dictionary(pairs: Iterable[tuple[str, str]], iterations: int = 5) -> dict[str, str]:
    """For each German word the most probable English word. Words at the start of a sentence are in lower case.

    Args:
        pairs: German sentences and their translations.
        iterations: of expectation and maximisation.
    """
    sentences = [([NULL, *_uncapitalised(de)], _uncapitalised(en)) for de, en in pairs]
    probability: Mapping[tuple[str, str], float] = defaultdict(lambda: 1.0)
    for _ in range(iterations):
        counts: defaultdict[tuple[str, str], float] = defaultdict(float)
        totals: defaultdict[str, float] = defaultdict(float)
        for german, english in sentences:
            for e in english:
                norm = sum(probability[e, g] for g in german)
                for g in german:
                    share = probability[e, g] / norm
                    counts[e, g] += share
                    totals[g] += share
        probability = {(e, g): count / totals[g] for (e, g), count in counts.items()}
    best: dict[str, tuple[float, str]] = {}
    for (e, g), value in probability.items():
        best[g] = max(best.get(g, (0.0, "")), (value, e))
    return {g: e for g, (_, e) in best.items() if g != NULL}


def translate(sentence: str, dictionary: Mapping[str, str]) -> str:
    """The translation of each word, in order. A word that the dictionary lacks is copied."""
    english = " ".join(dictionary.get(word, word) for word in _uncapitalised(sentence))
    return english[:1].upper() + re.sub(r" ([.,?])", r"\1", english[1:])


def _uncapitalised(text: str) -> Sequence[str]:
    return split_words(text[:1].lower() + text[1:])
