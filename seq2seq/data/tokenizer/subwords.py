"""Training of subword tokenizers: byte-pair encoding and the unigram language model. No text is unknown to them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers, trainers

from .normalization import build_normalizer
from .options import SPECIALS, TokenizerOptions, vocabulary_too_small

if TYPE_CHECKING:
    from .training import Texts

BYTE_TOKENS = [f"<0x{byte:02X}>" for byte in range(256)]


def train_bpe(options: TokenizerOptions, texts: Texts, length: int | None) -> tokenizers.Tokenizer:
    """Trains byte-pair encoding (Sennrich, Haddow and Birch 2016) on bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    required = len(SPECIALS) + len(alphabet)
    if options.vocab_size < required:
        raise vocabulary_too_small(options, f"at least {required} (the special tokens and 256 bytes)")
    backend = tokenizers.Tokenizer(models.BPE())
    backend.normalizer = build_normalizer(options, collapse_spaces=True)
    # The pattern of ByteLevel separates letters from punctuation, so no merge can produce "<s>".
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=options.vocab_size,
        min_frequency=options.min_frequency,
        special_tokens=list(SPECIALS.values()),
        initial_alphabet=alphabet,
        show_progress=sys.stderr.isatty(),
    )
    backend.train_from_iterator(texts, trainer, length)
    # The special tokens stay in the vocabulary, but the library must not search for them in text.
    return tokenizers.Tokenizer.from_str(json.dumps({**json.loads(backend.to_str()), "added_tokens": []}))


def train_unigram(options: TokenizerOptions, texts: Texts, length: int | None) -> tokenizers.Tokenizer:
    """Trains a unigram language model (Kudo 2018). A character without a piece becomes its UTF-8 bytes."""
    fixed = len(SPECIALS) + len(BYTE_TOKENS)
    if options.vocab_size <= fixed:
        raise vocabulary_too_small(options, f"more than {fixed} (the special tokens and 256 bytes)")
    backend = tokenizers.Tokenizer(models.Unigram())
    backend.normalizer = build_normalizer(options, collapse_spaces=True)
    # Angle brackets are separate, so that no piece of a text has the spelling of a special token or a byte token.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex("[<>]"), "isolated")]
    )
    trainer = trainers.UnigramTrainer(vocab_size=options.vocab_size - fixed, show_progress=sys.stderr.isatty())
    try:
        backend.train_from_iterator(texts, trainer, length)
    except Exception as error:  # the library raises a bare Exception here
        raise vocabulary_too_small(options, f"more: {error}") from None
    pieces = _reproducible(json.loads(backend.to_str())["model"]["vocab"])
    min_score = min(score for _, score in pieces)
    vocabulary = [(token, 0.0) for token in SPECIALS.values()] + [(token, min_score) for token in BYTE_TOKENS] + pieces
    backend.model = models.Unigram(vocabulary, unk_id=list(SPECIALS).index("unk"), byte_fallback=True)
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return backend


def _reproducible(pieces: list[list[Any]]) -> list[tuple[str, float]]:
    """Removes the random differences between two trainings on the same texts; returns (piece, log-probability).

    The trainer adds numbers in random order, so the last digits differ: four decimals remain. It also gives pruned
    single characters the lowest score plus 0, 0.0001, 0.0002, ... in the order of a hash table: here they all get the
    lowest score. Two pieces with equal scores at the end of the vocabulary could still differ between trainings. None
    did in our comparisons.
    """
    min_score = min(score for _, score in pieces)
    max_pruned = min_score + 1e-4 * (len(pieces) + 1)
    scores = [(piece, min_score if len(piece) == 1 and score < max_pruned else score) for piece, score in pieces]
    return sorted(((piece, round(score, 4)) for piece, score in scores), key=lambda item: (-item[1], item[0]))
