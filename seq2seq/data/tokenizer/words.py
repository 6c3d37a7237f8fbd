"""Training of a tokenizer of whole words, and of the rule by which they are joined."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import tokenizers
from tokenizers import Regex, models, pre_tokenizers

from ...errors import UserError
from .joining import COMMON, MARKS, QUOTES, JoiningRule, SpaceReader
from .normalization import build_normalizer
from .options import SPECIALS, TokenizerOptions, vocabulary_too_small
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from .training import Texts

QUOTES_IN_TEXT = re.compile("|".join(map(re.escape, sorted(QUOTES))))


def train_word(options: TokenizerOptions, texts: Texts, length: int | None) -> Tokenizer:
    """Trains a vocabulary of the most frequent words; equal frequencies are in alphabetical order.

    With `split: words` it also learns the rule by which words are joined. The vocabulary has the marks of `joining.py`
    only if a training text departs from the rule.
    """
    max_words = options.vocab_size - len(SPECIALS)
    if max_words < 1:
        raise vocabulary_too_small(options, f"more than the {len(SPECIALS)} special tokens")
    backend = tokenizers.Tokenizer(models.WordLevel(unk_token=SPECIALS["unk"]))
    backend.normalizer = build_normalizer(options, collapse_spaces=False)
    learns_rule = options.split == "words"
    if learns_rule:
        pattern = Regex(_word_pattern(hash_is_digit="digits" in options.normalizers))
        backend.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    else:
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    counts, shapes, departs = _count(backend, texts, look_at_quotes=learns_rule)
    frequent = [word for word, count in counts.items() if count >= options.min_frequency]
    ranked = sorted(set(frequent).difference(SPECIALS.values()), key=lambda word: (-counts[word], word))[:max_words]
    if not ranked:
        raise UserError(f"no word occurs {options.min_frequency} times: lower data.tokenizer.min_frequency")
    rule = _learn_rule(shapes, set(ranked)) if learns_rule else None
    marks = _count_marks(rule, shapes) if rule else Counter()
    if (marks or departs) and max_words > len(MARKS):
        counts.update({mark: marks[mark] for mark in MARKS})
        ranked = sorted([*ranked[: max_words - len(MARKS)], *MARKS], key=lambda word: (-counts[word], word))
    vocabulary = {word: index for index, word in enumerate([*SPECIALS.values(), *ranked])}
    backend.model = models.WordLevel(vocabulary, SPECIALS["unk"])
    return Tokenizer(backend, "word", SPECIALS, rule)


Words = tuple[tuple[str, bool], ...]
"""Words of a text, each with True if a space stands before it."""


def _count(
    backend: tokenizers.Tokenizer, texts: Texts, look_at_quotes: bool
) -> tuple[Counter[str], Counter[Words], bool]:
    """Counts the words of `texts`.

    The trainer of the library tokenizes every occurrence of a word. Here every distinct chunk between spaces is counted
    first and tokenized once (see `Tokenizer._tokenize_words`).

    Returns:
        The counts of words; the counts of chunks with punctuation, in which "" stands for a word of letters or digits;
        and, if `look_at_quotes`, whether a text with quotes departs from the rule `COMMON` (they open and close in
        turn, so a chunk alone does not show it).
    """
    chunks: Counter[str] = Counter()
    departs = False
    for item in texts:
        batch = [item] if isinstance(item, str) else item
        chunks.update(" ".join(batch).split())
        if look_at_quotes and not departs:
            departs = any(_departs(_words(backend, text)) for text in batch if QUOTES_IN_TEXT.search(text))
    counts: Counter[str] = Counter()
    shapes: Counter[Words] = Counter()
    for chunk, count in chunks.items():
        words = _words(backend, chunk)
        for word, _ in words:
            counts[word] += count
        shape = tuple((word if _is_punctuation(word) or word in COMMON.closing else "", space) for word, space in words)
        if shape not in ((), (("", True),)):
            shapes[shape] += count
    return counts, shapes, departs


def _words(backend: tokenizers.Tokenizer, text: str) -> Words:
    words, end = [], -1
    for word, (start, next_end) in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text)):
        words.append((word, start > end))
        end = next_end
    return tuple(words)


def _is_punctuation(word: str) -> bool:
    return not any(map(str.isalnum, word))


def _departs(words: Words) -> bool:
    reader = SpaceReader(COMMON, Counter(word for word, _ in words if word in QUOTES))
    return any(reader.marks(words)[:-1])


def _learn_rule(shapes: Counter[Words], vocabulary: set[str]) -> JoiningRule:
    """Returns the rule that most occurrences of each punctuation mark or symbol of the vocabulary follow."""
    total: Counter[str] = Counter()
    opens: Counter[str] = Counter()
    closes: Counter[str] = Counter()
    for words, count in shapes.items():
        spaces = [space for _, space in words[1:]]
        for (word, _), before, after in zip(words, [True, *spaces], [*spaces, True], strict=True):
            if word in vocabulary and word not in QUOTES and _is_punctuation(word):
                total[word] += count
                opens[word] += 0 if after else count
                closes[word] += 0 if before else count

    def learned(without_space: Counter[str], otherwise: frozenset[str]) -> frozenset[str]:
        """The words most often without a space; `otherwise` decides on equal numbers and on words that are unseen."""
        balance = {word: 2 * without_space[word] - total[word] for word in total.keys() | otherwise}
        return frozenset(word for word, n in balance.items() if n > 0 or (n == 0 and word in otherwise))

    return JoiningRule(learned(opens, COMMON.opening), learned(closes, COMMON.closing))


def _count_marks(rule: JoiningRule, shapes: Counter[Words]) -> Counter[str]:
    """Counts the marks of all chunks, without those beside quotes."""
    marks: Counter[str] = Counter()
    for words, count in shapes.items():
        found = SpaceReader(rule, Counter(), at_start=False).marks(words)
        neighbours = ["", *(word for word, _ in words), ""]
        for mark, before, after in zip(found, neighbours, neighbours[1:], strict=False):
            if mark and before not in QUOTES and after not in QUOTES:
                marks[mark] += count
    return marks


def _word_pattern(hash_is_digit: bool) -> str:
    """Returns the regular expression of one token: a word, a number, an address, or one other character."""
    digits = r"\p{N}#" if hash_is_digit else r"\p{N}"
    # Persian and Indic scripts have joiners inside words (U+200C, U+200D); U+00AD is the soft hyphen.
    word = rf"[\p{{L}}\p{{M}}{digits}_\u200c\u200d\u00ad]"
    digit = rf"[{digits}]"
    entity = rf"&(?:amp|quot|apos|lt|gt|nbsp|#[xX]?[{digits}a-fA-F]{{1,7}});"
    possessive = rf"['’][sS](?!{word})"
    joint = (
        rf"(?:&amp;|(?!{possessive}|{entity})['’&\u2010·-]|(?<={digit})[.,:/](?={digit})"
        rf"|(?<=\p{{L}})\.(?=\p{{Ll}})|(?<=\p{{Hebrew}})\"(?=\p{{Hebrew}}))"
    )
    address = r"[\p{L}\p{N}_.+-]{1,64}@[\p{L}\p{N}_-]{1,64}(?:\.[\p{L}\p{N}_-]{1,64})+"
    alternatives = [
        "<unk>",  # in preprocessed corpora
        r"(?:https?://|www\.)[^\s<>\"]*[\p{L}\p{N}/#=&_-]",
        rf"(?<!{word}){address}",
        rf"(?:(?<!{word})\p{{L}}\.){{2,}}(?:-{word}+)*",  # abbreviations: U.S., a.m., U.S.-backed
        possessive,
        rf"(?<!{word})['’]{digit}{{2}}s?(?!{word})",  # '87, ’90s
        rf"(?<!{word})\p{{L}}#(?!{word})",  # C#
        # O'Neill, mid-year, AT&T, 1,250.5, 10:30, example.com, C++
        rf"{word}+(?:{joint}{word}+)*(?:\+{{1,2}}(?!{word}|\+))?",
        entity,
        r"\.{2,}",
        "-{2,}",
        "`{2}",
        "'{2}",
        r"(?!\s)\X",  # a character with all its parts: emoji, flags
    ]
    return "|".join(alternatives)
