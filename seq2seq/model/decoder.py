"""Writes the summary: one function for teacher forcing (all T steps in one call) and for search (T = 1).

The first recurrent layer reads the previous words, and its outputs are the queries of the attention. Further layers
read the outputs of the first one together with the context. So no step waits for the features of the step before it.
Input feeding (Luong et al. 2015, section 3.3) does need them: it loops over T = 1, and is slower. An attention with a
history of its own (`history.py`) needs no such loop of the whole decoder.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .attention import Attention
from .cells import Cell
from .dropout import Dropout
from .history import AttentionHistory
from .intra_attention import IntraAttention
from .memory import Memory
from .readout import Readout


class DecoderState(NamedTuple):
    """The state between two steps.

    Args:
        hidden: for each layer [N, state_size].
        features: [N, F] of the step before; only with input feeding.
        past: [N, S] the past of the attention; only with a history.
        earlier: [N, 1 + t, H] outputs of the first layer in the t steps before; only with intra-decoder attention.
    """

    hidden: tuple[Tensor, ...]
    features: Tensor | None = None
    past: Tensor | None = None
    earlier: Tensor | None = None

    def select(self, rows: Tensor) -> DecoderState:
        """The state of other rows ([N'] indices)."""
        hidden = tuple(h.index_select(0, rows) for h in self.hidden)
        return DecoderState(hidden, *(x if x is None else x.index_select(0, rows) for x in self[1:]))  # type: ignore[union-attr]


class Bridge(nn.Module):
    """From the encoder's final state to the decoder's initial states: tanh(W s + b) for each layer."""

    def __init__(self, final_size: int, state_sizes: list[int]) -> None:
        super().__init__()
        layers = [nn.Linear(final_size, size) for size in state_sizes]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layers = nn.ModuleList(layers)

    def forward(self, final: Tensor) -> tuple[Tensor, ...]:
        """final [B, C] -> for each layer [B, state_size]."""
        return tuple(layer(final).tanh() for layer in self.layers)


class Decoder(nn.Module):
    """Recurrent layers around an attention.

    features = tanh(W [output of the last layer; context; previous word]) (Luong et al. 2015, equation 5, with the
    embedding of the previous word as in Bahdanau et al. 2015, appendix A.2.2), or another readout of the same input.

    Args:
        cell: class of the cells.
        attention: maps queries [B, T, H] and a memory to context [B, T, C] and weights [B, T, S].
        readout: class of the last layer.
        history: how earlier steps change the attention.
        input_size: E; hidden_size: H; context_size: C; feature_size: F.
        layers: number of layers.
        dropout: share of the inputs of upper layers and of the features that is dropped in training.
        input_feeding: the first layer also reads the features of the step before.
        intra_attention: the context also holds the decoder's attention to its own earlier states.
    """

    def __init__(
        self,
        cell: type[Cell],
        attention: Attention,
        readout: type[Readout],
        history: AttentionHistory,
        *,
        input_size: int,
        hidden_size: int,
        context_size: int,
        feature_size: int,
        layers: int,
        dropout: float,
        input_feeding: bool,
        intra_attention: bool,
    ) -> None:
        super().__init__()
        self.feature_size, self.input_feeding = feature_size, input_feeding
        self.first = cell(input_size + (feature_size if input_feeding else 0), hidden_size)
        self.attention, self.history = attention, history
        self.intra_attention = IntraAttention(hidden_size) if intra_attention else None
        final_size, context_size = context_size, context_size + (hidden_size if intra_attention else 0)
        sizes = [hidden_size + context_size] + [hidden_size] * (layers - 2)
        upper = [cell(size, hidden_size) for size in sizes[: layers - 1]]
        self.upper = nn.ModuleList(upper)
        self.combine = readout(hidden_size + context_size + input_size, feature_size)
        self.dropout = Dropout(dropout)
        self.bridge = Bridge(final_size, [layer.state_size for layer in (self.first, *upper)])

    def initial_state(self, memory: Memory) -> DecoderState:
        """The state before the first word, for B rows."""
        features = memory.final.new_zeros(memory.final.shape[0], self.feature_size) if self.input_feeding else None
        earlier = None if self.intra_attention is None else self.intra_attention.start(memory.final)
        return DecoderState(self.bridge(memory.final), features, self.history.start(memory), earlier)

    def forward(self, embedded: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """embedded previous words [N, T, E], N = B * K -> features [N, T, F], attention [N, T, S], last state."""
        if not self.input_feeding:
            return self._steps(embedded, embedded, memory, state)
        features, weights = [], []
        for word in embedded.split(1, dim=1):
            assert state.features is not None
            fed = torch.cat([word, state.features.unsqueeze(1)], dim=-1)
            feature, weight, state = self._steps(fed, word, memory, state)
            state = state._replace(features=feature.squeeze(1))
            features.append(feature)
            weights.append(weight)
        return torch.cat(features, dim=1), torch.cat(weights, dim=1), state

    def _steps(
        self, inputs: Tensor, embedded: Tensor, memory: Memory, state: DecoderState
    ) -> tuple[Tensor, Tensor, DecoderState]:
        """All the decoder's mathematics, for T steps at once."""
        outputs, last = self.first(inputs, state.hidden[0])
        hidden = [last]
        context, weights, past = self.history(self.attention, outputs, memory, state.past)
        earlier = state.earlier
        if self.intra_attention is not None and earlier is not None:
            own, earlier = self.intra_attention(outputs, earlier)
            context = torch.cat([context, own], dim=-1)
        for depth, layer in enumerate(self.upper):
            below = torch.cat([outputs, context], dim=-1) if depth == 0 else outputs
            outputs, last = layer(self.dropout(below), state.hidden[depth + 1])
            hidden.append(last)
        features = self.combine(torch.cat([outputs, context, embedded], dim=-1))
        return self.dropout(features), weights, DecoderState(tuple(hidden), state.features, past, earlier)
