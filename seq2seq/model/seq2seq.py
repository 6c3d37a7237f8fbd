"""The network: embeddings, encoder, decoder and output put together. One function (`build_network`) spells it out.

    network = build_network(NetworkOptions(), vocabulary)
    memory = network.encode(batch.document, batch.lengths, batch.mask, batch.extension)
    features, attention, state = network.decode(previous_ids, memory, network.decoder.initial_state(memory))
    loss, log_likelihood = network.loss(batch)                       # training: sums over tokens
    hypotheses = decoding.search(network.step, network.start(memory), ...)   # search: `start` and `step`

It imports torch alone: neither the data nor Lightning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args, get_type_hints

import torch
from torch import Tensor, nn

from ..batch import Batch, Vocabulary
from ..errors import UserError
from .attention import AdditiveAttention, Memory, MultiplicativeAttention, NoAttention
from .decoder import Decoder, DecoderState
from .dropout import Dropout
from .encoder import Encoder
from .pointer import PointerOutput, SoftmaxOutput


@dataclass(frozen=True)
class NetworkOptions:
    """The shape of the network.

    Args:
        cell: the recurrent cell of encoder and decoder.
        embedding_size: width of a word's embedding (E), shared by encoder and decoder.
        encoder_size: units for each direction of the bidirectional encoder.
        encoder_layers: layers of the encoder.
        decoder_size: units of the decoder (H).
        decoder_layers: layers of the decoder; the first queries the attention, the others see its context.
        attention: multiplicative (Luong et al. 2015), additive (Bahdanau et al. 2015) or none.
        attention_size: width of additive attention's hidden layer (A).
        pointer: mix in words copied from the document (See et al. 2017); needs attention.
        unknown_embeddings: own embeddings for a document's first so many unknown words, so that they can be told apart.
        tie_embeddings: use the embedding matrix as output matrix too.
        input_feeding: let the decoder read the last step's features (Luong et al. 2015); loops over time, slower.
        dropout: share of embeddings, inputs of upper layers and features that is dropped in training.
        label_smoothing: share of the target's probability that is spread over the vocabulary.
    """

    cell: Literal["gru", "lstm", "elman"] = "gru"
    embedding_size: int = 128
    encoder_size: int = 128
    encoder_layers: int = 1
    decoder_size: int = 256
    decoder_layers: int = 2
    attention: Literal["multiplicative", "additive", "none"] = "multiplicative"
    attention_size: int = 256
    pointer: bool = True
    unknown_embeddings: int = 0
    tie_embeddings: bool = True
    input_feeding: bool = False
    dropout: float = 0.2
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            value = getattr(self, name)
            if get_args(kind) and value not in get_args(kind):
                raise UserError(f"network.{name}: {value!r} is none of {', '.join(get_args(kind))}")
            least = 0 if name == "unknown_embeddings" else 1
            if kind is int and value < least:
                raise UserError(f"network.{name}: {value} is too small; give at least {least}")
            if kind is float and not 0 <= value < 1:
                raise UserError(f"network.{name}: {value} is not in [0, 1)")
        if self.pointer and self.attention == "none":
            raise UserError(
                "network.pointer: copying needs attention; set network.attention, or network.pointer to false"
            )


class SearchState(NamedTuple):
    """What the search carries from step to step: the decoder's rows and the memory they share."""

    decoder: DecoderState
    memory: Memory

    def select(self, rows: Tensor) -> SearchState:
        """Other beams of the same examples: the memory stays where it is."""
        return self._replace(decoder=self.decoder.select(rows))

    def keep(self, examples: Tensor) -> SearchState:
        """Only some of the examples ([b] indices), with all their rows."""
        beams = len(self.decoder.hidden[0]) // len(self.memory.mask)
        rows = (examples[:, None] * beams + torch.arange(beams, device=examples.device)).flatten()
        return SearchState(self.decoder.select(rows), self.memory.keep(examples))


class Seq2Seq(nn.Module):
    """Encoder-decoder over finished submodules (see `build_network`)."""

    def __init__(
        self,
        embedding: nn.Embedding,
        encoder: Encoder,
        decoder: Decoder,
        output: SoftmaxOutput,
        vocabulary: Vocabulary,
        dropout: float,
        label_smoothing: float,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        self.decoder = decoder
        self.output = output
        self.vocabulary = vocabulary
        self.dropout = Dropout(dropout)
        self.label_smoothing = label_smoothing

    def embed(self, ids: Tensor) -> Tensor:
        """Extended ids [...] -> [..., E]; unknown words without an embedding of their own share that of `unk`."""
        return self.dropout(self.embedding(ids.where(ids < self.embedding.num_embeddings, self.vocabulary.unk)))

    def encode(self, document: Tensor, lengths: Tensor, mask: Tensor, extension: int = 0) -> Memory:
        """document [B, S] extended ids, lengths [B], mask [B, S] -> Memory."""
        states, whole = self.encoder(self.embed(document), lengths)
        states, whole = self.dropout(states), self.dropout(whole)
        return Memory(states, self.decoder.keys(states), mask, whole, document, extension=extension)

    def decode(self, previous: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """previous [N, T] extended ids -> features [N, T, F], attention [N, T, S], state after the last step."""
        return self.decoder(self.embed(previous), memory, state)

    def target_log_probs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Teacher forcing: of the batch's M real target words, in reading order, the log-probability [M] and the mean
        log-probability of the vocabulary in their places [M]."""
        return self.output.target_log_probs(*self._target_steps(batch))

    def loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sums over the batch's target words: (smoothed, in training) cross-entropy, and the plain log-likelihood."""
        return self.output.loss(*self._target_steps(batch), self.label_smoothing if self.training else 0.0)

    def _target_steps(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the output needs at each of the M real target words: features, attention, document ids, target."""
        memory = self.encode(batch.document, batch.lengths, batch.mask, batch.extension)
        features, attention, _ = self.decode(batch.previous, memory, self.decoder.initial_state(memory))
        example, step = batch.summary_mask.nonzero(as_tuple=True)
        targets = self.reachable(batch.targets[example, step])
        return features[example, step], attention[example, step], memory.copy_ids[example], targets

    def reachable(self, targets: Tensor) -> Tensor:
        """Targets as the output can name them: without a pointer, unknown words are `unk`."""
        if isinstance(self.output, PointerOutput):
            return targets
        return targets.where(targets < self.vocabulary.size, self.vocabulary.unk)

    def start(self, memory: Memory) -> SearchState:
        """The search's state before the first word."""
        if isinstance(self.output, PointerOutput):
            memory = memory._replace(first=first_occurrences(memory.copy_ids))
        return SearchState(self.decoder.initial_state(memory), memory)

    def step(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, SearchState]:
        """tokens [N] -> log-probabilities [N, V'] of the next word, new state."""
        features, attention, decoder = self.decode(tokens.unsqueeze(1), state.memory, state.decoder)
        log_probs = self.output.log_probs(features.squeeze(1), attention.squeeze(1), state.memory)
        return log_probs, state._replace(decoder=decoder)


def first_occurrences(ids: Tensor) -> Tensor:
    """ids [B, S] -> for each position the first one [B, S] that holds the same id."""
    return (ids.unsqueeze(2) == ids.unsqueeze(1)).int().argmax(dim=2)  # argmax gives the first of equal maxima


def build_network(options: NetworkOptions, vocabulary: Vocabulary) -> Seq2Seq:
    """The network that `options` describe. Embeddings start normal with deviation E^-0.5 (so that tied logits start
    near unit size), padding at zero; for the rest see the modules."""
    o = options
    embedding = nn.Embedding(vocabulary.size + o.unknown_embeddings, o.embedding_size, padding_idx=vocabulary.pad)
    nn.init.normal_(embedding.weight, std=o.embedding_size**-0.5)
    with torch.no_grad():
        embedding.weight[vocabulary.pad].zero_()
    encoder = Encoder(o.cell, o.embedding_size, o.encoder_size, o.encoder_layers, o.dropout)
    states = encoder.output_size
    attention: nn.Module
    if o.attention == "multiplicative":
        attention = MultiplicativeAttention(o.decoder_size, states)
    elif o.attention == "additive":
        attention = AdditiveAttention(o.decoder_size, states, o.attention_size)
    else:
        attention = NoAttention()
    decoder = Decoder(
        o.cell,
        o.embedding_size,
        o.decoder_size,
        o.decoder_layers,
        states,
        o.decoder_size,
        attention,
        o.dropout,
        o.input_feeding,
    )
    weight: nn.Parameter = embedding.weight  # type: ignore[assignment]
    if not o.tie_embeddings:
        weight = nn.Parameter(torch.empty(vocabulary.size, o.decoder_size))
        nn.init.normal_(weight, std=o.decoder_size**-0.5)
    output = (PointerOutput if o.pointer else SoftmaxOutput)(o.decoder_size, weight, vocabulary.size)
    return Seq2Seq(embedding, encoder, decoder, output, vocabulary, o.dropout, o.label_smoothing)
