"""Reads a folder of `seq2seq export onnx`: documents in, hypotheses out. Needs onnxruntime and numpy, and no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.tokenizer import Tokenizer
from ..decoding.options import SearchOptions
from ..errors import UserError
from ..files import user_path
from .search import Arrays, Hypothesis, SpecialIds, absent_ids, search

FORMAT = 1
"""The format of `seq2seq.json`."""
FILES = ("encoder.onnx", "step.onnx", "tokenizer.json", "seq2seq.json")


class Graphs:
    """The two graphs of a folder.

    Args:
        folder: with encoder.onnx and step.onnx.
        memory, state: the names of the encoder's outputs, as in seq2seq.json.
        threads: of onnxruntime; None = all cores.
        providers: of onnxruntime, in order of preference.
    """

    def __init__(
        self,
        folder: Path,
        memory: Sequence[str],
        state: Sequence[str],
        threads: int | None = None,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        self.memory, self.state = memory, state
        self._encoder, self._step = (_session(folder / name, threads, providers) for name in FILES[:2])

    def encode(self, document: np.ndarray) -> tuple[Arrays, Arrays]:
        """document [B, S] extended ids -> memory, each [B, ...], and the first state, each [B, 1, ...]."""
        found = self._encoder.run(None, {"document": document})
        count = len(self.memory)
        return (document, *found[:count]), tuple(found[count:])

    def next_tokens(
        self, tokens: np.ndarray, forbidden: np.ndarray, memory: Arrays, state: Arrays
    ) -> tuple[np.ndarray, np.ndarray, Arrays]:
        """The step of a search; see `search.Step`."""
        names = ("tokens", "forbidden", "document", *self.memory, *self.state)
        inputs = dict(zip(names, (tokens, forbidden, *memory, *state), strict=True))
        log_probs, ids, *after = self._step.run(None, inputs)
        return log_probs, ids, tuple(after)


class OnnxSummarizer:
    """A folder with its tokenizer and its search options: text in, headlines out.

    Args:
        folder: of `seq2seq export onnx`.
        threads, providers: as for `Graphs`.

    Raises UserError if the folder lacks a file, or is of another version.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        threads: int | None = None,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        path = user_path(folder)
        for name in FILES:
            if not (path / name).is_file():
                raise UserError(f"{path}: no {name} in this folder; give one that `seq2seq export onnx` wrote")
        facts = json.loads((path / "seq2seq.json").read_text(encoding="utf-8"))
        if facts.get("format") != FORMAT:
            raise UserError(f"{path}: format {facts.get('format')}, but this version reads {FORMAT}; export it again")
        self.graphs = Graphs(path, facts["memory"], facts["state"], threads, providers)
        self.vocabulary, self.max_document_tokens = facts["vocabulary"], facts["max_document_tokens"]
        self.options = SearchOptions(**facts["search"])
        backend = (path / "tokenizer.json").read_text(encoding="utf-8")
        self.tokenizer = Tokenizer.from_dict({**facts["tokenizer"], "tokenizer": backend})

    def summarize(
        self, documents: Sequence[str], batch_size: int | None = None, batch_tokens: int = 80000, **options: Any
    ) -> list[str]:
        """The best headline of each document, in order; "" for a document without a token.

        Args:
            batch_size: greatest number of documents in a batch.
            batch_tokens: greatest number of document tokens in a batch, padding included.
            options: fields of `SearchOptions`, except those of `search.TORCH_ONLY`.
        """
        chosen = replace(self.options, **options)
        encoded = self.tokenizer.encode_documents(documents, self.max_document_tokens)
        headlines = [""] * len(documents)
        order = sorted((i for i, e in enumerate(encoded) if e.ids), key=lambda i: -len(encoded[i].ids))
        while order:
            fitting = max(1, batch_tokens // len(encoded[order[0]].ids))
            size = min(fitting, batch_size or fitting)
            batch, order = order[:size], order[size:]
            for i, found in zip(batch, self.search([encoded[i].ids for i in batch], chosen), strict=True):
                headlines[i] = self.tokenizer.decode(found[0].ids, encoded[i].oov)
        return headlines

    def search(self, documents: Sequence[Sequence[int]], options: SearchOptions) -> list[list[Hypothesis]]:
        """The n_best hypotheses of a batch of documents, each at least one extended id.

        Raises UserError for an option of `search.TORCH_ONLY`, and for `supported` if the tokenizer cannot tell facts.
        """
        special = self.vocabulary
        ids = np.full((len(documents), max(map(len, documents))), special["pad"], np.int64)
        for row, document in zip(ids, documents, strict=True):
            row[: len(document)] = document
        memory, state = self.graphs.encode(ids)
        banned = [special["pad"], special["bos"], *([] if options.allow_unk else [special["unk"]])]
        absent = None
        if options.supported != "nothing":
            absent = absent_ids(self.tokenizer.facts(options.supported, "search.supported"), ids, special["pad"])
        never = SpecialIds(special["bos"], special["eos"], banned, absent)
        return search(self.graphs.next_tokens, memory, state, options, never)


def _session(file: os.PathLike[str], threads: int | None, providers: Sequence[str]) -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads or 0
    return onnxruntime.InferenceSession(os.fspath(file), settings, providers=list(providers))
