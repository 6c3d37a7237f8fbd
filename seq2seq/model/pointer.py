"""From features to log-probabilities: a softmax over the vocabulary, or its mixture with words of the document.

Both classes have the same three functions: `log_probs` (everything, for search), `target_log_probs` (of given words
alone) and `loss` (the same summed, for training: neither padding, nor the extended vocabulary, nor all logits at once
are ever held in memory).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import Memory
from .loss import TINY, MixtureLoss


class SoftmaxOutput(nn.Module):
    """p(w) = softmax(U P f + b), where U may be the embedding matrix (Press and Wolf 2017)."""

    def __init__(self, feature_size: int, weight: nn.Parameter, vocabulary_size: int) -> None:
        super().__init__()
        embedding_size = weight.shape[1]
        self.weight = weight  # its first V rows; an embedding matrix may have more (for unknown words)
        self.project = (
            nn.Identity() if embedding_size == feature_size else nn.Linear(feature_size, embedding_size, bias=False)
        )
        if isinstance(self.project, nn.Linear):
            nn.init.xavier_uniform_(self.project.weight)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def logits(self, features: Tensor) -> Tensor:
        """features [..., F] -> [..., V]."""
        return functional.linear(self.project(features), self._weight(), self.bias)

    def log_probs(self, features: Tensor, attention: Tensor, memory: Memory) -> Tensor:
        """features [N, F], attention [N, S] -> [N, V]."""
        return self.logits(features).log_softmax(dim=-1)

    def target_log_probs(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor]:
        """For M words: features [M, F], attention [M, S], copied [M, S], targets [M] -> their log-probability [M], and
        the mean over the vocabulary [M] that label smoothing wants (Szegedy et al. 2016)."""
        return self._chosen(self.logits(features), targets)

    def loss(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        """As `target_log_probs`, summed: smoothed cross-entropy, log-likelihood (without gradient)."""
        return MixtureLoss.apply(self.project(features), self._weight(), self.bias, None, None, targets, smoothing)

    def _weight(self) -> Tensor:
        return self.weight[: len(self.bias)]

    def _chosen(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """logits [M, V], targets [M] below V -> the targets' log-probabilities [M], the mean of all V of them [M]."""
        chosen = -functional.cross_entropy(logits, targets, reduction="none")
        normaliser = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1) - chosen
        return chosen, logits.mean(dim=-1) - normaliser


class PointerOutput(SoftmaxOutput):
    """The pointer-generator (See et al. 2017, equations 8 and 9).

    p(w) = g p_vocabulary(w) + (1 - g) sum_{i: w_i = w} a_i, with attention a over the document's words w_i. The gate is
    g = sigmoid(v^T f + b), where the features f already hold decoder state, context and previous word.
    """

    def __init__(self, feature_size: int, weight: nn.Parameter, vocabulary_size: int) -> None:
        super().__init__(feature_size, weight, vocabulary_size)
        self.gate = nn.Linear(feature_size, 1)
        nn.init.xavier_uniform_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    @torch.no_grad()
    def log_probs(self, features: Tensor, attention: Tensor, memory: Memory) -> Tensor:
        """features [N, F], attention [N, S], N = B*K -> [N, V + X], -inf for unknown words of other documents.

        Only the document's own words differ from the softmax, so only they are touched: what is copied of a word is
        gathered at its first occurrence, and mixed in at all of them (with the same result).
        """
        exact = torch.promote_types(features.dtype, torch.float32)
        gate = self.gate(features).to(exact)
        words = len(self.bias)
        mixed = gate.new_full((len(features), words + memory.extension), -torch.inf)
        torch.add(
            self.logits(features).log_softmax(dim=-1, dtype=exact), functional.logsigmoid(gate), out=mixed[:, :words]
        )
        beams = len(features) // len(memory.copy_ids)
        assert memory.first is not None  # `Seq2Seq.start` sees to it
        ids, first = (x.repeat_interleave(beams, dim=0) for x in (memory.copy_ids, memory.first))
        copied = torch.zeros_like(attention).scatter_add_(1, first, attention).gather(1, first).to(exact)
        pointed = functional.logsigmoid(-gate) + copied.log()
        return mixed.scatter_(1, ids, torch.logaddexp(mixed.gather(1, ids), pointed))

    def target_log_probs(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = self.logits(features)
        known = targets < logits.shape[-1]
        chosen, spread = self._chosen(logits, targets.where(known, 0))
        gate = self.gate(features).squeeze(-1)
        generated = (functional.logsigmoid(gate) + chosen).masked_fill(~known, -torch.inf)
        pointed = pointed_at(attention, copied, targets)
        pointed = functional.logsigmoid(-gate) + pointed.clamp_min(TINY).log()
        return torch.logaddexp(generated, pointed), spread

    def loss(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        gate = self.gate(features).squeeze(-1)
        pointed = pointed_at(attention, copied, targets)
        projected = self.project(features)
        return MixtureLoss.apply(projected, self._weight(), self.bias, gate, pointed, targets, smoothing)


def pointed_at(attention: Tensor, copied: Tensor, targets: Tensor) -> Tensor:
    """attention [M, S], document ids [M, S], targets [M] -> the attention on all places that hold the target [M]."""
    return (attention * (copied == targets.unsqueeze(-1))).sum(dim=-1)
