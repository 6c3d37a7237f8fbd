"""Sizes of network, vocabulary and batches that suit the size of a corpus. They are a start; a config can set each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from seq2seq.data.word_vectors import vector_size
from seq2seq.files import user_path

from .settings import Settings

SAMPLE = 20_000
"""Pairs that are measured, at equal distances."""
TOKEN = re.compile(r"\w+(?:['’.,-]\w+)*|[^\w\s]")
"""About a token of kind word."""
CHARACTERS_OF_A_SUBWORD = 3
LONG_WORD = 15
"""Mean characters between two spaces. A script with spaces stays below it."""
SLACK = 1.2
"""The tokens of a text are estimated; the limits leave room."""


class Size(NamedTuple):
    """Options for a corpus with fewer than `below` pairs. Those of larger corpora follow the configs of the package:
    quickstart, headlines and gigaword."""

    below: float
    embedding: int
    encoder: int
    dropout: float
    vocabulary: int
    training_vocabulary: int | None
    min_frequency: int
    tokens: int
    examples: int | None
    learning_rate: float
    epochs: int


SIZES = (
    Size(2_000, 64, 64, 0.3, 5_000, None, 1, 2_000, 16, 2e-3, 30),
    Size(50_000, 96, 96, 0.2, 10_000, None, 2, 6_000, 64, 2e-3, 10),
    Size(500_000, 128, 128, 0.1, 20_000, 2_000, 3, 8_000, 64, 2e-3, 5),
    Size(float("inf"), 300, 256, 0.2, 50_000, 2_000, 3, 16_000, None, 1e-3, 3),
)


class Measures(NamedTuple):
    """Facts of a corpus on which the sizes depend.

    Args:
        document, summary: the 95th percentile of the lengths of documents, and the 99th of summaries, in characters
            and in words.
        spaced: whether the script has spaces between words.
    """

    pairs: int
    document: tuple[int, int]
    summary: tuple[int, int]
    spaced: bool


def measure(documents: Sequence[str], summaries: Sequence[str]) -> Measures:
    """Measures a corpus, or SAMPLE pairs of it."""
    count = min(SAMPLE, len(documents))
    rows = [place * len(documents) // count for place in range(count)]
    texts = [documents[row] for row in rows], [summaries[row] for row in rows]
    characters = sum(map(len, texts[0]))
    chunks = sum(len(text.split()) for text in texts[0])
    document, summary = (
        (int(np.percentile(list(map(len, side)), share)), int(np.percentile([_words(text) for text in side], share)))
        for side, share in zip(texts, (95, 99), strict=True)
    )
    return Measures(len(documents), document, summary, characters < LONG_WORD * max(chunks, 1))


def _words(text: str) -> int:
    return sum(1 for _ in TOKEN.finditer(text))


class Choice(NamedTuple):
    """Values of one section of the config, by the names of the keys, with the reason."""

    section: str
    values: dict[str, Any]
    reason: str

    def line(self) -> str:
        """The choice in one line."""
        values = ", ".join(f"{name} {value}" for name, value in self.values.items())
        return f"{self.section}: {values} ({self.reason})"


def choices(facts: Measures, given: Settings, new_network: bool) -> Iterator[Choice]:
    """Values for the keys that a config does not give.

    Args:
        new_network: False if network and tokenizer come from a checkpoint.
    """
    for choice in _all_choices(facts, given, new_network):
        kept = {name: value for name, value in choice.values.items() if not given.has(f"{choice.section}.{name}")}
        if kept:
            yield choice._replace(values=kept)


def _all_choices(facts: Measures, given: Settings, new_network: bool) -> Iterator[Choice]:
    size = next(size for size in SIZES if facts.pairs < size.below)
    pairs = f"{facts.pairs:,} training pairs"
    kind = given.get("data.tokenizer.kind") or ("word" if facts.spaced else "unigram")
    if new_network:
        vectors = None if given.has("model.network.embedding_size") else given.get("embeddings.file")
        embedding = vector_size(user_path(vectors)) if vectors else size.embedding
        network = {
            "embedding_size": embedding,
            "encoder_size": size.encoder,
            "decoder_size": 2 * (given.get("model.network.encoder_size") or size.encoder),
            "dropout": size.dropout,
        }
        if size.training_vocabulary:
            network["training_vocabulary"] = size.training_vocabulary
        yield Choice("model.network", network, pairs)
        words: dict[str, Any] = {"kind": kind}
        if kind != "pretrained":
            words["vocab_size"] = size.vocabulary
        if kind == "word":
            words["min_frequency"] = size.min_frequency
        script = "a script with spaces" if facts.spaced else "a script without spaces"
        yield Choice("data.tokenizer", words, f"{pairs}, {script}")
    document, summary = (_tokens(length, kind, facts.spaced) for length in (facts.document, facts.summary))
    document, summary = min(400, max(20, _rounded(document, 10))), min(100, max(10, _rounded(summary, 5)))
    limits = {"max_document_tokens": document, "max_summary_tokens": summary}
    yield Choice("data", limits, "95 % of the documents and 99 % of the headlines are shorter, by an estimate")
    longest = given.get("data.max_summary_tokens") or summary
    yield Choice("model.search", {"max_length": longest}, "the longest headline of the training")
    both = (given.get("data.max_document_tokens") or document) + longest
    batches = {"tokens": max(size.tokens, 8 * both), "examples": size.examples}
    yield Choice("data.batches", batches, pairs)
    epochs = given.get("trainer.max_epochs") or size.epochs
    steps = facts.pairs * epochs // (size.examples or 128)
    rate = {"learning_rate": size.learning_rate, "warmup_steps": min(1000, max(5, steps // 20))}
    yield Choice("model.optimizer", rate, f"about {steps:,} steps")
    yield Choice("trainer", {"max_epochs": epochs}, pairs)


def _tokens(length: tuple[int, int], kind: str, spaced: bool) -> float:
    """The estimated tokens of a text, given its characters and words."""
    characters, words = length
    return SLACK * words if kind == "word" else characters / CHARACTERS_OF_A_SUBWORD if spaced else characters


def _rounded(number: float, step: int) -> int:
    return int(-(-number // step)) * step
