"""From features to probabilities: a softmax over the vocabulary, or its mixture with words copied from the document.

Both classes serve training (`loss`: the probabilities of the target words alone) and search (`vocabulary`, `inputs` and
`log_probs`: those of all words that can be written).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from .memory import Memory, index_batch

COVERED_STEP = 512  # the number of words of a loss is a multiple of it: few shapes of matrix products
LEAST_DRAWN = 512  # words that a loss draws at random, at least
ALIGNMENT = 64  # the width of a distribution is a multiple of it: each row then begins with a cache line


class TargetSteps(NamedTuple):
    """The steps of M real target words.

    Args:
        features: [M, F]; attention: [M, S]; copy_ids: [M, S] ids of the document; targets: [M] extended ids.
        weights: [M] factors of the targets in the cross-entropy, without gradient; None = 1.
    """

    features: Tensor
    attention: Tensor
    copy_ids: Tensor
    targets: Tensor
    weights: Tensor | None = None


class CoveredWords(NamedTuple):
    """The words that the softmax of a loss is over, if it does not cover the whole vocabulary.

    Args:
        ids: [W] in increasing order.
        log_counts: [W] logarithm of the number of words for which each one stands.
    """

    ids: Tensor
    log_counts: Tensor

    def to(self, device: torch.device) -> CoveredWords:
        return CoveredWords(*(x.to(device, non_blocking=True) for x in self))


class OutputVocabulary(NamedTuple):
    """The words that a search can write, and their ids [0, V').

    The first `common` ids are the first words of the vocabulary. Further ids depend on the document: its unknown words
    (extended ids, see `batch.py`), or with a shortlist all its words that are not on it, where `common` + s is the word
    whose first position is s.

    Args:
        common: V, or the length of the shortlist.
        width: V', padded to a multiple of `ALIGNMENT`; padding ids have probability 0.
        document: [B, S] extended ids.
        ids: [B, S] the same words as ids of the search.
        first: [B, S] for each word its first position.
        packed: the output layer for the first `common` ids.
        weight: [B, S, E] rows of the output matrix for the document's words, with a shortlist.
        bias: [B, S] their biases; -inf for words on the shortlist, unknown words and later positions.
    """

    common: int
    width: int
    document: Tensor
    ids: Tensor
    first: Tensor
    packed: ops.PackedLinear
    weight: Tensor | None = None
    bias: Tensor | None = None

    def keep(self, examples: Tensor | slice) -> OutputVocabulary:
        """That of some of the documents."""
        return index_batch(self, examples)

    def extended_ids(self, ids: Tensor) -> Tensor:
        """Ids of the search [B, n] as extended ids."""
        if self.weight is None:
            return ids
        words = self.document.gather(1, (ids - self.common).clamp(0, self.document.shape[1] - 1))
        return ids.where(ids < self.common, words)


class OutputInputs(NamedTuple):
    """All small tensors that the distributions of N rows are computed from.

    Args:
        hidden: [N, E] input of the output matrix.
        log_gate: [N] log g; 0 without a pointer.
        copy: [N, S] log ((1 - g) / g) + log (attention to each word); None without a pointer.
    """

    hidden: Tensor
    log_gate: Tensor
    copy: Tensor | None = None


class SoftmaxOutput(nn.Module):
    """p(w) = softmax(U P f + b), where U can be the embedding matrix (Press and Wolf 2017).

    Args:
        feature_size: F.
        weight: U, [V or more, E]; further rows belong to unknown words and are not used here.
        vocabulary_size: V.
    """

    def __init__(self, feature_size: int, weight: nn.Parameter, vocabulary_size: int) -> None:
        super().__init__()
        self.weight = weight
        same = weight.shape[1] == feature_size
        self.project = nn.Identity() if same else nn.Linear(feature_size, weight.shape[1], bias=False)
        if isinstance(self.project, nn.Linear):
            nn.init.xavier_uniform_(self.project.weight)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def loss(
        self, steps: TargetSteps, label_smoothing: float, words: CoveredWords | None = None
    ) -> tuple[Tensor, Tensor]:
        """The cross-entropy, a scalar, and the log-likelihoods [M] (without gradient). Unknown words count as `<unk>`:
        the caller has replaced them.

        Args:
            words: the words that the softmax is over; None = the whole vocabulary.
        """
        ids, log_counts = words or (None, None)
        return ops.linear_cross_entropy(
            self.project(steps.features),
            self.matrix(),
            self.bias,
            steps.targets,
            **self.copying(steps),
            target_weights=steps.weights,
            label_smoothing=label_smoothing,
            words=ids,
            log_counts=log_counts,
        )

    def copying(self, steps: TargetSteps) -> dict[str, Any]:
        """The arguments of `ops.linear_cross_entropy` for the pointer; none without a pointer."""
        return {}

    def parts(self, steps: TargetSteps) -> tuple[Tensor, Tensor]:
        """The two ways to a word: the probability that the softmax generates each target [M], and the probability that
        the pointer copies the word at each position of the document [M, S], which is 0 without a pointer. Both are
        float32 or wider."""
        exact = torch.promote_types(steps.features.dtype, torch.float32)
        logits = functional.linear(self.project(steps.features), self.matrix(), self.bias.to(steps.features.dtype))
        known = steps.targets < len(self.bias)  # the softmax has no word of another id
        targets = steps.targets.where(known, 0).unsqueeze(1)
        generated = logits.to(exact).softmax(dim=1).gather(1, targets).squeeze(1)
        return generated.where(known, 0), torch.zeros_like(steps.attention, dtype=exact)

    def vocabulary(self, memory: Memory, shortlist: int = 0) -> OutputVocabulary:
        """The words that can be written about B documents: all, or the first `shortlist` and the document's own."""
        document, words = memory.copy_ids, len(self.bias)
        if not shortlist or shortlist >= words:
            return self._whole_vocabulary(memory)
        first = first_positions(document)
        position = torch.arange(document.shape[1], device=document.device)
        new = (document >= shortlist) & (document < words) & (first == position) & memory.mask
        known = document.where(new, 0)
        return OutputVocabulary(
            common=shortlist,
            width=aligned(shortlist + len(position)),
            document=document,
            ids=document.where(document < shortlist, shortlist + first),
            first=first,
            packed=ops.pack_linear(self.weight[:shortlist], self.bias[:shortlist]),
            weight=self.weight[known],
            bias=self.bias[known].masked_fill(~new, -torch.inf),
        )

    def _whole_vocabulary(self, memory: Memory) -> OutputVocabulary:
        document, words = memory.copy_ids, len(self.bias)
        packed = ops.pack_linear(self.matrix(), self.bias)
        return OutputVocabulary(words, aligned(words), document, document, document, packed)

    def inputs(self, features: Tensor, attention: Tensor, vocabulary: OutputVocabulary) -> OutputInputs:
        """features [N, F], attention [N, S], N = B * K -> all that `log_probs` needs of these rows."""
        exact = torch.promote_types(features.dtype, torch.float32)
        return OutputInputs(self.project(features), features.new_zeros(len(features), dtype=exact))

    @torch.no_grad()
    def log_probs(self, inputs: OutputInputs, vocabulary: OutputVocabulary) -> tuple[Tensor, Tensor]:
        """Numbers [N, V'] and a constant for each row [N]; their sum is the log-probability. Add the constant to the
        selected entries only: on all of them it would be one more pass over memory."""
        hidden, common = inputs.hidden, vocabulary.common
        exact = torch.promote_types(hidden.dtype, torch.float32)
        numbers = torch.empty(len(hidden), vocabulary.width, dtype=exact, device=hidden.device)
        log_norm = ops.linear_logsumexp(hidden, vocabulary.packed, numbers)
        own = numbers[:, common:]
        own.fill_(-torch.inf)
        documents = len(vocabulary.ids)
        if vocabulary.weight is not None and vocabulary.bias is not None:
            rows = hidden.unflatten(0, (documents, -1))
            logits = rows @ vocabulary.weight.to(hidden.dtype).transpose(1, 2) + vocabulary.bias.unsqueeze(1)
            own[:, : logits.shape[2]] = logits.flatten(0, 1)
            log_norm = torch.logaddexp(log_norm, own.logsumexp(dim=-1))
        if inputs.copy is not None:
            by_document = numbers.unflatten(0, (documents, -1))
            ids = vocabulary.ids.unsqueeze(1).expand(-1, by_document.shape[1], -1)
            copied = (inputs.copy + log_norm.unsqueeze(1)).view(ids.shape)
            by_document.scatter_(2, ids, torch.logaddexp(by_document.gather(2, ids), copied))
        return numbers, inputs.log_gate - log_norm

    def matrix(self) -> Tensor:
        """U without further rows [V, E]. The gradient of a slice is a copy, so a whole matrix is not sliced."""
        return self.weight if len(self.weight) == len(self.bias) else self.weight[: len(self.bias)]


class PointerOutput(SoftmaxOutput):
    """The pointer-generator (See et al. 2017, equations 8 and 9).

    p(w) = g p_vocabulary(w) + (1 - g) sum_{i: w_i = w} a_i, with attention a to the document's words w_i. The gate is
    g = sigmoid(v^T f + b); the features f already hold decoder state, context and previous word.
    """

    def __init__(self, feature_size: int, weight: nn.Parameter, vocabulary_size: int) -> None:
        super().__init__(feature_size, weight, vocabulary_size)
        self.gate = nn.Linear(feature_size, 1)
        nn.init.xavier_uniform_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def copying(self, steps: TargetSteps) -> dict[str, Any]:
        copied = (steps.attention * (steps.copy_ids == steps.targets.unsqueeze(1))).sum(dim=1)
        return {"gate_logit": self.gate(steps.features).squeeze(1), "copy_prob": copied}

    def parts(self, steps: TargetSteps) -> tuple[Tensor, Tensor]:
        generated, _ = super().parts(steps)
        gate = self.gate(steps.features).to(generated.dtype)  # [M, 1]
        return gate.sigmoid().squeeze(1) * generated, (-gate).sigmoid() * steps.attention

    def _whole_vocabulary(self, memory: Memory) -> OutputVocabulary:
        """All words, and the unknown ones of the document."""
        whole = super()._whole_vocabulary(memory)
        width = aligned(whole.common + memory.extension)
        return whole._replace(width=width, first=first_positions(memory.copy_ids))

    def inputs(self, features: Tensor, attention: Tensor, vocabulary: OutputVocabulary) -> OutputInputs:
        """Only the document's own words differ from the softmax, so only they are touched: the attention to a word is
        summed at its first position, and mixed in at all of them with the same result."""
        exact = torch.promote_types(features.dtype, torch.float32)
        gate = self.gate(features).to(exact)
        weights = attention.unflatten(0, (len(vocabulary.first), -1)).to(exact)  # [B, K, S]
        first = vocabulary.first.unsqueeze(1).expand_as(weights)
        copied = torch.zeros_like(weights).scatter_add_(2, first, weights).gather(2, first).flatten(0, 1)
        log_gate = functional.logsigmoid(gate).squeeze(1)
        return OutputInputs(self.project(features), log_gate, copied.log_().sub_(gate))  # log ((1 - g) / g) = -gate


def covered_words(own: Tensor, frequent: int, vocabulary: int) -> CoveredWords:
    """The words of a loss that does not cover the whole vocabulary (Nallapati et al. 2016, section 2.2).

    They are a batch's own words [U], the `frequent` first words of the vocabulary, and words drawn from all others: at
    least `LEAST_DRAWN`, and as many as make W a multiple of `COVERED_STEP`. Each drawn word stands for several others.
    So the sum of the softmax has the expectation of the sum over the whole vocabulary (Jean et al. 2015, section 3.1,
    with a uniform distribution). Without the drawn words, a word that no batch has would never become less likely.
    """
    certain = torch.zeros(vocabulary, dtype=torch.bool)
    certain[own] = True
    certain[:frequent] = True
    others = (~certain).nonzero().flatten()
    least = vocabulary - len(others) + LEAST_DRAWN
    drawn = others[torch.randperm(len(others))[: LEAST_DRAWN + -least % COVERED_STEP]]
    counts = certain.float()
    counts[drawn] = len(others) / max(len(drawn), 1)
    ids = counts.nonzero().flatten()
    return CoveredWords(ids, counts[ids].log())


def aligned(width: int) -> int:
    """The next multiple of `ALIGNMENT`."""
    return -(-width // ALIGNMENT) * ALIGNMENT


def first_positions(ids: Tensor) -> Tensor:
    """ids [B, S] -> for each position the first one [B, S] that holds the same id."""
    ordered, places = ids.sort(dim=1, stable=True)
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = torch.arange(ids.shape[1], device=ids.device).where(new, 0).cummax(dim=1).values
    return torch.empty_like(ids).scatter_(1, places, places.gather(1, starts))
