"""Words of a text in any script.

ROUGE and the share of novel words compare *normalized* words. `rouge_words` has the rule of rouge-score, for the
letters a to z and digits. `unicode_words` extends it: both functions return the same words for ASCII text.

Length and repetition are measured on *written* words, which are separated by blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

import regex

UNSPACED_SCRIPTS = [
    *("Han", "Hiragana", "Katakana", "Bopomofo", "Yi", "Tibetan", "Thai", "Lao", "Khmer", "Myanmar"),
    *("Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Javanese", "Balinese"),
]
"""Scripts without spaces between words. Each letter is a word there, with its marks."""

_SCRIPTS = "".join(rf"\p{{Script_Extensions={name}}}" for name in UNSPACED_SCRIPTS)
_UNSPACED = rf"[[{_SCRIPTS}]&&\p{{L}}]"
_CHARACTER = rf"{_UNSPACED}\p{{M}}*"
_SPACED = rf"[[\p{{L}}\p{{N}}]--{_UNSPACED}]"

_FOREIGN = regex.compile(r"[[\p{L}\p{Nd}]--\p{ASCII}]", regex.V1)
_IGNORED = regex.compile(r"[\p{Default_Ignorable_Code_Point}--\u200b]+", regex.V1)  # U+200B separates words
_SEPARATORS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_SPACED_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*")
_ANY_WORD = regex.compile(rf"{_CHARACTER}|{_SPACED}(?:{_SPACED}|\p{{M}})*", regex.V1)
_WRITTEN_WORD = regex.compile(rf"{_CHARACTER}|[^{_UNSPACED}]+", regex.V1)
_is_unspaced = lru_cache(maxsize=1 << 16)(regex.compile(_UNSPACED, regex.V1).match)


def needs_unicode(text: str) -> bool:
    """Whether a text has a letter or a decimal digit outside ASCII."""
    return not text.isascii() and _FOREIGN.search(normalize("NFC", text)) is not None


def uses_unicode(tokenizer: str, texts: Sequence[str]) -> bool:
    """Whether Unicode words are compared. `tokenizer`: see `WordOptions`. `texts`: the texts of one comparison."""
    return tokenizer == "unicode" or (tokenizer == "auto" and any(map(needs_unicode, texts)))


def normalized_words(tokenizer: str, texts: Sequence[str]) -> list[list[str]]:
    """The normalized words, not stemmed, of each text of one comparison. All texts are split by the same rule."""
    split = unicode_words if uses_unicode(tokenizer, texts) else rouge_words
    return [split(text) for text in texts]


def rouge_words(text: str) -> list[str]:
    """Lower-case words of the letters a to z and the digits, as rouge-score splits them before it stems them."""
    return re.findall(r"[a-z0-9]+", text.lower())


def unicode_words(text: str) -> list[str]:
    """Words of letters, marks and digits of all scripts, in a normal form.

    - Invisible characters are removed. A zero-width joiner or non-joiner therefore does not split a word, and the
      spellings with and without it are equal.
    - Words are compared in the form NFKC with full case folding: composed and decomposed accents are equal, full-width
      and other variants equal the usual characters, "ß" equals "ss", and "ς" equals "σ" (toNFKC_Casefold of the Unicode
      Standard, section 3.13). Symbols are removed first, because NFKC turns "™" into letters.
    - Each letter of a script without spaces (`UNSPACED_SCRIPTS`) is a word, with its marks.
    """
    spaced = _SEPARATORS.sub(" ", _IGNORED.sub("", text))
    folded = normalize("NFKC", normalize("NFKC", spaced).casefold())
    return (_ANY_WORD if _has_unspaced(folded) else _SPACED_WORD).findall(folded)


def written_words(text: str) -> list[str]:
    """Words as they are written: separated by blanks, punctuation included. In a script without spaces
    (`UNSPACED_SCRIPTS`) each letter is a word."""
    chunks = text.split()
    return [word for chunk in chunks for word in _WRITTEN_WORD.findall(chunk)] if _has_unspaced(text) else chunks


def _has_unspaced(text: str) -> bool:
    """Whether a text has a letter of a script without spaces. The test is fast: a text has few distinct characters."""
    return any(map(_is_unspaced, set(text)))
