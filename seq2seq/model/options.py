"""The options of the network."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import UserError
from ..options import When, check_limits, limited
from .attention import ATTENTIONS
from .cells import CELLS
from .encoder import ENCODERS
from .gates import ENCODER_GATES
from .history import ATTENTION_HISTORIES
from .losses import LOSS_TERMS
from .readout import READOUTS

TRAINING_OPTIONS = ("dropout", "weight_dropout", "label_smoothing", "loss_terms", "loss_starts", "training_vocabulary")
"""Options that change the training and not the weights: a new run from trained weights may choose others."""


@dataclass(frozen=True)
class NetworkOptions:
    """The shape of the network.

    Args:
        cell: the recurrent cell of encoder and decoder: gru, lstm, elman, elman_relu, jordan, mingru or ssru; see
            docs/cells.md.
        embedding_size: width of a word's embedding (E), shared by encoder and decoder.
        encoder: recurrent (bidirectional) or convolutional (Chopra et al. 2016).
        encoder_size: units of a layer of the encoder, and of each direction if it is recurrent.
        encoder_layers: layers of the encoder.
        encoder_gate: weakens states of the encoder: none, selective (Zhou et al. 2017) or convolutional (Lin et al.
            2018).
        decoder_size: units of the decoder (H).
        decoder_layers: layers of the decoder; the first one queries the attention, the others read its context.
        attention: multiplicative (Luong et al. 2015), additive (Bahdanau et al. 2015) or none.
        attention_size: width of the inner layer of additive attention (A); multiplicative attention has none.
        attention_history: how earlier steps change the attention: none, temporal (Nallapati et al. 2016; Paulus et al.
            2018) or coverage (See et al. 2017; slower).
        intra_attention: the decoder also attends to its own earlier states (Paulus et al. 2018).
        readout: last layer of the decoder: tanh (Luong et al. 2015) or maxout (Bahdanau et al. 2015).
        pointer: mix in words copied from the document (See et al. 2017); needs attention.
        unknown_embeddings: number of a document's unknown words with an embedding of their own.
        tie_embeddings: use the embedding matrix as output matrix too.
        input_feeding: the decoder reads the features of the step before (Luong et al. 2015); slower.
        dropout: share of embeddings, inputs of upper layers and features that is dropped in training.
        weight_dropout: share of the recurrent matrices of encoder and decoder that is dropped in training, with one
            mask for a batch (Merity et al. 2018).
        label_smoothing: share of the target's probability that is spread over the vocabulary.
        loss_terms: further terms of the loss by name, with their weights; coverage is that of See et al. 2017.
        loss_starts: for some of these terms the optimizer step from which they count, or the share of all steps before
            it, if the number is below 1; the others count from the start.
        training_vocabulary: in training the output covers the words of the batch, this number of the most frequent
            words (Nallapati et al. 2016) and a sample of all others (Jean et al. 2015), which is faster with a large
            vocabulary; null = the whole vocabulary. Validation, test and search use the whole vocabulary.
    """

    cell: str = limited("gru", choices=CELLS)
    embedding_size: int = limited(128, minimum=1)
    encoder: str = limited("recurrent", choices=ENCODERS)
    encoder_size: int = limited(128, minimum=1)
    encoder_layers: int = limited(1, minimum=1)
    encoder_gate: str = limited("none", choices=ENCODER_GATES)
    decoder_size: int = limited(256, minimum=1)
    decoder_layers: int = limited(2, minimum=1)
    attention: str = limited("multiplicative", choices=ATTENTIONS)
    attention_size: int = limited(256, minimum=1, unused=[When("attention", lambda o: o.attention == "none")])
    attention_history: str = limited("none", choices=ATTENTION_HISTORIES)
    intra_attention: bool = False
    readout: str = limited("tanh", choices=READOUTS)
    pointer: bool = True
    unknown_embeddings: int = limited(0, minimum=0)
    tie_embeddings: bool = True
    input_feeding: bool = False
    dropout: float = limited(0.2, minimum=0, below=1)
    weight_dropout: float = limited(0.0, minimum=0, below=1)
    label_smoothing: float = limited(0.0, minimum=0, below=1)
    loss_terms: dict[str, float] = field(default_factory=dict, metadata={"choices": LOSS_TERMS})
    loss_starts: dict[str, int | float] = field(default_factory=dict)
    training_vocabulary: int | None = limited(None, minimum=1)

    def __post_init__(self) -> None:
        check_limits(self, "network")
        for name, step in self.loss_starts.items():
            if name not in self.loss_terms:
                raise UserError(f"network.loss_starts: {name!r} has no weight; add it to network.loss_terms")
            if step < 0:
                raise UserError(f"network.loss_starts: {name}: {step} is too small; give at least 0")
            if step > 1 and step != int(step):
                raise UserError(f"network.loss_starts: {name}: {step} is no step; give an integer, or a share below 1")
        if self.pointer and self.attention == "none":
            raise UserError(
                "network.pointer: copying needs attention; set network.attention, or network.pointer to false"
            )
        if self.attention_history != "none" and self.attention == "none":
            raise UserError(
                f"network.attention_history: {self.attention_history!r} needs attention; set network.attention, or "
                "network.attention_history to none"
            )
        if self.input_feeding and self.weight_dropout:
            raise UserError(
                "network.weight_dropout: one mask for all steps does not go with network.input_feeding, whose decoder "
                "runs step by step; leave one of them out"
            )
