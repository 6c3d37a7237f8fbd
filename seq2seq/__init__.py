"""A recurrent headline summarizer: (document -> headline), in PyTorch Lightning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .inference import Summarizer as Summarizer

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`seq2seq.Summarizer`. It is imported at its first use, because it needs torch, which takes seconds."""
    if name == "Summarizer":
        from .inference import Summarizer

        return Summarizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
