"""Gates between encoder and attention: they scale the encoder's states, to weaken words that no headline needs.

A new gate is a subclass of `EncoderGate`, and one line in `ENCODER_GATES`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .convolution import Convolution


class EncoderGate(nn.Module):
    """No gate: the states stay as they are.

    Args:
        state_size: C.
    """

    def __init__(self, state_size: int) -> None:
        super().__init__()

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        """states [B, S, C], final [B, C], mask [B, S] -> states [B, S, C].

        States at padding mean nothing, in the argument and in the result: they must not reach the other positions.
        """
        return states


class SelectiveGate(EncoderGate):
    """h'_i = h_i * sigmoid(W h_i + U s + b), where s is the final state of both directions (Zhou et al. 2017, equations
    8 and 9)."""

    def __init__(self, state_size: int) -> None:
        super().__init__(state_size)
        self.state = nn.Linear(state_size, state_size)
        self.whole = nn.Linear(state_size, state_size, bias=False)
        for layer in (self.state, self.whole):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.state.bias)

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        return states * (self.state(states) + self.whole(final).unsqueeze(1)).sigmoid()


class ConvolutionalGate(EncoderGate):
    """h'_i = h_i * sigmoid(a_i), where a is self-attention over convolutions of h (Lin et al. 2018, section 2.2).

        g = V [c^1; c^3; c^5],   c^k = ReLU(convolution of h over k words)
        a = softmax(g W g^T / sqrt(C)) g

    As in Inception (Szegedy et al. 2015) each branch begins with a window of one word, and two windows of three words
    make one of five. Batch normalisation is left out, because it would make a headline depend on the other documents.
    """

    WINDOWS = ((1,), (1, 3), (1, 3, 3))

    def __init__(self, state_size: int) -> None:
        super().__init__(state_size)
        self.branches = nn.ModuleList(
            nn.ModuleList(Convolution(state_size, state_size, window) for window in windows) for windows in self.WINDOWS
        )
        self.join = nn.Linear(len(self.WINDOWS) * state_size, state_size)
        self.query = nn.Linear(state_size, state_size, bias=False)
        for layer in (self.join, self.query):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.join.bias)

    def forward(self, states: Tensor, final: Tensor, mask: Tensor) -> Tensor:
        outputs = []
        for branch in self.branches:
            x = states
            for convolution in branch:  # type: ignore[attr-defined]
                x = convolution(x, mask).relu()
            outputs.append(x)
        joined = self.join(torch.cat(outputs, dim=-1))
        scores = self.query(joined) @ joined.transpose(1, 2) / joined.shape[-1] ** 0.5
        weights = scores.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        return states * (weights @ joined).sigmoid()


ENCODER_GATES: dict[str, type[EncoderGate]] = {
    "none": EncoderGate,
    "selective": SelectiveGate,
    "convolutional": ConvolutionalGate,
}
