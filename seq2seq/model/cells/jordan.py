"""The Jordan cell: its memory is the output layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cell import Cell


class JordanCell(Cell):
    """The hidden layer reads the output of the step before, not its own state (Jordan 1986).

        h_t = tanh(W x_t + U y_{t-1} + b)
        y_t = tanh(V h_t + c)

    The output layer belongs to the cell and has H units; y_t is output and state. A feedback from the distribution over
    the vocabulary would need a matrix [V, H] and a softmax at each step, and an encoder has no such distribution. A
    feedback from the decoder's features would pass through attention and dropout; `network.input_feeding` adds it.

    Initialisation: W Xavier uniform, U and V orthogonal, biases zero.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.input = nn.Linear(input_size, hidden_size)
        self.feedback = nn.Linear(hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, hidden_size)
        nn.init.xavier_uniform_(self.input.weight)
        nn.init.orthogonal_(self.feedback.weight)
        nn.init.orthogonal_(self.output.weight)
        nn.init.zeros_(self.input.bias)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs = []
        for projected in self.input(x).unbind(1):
            hidden = (projected + self.feedback(state)).tanh()
            state = self.output(hidden).tanh()
            outputs.append(state)
        return torch.stack(outputs, dim=1), state
