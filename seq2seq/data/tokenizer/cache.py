"""Tokenizers trained on a training split, cached by the split's fingerprint and the options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import datasets
from filelock import FileLock

from seq2seq.data.corpora import fingerprint_of
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, train_tokenizer
from seq2seq.files import atomic_writer
from seq2seq.progress import Progress


def cached_tokenizer(train_split: datasets.Dataset, options: TokenizerOptions) -> Tokenizer:
    """The tokenizer that `options` describe, trained on `train_split` once."""
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "seq2seq-tokenizers"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{fingerprint_of(1, train_split._fingerprint, asdict(options))}.json"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            tokenizer = train_tokenizer(options, _texts(train_split), 2 * len(train_split))
            with atomic_writer(file) as stream:
                json.dump(tokenizer.to_dict(), stream)
        return Tokenizer.from_dict(json.loads(file.read_text(encoding="utf-8")))


def _texts(pairs: datasets.Dataset, size: int = 1000) -> Iterator[list[str]]:
    with Progress("Learning the vocabulary", len(pairs)) as progress:
        for chunk in pairs.iter(size):
            yield chunk["document"]
            yield chunk["summary"]
            progress.update(len(chunk["document"]))
