"""The common ground of the recurrent layers.

The state of a cell is one flat tensor [N, state_size], so that encoder, decoder and search need not know whether it
holds h alone (GRU, Elman) or h and c (LSTM).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ... import ops


class Cell(nn.Module):
    """A recurrent layer that reads sequences.

    Args:
        input_size: I; hidden_size: H.
    """

    tensors_in_state = 1
    """The state holds this many tensors [N, H] side by side."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size

    @property
    def state_size(self) -> int:
        return self.tensors_in_state * self.hidden_size

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x [N, I], state [N, state_size] -> output [N, H], new state."""
        raise NotImplementedError

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x [N, T, I], state [N, state_size] -> outputs [N, T, H], state after the last step."""
        outputs = []
        for step in x.unbind(1):
            output, state = self.step(step, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state

    def bidirectional(self, backward: Cell, x: Tensor | ops.Lookup, lengths: Tensor) -> Tensor:
        """This cell forwards and another one backwards: x [B, S, I], lengths [B] -> states [B, S, 2H].

        The backward cell reads each row reversed within its own length. That is the result of a packed bidirectional
        layer, without the cost of packing. States at padding mean nothing.
        """
        x = x.rows() if isinstance(x, ops.Lookup) else x
        zeros = x.new_zeros(len(x), self.state_size)
        ahead, _ = self(x, zeros)
        back, _ = backward(ops.reverse_by_length(x, lengths), zeros)
        return torch.cat([ahead, ops.reverse_by_length(back, lengths)], dim=-1)
