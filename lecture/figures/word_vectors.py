"""One-hot vectors against the embeddings that two trained models have found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from seq2seq.data.tokenizer import Tokenizer
from seq2seq.inference import Summarizer
from seq2seq.model.embedding import Embedding
from seq2seq.model.network import Seq2Seq
from seq2seq.training.datamodule import vocabulary_of

from ..newswire import trained_summarizer
from ..style import BLUE, GREY, panels

TITLES = (
    ("two", "three", "four", "five", "six"),
    ("theorem", "theorems", "conjecture", "proof", "inequality"),
    ("algorithm", "method", "framework", "scheme", "solver"),
    ("graph", "graphs", "network", "networks", "node"),
)
"""Groups of words in scientific abstracts."""
NEWS = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    ("January", "February", "March", "April", "June", "July", "August", "October"),
    ("oil", "copper", "gold", "gas", "lithium"),
)
"""Groups of words in the stories of the embedded corpus."""
ASKED = ("three", "theorem", "algorithm", "deep", "bounds", "quantum")
FREQUENT = 4000
"""Neighbours are looked up among this number of frequent words: vectors of rare words keep their random start."""


@dataclass(frozen=True)
class VectorNumbers:
    """Args:
    one_hot, learnt: cosines of the words of `TITLES`, [20, 20].
    groups: mean cosine of two words of one group, and of two words of different groups, by kind of vectors.
    neighbours: for each of `ASKED` the five nearest words and their cosines.
    """

    one_hot: Tensor
    learnt: Tensor
    groups: dict[str, tuple[float, float]]
    neighbours: dict[str, list[tuple[str, float]]]


def one_hot(tokenizer: Tokenizer, words: Iterable[str]) -> Tensor:
    """[words, V]: a 1 at the place of the word."""
    return functional.one_hot(ids_of(tokenizer, words), tokenizer.vocab_size).float()


def ids_of(tokenizer: Tokenizer, words: Iterable[str]) -> Tensor:
    """The ids of words. Raises ValueError if the vocabulary lacks one."""
    return torch.tensor([tokenizer.tokens.index(word) for word in words])


def cosines(vectors: Tensor) -> Tensor:
    """[N, D] -> [N, N]."""
    unit = functional.normalize(vectors, dim=1)
    return unit @ unit.T


def group_means(vectors: Tensor, groups: Iterable[Iterable[str]]) -> tuple[float, float]:
    """The mean cosine of two different words of one group, and of two words of different groups.

    Args:
        vectors: [N, D] of the words of all groups, in order.
    """
    number = torch.tensor([i for i, group in enumerate(groups) for _ in group])
    same, found = number.unsqueeze(1) == number, cosines(vectors)
    return found[same & ~torch.eye(len(number), dtype=torch.bool)].mean().item(), found[~same].mean().item()


def nearest(vectors: Tensor, tokenizer: Tokenizer, word: str, count: int = 5) -> list[tuple[str, float]]:
    """The words with the largest cosines among the `FREQUENT` first ones, and their cosines."""
    (position,) = ids_of(tokenizer, [word]).tolist()
    unit = functional.normalize(vectors[:FREQUENT], dim=1)
    scores = (unit @ unit[position]).index_fill(0, torch.tensor(position), -1)
    values, found = scores.topk(count)
    return [(tokenizer.tokens[i], value) for i, value in zip(found.tolist(), values.tolist(), strict=True)]


def embeddings(summarizer: Summarizer) -> Tensor:
    """[V, E] the word vectors of a trained network."""
    assert isinstance(summarizer.network, Seq2Seq)
    return summarizer.network.embedding.weight.detach().float()


def compute(news: Summarizer | None = None) -> VectorNumbers:
    """Args:
    news: a summarizer of the embedded corpus; by default the one of `make lecture`.
    """
    news, titles = news or trained_summarizer(), Summarizer.from_checkpoint("titles", device="cpu")
    of_titles, of_news = list(chain(*TITLES)), list(chain(*NEWS))
    title_vectors = embeddings(titles)[ids_of(titles.tokenizer, of_titles)]
    news_ids = ids_of(news.tokenizer, of_news)
    torch.manual_seed(1)
    untrained = Embedding(vocabulary_of(news.tokenizer), 0, embeddings(news).shape[1], 0.0).weight.detach()
    return VectorNumbers(
        cosines(one_hot(titles.tokenizer, of_titles)),
        cosines(title_vectors),
        {
            "one-hot": group_means(one_hot(news.tokenizer, of_news), NEWS),
            "untrained": group_means(untrained[news_ids], NEWS),
            "news": group_means(embeddings(news)[news_ids], NEWS),
            "titles": group_means(title_vectors, TITLES),
        },
        {word: nearest(embeddings(titles), titles.tokenizer, word) for word in ASKED},
    )


def draw(numbers: VectorNumbers) -> Figure:
    figure, (one_hots, learnt, groups) = panels(3, width=11.0, height=4.2)
    for axes, matrix, title in (
        (one_hots, numbers.one_hot, "Cosines of one-hot vectors"),
        (learnt, numbers.learnt, "Cosines of learnt vectors (titles)"),
    ):
        _draw_matrix(axes, matrix, title)
    places = torch.arange(len(numbers.groups), dtype=torch.float)
    for column, label, colour in ((0, "words of one group", BLUE), (1, "words of different groups", GREY)):
        values = [means[column] for means in numbers.groups.values()]
        groups.bar((places + 0.4 * column - 0.2).tolist(), values, width=0.36, color=colour, label=label)
    groups.axhline(0, color=GREY, linewidth=0.8)
    groups.set(title="Mean cosine of two words", ylim=(-0.02, 0.58))
    groups.set(xticks=places.tolist(), xticklabels=list(numbers.groups))
    groups.legend(loc="upper left")
    return figure


def _draw_matrix(axes: Axes, matrix: Tensor, title: str) -> None:
    words = list(chain(*TITLES))
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    axes.grid(False)
    axes.set(title=title, xticks=range(len(words)), yticks=range(len(words)), yticklabels=words)
    axes.set_xticklabels(words, rotation=90)
    axes.tick_params(labelsize=7, length=0)


def facts(numbers: VectorNumbers) -> dict[str, str]:
    rows = {
        f"{name}: mean cosine in a group, and between groups": f"{inside:.2f}, {outside:.2f}"
        for name, (inside, outside) in numbers.groups.items()
    }
    for word, found in numbers.neighbours.items():
        rows[f"nearest to {word}"] = ", ".join(f"{other} {value:.2f}" for other, value in found)
    return rows
