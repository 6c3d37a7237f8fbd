"""A few fixed examples of the validation split, with the reason for each word of their headlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from seq2seq.explanation import Explanation
from seq2seq.inference import Summarizer

from .evaluation import Prediction
from .module import SummarizerModule
from .state_gradients import evaluation_mode

Item = TypeVar("Item")


def evenly_spaced(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, at equal distances: always the same ones of a split."""
    kept = min(count, len(items))
    return [items[i * len(items) // kept] for i in range(kept)]


def explain(module: SummarizerModule, predictions: Sequence[Prediction]) -> list[Explanation | None]:
    """Attention and copied words of each headline; None for a document without a token."""
    with evaluation_mode(module.network):
        settings = module.search, module.max_document_tokens, module.device
        summarizer = Summarizer(module.network, module.tokenizer, *settings)
        return [summarizer.explain(p.document, p.text) if p.text else None for p in predictions]


def marked(explanation: Explanation | None) -> str:
    """The headline with each copied word in square brackets."""
    if explanation is None:
        return ""
    text = ""
    for word, copied in zip(explanation.headline_words, explanation.copied, strict=True):
        bare = word.lstrip()
        text += word.replace(bare, f"[{bare}]") if copied and bare else word
    return text.strip()
