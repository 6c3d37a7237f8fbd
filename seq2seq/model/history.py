"""How earlier steps change an attention: not at all, by temporal normalisation, or by coverage.

The past of a decoder row is one vector [S], a part of the decoder's state. A search reorders it with the row. Teacher
forcing computes all steps at once. Only coverage loops over the steps, because the scores of a step need the weights of
the step before.

A new history is a subclass of `AttentionHistory`, and one line in `ATTENTION_HISTORIES`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import Attention
from .memory import Memory

Attended = tuple[Tensor, Tensor, Tensor | None]
"""context [N, T, C], weights [N, T, S], past [N, S] after the last step."""


class AttentionHistory(nn.Module):
    """No history: the weights of a step depend on its query alone.

    Args:
        key_size: A, the width of the attention's keys.
    """

    def __init__(self, key_size: int) -> None:
        super().__init__()

    def start(self, memory: Memory) -> Tensor | None:
        """The past before the first step, [B, S]; None if no past is needed."""
        return None

    def forward(self, attention: Attention, query: Tensor, memory: Memory, past: Tensor | None) -> Attended:
        """query [N, T, H], N = B * K, past [N, S]. Beams stand beside time in the attention's queries, so that no
        memory is repeated."""
        context, weights = attention(query.reshape(memory.mask.shape[0], -1, query.shape[-1]), memory)
        return _by_rows(context, query), _by_rows(weights, query), past


class TemporalHistory(AttentionHistory):
    """Positions with high scores in earlier steps get less weight (Sankaran et al. 2016; Nallapati et al. 2016, section
    4; Paulus et al. 2018, equations 2 to 4).

        a_ti is proportional to exp(e_ti) / sum_{j<t} exp(e_ji), in the first step to exp(e_1i)

    The past is the logarithm of that sum, and -inf before the first step.
    """

    def start(self, memory: Memory) -> Tensor:
        return memory.states.new_full(memory.mask.shape, -torch.inf)

    def forward(self, attention: Attention, query: Tensor, memory: Memory, past: Tensor | None) -> Attended:
        assert past is not None
        states, keys = memory.gathered()
        documents = states.shape[0]
        scores = attention.scores(query.reshape(documents, -1, query.shape[-1]), keys)
        scores = _by_rows(scores.to(torch.promote_types(scores.dtype, torch.float32)), query)
        sums = torch.cat([past.unsqueeze(1), scores], dim=1).logcumsumexp(dim=1)
        earlier = sums[:, :-1]
        scores = (scores - earlier.masked_fill(earlier == -torch.inf, 0)).reshape(documents, -1, states.shape[1])
        weights = attention.normalise(scores, memory.mask).to(states.dtype)
        return _by_rows(weights @ states, query), _by_rows(weights, query), sums[:, -1]


class CoverageHistory(AttentionHistory):
    """The attention sees how much attention each word has had (See et al. 2017, equations 10 and 11).

        key_ti = key_i + w c_ti,   c_t = sum_{j<t} a_j

    With additive attention this is the equation of the paper. The past is the coverage c.
    """

    def __init__(self, key_size: int) -> None:
        super().__init__(key_size)
        self.feature = nn.Linear(1, key_size, bias=False)
        nn.init.xavier_uniform_(self.feature.weight)

    def start(self, memory: Memory) -> Tensor:
        return memory.states.new_zeros(memory.mask.shape)

    def forward(self, attention: Attention, query: Tensor, memory: Memory, past: Tensor | None) -> Attended:
        assert past is not None
        states, keys = memory.gathered()
        mask, beams = memory.mask, query.shape[0] // memory.mask.shape[0]
        if beams > 1:  # each beam has keys of its own
            states, keys, mask = (x.repeat_interleave(beams, dim=0) for x in (states, keys, mask))
        steps = []
        for one in query.split(1, dim=1):
            scores = attention.scores(one, keys + self.feature(past.unsqueeze(2)))
            weights = attention.normalise(scores, mask).to(states.dtype)
            past = past + weights.squeeze(1)
            steps.append(weights)
        weights = torch.cat(steps, dim=1)
        return weights @ states, weights, past


def _by_rows(x: Tensor, query: Tensor) -> Tensor:
    """x [B, K * T, n] of the queries [N, T, H], N = B * K -> [N, T, n]."""
    return x.reshape(*query.shape[:2], -1)


ATTENTION_HISTORIES: dict[str, type[AttentionHistory]] = {
    "none": AttentionHistory,
    "temporal": TemporalHistory,
    "coverage": CoverageHistory,
}
