"""The signature of ROUGE figures: one line with every setting that changes them, as sacreBLEU prints one.

rouge:1,2,L.f1|refs:4.best|stem:yes|tok:rouge|unk:kept|case:any|bytes:all|trials:10000|seed:1|version:...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from typing import Literal

from seq2seq import __version__
from seq2seq.errors import UserError

from .options import RougeOptions
from .rouge import KINDS

_REQUIRED = ("rouge", "refs", "stem", "tok", "unk")
Tokenizer = Literal["auto", "rouge", "unicode"]


@dataclass(frozen=True)
class Signature:
    """All settings of ROUGE figures. `str()` writes the line, and `parse` reads it.

    Args:
        kinds: of `rouge.ALL_KINDS`.
        measures: of `rouge.MEASURES`.
        references: the smallest and the largest number of references of a pair.
        options: `tokenizer` is the one that was used: auto only if some pairs have Unicode words and others do not.
        trials: number of trials of intervals and tests; 0: there are none.
        seed: of these trials.
        versions: of the packages that count.
    """

    kinds: tuple[str, ...] = KINDS
    measures: tuple[str, ...] = ("f1",)
    references: tuple[int, int] = (1, 1)
    options: RougeOptions = field(default_factory=RougeOptions)
    trials: int = 0
    seed: int = 0
    versions: str = ""

    def __str__(self) -> str:
        low, high = self.references
        count = str(low) if low == high else f"{low}-{high}"
        options = self.options
        parts = {
            "rouge": ",".join(kind.removeprefix("rouge") for kind in self.kinds) + "." + ",".join(self.measures),
            "refs": count if high == 1 else f"{count}.{options.several}",
            "stem": "yes" if options.stemmer else "no",
            "tok": options.tokenizer,
            "unk": options.unk,
            "case": "any",
            "bytes": str(options.max_bytes or "all"),
            **({"trials": str(self.trials), "seed": str(self.seed)} if self.trials else {}),
            "version": self.versions or installed_versions(),
        }
        return "|".join(f"{key}:{value}" for key, value in parts.items())

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Reads the line that `str()` writes. Raises UserError, naming the part, for another text."""
        parts = dict(part.partition(":")[::2] for part in text.strip().split("|"))
        for key in _REQUIRED:
            if key not in parts:
                raise UserError(f"signature {text!r}: there is no part {key!r}; copy the whole line")
        count, _, several = parts["refs"].partition(".")
        kinds, _, measures = parts["rouge"].partition(".")
        low, _, high = count.partition("-")
        limit = parts.get("bytes", "all")
        try:
            return cls(
                tuple(f"rouge{kind}" for kind in kinds.split(",")),
                tuple(measures.split(",")),
                (int(low), int(high or low)),
                RougeOptions(
                    tokenizer=parts["tok"],  # type: ignore[arg-type]
                    stemmer={"yes": True, "no": False}[parts["stem"]],
                    several=several or "best",  # type: ignore[arg-type]
                    max_bytes=None if limit == "all" else int(limit),
                    unk=parts["unk"],  # type: ignore[arg-type]
                ),
                int(parts.get("trials", 0)),
                int(parts.get("seed", 0)),
                parts.get("version", ""),
            )
        except (ValueError, KeyError) as error:
            raise UserError(f"signature {text!r}: {error} is no value of it; copy the whole line") from None


def tokenizer_used(tokenizer: Tokenizer, unicode_pairs: int, pairs: int) -> Tokenizer:
    """The tokenizer that gives the same figures: auto is only named if it has split pairs in both ways."""
    if tokenizer != "auto" or 0 < unicode_pairs < pairs:
        return tokenizer
    return "unicode" if unicode_pairs else "rouge"


def reference_counts(references: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The smallest and the largest number of references of a pair."""
    counts = [len(group) for group in references]
    return min(counts, default=1), max(counts, default=1)


@lru_cache
def installed_versions() -> str:
    """The versions of this package and of rouge-score."""
    return f"seq2seq-{__version__},rouge-score-{version('rouge-score')}"
