"""Cells whose state is a gated average of their inputs: the gates read the input alone, so all steps of a sequence are
one linear recurrence (`ops.linear_recurrence`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ... import ops
from .cell import Cell


class MinGRUCell(Cell):
    """The minimal gated recurrent unit (Feng et al. 2024, section 3.1).

        z_t = sigmoid(W_z x_t + b_z)
        n_t = W_n x_t + b_n
        h_t = (1 - z_t) h_{t-1} + z_t n_t

    The recurrence and the state have at least float32. Initialisation: matrices Xavier uniform, biases zero.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.project = nn.Linear(input_size, 2 * hidden_size)  # n, z
        for matrix in self.project.weight.chunk(2):
            nn.init.xavier_uniform_(matrix)
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        projected = self.project(x)
        new, gate = projected.to(torch.promote_types(projected.dtype, torch.float32)).chunk(2, dim=-1)
        states = ops.linear_recurrence((-gate).sigmoid(), gate.sigmoid() * new, state.to(gate.dtype))
        return self.output(states).to(projected.dtype), states[:, -1]

    def output(self, states: Tensor) -> Tensor:
        """The output of each step [N, T, H] from its state [N, T, H]."""
        return states


class SSRUCell(MinGRUCell):
    """The simpler simple recurrent unit (Kim et al. 2019, section 3.1): the state of `MinGRUCell`, whose 1 - z_t is the
    paper's forget gate, and the output ReLU(h_t)."""

    def output(self, states: Tensor) -> Tensor:
        return states.relu()
