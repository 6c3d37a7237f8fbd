"""Several networks that search together: at each step the search sees the mean of their distributions.

    ensemble = Ensemble([network, other])
    memories = ensemble.encode(batch.document, batch.mask, batch.extension)
    hypotheses = decoding.search(ensemble.step_in_pieces, ensemble.start(memories), ...)

The networks share the vocabulary and nothing else. They can differ in cell, sizes and pointer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ..batch import Batch
from .memory import Memory
from .network import SearchState, Seq2Seq
from .output import OutputVocabulary, PointerOutput

PIECES_IN_MEMORY = 3
"""The sum, the piece that is added to it, and the piece that is computed next."""


class EnsembleState(NamedTuple):
    """The states of all networks between two steps of a search."""

    members: tuple[SearchState, ...]

    @property
    def vocabulary(self) -> OutputVocabulary:
        """The ids of the search, which have the same meaning for all networks."""
        return self.members[0].vocabulary

    def select(self, rows: Tensor) -> EnsembleState:
        """Other beams of the same documents ([N'] indices)."""
        return EnsembleState(tuple(member.select(rows) for member in self.members))

    def keep(self, examples: Tensor) -> EnsembleState:
        """Some of the documents ([b] indices), with all their rows."""
        return EnsembleState(tuple(member.keep(examples) for member in self.members))


class Ensemble(nn.Module):
    """k networks as one: p(w) = (p_1(w) + ... + p_k(w)) / k, with the pointer of each network inside its p_i.

    It has the methods of `Seq2Seq` that a search and an evaluation call.

    Args:
        networks: at least one, all with the same vocabulary.
        names: names of the networks, for reports.
    """

    def __init__(self, networks: Sequence[Seq2Seq], names: Sequence[str] = ()) -> None:
        super().__init__()
        self.members, self.names = nn.ModuleList(networks), list(names)
        self.networks = tuple(networks)  # the same objects with their type
        self.vocabulary = networks[0].vocabulary

    def encode(self, document: Tensor, mask: Tensor, extension: int = 0) -> tuple[Memory, ...]:
        """document [B, S] extended ids, mask [B, S] -> the memory of each network."""
        return tuple(network.encode(document, mask, extension) for network in self.networks)

    def start(self, memories: Sequence[Memory], shortlist: int = 0) -> EnsembleState:
        """The state of a search before the first word."""
        pairs = zip(self.networks, memories, strict=True)
        return EnsembleState(tuple(network.start(memory, shortlist) for network, memory in pairs))

    def check_shortlist(self, shortlist: int) -> None:
        """Raises UserError for a shortlist that lacks a special symbol."""
        self.networks[0].check_shortlist(shortlist)

    def step_in_pieces(
        self, tokens: Tensor, state: EnsembleState, rows_at_once: int | None = None
    ) -> tuple[Iterator[tuple[Tensor, Tensor]], EnsembleState]:
        """As `Seq2Seq.step_in_pieces`. At most `PIECES_IN_MEMORY` pieces exist at a time, for any number of networks.

        Args:
            rows_at_once: rows of a piece; None = a number that suits the device.
        """
        width = max(member.vocabulary.width for member in state.members)
        rows = rows_at_once or max(1, ops.logit_rows(state.members[0].memory.states, width) // PIECES_IN_MEMORY)
        steps = [
            network.step_in_pieces(tokens, member, rows)
            for network, member in zip(self.networks, state.members, strict=True)
        ]

        def pieces() -> Iterator[tuple[Tensor, Tensor]]:
            first, *others = (of_one for of_one, _ in steps)
            for piece in first:
                yield mean_of(chain([piece], map(next, others)), len(steps), width)

        return pieces(), EnsembleState(tuple(after for _, after in steps))

    @torch.no_grad()
    def log_likelihoods(self, batch: Batch) -> Tensor:
        """Log-probabilities of the batch's M target words in reading order, [M].

        A network without a pointer counts an unknown word as `<unk>`. Beside a network with a pointer, it gives such a
        word of the document the probability 0, as in a search.
        """
        targets = batch.targets.flatten().index_select(0, batch.target_positions)
        copied = targets >= self.vocabulary.size
        if not any(isinstance(network.output, PointerOutput) for network in self.networks):
            copied = torch.zeros_like(copied)
        columns = [
            found if isinstance(network.output, PointerOutput) else found.masked_fill(copied, -math.inf)
            for network, found in ((network, network.log_likelihoods(batch)) for network in self.networks)
        ]
        return torch.stack(columns).logsumexp(dim=0) - math.log(len(columns))


def mean_of(parts: Iterable[tuple[Tensor, Tensor]], count: int, width: int) -> tuple[Tensor, Tensor]:
    """The mean of k distributions, in log space and in the form of a piece.

    Args:
        parts: for each network numbers [n, V'] and constants [n], whose sum is the log-probability; overwritten. A part
            is asked for when the part before it is summed.
        count: k.
        width: the greatest V'. A network without a pointer has no ids above the vocabulary: their probability is 0.

    Returns:
        numbers [n, width] and constants [n].
    """
    total: Tensor | None = None
    for numbers, constants in parts:
        log_probs = numbers.add_(constants.unsqueeze(1))
        if total is None:
            total = functional.pad(log_probs, (0, width - log_probs.shape[1]), value=-math.inf)
        else:
            own = total[:, : log_probs.shape[1]]  # beyond it, the probability of this network is 0
            torch.logaddexp(own, log_probs, out=own)
    assert total is not None
    return total, total.new_full((len(total),), -math.log(count))
