""" "Mary kills John" against "John kills Mary": a bag of words has one vector for both, a recurrent network has two."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional

from seq2seq.model.cells import CELLS

from ..style import BLUE, GREY, ORANGE, panels

NAMES = ("Mary", "John", "Anna", "Peter", "Laura", "Paul", "Emma", "Felix", "Nina", "Oscar", "Rosa", "Tom")
WORDS = (*NAMES, "kills", "is", "killed", "by")
EMBEDDING_SIZE = HIDDEN_SIZE = 24
TESTED_EVERY = 10


class BagOfWords(nn.Module):
    """The sum of the word vectors, a hidden layer, and one score for each name."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), EMBEDDING_SIZE)
        self.hidden = nn.Linear(EMBEDDING_SIZE, HIDDEN_SIZE)
        self.output = nn.Linear(HIDDEN_SIZE, len(NAMES))

    def vectors(self, words: Tensor) -> Tensor:
        """words [N, T] -> the sum of the word vectors after each word, [N, T, E]."""
        return self.embedding(words).cumsum(1)

    def forward(self, words: Tensor) -> Tensor:
        """words [N, T] -> scores of the names [N, names]."""
        return self.output(self.hidden(self.embedding(words).sum(1)).tanh())


class Recurrent(nn.Module):
    """An Elman network; the last state gives one score for each name."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), EMBEDDING_SIZE)
        self.cell = CELLS["elman"](EMBEDDING_SIZE, HIDDEN_SIZE)
        self.output = nn.Linear(HIDDEN_SIZE, len(NAMES))

    def vectors(self, words: Tensor) -> Tensor:
        """words [N, T] -> the state after each word, [N, T, H]."""
        return self.cell(self.embedding(words), torch.zeros(len(words), self.cell.state_size))[0]

    def forward(self, words: Tensor) -> Tensor:
        return self.output(self.vectors(words)[:, -1])


@dataclass(frozen=True)
class WordOrderNumbers:
    """Args:
    accuracy: for each network the share of unseen sentences with the right killer, after each tenth training step.
    paths: for each network its vectors after each word of both sentences in two dimensions, [2, 3, 2].
    distances: for each network the distance of its last vectors for the two sentences.
    killers: for each network its answers for "Mary kills John" and "John kills Mary".
    """

    accuracy: dict[str, list[float]]
    paths: dict[str, Tensor]
    distances: dict[str, float]
    killers: dict[str, tuple[str, str]]


def sentence(text: str) -> Tensor:
    """The ids of the words, [T]."""
    return torch.tensor([WORDS.index(word) for word in text.split()])


def sentences(pairs: list[tuple[str, str]]) -> list[tuple[Tensor, Tensor]]:
    """For (killer, victim) pairs the active and the passive sentences [N, T], each with the killers [N]."""
    killers = torch.tensor([NAMES.index(killer) for killer, _ in pairs])
    active = torch.stack([sentence(f"{killer} kills {victim}") for killer, victim in pairs])
    passive = torch.stack([sentence(f"{victim} is killed by {killer}") for killer, victim in pairs])
    return [(active, killers), (passive, killers)]


def split_pairs() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Training and test pairs. Both orders of two names are in the same part: no test pair was seen in any order."""
    couples = [(a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :]]
    order = torch.randperm(len(couples), generator=torch.Generator().manual_seed(2)).tolist()
    shuffled = [couples[i] for i in order if couples[i] != ("Mary", "John")]
    test = [("Mary", "John"), *shuffled[:15]]
    both = [[pair for a, b in part for pair in ((a, b), (b, a))] for part in (shuffled[15:], test)]
    return both[0], both[1]


@torch.no_grad()
def accuracy(network: nn.Module, parts: list[tuple[Tensor, Tensor]]) -> float:
    """Share of the sentences whose killer has the highest score."""
    right = [(network(words).argmax(1) == killers).float() for words, killers in parts]
    return torch.cat(right).mean().item()


def learn(network: nn.Module, steps: int) -> list[float]:
    """Trains on all training sentences at each step. Returns the accuracy on the test sentences."""
    training, test = (sentences(pairs) for pairs in split_pairs())
    adam, found = torch.optim.Adam(network.parameters(), lr=0.01), []
    for step in range(steps + 1):
        if step % TESTED_EVERY == 0:
            found.append(accuracy(network, test))
        losses = [functional.cross_entropy(network(words), killers) for words, killers in training]
        adam.zero_grad()
        torch.stack(losses).sum().backward()
        adam.step()
    return found


@torch.no_grad()
def in_two_dimensions(vectors: Tensor) -> Tensor:
    """[2, T, D] -> [2, T, 2]: the projection on the two directions with the largest variance."""
    flat = vectors.flatten(0, 1)
    centred = flat - flat.mean(0)
    directions = torch.linalg.svd(centred, full_matrices=False).Vh[:2]
    directions = directions * directions.sum(1, keepdim=True).sign()  # the signs are arbitrary: choose them
    return (centred @ directions.T).view(*vectors.shape[:2], 2)


def compute(steps: int = 200) -> WordOrderNumbers:
    torch.manual_seed(1)
    networks: dict[str, BagOfWords | Recurrent] = {"bag of words": BagOfWords(), "Elman network": Recurrent()}
    found = {name: learn(network, steps) for name, network in networks.items()}
    both = torch.stack([sentence("Mary kills John"), sentence("John kills Mary")])
    with torch.no_grad():
        vectors = {name: network.vectors(both) for name, network in networks.items()}
        answers = {name: [NAMES[i] for i in network(both).argmax(1).tolist()] for name, network in networks.items()}
    return WordOrderNumbers(
        found,
        {name: in_two_dimensions(path) for name, path in vectors.items()},
        {name: (path[0, -1] - path[1, -1]).norm().item() for name, path in vectors.items()},
        {name: (first, second) for name, (first, second) in answers.items()},
    )


def draw(numbers: WordOrderNumbers) -> Figure:
    figure, (bag, recurrent, curves) = panels(3, width=10.5, height=3.4)
    for axes, (name, paths) in zip((bag, recurrent), numbers.paths.items(), strict=True):
        for path, text, colour, offset in zip(
            paths.tolist(), ("Mary kills John", "John kills Mary"), (BLUE, ORANGE), (7, -12), strict=True
        ):
            axes.plot(*zip(*path, strict=True), marker="o", markersize=5, color=colour, label=text)
            for word, point in zip(text.split(), path, strict=True):
                axes.annotate(word, point, (4, offset), textcoords="offset points", fontsize=7, color=colour)
        end = "one end point" if numbers.distances[name] < 1e-5 else "two end points"
        axes.set(title=f"{name}: {end}", xticklabels=[], yticklabels=[])
        axes.margins(0.25)
        axes.legend(loc="best")
    for (name, shares), colour in zip(numbers.accuracy.items(), (GREY, BLUE), strict=True):
        steps = [TESTED_EVERY * i for i in range(len(shares))]
        curves.plot(steps, [100 * share for share in shares], color=colour, label=name)
    curves.axhline(50, color=GREY, linewidth=0.8, linestyle="--")
    curves.set(
        title="Who kills? Pairs of names not seen before", xlabel="training step", ylabel="right answers, percent"
    )
    curves.set(ylim=(0, 105))
    curves.legend(loc="lower right")
    return figure


def facts(numbers: WordOrderNumbers) -> dict[str, str]:
    rows = {}
    for name, shares in numbers.accuracy.items():
        rows[f"{name}: right answers for unseen pairs"] = f"{100 * shares[-1]:.0f} %"
        rows[f"{name}: distance of the two sentences"] = f"{numbers.distances[name]:.2g}"
        rows[f"{name}: killer in both sentences"] = ", ".join(numbers.killers[name])
    return rows
