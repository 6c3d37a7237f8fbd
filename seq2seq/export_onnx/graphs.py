"""The network as two graphs: the encoder, and one step of the decoder with the best next tokens.

Shape letters: B documents, S document tokens, K beams, N = B * K, V words of the vocabulary, c forbidden tokens. A step
has B and K as two dimensions, so the memory of a document is never repeated for its beams.
"""

from __future__ import annotations

from copy import deepcopy
from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..decoding.hypotheses import FORCED_END_LOG_PROB
from ..errors import UserError
from ..model.attention import Attention, MultiplicativeAttention, NoAttention
from ..model.cells import Cell
from ..model.decoder import DecoderState
from ..model.history import AttentionHistory
from ..model.memory import Memory
from ..model.network import Seq2Seq
from ..model.output import PointerOutput
from .cells import GraphCell


def exportable(network: Seq2Seq) -> Seq2Seq:
    """A copy of a network whose parts can be exported.

    Raises UserError for a cell without an operator in ONNX, and for an attention with a history: the exporter fixes the
    number of its beams.
    """
    if type(network.decoder.history) is not AttentionHistory:
        raise UserError(
            f"network.attention_history: {type(network.decoder.history).__name__} cannot be exported to ONNX, only "
            "none can; use `seq2seq decode`"
        )
    network = deepcopy(network).eval().requires_grad_(False)
    for module in list(network.modules()):
        for name, part in module.named_children():
            if isinstance(part, Cell):
                setattr(module, name, GraphCell(part))
        if isinstance(module, MultiplicativeAttention):
            setattr(module, "forward", MethodType(Attention.forward, module))  # noqa: B010 (in place of the tuned operation)
    return network


def memory_names(network: Seq2Seq) -> list[str]:
    """The parts of a `Memory` that a step of this network reads, besides the document."""
    attention = network.decoder.attention
    if isinstance(attention, NoAttention):
        return ["final"]
    return ["states"] if type(attention).precompute is Attention.precompute else ["states", "keys"]


def state_names(network: Seq2Seq) -> list[str]:
    """The parts of the decoder's state."""
    decoder = network.decoder
    names = [f"hidden_{i}" for i in range(1 + len(decoder.upper))]
    names += ["features"] if decoder.input_feeding else []
    return names + (["earlier"] if decoder.intra_attention is not None else [])


class EncoderGraph(nn.Module):
    """document [B, S] -> the parts of the memory, and the decoder's first state for one beam (K = 1)."""

    def __init__(self, network: Seq2Seq) -> None:
        super().__init__()
        self.network = network

    def forward(self, document: Tensor) -> tuple[Tensor, ...]:
        memory = self.network.encode(document, document != self.network.vocabulary.pad)
        state = self.network.decoder.initial_state(memory)
        found = [getattr(memory, name) for name in memory_names(self.network)]
        return *found, *(part.unsqueeze(1) for part in _parts(state))


class StepGraph(nn.Module):
    """tokens [B, K], forbidden [B, K, c], document [B, S], memory, state [B, K, ...] -> the 2K best next tokens of each
    row: log-probabilities and extended ids [B, K, 2K], best first; then the new state.

    Forbidden tokens, and tokens beyond the last one, have the log-probability -inf. If nothing else is allowed, the end
    symbol comes first, as in `decoding/hypotheses.py`.
    """

    def __init__(self, network: Seq2Seq) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor, forbidden: Tensor, document: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        network, documents, beams = self.network, tokens.shape[0], tokens.shape[1]
        names = memory_names(network)
        memory = _memory(network, document, dict(zip(names, others, strict=False)))
        parts = [part.flatten(0, 1) for part in others[len(names) :]]
        features, attention, state = network.decode(tokens.reshape(-1, 1), memory, _state(network, parts))
        by_beam = (documents, beams, -1)
        probs = self.probabilities(features.reshape(by_beam), attention.reshape(by_beam), document)
        ends = probs[:, :, network.vocabulary.eos].log().clamp_min(FORCED_END_LOG_PROB)
        best, ids = probs.scatter(2, forbidden, 0.0).topk(2 * beams)
        first = torch.arange(2 * beams, device=best.device) == 0
        forced = (best[:, :, :1] == 0) & first
        log_probs = torch.where(forced, ends.unsqueeze(2), best.log())
        ids = torch.where(forced, network.vocabulary.eos, ids)
        return log_probs, ids, *(part.unflatten(0, (documents, beams)) for part in _parts(state))

    def probabilities(self, features: Tensor, attention: Tensor, document: Tensor) -> Tensor:
        """features [B, K, F], attention [B, K, S] -> probabilities of extended ids [B, K, V + S + 2K]. There are at
        most S unknown words, and 2K more columns, so that 2K best ones always exist."""
        output, (_, beams, tokens) = self.network.output, attention.shape
        logits = functional.linear(output.project(features), output.matrix(), output.bias)
        probs = logits.softmax(dim=-1)
        if not isinstance(output, PointerOutput):
            return functional.pad(probs, (0, tokens + 2 * beams))
        gate = output.gate(features)
        generated = functional.pad(probs * gate.sigmoid(), (0, tokens + 2 * beams))
        ids = document.unsqueeze(1).expand(-1, beams, -1)
        return generated.scatter_add(2, ids, attention * (-gate).sigmoid())


def _memory(network: Seq2Seq, document: Tensor, parts: dict[str, Tensor]) -> Memory:
    """The memory that a step reads; parts that the network does not need are empty."""
    nothing = document.new_zeros(0, dtype=torch.float32)
    states = parts.get("states", nothing)
    mask = document != network.vocabulary.pad
    return Memory(states, parts.get("keys", states), mask, parts.get("final", nothing), document)


def _parts(state: DecoderState) -> list[Tensor]:
    """The tensors of a state, in the order of `state_names`."""
    return [*state.hidden, *(part for part in state[1:] if part is not None)]


def _state(network: Seq2Seq, parts: list[Tensor]) -> DecoderState:
    """The state of these tensors, each [N, ...]."""
    named = dict(zip(state_names(network), parts, strict=True))
    hidden = tuple(part for name, part in named.items() if name.startswith("hidden_"))
    return DecoderState(hidden, named.get("features"), None, named.get("earlier"))
