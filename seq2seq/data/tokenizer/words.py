"""Training of a tokenizer of whole words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import tokenizers
from tokenizers import Regex, models, pre_tokenizers

from ...errors import UserError
from .normalization import build_normalizer
from .options import SPECIALS, TokenizerOptions, vocabulary_too_small

if TYPE_CHECKING:
    from .training import Texts


def train_word(options: TokenizerOptions, texts: Texts, length: int | None) -> tokenizers.Tokenizer:
    """Trains a vocabulary of the most frequent words; equal frequencies are in alphabetical order."""
    max_words = options.vocab_size - len(SPECIALS)
    if max_words < 1:
        raise vocabulary_too_small(options, f"more than the {len(SPECIALS)} special tokens")
    backend = tokenizers.Tokenizer(models.WordLevel(unk_token=SPECIALS["unk"]))
    backend.normalizer = build_normalizer(options, collapse_spaces=False)
    if options.split == "words":
        pattern = Regex(_word_pattern(hash_is_digit="digits" in options.normalizers))
        backend.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    else:
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    counts = _count_words(backend, texts)
    frequent = [(word, count) for word, count in counts.items() if count >= options.min_frequency]
    ranked = sorted(frequent, key=lambda item: (-item[1], item[0]))
    words = [word for word, _ in ranked if word not in SPECIALS.values()][:max_words]
    if not words:
        raise UserError(f"no word occurs {options.min_frequency} times: lower data.tokenizer.min_frequency")
    vocabulary = {word: index for index, word in enumerate([*SPECIALS.values(), *words])}
    backend.model = models.WordLevel(vocabulary, SPECIALS["unk"])
    return backend


def _count_words(backend: tokenizers.Tokenizer, texts: Texts) -> Counter[str]:
    """Counts the words of `texts`.

    The trainer of the library tokenizes every occurrence of a word. Here every distinct chunk between spaces is counted
    first and tokenized once (see `Tokenizer._tokenize_words`).
    """
    chunks: Counter[str] = Counter()
    for item in texts:
        chunks.update((item if isinstance(item, str) else " ".join(item)).split())
    words: Counter[str] = Counter()
    for chunk, count in chunks.items():
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(chunk)):
            words[word] += count
    return words


def _word_pattern(hash_is_digit: bool) -> str:
    """Returns the regular expression of one token of English news text."""
    word = r"[\p{L}\p{M}\p{N}_#]" if hash_is_digit else r"[\p{L}\p{M}\p{N}_]"
    digit = r"[\p{N}#]" if hash_is_digit else r"\p{N}"
    possessive = rf"['’][sS](?!{word})"
    joint = rf"(?:(?!{possessive})['’&-]|(?<={digit})[.,:/](?={digit})|(?<=\p{{L}})\.(?=\p{{Ll}}))"
    alternatives = [
        "<unk>",  # in preprocessed corpora
        rf"(?:(?<!{word})\p{{L}}\.){{2,}}(?:-{word}+)*",  # abbreviations: U.S., a.m., U.S.-backed
        possessive,
        rf"{word}+(?:{joint}{word}+)*",  # O'Neill, mid-year, AT&T, 1,250.5, 10:30, example.com
        r"\.{2,}",
        "-{2,}",
        "`{2}",
        "'{2}",
        r"\S",
    ]
    return "|".join(alternatives)
