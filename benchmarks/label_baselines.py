"""Labels without the order of the words: what a model of the labelling tasks has to beat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

Examples = Sequence[tuple[str, str]]
"""Documents with their labels."""


def words_of(text: str) -> list[str]:
    """The words in lower case, without the punctuation at their ends."""
    return [word for word in (part.strip('.,:;!?"').lower() for part in text.split()) if word]


def bag_of_words(train: Examples, documents: Sequence[str], decay: float = 1e-2, steps: int = 60) -> list[str]:
    """Labels of documents by logistic regression on the counts of their words, trained with L-BFGS.

    Args:
        decay: weight of the squared parameters in the loss.
        steps: iterations of L-BFGS.
    """
    names = sorted({label for _, label in train})
    vocabulary = {word: i for i, word in enumerate(sorted({w for text, _ in train for w in words_of(text)}))}

    def counts(texts: Sequence[str]) -> Tensor:
        matrix = torch.zeros(len(texts), len(vocabulary))
        for row, text in zip(matrix, texts, strict=True):
            for word in words_of(text):
                if word in vocabulary:
                    row[vocabulary[word]] += 1
        return matrix

    features, targets = counts([text for text, _ in train]), torch.tensor([names.index(label) for _, label in train])
    weight = torch.zeros(len(names), len(vocabulary), requires_grad=True)
    bias = torch.zeros(len(names), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = torch.nn.functional.linear(features, weight, bias)
        value = torch.nn.functional.cross_entropy(logits, targets) + decay * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        best = torch.nn.functional.linear(counts(documents), weight, bias).argmax(dim=1)
    return [names[index] for index in best.tolist()]


def most_frequent_labels(train: Examples, documents: Sequence[str]) -> list[list[str]]:
    """The most frequent label of each token in the training split; O for a token that is not there."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text, labels in train:
        for token, label in zip(text.split(), labels.split(), strict=True):
            counts[token][label] += 1
    best = {token: max(sorted(found), key=found.__getitem__) for token, found in counts.items()}
    return [[best.get(token, "O") for token in text.split()] for text in documents]
