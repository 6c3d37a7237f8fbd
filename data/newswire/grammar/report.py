"""Statistics of a corpus: lengths, vocabulary, unseen words and ROUGE of two baselines."""

from __future__ import annotations

import re
from collections import Counter

from .document import count_sentences, count_words
from .events import KINDS


def tokenize(text: str) -> list[str]:
    """Returns the words and amounts of a text, without punctuation."""
    return re.findall(r"\$?\d[\d.,-]*\d|\$?\d|[^\W\d_]+", text)


def unseen_share(pairs: list[dict[str, str]], known: Counter[str], letters_only: bool = False) -> float:
    """Returns the share of summaries with at least one token outside `known`. `letters_only` ignores numbers."""
    unseen = [
        any(token not in known and (token.isalpha() or not letters_only) for token in tokenize(pair["summary"]))
        for pair in pairs
    ]
    return sum(unseen) / len(unseen)


def rouge_1(references: list[str], candidates: list[str]) -> float | None:
    """Returns the mean ROUGE-1 F1 (times 100, with stemmer), or None if the package rouge-score is not installed."""
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        return None
    scorer = RougeScorer(["rouge1"], use_stemmer=True)
    scores = [scorer.score(*texts)["rouge1"].fmeasure for texts in zip(references, candidates, strict=True)]
    return 100 * sum(scores) / len(scores)


def report(splits: dict[str, list[dict[str, str]]], seed: int, names: int) -> None:
    """Prints the statistics. The README contains them for the default settings."""
    train = splits["train"]
    known = Counter(token for pair in train for key in ("document", "summary") for token in tokenize(pair[key]))
    frequent = [token for token, times in known.items() if times > 2]
    lower_case = [token for token in frequent if token[0].islower()]
    print(f"seed {seed}, {names:,} names of each sort, {len(KINDS)} kinds of event")
    print(
        f"training words: {len(known):,} different, {len(frequent):,} more than twice, {len(lower_case):,} of these in "
        "lower case"
    )
    for split, pairs in splits.items():
        documents = [count_words(pair["document"]) for pair in pairs]
        summaries = [count_words(pair["summary"]) for pair in pairs]
        sentences = Counter(count_sentences(pair["document"]) for pair in pairs)
        line = (
            f"{split}: {len(pairs):,} pairs; document {min(documents)}-{max(documents)} words, mean "
            f"{sum(documents) / len(pairs):.1f}; summary {min(summaries)}-{max(summaries)}, mean "
            f"{sum(summaries) / len(pairs):.1f}; "
            f"sentences {dict(sorted(sentences.items()))}"
        )
        if split != "train":
            line += (
                f"; summaries with a word unseen in training {100 * unseen_share(pairs, known):.1f} %"
                f" (numbers aside {100 * unseen_share(pairs, known, letters_only=True):.1f} %)"
            )
        headlines = [pair["summary"] for pair in pairs]
        lead8 = rouge_1(headlines, [" ".join(pair["document"].split()[:8]) for pair in pairs])
        usual = rouge_1(headlines, [pair["usual"] for pair in pairs])
        if lead8 is not None:
            line += f"; ROUGE-1 F1 of lead-8 {lead8:.1f}, of the most frequent wordings {usual:.1f}"
        print(line)
