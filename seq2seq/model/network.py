"""The network: embeddings, encoder, decoder and output put together. One function (`build_network`) spells it out.

    network = build_network(NetworkOptions(), vocabulary)
    memory = network.encode(batch.document, batch.mask, batch.extension)
    features, attention, state = network.decode(previous_ids, memory, network.decoder.initial_state(memory))
    loss, log_likelihood = network.loss(batch)                       # training: sums over tokens
    hypotheses = decoding.search(network.step, network.start(memory), ...)   # search: `start` and `step` (in pieces)

It imports torch alone: neither the data nor Lightning.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args, get_type_hints

import torch
from torch import Tensor, nn

from seq2seq.batch import Batch, Vocabulary
from seq2seq.errors import UserError
from seq2seq.model.attention import AdditiveAttention, Memory, MultiplicativeAttention, NoAttention, some
from seq2seq.model.decoder import Decoder, DecoderState
from seq2seq.ops.dropout import Dropout
from seq2seq.model.encoder import Encoder
from seq2seq.ops.gru import Words
from seq2seq.ops.loss import rows_at_once
from seq2seq.model.output import Lexicon, Parts, PointerOutput, SoftmaxOutput


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


PIECE = {"cpu": 1 << 22}  # log-probabilities that a search handles at a time: 16 MB


class SearchState(NamedTuple):
    """What the search carries from step to step: the decoder's rows, and the memory and lexicon they share."""

    decoder: DecoderState
    memory: Memory
    lexicon: Lexicon

    def select(self, rows: Tensor) -> SearchState:
        """Other beams of the same examples: the memory stays where it is."""
        return self._replace(decoder=self.decoder.select(rows))

    def keep(self, examples: Tensor) -> SearchState:
        """Only some of the examples ([b] indices), with all their rows."""
        beams = len(self.decoder.hidden[0]) // len(self.memory.mask)
        rows = (examples[:, None] * beams + torch.arange(beams, device=examples.device)).flatten()
        return SearchState(self.decoder.select(rows), self.memory.keep(examples), self.lexicon.keep(examples))


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
        return self.dropout(self.embedding(self._rows(ids)))

    def words(self, ids: Tensor) -> Words:
        """The same for words that are read alike wherever they stand (no dropout), looked up by whoever reads them."""
        distinct, places = self._rows(ids).unique(return_inverse=True)
        return Words(self.embedding(distinct), places)

    def _rows(self, ids: Tensor) -> Tensor:
        return ids.where(ids < self.embedding.num_embeddings, self.vocabulary.unk)

    def encode(self, document: Tensor, mask: Tensor, extension: int = 0) -> Memory:
        """document [B, S] extended ids, mask [B, S] -> Memory."""
        alike = document.device.type == "cpu" and not (self.training or torch.is_grad_enabled())
        states, whole = self.encoder(self.words(document) if alike else self.embed(document), mask.sum(dim=1))
        states, whole = self.dropout(states), self.dropout(whole)
        return Memory(states, self.decoder.keys(states), mask, whole, document, extension=extension)

    def decode(self, previous: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """previous [N, T] extended ids -> features [N, T, F], attention [N, T, S], state after the last step."""
        return self.decoder(self.embed(previous), memory, state)

    def target_log_probs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Teacher forcing: of the batch's M real target words, in reading order, the log-probability [M] and the mean
        log-probability of the vocabulary in their places [M]."""
        inputs = self._forced(batch)
        if torch.is_grad_enabled():
            return self.output.target_log_probs(*inputs)
        # Without gradients nothing else needs all logits at once either.
        size = rows_at_once(batch.document.device, self.vocabulary.size, len(batch.places))
        pieces = [
            self.output.target_log_probs(*(x[start : start + size] for x in inputs))
            for start in range(0, max(len(batch.places), 1), size)
        ]
        chosen, spread = zip(*pieces, strict=True)
        return torch.cat(chosen), torch.cat(spread)

    def loss(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        """Named terms of the loss, summed over the batch's target words, and the log-likelihood of these words."""
        smoothing = self.label_smoothing if self.training else 0.0
        loss, log_likelihood = self.output.loss(*self._forced(batch), smoothing)
        return {"cross_entropy": loss}, log_likelihood

    @torch.no_grad()
    def log_likelihoods(self, batch: Batch) -> Tensor:
        """Log-probabilities of the batch's M target words in reading order, [M]."""
        return self.target_log_probs(batch)[0]

    def _forced(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        memory = self.encode(batch.document, batch.mask, batch.extension)
        features, attention, _ = self.decode(batch.previous, memory, self.decoder.initial_state(memory))
        return self.target_steps(batch, memory, features, attention)

    def target_steps(
        self, batch: Batch, memory: Memory, features: Tensor, attention: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of features [B, T, F] and attention [B, T, S] what the output needs at the M real target words: features
        [M, F], attention [M, S], document ids [M, S], targets [M]."""
        example = batch.places // batch.targets.shape[1]
        return (
            features.flatten(0, 1).index_select(0, batch.places),
            attention.flatten(0, 1).index_select(0, batch.places),
            memory.copy_ids.index_select(0, example),
            self.reachable(batch.targets.flatten().index_select(0, batch.places)),
        )

    def reachable(self, targets: Tensor) -> Tensor:
        """Targets as the output can name them: without a pointer, unknown words are `unk`."""
        if isinstance(self.output, PointerOutput):
            return targets
        return targets.where(targets < self.vocabulary.size, self.vocabulary.unk)

    def start(self, memory: Memory, shortlist: int = 0) -> SearchState:
        """The search's state before the first word. Its ids are those of `Lexicon`: extended ids, unless there is a
        shortlist (see `SearchOptions`)."""
        self.check_shortlist(shortlist)
        return SearchState(self.decoder.initial_state(memory), memory, self.output.lexicon(memory, shortlist))

    def check_shortlist(self, shortlist: int) -> None:
        """Raise UserError for one that lacks a special symbol."""
        least = max(self.vocabulary[1:]) + 1
        if 0 < shortlist < least:
            raise UserError(f"search.shortlist: {shortlist} is too small; give at least {least}, or 0 for all words")

    def step(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, SearchState]:
        """tokens [N] -> log-probabilities [N, V'] of the next word, new state."""
        features, attention, state = self._advance(tokens, state)
        return self.output.log_probs(features, attention, state.lexicon), state

    def step_in_pieces(self, tokens: Tensor, state: SearchState) -> tuple[Iterator[tuple[Tensor, Tensor]], SearchState]:
        """As `step`, but the log-probabilities come some examples at a time, which bounds memory."""
        features, attention, state = self._advance(tokens, state)
        parts = self.output.parts(features, attention, state.lexicon)
        return self._pieces(parts, state.lexicon), state

    def _advance(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, Tensor, SearchState]:
        """tokens [N] -> features [N, F], attention [N, S], new state."""
        previous = state.lexicon.extended(tokens.view(len(state.lexicon.ids), -1)).view(-1, 1)
        features, attention, decoder = self.decode(previous, state.memory, state.decoder)
        return features.squeeze(1), attention.squeeze(1), state._replace(decoder=decoder)

    def _pieces(self, parts: Parts, lexicon: Lexicon) -> Iterator[tuple[Tensor, Tensor]]:
        examples = len(lexicon.ids)
        beams = len(parts.projected) // examples
        size = PIECE.get(parts.projected.device.type, sys.maxsize) // (beams * lexicon.width) or 1
        for start in range(0, examples, size):
            rows = slice(start * beams, (start + size) * beams)
            yield self.output.mix(some(parts, rows), lexicon.keep(slice(start, start + size)))


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
