"""Trained tokenizers in the user's cache folder: one file per training split and options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from filelock import FileLock

from ...files import atomic_writer
from ...progress import Progress
from .options import TokenizerOptions
from .tokenizer import Tokenizer
from .training import train_tokenizer

if TYPE_CHECKING:
    import datasets

TRAINING = "tokenizer-2"
"""Part of every key. Change it when the same texts and options give another tokenizer than before."""


def cached_tokenizer(train_split: datasets.Dataset, options: TokenizerOptions) -> Tokenizer:
    """Returns the tokenizer of the options, trained on all columns (`document`, `summary`) on the first call.

    The key is the fingerprint of the split and every option. Only one process trains; the others wait and read. Raises
    the errors of `train_tokenizer`.
    """
    from ..arrow_cache import (  # imports `datasets`, which inference does not need
        cache_errors,
        cache_folder,
        fingerprint_of,
    )

    key = fingerprint_of(TRAINING, train_split._fingerprint, asdict(options))
    file = cache_folder("seq2seq-tokenizers") / f"{key}.json"
    with cache_errors(file.parent), FileLock(f"{file}.lock"):
        if not file.exists():
            texts = len(train_split.column_names) * len(train_split)
            tokenizer = train_tokenizer(options, _texts(train_split, options.kind), texts)
            with atomic_writer(file) as stream:
                json.dump(tokenizer.to_dict(), stream)
        return Tokenizer.from_dict(json.loads(file.read_text(encoding="utf-8")))


def _texts(pairs: datasets.Dataset, kind: str) -> Iterator[list[str]]:
    """Yields the texts of each column in lists of at most 1,000, and shows the progress."""
    with Progress(f"Training a {kind} tokenizer on {len(pairs):,} pairs", len(pairs), announce=True) as progress:
        for chunk in pairs.iter(1000):
            yield from (chunk[column] for column in pairs.column_names)
            progress.update(len(chunk["document"]))
