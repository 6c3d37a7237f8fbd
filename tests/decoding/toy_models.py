"""Small step functions for the tests of search: a transition table, trigram tables, and a tiny GRU."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.decoding import Hypotheses
from seq2seq.decoding.constraints import SpecialIds

PAD, BOS, EOS, UNK, A, B = range(6)
IDS: dict[str, Any] = {"pad_id": PAD, "bos_id": BOS, "eos_id": EOS}
SPECIAL = SpecialIds(EOS, PAD, torch.tensor([PAD, BOS]))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def words(hypotheses: Hypotheses, example: int = 0) -> list[list[int]]:
    """The tokens of one example's hypotheses. Checks that only padding follows them."""
    found = []
    for row, length in zip(hypotheses.tokens[example].tolist(), hypotheses.lengths[example].tolist(), strict=True):
        assert row[length:] == [PAD] * (len(row) - length)
        found.append(row[:length])
    return found


TABLE = torch.zeros(6, 6)  # transition probabilities: the next token depends only on the last one
TABLE[BOS, [A, B]] = torch.tensor([0.6, 0.4])
TABLE[A, [A, B, EOS]] = torch.tensor([0.4, 0.35, 0.25])
TABLE[B, [EOS, A, B]] = torch.tensor([0.9, 0.06, 0.04])


@dataclass(frozen=True)
class NoState:
    """State of a step that depends only on the last token. Records the rows of each step."""

    steps: list[int]

    def select(self, rows: Tensor) -> NoState:
        return self

    def keep(self, examples: Tensor) -> NoState:
        return self


def table_step(tokens: Tensor, state: NoState) -> tuple[Tensor, NoState]:
    state.steps.append(len(tokens))
    return TABLE[tokens].log(), state


@dataclass(frozen=True)
class Trigrams:
    """State of a step that depends on the last two tokens and on the example's own table.

    Args:
        tables: [B, V', V', V'] log-probabilities of the next token after two others.
        before: [N] the token before the last.
    """

    tables: Tensor
    before: Tensor

    def select(self, rows: Tensor) -> Trigrams:
        return replace(self, before=self.before[rows])

    def keep(self, examples: Tensor) -> Trigrams:
        before = self.before.view(len(self.tables), -1)
        return Trigrams(self.tables[examples], before[examples].flatten())


def trigram_step(tokens: Tensor, state: Trigrams) -> tuple[Tensor, Trigrams]:
    example = torch.arange(len(tokens)) // (len(tokens) // len(state.tables))
    return state.tables[example, state.before, tokens], replace(state, before=tokens)


def random_trigrams(seed: int, examples: int, size: int) -> Trigrams:
    logits = 2 * torch.randn(examples, size, size, size, generator=seeded(seed), dtype=torch.float64)
    return Trigrams(logits.log_softmax(-1), torch.full((examples,), BOS))


@dataclass(frozen=True)
class GRUState:
    """State that depends on the whole history: a beam and its state must move together."""

    hidden: Tensor  # [N, H]
    memory: Tensor  # [B, H] one row per example, like an encoder memory
    kept: list[int]  # number of examples after each call of `keep`

    def select(self, rows: Tensor) -> GRUState:
        beams = len(rows) // len(self.memory)
        present = len(self.hidden) // len(self.memory)
        assert torch.equal(rows // present, torch.arange(len(rows)) // beams), "a row left its example"
        return replace(self, hidden=self.hidden[rows])

    def keep(self, examples: Tensor) -> GRUState:
        assert (examples.diff() > 0).all()
        self.kept.append(len(examples))
        hidden = self.hidden.view(len(self.memory), -1, self.hidden.shape[1])
        return replace(self, hidden=hidden[examples].flatten(0, 1), memory=self.memory[examples])


class TinyGRU(nn.Module):
    """Sharp random distributions. The first memory unit of an example raises the probability of its end."""

    def __init__(self, seed: int, size: int = 24, hidden: int = 8) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, hidden)
        self.cell = nn.GRUCell(hidden, hidden)
        self.output = nn.Linear(hidden, size)
        generator = seeded(seed)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=1.0, generator=generator)
        self.double()

    def start(self, examples: int, seed: int = 0) -> GRUState:
        memory = torch.randn(examples, self.cell.hidden_size, generator=seeded(seed), dtype=torch.float64)
        return GRUState(memory, memory, [])

    def step(self, tokens: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        hidden = self.cell(self.embedding(tokens), state.hidden)
        memory = state.memory.repeat_interleave(len(tokens) // len(state.memory), dim=0)
        logits = self.output(hidden + 0.5 * memory)
        logits[:, EOS] += memory[:, 0] + 3
        return logits.log_softmax(-1), replace(state, hidden=hidden)

    def log_prob(self, sequence: list[int], memory: Tensor) -> float:
        """Log-probability of a sequence, computed without a search."""
        state, total = GRUState(memory[None], memory[None], []), 0.0
        for previous, token in zip([BOS, *sequence], sequence, strict=False):
            log_probs, state = self.step(torch.tensor([previous]), state)
            total += float(log_probs[0, token].detach())
        return total
