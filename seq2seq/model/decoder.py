"""Writes the summary: one function for teacher forcing (all T steps in one call) and for search (T = 1).

The first recurrent layer reads the previous words; its outputs are the queries of the attention; further layers read
the first one's outputs together with the context. Nothing needs the step before through Python, so there is no loop
over time. Input feeding (Luong et al. 2015, section 3.3) does need it: that variant loops over T = 1, and is slower.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.model.attention import Memory
from seq2seq.ops.dropout import Dropout
from seq2seq.ops.gru import tanh_
from seq2seq.model.cells import Recurrent


class DecoderState(NamedTuple):
    """What one step hands to the next, row by row.

    Args:
        hidden: for each layer [N, state_size].
        fed: [N, F] the features of the step before; only with input feeding.
    """

    hidden: tuple[Tensor, ...]
    fed: Tensor | None = None

    def select(self, rows: Tensor) -> DecoderState:
        """The state of other rows ([N'] indices)."""
        fed = None if self.fed is None else self.fed.index_select(0, rows)
        return DecoderState(tuple(h.index_select(0, rows) for h in self.hidden), fed)


class Bridge(nn.Module):
    """From the encoder's last states to the decoder's first: tanh(W s + b), one for each decoder layer."""

    def __init__(self, whole_size: int, state_sizes: list[int]) -> None:
        super().__init__()
        layers = [nn.Linear(whole_size, size) for size in state_sizes]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layers = nn.ModuleList(layers)

    def forward(self, whole: Tensor) -> tuple[Tensor, ...]:
        """whole [B, C] -> for each layer [B, state_size]."""
        return tuple(layer(whole).tanh() for layer in self.layers)


class Decoder(nn.Module):
    """Recurrent layers around an attention module.

    features = tanh(W [output of the last layer; context; previous word]) (Luong et al. 2015, equation 5, with the
    previous word's embedding as in Bahdanau et al. 2015, appendix A.2.2).

    Args:
        attention: maps queries [B, T, H] and memory to context [B, T, C] and weights [B, T, S].
        feature_size: F.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        layers: int,
        context_size: int,
        feature_size: int,
        attention: nn.Module,
        dropout: float,
        input_feeding: bool,
    ) -> None:
        super().__init__()
        self.feature_size = feature_size
        self.input_feeding = input_feeding
        self.first = Recurrent(cell, input_size + (feature_size if input_feeding else 0), hidden_size)
        self.attention = attention
        sizes = [hidden_size + context_size] + [hidden_size] * (layers - 2)
        upper = [Recurrent(cell, size, hidden_size) for size in sizes[: layers - 1]]
        self.upper = nn.ModuleList(upper)
        self.combine = nn.Linear(hidden_size + context_size + input_size, feature_size)
        nn.init.xavier_uniform_(self.combine.weight)
        nn.init.zeros_(self.combine.bias)
        self.dropout = Dropout(dropout)
        self.bridge = Bridge(context_size, [self.first.state_size] + [layer.state_size for layer in upper])

    def keys(self, states: Tensor) -> Tensor:
        """states [B, S, C] -> what the attention compares its queries with, [B, S, A]."""
        return self.attention.keys(states)  # type: ignore[operator]

    def initial_state(self, memory: Memory) -> DecoderState:
        """The state before the first word, for B rows."""
        hidden = self.bridge(memory.whole)
        return DecoderState(
            hidden, memory.whole.new_zeros(len(memory.whole), self.feature_size) if self.input_feeding else None
        )

    def forward(self, embedded: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """embedded [N, T, E] previous words, N = B*K -> features [N, T, F], attention [N, T, S], last state."""
        if not self.input_feeding:
            return self._run(embedded, embedded, memory, state)
        features, weights = [], []
        for step in embedded.unbind(1):
            assert state.fed is not None
            word = step.unsqueeze(1)
            fed_word = torch.cat([step, state.fed], dim=-1).unsqueeze(1)
            feature, weight, state = self._run(fed_word, word, memory, state)
            state = state._replace(fed=feature.squeeze(1))
            features.append(feature)
            weights.append(weight)
        return torch.cat(features, dim=1), torch.cat(weights, dim=1), state

    def _run(
        self, inputs: Tensor, embedded: Tensor, memory: Memory, state: DecoderState
    ) -> tuple[Tensor, Tensor, DecoderState]:
        """All the decoder's mathematics, for T steps at once."""
        outputs, last = self.first(inputs, state.hidden[0])
        hidden = [last]
        context, weights = self._attend(outputs, memory)
        for depth, layer in enumerate(self.upper):
            below = torch.cat([outputs, context], dim=-1) if depth == 0 else outputs
            outputs, last = layer(self.dropout(below), state.hidden[depth + 1])
            hidden.append(last)
        features = self.combine(torch.cat([outputs, context, embedded], dim=-1))
        features = features.tanh() if torch.is_grad_enabled() or features.device.type != "cpu" else tanh_(features)
        return self.dropout(features), weights, state._replace(hidden=tuple(hidden))

    def _attend(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Attention for N = B*K rows over B memories: beams stand beside time, so that no memory is repeated."""
        rows, steps, _ = queries.shape
        examples = len(memory.mask)
        context, weights = self.attention(queries.reshape(examples, -1, queries.shape[-1]), memory)
        return context.reshape(rows, steps, -1), weights.reshape(rows, steps, -1)
