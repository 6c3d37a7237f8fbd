"""`Reranker`: a second model that chooses among the hypotheses of a search."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..batch import make_batch
from ..data.tokenizer import EncodedDocument, Tokenizer
from ..decoding import SearchOptions
from ..errors import UserError
from ..model.ensemble import Ensemble
from ..model.network import Seq2Seq
from .documents import length_batches
from .generation import Headline
from .loading import checkpoint_file, load_networks

BATCH_TOKENS = 4000
"""Document tokens in a batch of documents with one headline each. With more headlines it has fewer documents."""


@dataclass(frozen=True)
class Reranker:
    """A model that scores the headlines of another one: a right-to-left one above all (Liu et al. 2016).

    Both models read a headline in opposite directions, so they make different errors at its ends. The tokenizers may
    differ, because the headlines come as texts.

    Args:
        max_document_tokens: longer documents are cut.
        weight: factor of its scores.
    """

    network: Seq2Seq
    tokenizer: Tokenizer
    max_document_tokens: int
    device: torch.device
    weight: float = 1.0

    @classmethod
    def from_checkpoint(cls, path: str | os.PathLike[str], device: torch.device, weight: float = 1.0) -> Reranker:
        """Loads a checkpoint. Raises UserError if it cannot be used, and for a weight that is not above 0."""
        if not 0 < weight < float("inf"):
            raise UserError(f"--rerank-weight {weight:g}: give a number above 0")
        network, contents = load_networks([checkpoint_file(path)])
        assert not isinstance(network, Ensemble)
        tokenizer = Tokenizer.from_dict(contents["tokenizer"])
        return cls(network.to(device).eval(), tokenizer, contents["max_document_tokens"], device, weight)

    def check(self, options: SearchOptions) -> None:
        """Raises UserError for a search that gives it nothing to choose from, or that chooses by another rule."""
        if options.beam_size == 1:
            raise UserError("--rerank needs several hypotheses: give --beam-size, for example 16")
        if options.minimum_risk:
            raise UserError("--rerank and --minimum-risk choose among the same hypotheses: leave one of them out")

    def rerank(
        self, documents: Sequence[str], found: Sequence[Sequence[Headline]], length_penalty: float
    ) -> list[list[Headline]]:
        """The headlines of each document in the order of score + weight * log p / length ** length_penalty.

        The sum takes the place of the score. p and length are those of this model. Equal sums keep their order.
        """
        encoded = self.tokenizer.encode_documents(documents, self.max_document_tokens)
        most = max(map(len, found), default=1)
        results = [list(headlines) for headlines in found]  # those of documents without a token stay
        for rows in length_batches([len(e.ids) for e in encoded], max(1, BATCH_TOKENS // most)):
            scores = self._scores([encoded[i] for i in rows], [found[i] for i in rows], length_penalty)
            for i, of_one in zip(rows, scores, strict=True):
                summed = [
                    headline._replace(score=headline.score + self.weight * score)
                    for headline, score in zip(found[i], of_one, strict=True)
                ]
                results[i] = sorted(summed, key=lambda headline: -headline.score)
        return results

    @torch.inference_mode()
    def _scores(
        self, documents: Sequence[EncodedDocument], found: Sequence[Sequence[Headline]], length_penalty: float
    ) -> list[list[float]]:
        """log p / length ** length_penalty of each headline of some documents."""
        most = max(map(len, found))
        summaries: list[list[int]] = []
        for document, headlines in zip(documents, found, strict=True):
            texts = [headline.text for headline in headlines]
            texts += texts[:1] * (most - len(texts))  # each document of a batch has equally many
            encoded = self.tokenizer.encode_summaries(texts, [document.oov] * most, sys.maxsize)
            summaries += [ids for ids, _ in encoded]
        ids, oov = [document.ids for document in documents], [document.oov for document in documents]
        batch = make_batch(ids, summaries, oov, self.network.vocabulary).to(self.device)
        lengths = [len(ids) + 1 for ids in summaries]
        by_word = self.network.log_likelihoods(batch).double().cpu().split(lengths)
        scores = [float(p.sum()) / n**length_penalty for p, n in zip(by_word, lengths, strict=True)]
        return [scores[most * i :][: len(headlines)] for i, headlines in enumerate(found)]
