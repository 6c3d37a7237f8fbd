"""Cells that torch, or a compiled loop, runs through all steps in one call: Elman, GRU and LSTM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ... import ops
from .cell import Cell


class FusedCell(Cell):
    """A cell that torch runs through all steps in one call.

    Initialisation: input matrices Xavier uniform and recurrent ones orthogonal, gate by gate (Saxe et al. 2014), so
    that gradients through time neither vanish nor explode at the start; biases zero.
    """

    kind: type[nn.RNNBase]
    function: Callable[..., tuple[Tensor, ...]]
    """The function of torch that the layer calls."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.layer = self.kind(input_size, hidden_size, batch_first=True)  # type: ignore[call-arg, arg-type]
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        w_ih, w_hh, b_ih, b_hh = self.weights()
        for gate in w_ih.split(self.hidden_size):
            nn.init.xavier_uniform_(gate)
        for gate in w_hh.split(self.hidden_size):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(b_ih)
        nn.init.zeros_(b_hh)

    def weights(self) -> ops.GRUWeights:
        """w_ih, w_hh, b_ih, b_hh of the layer."""
        layer = self.layer
        return ops.GRUWeights(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)  # type: ignore[arg-type]

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs, last = self.run(x, state.unsqueeze(0).contiguous())
        return outputs, last.squeeze(0)

    def run(self, x: Tensor, state: Any) -> tuple[Tensor, ...]:
        """Outputs and last state of the layer with the weights of `weights`."""
        return type(self).function(x, state, list(self.weights()), True, 1, 0.0, self.training, False, True)


class ElmanCell(FusedCell):
    """h' = tanh(W_i x + b_i + W_h h + b_h) (Elman 1990)."""

    kind, function = nn.RNN, torch.rnn_tanh


class ReLUElmanCell(ElmanCell):
    """h' = max(0, W_i x + b_i + W_h h + b_h).

    W_h starts as the identity, so that a state without input stays as it is, and W_i with the deviation 0.001 (Le et
    al. 2015, sections 2 and 4.2).
    """

    function = torch.rnn_relu

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.normal_(self.weights().w_ih, std=0.001)
        nn.init.eye_(self.weights().w_hh)


class GRUCell(FusedCell):
    """The gated recurrent unit (Cho et al. 2014); see `ops.gru` for its equations."""

    kind, function = nn.GRU, torch.gru

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs = ops.gru(x, state, self.weights())
        return outputs, outputs[:, -1]

    def bidirectional(self, backward: Cell, x: Tensor | ops.Lookup, lengths: Tensor) -> Tensor:
        assert isinstance(backward, GRUCell)
        return ops.bigru(x, lengths, self.weights(), backward.weights())


class LSTMCell(FusedCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997). The bias of the forget gate starts at 1 (Jozefowicz et
    al. 2015)."""

    kind, function = nn.LSTM, torch.lstm
    tensors_in_state = 2

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.weights().b_ih[self.hidden_size : 2 * self.hidden_size].fill_(1.0)  # gates: input, forget, cell, output

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        h, c = state.unsqueeze(0).chunk(2, dim=-1)
        outputs, h, c = self.run(x, (h.contiguous(), c.contiguous()))
        return outputs, torch.cat([h, c], dim=-1).squeeze(0)
