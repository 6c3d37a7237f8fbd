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

    def log_probs(self, features: Tensor, attention: Tensor, memory: Memory) -> Tensor:
        """features [N, F], attention [N, S], N = B*K -> [N, V + X]."""
        gate = self.gate(features).sigmoid()
        probs = self.logits(features).softmax(dim=-1) * gate
        if memory.extension:
            probs = torch.cat([probs, probs.new_zeros(len(probs), memory.extension)], dim=-1)
        copies = memory.copy_ids.repeat_interleave(len(probs) // len(memory.copy_ids), dim=0)
        probs = probs.scatter_add(-1, copies, attention * (1 - gate))
        return probs.log()  # -inf for the extended ids that a row's document does not have

    def target_log_probs(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = self.logits(features)
        known = targets < logits.shape[-1]
        chosen, spread = self._chosen(logits, targets.where(known, 0))
        gate = self.gate(features).squeeze(-1)
        generated = (functional.logsigmoid(gate) + chosen).masked_fill(~known, -torch.inf)
        pointed = (attention * (copied == targets.unsqueeze(-1))).sum(dim=-1)
        pointed = functional.logsigmoid(-gate) + pointed.clamp_min(TINY).log()
        return torch.logaddexp(generated, pointed), spread

    def loss(
        self, features: Tensor, attention: Tensor, copied: Tensor, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        gate = self.gate(features).squeeze(-1)
        pointed = (attention * (copied == targets.unsqueeze(-1))).sum(dim=-1)
        projected = self.project(features)
        return MixtureLoss.apply(projected, self._weight(), self.bias, gate, pointed, targets, smoothing)
