"""Why a headline has its words: attention, copied words, and the beams of the search.

`Summarizer.explain` and `Summarizer.trace` return the values of this module. The weights come from teacher forcing: the
decoder reads the headline, and every step gives its attention and the two parts of its word's probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .batch import make_batch
from .data.tokenizer import EncodedDocument, Tokenizer
from .decoding import SearchStep
from .model.ensemble import Ensemble
from .model.network import Seq2Seq


@dataclass(frozen=True)
class Explanation:
    """One headline of one document: S tokens of the document, T tokens of the headline.

    The probability of a headline's word is the sum of two parts: the softmax generates the word, or the pointer copies
    it from one of its positions in the document (See et al. 2017, equation 9).

    Args:
        text: the headline.
        score: log-probability / (T + 1) ** length_penalty; without the 1 if the search was cut at max_length.
        log_prob: log-probability, the end symbol included if there is one.
        document_words: [S] text of each token that the network reads, with the space before it.
        headline_words: [T] the same for the headline, without the end symbol.
        attention: [T, S] weights of the decoder's attention. Each row has the sum 1, or 0 without an attention.
        copy: [T, S] probability that the pointer copies the word at each position, whether or not it is the word of the
            headline. The sum of a row is the probability to copy at all. 0 without a pointer.
        probabilities: [T] probability of each word of the headline.
        copied_shares: [T] part of that probability that comes from the pointer, 0 to 1.
        sources: [T, S] True where the document has the headline's word.
    """

    text: str
    score: float
    log_prob: float
    document_words: list[str]
    headline_words: list[str]
    attention: np.ndarray
    copy: np.ndarray
    probabilities: np.ndarray
    copied_shares: np.ndarray
    sources: np.ndarray

    @property
    def copied(self) -> np.ndarray:
        """[T] True where the word comes from the pointer rather than from the softmax."""
        return self.copied_shares > 0.5


@dataclass(frozen=True)
class BeamNode:
    """A hypothesis after one step of the search: an earlier hypothesis and one more word.

    Args:
        step: number of the step, from 1.
        parent: position of the extended hypothesis in `Trace.nodes`; None in the first step.
        token: extended id of the last word.
        text: the last word; "" for the end symbol.
        log_prob: log-probability of the whole hypothesis.
        score: log_prob / step ** length_penalty.
        finished: the hypothesis has the end symbol, or was cut at max_length. Otherwise the next step can extend it.
        rank: position in `Trace.headlines`; None for a hypothesis that is not among them.
    """

    step: int
    parent: int | None
    token: int
    text: str
    log_prob: float
    score: float
    finished: bool
    rank: int | None = None


@dataclass(frozen=True)
class Trace:
    """A search for one document.

    Args:
        headlines: the n_best headlines, best first.
        nodes: the beams of all steps, and the finished hypotheses; a parent comes before its extensions.
        document_tokens: length of the document before it is cut to the limit of the checkpoint.
    """

    headlines: list[Explanation]
    nodes: list[BeamNode]
    document_tokens: int


class Weights(NamedTuple):
    """The steps of one headline of T words, the end symbol included: attention [T, S], copy [T, S], generated [T], and
    sources [T, S] as in `Explanation`. All are float32 or bool on the CPU."""

    attention: Tensor
    copy: Tensor
    generated: Tensor
    sources: Tensor

    @property
    def copied(self) -> Tensor:
        """[T] probability that the pointer copies the headline's word."""
        return (self.copy * self.sources).sum(dim=1)

    @property
    def log_prob(self) -> float:
        """Log-probability of the headline."""
        return float((self.generated + self.copied).log().sum())


@torch.inference_mode()
def headline_weights(
    network: Seq2Seq | Ensemble, document: EncodedDocument, headlines: Sequence[Sequence[int]], device: torch.device
) -> list[Weights]:
    """The weights of each headline, by teacher forcing. For an ensemble they are the means over its networks.

    Args:
        document: at least one token.
        headlines: extended ids without start and end symbol.
    """
    v = network.vocabulary
    batch = make_batch([document.ids], list(headlines), [document.oov], v).to(device)
    networks = network.networks if isinstance(network, Ensemble) else [network]
    columns = []
    for member in networks:
        steps = member.target_steps(member.teacher_forced(batch))
        columns.append((steps.attention, *reversed(member.output.parts(steps))))
    means = [torch.stack([part.float() for part in parts]).mean(dim=0).cpu() for parts in zip(*columns, strict=True)]
    targets = [torch.tensor([*ids, v.eos]) for ids in headlines]
    lengths = [len(ids) for ids in targets]
    sources = torch.cat(targets).unsqueeze(1) == torch.tensor(document.ids)
    split = [part.split(lengths) for part in (*means, sources)]
    return [Weights(*parts) for parts in zip(*split, strict=True)]


def explanation(
    tokenizer: Tokenizer,
    document: EncodedDocument,
    headline: Sequence[int],
    weights: Weights,
    text: str,
    score: float,
    log_prob: float,
) -> Explanation:
    """Joins weights and words of one headline (extended ids)."""
    words = len(headline)
    probabilities = (weights.generated + weights.copied)[:words]
    return Explanation(
        text=text,
        score=score,
        log_prob=log_prob,
        document_words=tokenizer.pieces(document.ids, document.oov),
        headline_words=tokenizer.pieces(headline, document.oov),
        attention=weights.attention[:words].numpy(),
        copy=weights.copy[:words].numpy(),
        probabilities=probabilities.numpy(),
        copied_shares=(weights.copied[:words] / probabilities).nan_to_num().numpy(),
        sources=weights.sources[:words].numpy(),
    )


def beam_nodes(
    steps: Sequence[SearchStep],
    headlines: Sequence[Sequence[int]],
    tokenizer: Tokenizer,
    oov: Sequence[str],
) -> list[BeamNode]:
    """The recorded steps of a search for one document as a tree.

    Args:
        steps: with extended ids.
        headlines: extended ids of the returned hypotheses, best first.
    """
    ranks = {tuple(ids): rank for rank, ids in enumerate(headlines)}
    nodes: list[BeamNode] = []
    paths: list[tuple[int, ...]] = []
    beams: list[int | None] = [None]  # the node of each live beam of the step before
    for number, step in enumerate(steps, start=1):
        tokens, parents, log_probs, scores, finished, live = (part[0].tolist() for part in step)
        places: dict[int, int] = {}
        for position, log_prob in enumerate(log_probs):
            if log_prob == -np.inf or not (finished[position] or position in live):
                continue
            parent, token = beams[parents[position]], tokens[position]
            path = (*(() if parent is None else paths[parent]), token)
            ends = token == tokenizer.eos_id
            rank = ranks.get(path[:-1] if ends else path) if finished[position] else None
            word = "" if ends else tokenizer.pieces([token], oov)[0]
            places[position] = len(nodes)
            nodes.append(BeamNode(number, parent, token, word, log_prob, scores[position], finished[position], rank))
            paths.append(path)
        beams = [places.get(position) for position in live]
    return nodes
