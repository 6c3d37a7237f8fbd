"""The network that gives labels: to a document (classification) or to each of its tokens (annotation).

    embedding -> encoder -> aggregation (classification alone) -> feed-forward layer -> softmax over the labels

Embedding and encoder are those of the summarizer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .. import ops
from ..batch import LabelledBatch, Vocabulary
from ..options import check_limits, limited
from .aggregation import AGGREGATIONS, Aggregation
from .cells import CELLS
from .dropout import Dropout
from .embedding import Embedding
from .encoder import ENCODERS, Encoder
from .word_dropout import WordDropout


@dataclass(frozen=True)
class AnnotatorOptions:
    """The shape of a network that labels each token.

    Args:
        cell: the recurrent cell of the encoder, as for the summarizer.
        embedding_size: width of a word's embedding (E).
        encoder: recurrent (bidirectional) or convolutional, as for the summarizer.
        encoder_size: units of a layer of the encoder, and of each direction if it is recurrent.
        encoder_layers: layers of the encoder.
        hidden_size: units of the feed-forward layer before the softmax.
        dropout: share of embeddings, inputs of upper layers and hidden units that is dropped in training.
        document_word_dropout: share of the words whose embedding is zero in training.
    """

    cell: str = limited("gru", choices=CELLS)
    embedding_size: int = limited(64, minimum=1)
    encoder: str = limited("recurrent", choices=ENCODERS)
    encoder_size: int = limited(64, minimum=1)
    encoder_layers: int = limited(1, minimum=1)
    hidden_size: int = limited(64, minimum=1)
    dropout: float = limited(0.2, minimum=0, below=1)
    document_word_dropout: float = limited(0.0, minimum=0, below=1)

    def __post_init__(self) -> None:
        check_limits(self, "network")


@dataclass(frozen=True)
class ClassifierOptions(AnnotatorOptions):
    """The shape of a network that labels each document. It has the options of `AnnotatorOptions` too.

    Args:
        aggregation: how the states of a document become one: last (both directions), mean, max, or attention (Yang et
            al. 2016).
    """

    aggregation: str = limited("last", choices=AGGREGATIONS)


LABELLERS: dict[str, type[AnnotatorOptions]] = {"classification": ClassifierOptions, "annotation": AnnotatorOptions}
"""The options of the network, by the name of the task."""


class Labeller(nn.Module):
    """A labelling network from finished submodules (see `build_labeller`).

    Args:
        aggregation: None to label each token.
        labels: the number of labels.
    """

    def __init__(
        self,
        embedding: Embedding,
        encoder: Encoder,
        aggregation: Aggregation | None,
        *,
        vocabulary: Vocabulary,
        hidden_size: int,
        labels: int,
        dropout: float,
        word_dropout: float,
    ) -> None:
        super().__init__()
        self.embedding, self.encoder, self.aggregation = embedding, encoder, aggregation
        self.vocabulary, self.dropout, self.words = vocabulary, Dropout(dropout), WordDropout(word_dropout)
        self.hidden = nn.Linear(encoder.output_size, hidden_size)
        self.output = nn.Linear(hidden_size, labels)
        for layer in (self.hidden, self.output):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def features(self, batch: LabelledBatch, positions: Tensor) -> Tensor:
        """The hidden units [P, H] at some positions [P] in the flattened labels of a batch."""
        words = self.embedding.documents(batch.document)
        if isinstance(words, Tensor):
            words = self.words(words)
        states, final = self.encoder(words, batch.mask.sum(dim=1))
        if self.aggregation is not None:
            states = self.aggregation(states, final, batch.mask)
        chosen = states.reshape(-1, states.shape[-1]).index_select(0, positions)
        return self.dropout(self.hidden(self.dropout(chosen)).relu())

    def loss(self, batch: LabelledBatch) -> tuple[dict[str, Tensor], Tensor]:
        """The cross-entropy, summed over the batch's M labels, and the log-likelihoods [M] of these labels."""
        positions = batch.target_positions
        targets = batch.labels.flatten().index_select(0, positions)
        features = self.features(batch, positions)
        cross_entropy, log_likelihoods = ops.linear_cross_entropy(
            features, self.output.weight, self.output.bias, targets
        )
        return {"cross_entropy": cross_entropy}, log_likelihoods

    @torch.no_grad()
    def log_probabilities(self, batch: LabelledBatch) -> Tensor:
        """Log-probabilities of all labels at the batch's P places, [P, number of labels], in float32 or wider."""
        logits = self.output(self.features(batch, batch.places))
        return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(dim=-1)


def build_labeller(options: AnnotatorOptions, vocabulary: Vocabulary, labels: int) -> Labeller:
    """The network of `options` for a number of labels, with fresh weights from torch's random generator."""
    o = options
    encoder = ENCODERS[o.encoder](
        CELLS[o.cell],
        input_size=o.embedding_size,
        hidden_size=o.encoder_size,
        layers=o.encoder_layers,
        dropout=o.dropout,
    )
    return Labeller(
        Embedding(vocabulary, 0, o.embedding_size, o.dropout),
        encoder,
        AGGREGATIONS[o.aggregation](encoder.output_size) if isinstance(o, ClassifierOptions) else None,
        vocabulary=vocabulary,
        hidden_size=o.hidden_size,
        labels=labels,
        dropout=o.dropout,
        word_dropout=o.document_word_dropout,
    )
