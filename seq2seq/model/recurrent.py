"""One recurrent layer over a batch of sequences, whatever its cell: the brick of encoder and decoder.

torch's fused layers do the work (one call for all T steps). A cell's state is one flat tensor [N, state_size], so
that encoder, decoder and search need not know whether it holds h alone (GRU, Elman) or h and c (LSTM).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"gru": nn.GRU, "lstm": nn.LSTM, "elman": nn.RNN}


class Recurrent(nn.Module):
    """A layer of GRU (Cho et al. 2014), LSTM (Hochreiter and Schmidhuber 1997) or Elman (1990, tanh) cells.

    Initialisation: input matrices Xavier uniform and recurrent ones orthogonal, gate by gate (Saxe et al. 2014), so
    that gradients through time neither vanish nor explode at the start; biases zero, but the LSTM's forget gate 1
    (Jozefowicz et al. 2015).
    """

    def __init__(self, cell: str, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.layer = CELLS[cell](input_size, hidden_size, batch_first=True)
        self.states_per_cell = 2 if cell == "lstm" else 1
        self.reset_parameters()

    @property
    def state_size(self) -> int:
        return self.states_per_cell * self.hidden_size

    @torch.no_grad()
    def reset_parameters(self) -> None:
        weights = dict(self.layer.named_parameters())
        for gate in weights["weight_ih_l0"].split(self.hidden_size):
            nn.init.xavier_uniform_(gate)
        for gate in weights["weight_hh_l0"].split(self.hidden_size):
            nn.init.orthogonal_(gate)
        for name in ("bias_ih_l0", "bias_hh_l0"):
            nn.init.zeros_(weights[name])
        if isinstance(self.layer, nn.LSTM):  # gates lie in the order input, forget, cell, output
            weights["bias_ih_l0"][self.hidden_size : 2 * self.hidden_size].fill_(1.0)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """inputs [N, T, I], state [N, state_size] (None = zeros) -> outputs [N, T, H], state after the last step."""
        if state is None:
            outputs, last = self.layer(inputs)
        elif self.states_per_cell == 1:
            outputs, last = self.layer(inputs, state.unsqueeze(0).contiguous())
        else:
            h, c = state.unsqueeze(0).chunk(2, dim=-1)
            outputs, last = self.layer(inputs, (h.contiguous(), c.contiguous()))
        flat = torch.cat(last, dim=-1) if isinstance(last, tuple) else last
        return outputs, flat.squeeze(0)


def reverse(sequences: Tensor, lengths: Tensor) -> Tensor:
    """Turn each of [B, S, I] round within its own length [B] (same device); padding stays where it is."""
    steps = torch.arange(sequences.shape[1], device=sequences.device)
    turned = lengths[:, None] - 1 - steps
    index = torch.where(turned >= 0, turned, steps)
    return sequences.gather(1, index.unsqueeze(-1).expand_as(sequences))
