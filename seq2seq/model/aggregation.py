"""From one state for each word to the states that get a label: one for the document, or every one of them.

A new aggregation is a subclass of `Aggregation`, and one line in `AGGREGATIONS`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Aggregation(nn.Module):
    """Sums up the states of a document.

    Args:
        state_size: C.
    """

    def __init__(self, state_size: int) -> None:
        super().__init__()

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        """states [B, S, C], state of the whole document [B, C], mask [B, S] -> [B, C]."""
        raise NotImplementedError


class LastState(Aggregation):
    """The encoder's state of the whole document: with a recurrent encoder the last state of both directions."""

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        return final


class MeanState(Aggregation):
    """The mean of the states of all words."""

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        return states.masked_fill(~mask.unsqueeze(2), 0).sum(dim=1) / mask.sum(dim=1, keepdim=True)


class MaxState(Aggregation):
    """The maximum of each element over all words (max pooling; Collobert et al. 2011)."""

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        return states.masked_fill(~mask.unsqueeze(2), -torch.inf).amax(dim=1)


class AttentiveState(Aggregation):
    """sum_i a_i s_i with a = softmax(v^T tanh(W s_i + b)): words with a learnt query (Yang et al. 2016, equations 5 to
    7)."""

    def __init__(self, state_size: int) -> None:
        super().__init__(state_size)
        self.project = nn.Linear(state_size, state_size)
        self.energy = nn.Linear(state_size, 1, bias=False)
        for layer in (self.project, self.energy):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.project.bias)

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """states [B, S, C], mask [B, S] -> weights [B, S], which are 0 at padding."""
        scores = self.energy(self.project(states).tanh()).squeeze(2)
        return scores.masked_fill(~mask, -torch.inf).softmax(dim=1)

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        clean = states.masked_fill(~mask.unsqueeze(2), 0)
        return (self.weights(clean, mask).unsqueeze(1) @ clean).squeeze(1)


AGGREGATIONS: dict[str, type[Aggregation]] = {
    "last": LastState,
    "mean": MeanState,
    "max": MaxState,
    "attention": AttentiveState,
}
