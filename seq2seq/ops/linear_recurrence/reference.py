"""The linear recurrence as a loop over the steps."""

from __future__ import annotations

import torch
from torch import Tensor


def linear_recurrence(decay: Tensor, added: Tensor, h0: Tensor) -> Tensor:
    """decay [N, T, H], added [N, T, H], h0 [N, H] -> states [N, T, H]."""
    states, state = [], h0
    for factor, term in zip(decay.unbind(1), added.unbind(1), strict=True):
        state = torch.addcmul(term, factor, state)
        states.append(state)
    return torch.stack(states, dim=1)
