"""Training of a tokenizer on texts, and the registry of kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import tokenizers

from ...errors import UserError
from .options import SPECIALS, TokenizerOptions
from .pretrained import load_pretrained
from .subwords import train_bpe, train_unigram
from .tokenizer import Tokenizer
from .words import train_word

Texts = Iterable[str | list[str]]
"""Texts, or lists of texts: read once, as a stream."""
Trainer = Callable[[TokenizerOptions, Texts, int | None], tokenizers.Tokenizer | Tokenizer]
"""Trains on (options, texts, number of items or None). The result may be a tokenizer of the library `tokenizers`.

The vocabulary contains the tokens of `SPECIALS`, and no text may produce their ids.
"""

TRAINERS: dict[str, Trainer] = {"word": train_word, "bpe": train_bpe, "unigram": train_unigram}
"""The values of `data.tokenizer.kind`, besides pretrained."""


def train_tokenizer(options: TokenizerOptions, texts: Texts, length: int | None = None) -> Tokenizer:
    """Trains a tokenizer on `texts`, or loads it if the kind is pretrained.

    The same texts and options give the same tokenizer. `length`, the number of items of `texts`, is only for progress
    bars. Raises UserError if the texts contain no word, or if `vocab_size` is too small for the kind.
    """
    tokenizer = _trained_or_loaded(options, texts, length)
    tokenizer.right_to_left = options.right_to_left
    return tokenizer


def _trained_or_loaded(options: TokenizerOptions, texts: Texts, length: int | None) -> Tokenizer:
    if options.kind == "pretrained":
        assert options.path is not None  # checked by the options
        return load_pretrained(options.path)
    trained = TRAINERS[options.kind](options, _not_blank(texts), length)
    return trained if isinstance(trained, Tokenizer) else Tokenizer(trained, options.kind, SPECIALS)


def _not_blank(texts: Texts) -> Texts:
    """Returns the same stream. Raises UserError if all texts are blank."""
    stream = iter(texts)
    start = []
    for item in stream:
        start.append(item)
        if any(text.strip() for text in ([item] if isinstance(item, str) else item)):
            return chain(start, stream)
    raise UserError("the training split holds no text to learn a vocabulary from: check data.corpus.train")
