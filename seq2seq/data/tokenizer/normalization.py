"""Normalization of text before it is split into tokens."""

from __future__ import annotations

from collections.abc import Callable

from tokenizers import Regex, normalizers

from .options import TokenizerOptions

NORMALIZERS: dict[str, Callable[[], normalizers.Normalizer]] = {
    "nfkc": normalizers.NFKC,
    "lowercase": normalizers.Lowercase,
    "digits": lambda: normalizers.Replace(Regex(r"\p{Nd}"), "#"),
    "strip_accents": lambda: normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()]),
}
"""The values of `data.tokenizer.normalizers`."""


def build_normalizer(options: TokenizerOptions, collapse_spaces: bool) -> normalizers.Normalizer:
    """Returns the normalizers of the options in sequence.

    Control characters and line ends become spaces first, because a headline is one line. `collapse_spaces` also removes
    repeated spaces, for tokens that contain spaces.
    """
    steps: list[normalizers.Normalizer] = [normalizers.Replace(Regex(r"[\p{Cc}\p{Zl}\p{Zp}]"), " ")]
    steps += [NORMALIZERS[name]() for name in options.normalizers]
    if collapse_spaces:
        steps += [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    return normalizers.Sequence(steps)
