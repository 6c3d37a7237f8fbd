"""A recurrent headline summarizer: (document -> headline), in PyTorch Lightning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import train as train
    from .inference import Summarizer as Summarizer

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`seq2seq.Summarizer` and `seq2seq.train`. Both need torch, which takes seconds, so they are imported at their
    first use."""
    if name == "Summarizer":
        from .inference import Summarizer

        return Summarizer
    if name == "train":
        from .api import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
