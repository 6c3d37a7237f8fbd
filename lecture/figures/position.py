""" "In 2009, I went to Nepal" against "I went to Nepal in 2009": position-bound weights against shared weights."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional

from seq2seq.model.cells import CELLS

from ..style import BLUE, GREY, ORANGE, panels

YEARS = tuple(str(year) for year in range(2000, 2020))
WHO = ("I", "we", "she", "he", "they")
PLACES = ("Nepal", "Peru", "Chad", "Cuba", "Laos", "Mali", "Oman", "Fiji")
EXTRAS = (("by", "train"), ("with", "friends"), ("on", "foot"), ("for", "work"), ("by", "ship"))
EXTRA_WORDS = tuple(dict.fromkeys(word for pair in EXTRAS for word in pair))
WORDS = ("<pad>", "In", "in", "went", "to", *YEARS, *WHO, *PLACES, *EXTRA_WORDS)
IDS = {word: i for i, word in enumerate(WORDS)}
LENGTH = 14
"""Words of the longest sentence."""
POSITIONS = (2, 6, 8, 10, 12, 14)
"""Positions of the year, counted from 1."""
SEEN = (2, 6, 10)
"""Positions of the year in the training sentences of the first panel."""
COVERAGES = ((2,), (2, 6), (2, 6, 10), POSITIONS)
"""Positions of the year in the training sentences of the second panel."""
LECTURE = ("In 2009 I went to Nepal", "I went to Nepal in 2009")


class PositionBound(nn.Module):
    """A feed-forward network: one weight for each word at each position."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(LENGTH * len(WORDS), hidden)
        self.output = nn.Linear(hidden, len(YEARS))

    def forward(self, words: Tensor) -> Tensor:
        """words [N, T] -> scores of the years [N, years]."""
        one_hot = functional.one_hot(words, len(WORDS)).float().flatten(1)
        return self.output(self.hidden(one_hot).tanh())


class Recurrent(nn.Module):
    """A GRU that reads all words with the same weights; the state after the last word gives the scores."""

    def __init__(self, hidden: int = 48) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 24)
        self.cell = CELLS["gru"](24, hidden)
        self.output = nn.Linear(hidden, len(YEARS))

    def forward(self, words: Tensor) -> Tensor:
        """words [N, T] -> scores of the years [N, years]."""
        states, _ = self.cell(self.embedding(words), torch.zeros(len(words), self.cell.state_size))
        last = (words != IDS["<pad>"]).sum(1) - 1
        return self.output(states[torch.arange(len(words)), last])


@dataclass(frozen=True)
class PositionNumbers:
    """Args:
    accuracy: for each network, trained with the year at the positions `SEEN`, the share of test sentences with the
        right year, by the position of the year (`POSITIONS`).
    by_coverage: the same as a mean over all positions, by the positions of the training sentences (`COVERAGES`).
    parameters: number of weights of each network.
    answers: for each network the year that it finds in both sentences of `LECTURE`.
    """

    accuracy: dict[str, list[float]]
    by_coverage: dict[str, list[float]]
    parameters: dict[str, int]
    answers: dict[str, tuple[str, str]]


def sentence(position: int, year: str, rng: random.Random) -> str:
    """A sentence with the year at a position: "In YEAR I went to Nepal", or "I went to Nepal ... in YEAR ..."."""
    went = f"{rng.choice(WHO)} went to {rng.choice(PLACES)}"
    room = (LENGTH - max(position, 6)) // 2  # for extras of two words
    after = rng.choices(EXTRAS, k=rng.randint(0, room))
    before = rng.choices(EXTRAS, k=max(position - 6, 0) // 2)
    parts = ["In", year, went] if position == 2 else [went, *map(" ".join, before), "in", year]
    return " ".join([*parts, *map(" ".join, after)])


def encode(texts: Sequence[str]) -> Tensor:
    """The ids of the words, padded, [N, LENGTH]."""
    rows = [[IDS[word] for word in text.split()] for text in texts]
    return torch.tensor([row + [IDS["<pad>"]] * (LENGTH - len(row)) for row in rows])


def sample(positions: Sequence[int], count: int, seed: int) -> tuple[Tensor, Tensor]:
    """`count` sentences for each position: words [N, T] and years [N]."""
    rng = random.Random(seed)
    years = [rng.randrange(len(YEARS)) for _ in range(count * len(positions))]
    texts = [sentence(positions[i // count], YEARS[year], rng) for i, year in enumerate(years)]
    return encode(texts), torch.tensor(years)


def learn(network: nn.Module, positions: Sequence[int], steps: int) -> None:
    """Trains with Adam on 96 new sentences at each step, for any number of positions."""
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    for step in range(steps):
        words, years = sample(positions, 96 // len(positions), seed=step)
        loss = functional.cross_entropy(network(words), years)
        adam.zero_grad()
        loss.backward()
        adam.step()


@torch.no_grad()
def accuracy_by_position(network: nn.Module) -> list[float]:
    """Share of 200 new sentences with the right year, for each of `POSITIONS`."""
    tests = [sample((position,), 200, seed=100_000 + position) for position in POSITIONS]
    return [(network(words).argmax(1) == years).float().mean().item() for words, years in tests]


def compute(steps: int = 200, coverages: Sequence[Sequence[int]] = COVERAGES) -> PositionNumbers:
    """Args:
    steps: training steps of each network.
    coverages: positions of the year in the training sentences, one network each; must contain `SEEN`.
    """
    networks: dict[tuple[str, Sequence[int]], nn.Module] = {}
    for name, kind in (("weights for each position", PositionBound), ("shared weights (GRU)", Recurrent)):
        for positions in coverages:
            torch.manual_seed(1)
            networks[name, positions] = kind()
            learn(networks[name, positions], positions, steps)
    found = {key: accuracy_by_position(network) for key, network in networks.items()}
    of_figure = {name: network for (name, positions), network in networks.items() if positions == SEEN}
    with torch.no_grad():
        best = {name: network(encode(LECTURE)).argmax(1).tolist() for name, network in of_figure.items()}
    return PositionNumbers(
        {name: found[name, SEEN] for name in of_figure},
        {name: [sum(found[name, c]) / len(POSITIONS) for c in coverages] for name in of_figure},
        {name: sum(p.numel() for p in network.parameters()) for name, network in of_figure.items()},
        {name: (YEARS[first], YEARS[second]) for name, (first, second) in best.items()},
    )


def draw(numbers: PositionNumbers) -> Figure:
    figure, (positions, coverage) = panels(2, width=9.0, height=3.4)
    for (name, shares), colour, shift in zip(numbers.accuracy.items(), (ORANGE, BLUE), (-0.3, 0.3), strict=True):
        places = [position + shift for position in POSITIONS]
        positions.bar(places, [100 * share for share in shares], width=0.55, color=colour, label=name)
    chance = 100 / len(YEARS)
    for axes in (positions, coverage):
        axes.axhline(chance, color=GREY, linewidth=0.8, linestyle="--")
        axes.set(ylabel="right years, percent", ylim=(0, 118), yticks=range(0, 101, 20))
    labels = [f"{position}\nseen" if position in SEEN else f"{position}\nnew" for position in POSITIONS]
    positions.set(title=f"Trained with the year at positions {', '.join(map(str, SEEN))}", xticks=POSITIONS)
    positions.set(xticklabels=labels, xlabel="position of the year in the test sentence")
    positions.legend(loc="upper right", ncols=2)
    counts = [len(c) for c in COVERAGES]
    for (name, shares), colour in zip(numbers.by_coverage.items(), (ORANGE, BLUE), strict=True):
        coverage.plot(counts, [100 * share for share in shares], marker="o", markersize=4, color=colour, label=name)
    coverage.set(title="All positions, by the positions seen in training", xticks=counts)
    coverage.set(xlabel=f"positions seen in training, of {len(POSITIONS)}")
    return figure


def facts(numbers: PositionNumbers) -> dict[str, str]:
    rows = {}
    for name, shares in numbers.accuracy.items():
        for group, wanted in (("seen", True), ("new", False)):
            of_group = [share for p, share in zip(POSITIONS, shares, strict=True) if (p in SEEN) == wanted]
            rows[f"{name}: right years at {group} positions"] = f"{100 * sum(of_group) / len(of_group):.0f} %"
        rows[f"{name}: weights"] = f"{numbers.parameters[name]:,}"
        rows[f"{name}: year in both sentences of the lecture"] = ", ".join(numbers.answers[name])
    return rows
