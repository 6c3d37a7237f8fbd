"""The options of the network."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import UserError
from ..options import When, check_choice, check_limits, limited
from .attention import ATTENTIONS
from .cells import CELLS
from .losses import LOSS_TERMS

TRAINING_OPTIONS = ("dropout", "label_smoothing", "loss_terms")
"""Options that change the training and not the weights: a new run from trained weights may choose others."""


@dataclass(frozen=True)
class NetworkOptions:
    """The shape of the network.

    Args:
        cell: the recurrent cell of encoder and decoder: gru, lstm or elman.
        embedding_size: width of a word's embedding (E), shared by encoder and decoder.
        encoder_size: units of each direction of the bidirectional encoder.
        encoder_layers: layers of the encoder.
        decoder_size: units of the decoder (H).
        decoder_layers: layers of the decoder; the first one queries the attention, the others read its context.
        attention: multiplicative (Luong et al. 2015), additive (Bahdanau et al. 2015) or none.
        attention_size: width of the inner layer of additive attention (A); multiplicative attention has none.
        pointer: mix in words copied from the document (See et al. 2017); needs attention.
        unknown_embeddings: number of a document's unknown words with an embedding of their own.
        tie_embeddings: use the embedding matrix as output matrix too.
        input_feeding: the decoder reads the features of the step before (Luong et al. 2015); slower.
        dropout: share of embeddings, inputs of upper layers and features that is dropped in training.
        label_smoothing: share of the target's probability that is spread over the vocabulary.
        loss_terms: further terms of the loss by name, with their weights.
    """

    cell: str = "gru"
    embedding_size: int = limited(128, minimum=1)
    encoder_size: int = limited(128, minimum=1)
    encoder_layers: int = limited(1, minimum=1)
    decoder_size: int = limited(256, minimum=1)
    decoder_layers: int = limited(2, minimum=1)
    attention: str = "multiplicative"
    attention_size: int = limited(256, minimum=1, unused=[When("attention", lambda o: o.attention == "none")])
    pointer: bool = True
    unknown_embeddings: int = limited(0, minimum=0)
    tie_embeddings: bool = True
    input_feeding: bool = False
    dropout: float = limited(0.2, minimum=0, below=1)
    label_smoothing: float = limited(0.0, minimum=0, below=1)
    loss_terms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_limits(self, "network")
        check_choice("network.cell", self.cell, CELLS)
        check_choice("network.attention", self.attention, ATTENTIONS)
        for name in self.loss_terms:
            check_choice("network.loss_terms", name, LOSS_TERMS)
        if self.pointer and self.attention == "none":
            raise UserError(
                "network.pointer: copying needs attention; set network.attention, or network.pointer to false"
            )
