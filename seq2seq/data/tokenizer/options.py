"""The `data.tokenizer` section of a config, and the special tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import UserError
from ...options import When, check_effects, check_limits, limited

SPECIALS = {"pad": "<pad>", "unk": "<unk>", "bos": "<s>", "eos": "</s>"}


def _kinds() -> list[str]:
    from .training import TRAINERS  # here, because the registry imports this module

    return [*TRAINERS, "pretrained"]


def _normalizers() -> dict[str, Any]:
    from .normalization import NORMALIZERS  # the same

    return NORMALIZERS


def _kind_is(*kinds: str) -> list[When]:
    return [When("kind", lambda options: options.kind in kinds)]


@dataclass(frozen=True)
class TokenizerOptions:
    """How text becomes tokens.

    Args:
        kind: word (whole words; unknown words can be copied), bpe (byte-level), unigram (with byte fallback) or
            pretrained.
        vocab_size: The number of tokens, including the four special tokens.
        min_frequency: A word (or, with bpe, a pair of tokens to merge) that is rarer in the training split gets no
            token.
        normalizers: Applied in this order: nfkc, lowercase, digits (every digit becomes "#"), strip_accents. Not used
            by pretrained.
        split: How kind word finds words. words: letters, digits and their joints (U.S., 1,250.5, O'Neill, mid-year,
            C++, addresses), and single punctuation marks. Headlines get their spaces by a rule that is learned from the
            training split. whitespace: for text that is already tokenized.
        path: For kind pretrained: a name on the Hugging Face Hub, a folder, or a tokenizer.json.
        right_to_left: Headlines are learned and written from their last token to the first. Such a model reranks those
            of another one (`decode --rerank`).
    """

    kind: str = limited("word", choices=_kinds)
    vocab_size: int = limited(10_000, unused=_kind_is("pretrained"))
    min_frequency: int = limited(1, minimum=1, unused=_kind_is("unigram", "pretrained"))
    normalizers: list[str] = field(
        default_factory=lambda: ["nfkc"], metadata={"choices": _normalizers, "unused": _kind_is("pretrained")}
    )
    split: Literal["words", "whitespace"] = limited("words", unused=_kind_is("bpe", "unigram", "pretrained"))
    path: str | None = limited(None, unused=_kind_is("word", "bpe", "unigram"))
    right_to_left: bool = False

    def __post_init__(self) -> None:
        check_limits(self, "data.tokenizer")
        check_effects(self, "data.tokenizer")
        if self.kind == "pretrained" and not self.path:
            raise UserError(
                "data.tokenizer.path is missing: kind pretrained needs a Hub name, a folder or a tokenizer.json"
            )


def vocabulary_too_small(options: TokenizerOptions, required: str) -> UserError:
    """Returns the error for a `vocab_size` that is too small for the kind."""
    return UserError(f"data.tokenizer.vocab_size is {options.vocab_size}: kind {options.kind} needs {required}")
