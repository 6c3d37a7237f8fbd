"""From features to log-probabilities: a softmax over the vocabulary, or its mixture with words of the document.

Both classes have the same functions: `lexicon` and `log_probs` (everything that can be said, for search),
`target_log_probs` (of given words alone) and `loss` (the same summed, for training: neither padding, nor the extended
vocabulary, nor all logits at once are ever held in memory).
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seq2seq.model.attention import Memory, some
from seq2seq.ops.compiled import arrays, can_multiply_bfloat16, loops, low_precision, pairs, right_hand, threads
from seq2seq.ops.loss import TINY, MixtureLoss

WIDTH = 64  # the number of ids a search has is a multiple of this: rows of logits then begin with a cache line
BIAS = {"cpu": 1}  # columns that stand for the biases; elsewhere 8, with which a GPU's units for products can work


class Lexicon(NamedTuple):
    """The words that a search can say, and the ids [0, V') it has for them.

    The first `common` ids are those of the vocabulary's first words. Ids from there on differ from document to
    document: the unknown words (extended ids, see `batch.py`), or, with a shortlist, the words that are not on it,
    `common` + s for the word that stands first at position s of the document.

    Args:
        common: V, or the length of the shortlist.
        width: V', the number of ids, rounded up to a multiple of `WIDTH`; the last ones mean nothing, and have no
            probability.
        document: [B, S] extended ids.
        ids: [B, S] the same words as ids of the search.
        first: [B, S] for each word the position of its first occurrence.
        matrix: [common, E + c] those rows of the output matrix, and behind them their biases (and zeros); or, if the
            compiled `loops` do the work, as these want it.
        weight: [B, S, E] rows of the output matrix for the document's words, if there is a shortlist.
        bias: [B, S] their biases, -inf for those that are on the shortlist, unknown, or not the first occurrence.
    """

    common: int
    width: int
    document: Tensor
    ids: Tensor
    first: Tensor
    matrix: Tensor | None
    loops: ModuleType | None = None
    weight: Tensor | None = None
    bias: Tensor | None = None

    def keep(self, examples: Tensor | slice) -> Lexicon:
        """That of some of the examples."""
        return some(self._replace(matrix=None), examples)._replace(matrix=self.matrix)

    def extended(self, ids: Tensor) -> Tensor:
        """Ids of the search [B, n] as extended ids."""
        if self.weight is None:
            return ids
        words = self.document.gather(1, (ids - self.common).clamp(0, self.document.shape[1] - 1))
        return ids.where(ids < self.common, words)


class Parts(NamedTuple):
    """What the distributions of N rows are made of, before anything as wide as the vocabulary.

    Args:
        projected: [N, E + c] what is multiplied with the output matrix, and 1 for the biases.
        generate: [N] log g; 0 without a pointer.
        copy: [N, S] log (1 - g) + log (attention on each word) - log g; None without a pointer.
    """

    projected: Tensor
    generate: Tensor
    copy: Tensor | None = None


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

    def lexicon(self, memory: Memory, shortlist: int = 0) -> Lexicon:
        """What can be said of B documents: the first `shortlist` words of the vocabulary (0 = all) and their own."""
        vocabulary, document = len(self.bias), memory.copy_ids
        if not shortlist or shortlist >= vocabulary:
            return self.whole_lexicon(memory)
        first = first_occurrences(document)
        position = torch.arange(document.shape[1], device=document.device)
        new = (document >= shortlist) & (document < vocabulary) & (first == position) & memory.mask
        known = document.where(new, 0)
        bias = self.bias[known].masked_fill(~new, -torch.inf)
        ids = document.where(document < shortlist, shortlist + first)
        width = shortlist + len(position)
        matrix = self._matrix(shortlist, len(document))
        return Lexicon(shortlist, rounded(width), document, ids, first, *matrix, self.weight[known], bias)

    def whole_lexicon(self, memory: Memory) -> Lexicon:
        """All words; the document's own play no part."""
        words, document = len(self.bias), memory.copy_ids
        return Lexicon(words, rounded(words), document, document, document, *self._matrix(words, len(document)))

    def _matrix(self, words: int, examples: int) -> tuple[Tensor, ModuleType | None]:
        """[words, E + c], or what the loops want for it: a product with it adds the biases, which else were a pass of
        its own over all logits."""
        matrix = torch.cat([self.weight[:words], self.bias[:words].unsqueeze(1).to(self.weight.dtype)], dim=1)
        matrix = functional.pad(matrix, (0, BIAS.get(matrix.device.type, 8) - 1))
        low, do = low_precision(), loops(examples, matrix)
        if torch.is_autocast_enabled("cpu") and not (low and can_multiply_bfloat16()):
            do = None
        return (right_hand(matrix.t(), do, low) if do else matrix), do

    @torch.no_grad()
    def log_probs(self, features: Tensor, attention: Tensor, lexicon: Lexicon) -> Tensor:
        """features [N, F], attention [N, S], N = B*K -> [N, V']: -inf for words that the document does not have."""
        log_probs, constant = self.mix(self.parts(features, attention, lexicon), lexicon)
        return log_probs.add_(constant.unsqueeze(1))

    def parts(self, features: Tensor, attention: Tensor, lexicon: Lexicon) -> Parts:
        """What `mix` needs of N rows: all that is small."""
        exact = torch.promote_types(features.dtype, torch.float32)
        return Parts(self._projected(features), features.new_zeros(len(features), dtype=exact))

    def _projected(self, features: Tensor) -> Tensor:
        return functional.pad(self.project(features), (0, BIAS.get(features.device.type, 8)), value=1.0)

    def mix(self, parts: Parts, lexicon: Lexicon) -> tuple[Tensor, Tensor]:
        """All that is large: numbers [N, V'], and for each row what must be added to them to be log-probabilities [N].
        (Adding it would be one more pass over them; whoever picks some of them adds it to these.)"""
        projected, matrix, common = parts.projected, lexicon.matrix, lexicon.common
        assert matrix is not None
        exact = torch.promote_types(projected.dtype, torch.float32)
        logits = torch.empty(len(projected), lexicon.width, dtype=exact, device=projected.device)
        log_sum = logits.new_full((len(logits),), -torch.inf)  # of the exponentials
        with torch.autocast(projected.device.type, enabled=False):
            if lexicon.loops:
                left = pairs(projected) if matrix.dtype == torch.int32 else projected
                lexicon.loops.logits(*arrays(left, matrix), common, *arrays(logits, log_sum), threads())
            elif matrix.dtype == projected.dtype == exact:
                torch.mm(projected, matrix.t(), out=logits[:, :common])
            else:
                logits[:, :common] = projected @ matrix.to(projected.dtype).t()
            rest = logits[:, common:]
            rest.fill_(-torch.inf)
            if lexicon.weight is not None and lexicon.bias is not None:
                queries = projected[:, : lexicon.weight.shape[-1]].unflatten(0, (len(lexicon.ids), -1))
                products = queries @ lexicon.weight.to(projected.dtype).transpose(1, 2)
                rest = rest[:, : products.shape[2]].unflatten(0, queries.shape[:2])
                torch.add(products, lexicon.bias.unsqueeze(1), out=rest)
        if do := lexicon.loops or loops(len(logits), logits):
            do.add_exponentials(*arrays(logits), common if lexicon.loops else 0, *arrays(log_sum))
        else:
            torch.log_softmax(logits, dim=-1, out=logits)
            log_sum.zero_()
        if parts.copy is not None:
            by_document = logits.unflatten(0, (len(lexicon.ids), -1))
            ids = lexicon.ids.unsqueeze(1).expand(-1, by_document.shape[1], -1)
            copied = (parts.copy + log_sum.unsqueeze(1)).view(ids.shape)
            by_document.scatter_(2, ids, torch.logaddexp(by_document.gather(2, ids), copied))
        return logits, parts.generate - log_sum

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
        whole = len(self.weight) == len(self.bias)  # the gradient of a slice is a copy
        return self.weight if whole else self.weight[: len(self.bias)]

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

    def whole_lexicon(self, memory: Memory) -> Lexicon:
        """All words, and the unknown ones of the document."""
        document, words = memory.copy_ids, len(self.bias)
        first = first_occurrences(document)
        width = rounded(words + memory.extension)
        return Lexicon(words, width, document, document, first, *self._matrix(words, len(document)))

    def parts(self, features: Tensor, attention: Tensor, lexicon: Lexicon) -> Parts:
        """Only the document's own words differ from the softmax, so only they are touched: what is copied of a word is
        gathered at its first occurrence, and mixed in at all of them (with the same result)."""
        exact = torch.promote_types(features.dtype, torch.float32)
        gate = self.gate(features).to(exact)
        weights = attention.unflatten(0, (len(lexicon.first), -1)).to(exact)  # [B, K, S]
        first = lexicon.first.unsqueeze(1).expand_as(weights)
        copied = torch.zeros_like(weights).scatter_add_(2, first, weights).gather(2, first).flatten(0, 1)
        generate = functional.logsigmoid(gate).squeeze(1)
        return Parts(self._projected(features), generate, copied.log_().sub_(gate))  # log (1 - g) - log g = -gate

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


def rounded(width: int) -> int:
    """The next multiple of `WIDTH`."""
    return -(-width // WIDTH) * WIDTH


def first_occurrences(ids: Tensor) -> Tensor:
    """ids [B, S] -> for each position the first one [B, S] that holds the same id."""
    ordered, places = ids.sort(dim=1, stable=True)
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = torch.arange(ids.shape[1], device=ids.device).where(new, 0).cummax(dim=1).values
    return torch.empty_like(ids).scatter_(1, places, places.gather(1, starts))


def pointed_at(attention: Tensor, copied: Tensor, targets: Tensor) -> Tensor:
    """attention [M, S], document ids [M, S], targets [M] -> the attention on all places that hold the target [M]."""
    return (attention * (copied == targets.unsqueeze(-1))).sum(dim=-1)
