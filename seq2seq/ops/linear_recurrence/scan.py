"""The linear recurrence as a scan over all steps at once (Hillis and Steele 1986; for recurrent networks: Martin and
Cundy 2018).

Two steps h -> a h + b, one after the other, are one step of the same form: h -> (a' a) h + (a' b + b'). The first round
joins each step with the one before it, the second with the two before them, and so on.
"""

from __future__ import annotations

import torch
from torch import Tensor


def linear_recurrence(decay: Tensor, added: Tensor, h0: Tensor) -> Tensor:
    """decay [N, T, H], added [N, T, H], h0 [N, H] -> states [N, T, H]."""
    first = torch.addcmul(added[:, :1], decay[:, :1], h0.unsqueeze(1))
    states = torch.cat([first, added[:, 1:]], dim=1)
    distance = 1
    while distance < decay.shape[1]:
        joined = torch.addcmul(states[:, distance:], decay[:, distance:], states[:, :-distance])
        states = torch.cat([states[:, :distance], joined], dim=1)
        decay = torch.cat([decay[:, :distance], decay[:, distance:] * decay[:, :-distance]], dim=1)
        distance *= 2
    return states
