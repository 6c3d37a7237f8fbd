"""One recurrent layer over a batch of sequences, whatever its cell: the brick of encoder and decoder.

torch's fused layers do the work (one call for all T steps), but for the GRU on a CPU, which has its own (`gru.py`). A
cell's state is one flat tensor [N, state_size], so that encoder, decoder and search need not know whether it holds h
alone (GRU, Elman) or h and c (LSTM).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.ops.gru import Weights, Words, gru

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
        if self.on_cpu(inputs):
            outputs = gru(inputs, [self.start(inputs, state)], [self.weights()])
            return outputs, outputs[:, -1]
        if state is None:
            outputs, last = self.layer(inputs)
        elif self.states_per_cell == 1:
            outputs, last = self.layer(inputs, state.unsqueeze(0).contiguous())
        else:
            h, c = state.unsqueeze(0).chunk(2, dim=-1)
            outputs, last = self.layer(inputs, (h.contiguous(), c.contiguous()))
        flat = torch.cat(last, dim=-1) if isinstance(last, tuple) else last
        return outputs, flat.squeeze(0)

    def on_cpu(self, inputs: Tensor) -> bool:
        """Whether our own GRU does the work."""
        return isinstance(self.layer, nn.GRU) and inputs.device.type == "cpu"

    def start(self, inputs: Tensor, state: Tensor | None) -> Tensor:
        """The state before the first step, [N, state_size]."""
        return inputs.new_zeros(len(inputs), self.state_size) if state is None else state

    def weights(self) -> Weights:
        """The GRU's parameters."""
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        return Weights(*(getattr(self.layer, name) for name in names))


def both_ways(forwards: Recurrent, backwards: Recurrent, inputs: Tensor | Words, lengths: Tensor) -> Tensor:
    """A bidirectional layer: inputs [B, S, I] or words [B, S], lengths [B] (same device) -> states [B, S, 2H].

    The backward direction is a forward layer over sequences reversed by their own length. This gives exactly what a
    packed bidirectional layer gives (padding never precedes a word), without packing, which costs more than twice the
    time on a CPU. States at padding are meaningless.
    """
    vectors = inputs.vectors if isinstance(inputs, Words) else inputs
    examples, steps = (inputs.ids if isinstance(inputs, Words) else inputs).shape[:2]
    turned = turn(lengths, steps)
    if forwards.on_cpu(vectors):
        start = vectors.new_zeros(examples, forwards.state_size)
        return gru(inputs, [start] * 2, [forwards.weights(), backwards.weights()], turned, lengths)
    if isinstance(inputs, Words):
        inputs = inputs.looked_up()
    example = torch.arange(examples, device=lengths.device)
    rows = (example[:, None] * steps + turned).flatten()  # b, s -> the row of [B * S] that holds the turned word
    ahead, _ = forwards(inputs)
    back, _ = backwards(Reorder.apply(inputs.flatten(0, 1), rows).view_as(inputs))
    return torch.cat([ahead, Reorder.apply(back.flatten(0, 1), rows).view_as(back)], dim=-1)


def turn(lengths: Tensor, steps: int) -> Tensor:
    """Lengths [B] -> for each position [B, S] the one that changes places with it when a sequence is turned round
    within its own length; padding stays where it is."""
    position = torch.arange(steps, device=lengths.device)
    turned = lengths[:, None] - 1 - position
    return turned.where(turned >= 0, position)


class Reorder(torch.autograd.Function):
    """Rows in another order: `rows[order]`, where an order is its own way back. (Plain indexing does not know that
    every row is taken once; its gradient is a slow sum.)"""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return rows.index_select(0, order)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (order,) = ctx.saved_tensors
        return upstream.index_select(0, order), None
