"""The network: embeddings, encoder, gate, decoder and output put together. `build_network` spells out the composition.

    network = build_network(NetworkOptions(), vocabulary)
    terms, log_likelihoods = network.loss(batch)                              # training
    memory = network.encode(batch.document, batch.mask, batch.extension)      # search
    hypotheses = decoding.search(network.step_in_pieces, network.start(memory), ...)

It imports torch and `ops` alone: neither the data nor Lightning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .. import ops
from ..batch import Batch, Vocabulary
from ..errors import UserError
from .attention import ATTENTIONS
from .cells import CELLS
from .decoder import Decoder, DecoderState
from .dropout import Dropout
from .embedding import Embedding
from .encoder import ENCODERS, Encoder
from .gates import ENCODER_GATES, EncoderGate
from .history import ATTENTION_HISTORIES
from .losses import LOSS_TERMS, TeacherForced
from .memory import Memory, index_batch, rows_of
from .options import NetworkOptions
from .output import CoveredWords, OutputVocabulary, PointerOutput, SoftmaxOutput, TargetSteps, covered_words
from .readout import READOUTS
from .weight_dropout import with_weight_dropout


class SearchState(NamedTuple):
    """The state of a search between two steps: the decoder's rows, and the memory and vocabulary that they share."""

    decoder: DecoderState
    memory: Memory
    vocabulary: OutputVocabulary

    def select(self, rows: Tensor) -> SearchState:
        """Other beams of the same documents ([N'] indices)."""
        return self._replace(decoder=self.decoder.select(rows))

    def keep(self, examples: Tensor) -> SearchState:
        """Some of the documents ([b] indices), with all their rows."""
        rows = rows_of(examples, len(self.decoder.hidden[0]) // len(self.memory.mask))
        return SearchState(self.decoder.select(rows), self.memory.keep(examples), self.vocabulary.keep(examples))


class Seq2Seq(nn.Module):
    """An encoder-decoder from finished submodules (see `build_network`).

    Args:
        dropout: share of the encoder's states that is dropped in training.
        label_smoothing: share of the target's probability that is spread over the vocabulary in training.
        loss_terms: weights of further terms of the loss, by their names in `LOSS_TERMS`.
        loss_starts: for some of these terms the step from which they count; see `resolve_loss_starts` for shares.
        training_vocabulary: number of frequent words that the loss in training covers beside those of the batch and a
            sample of the others; None = the whole vocabulary.
    """

    def __init__(
        self,
        embedding: Embedding,
        encoder: Encoder,
        gate: EncoderGate,
        decoder: Decoder,
        output: SoftmaxOutput,
        *,
        vocabulary: Vocabulary,
        dropout: float,
        label_smoothing: float = 0.0,
        loss_terms: dict[str, float] | None = None,
        loss_starts: dict[str, int | float] | None = None,
        training_vocabulary: int | None = None,
    ) -> None:
        super().__init__()
        self.embedding, self.encoder, self.gate, self.decoder, self.output = embedding, encoder, gate, decoder, output
        self.vocabulary, self.dropout = vocabulary, Dropout(dropout)
        self.label_smoothing = label_smoothing
        self.loss_terms, self.loss_starts = loss_terms or {}, loss_starts or {}
        self.training_vocabulary = training_vocabulary
        if training_vocabulary is not None:
            self._check_special("network.training_vocabulary", training_vocabulary, "null")

    def encode(self, document: Tensor, mask: Tensor, extension: int = 0) -> Memory:
        """document [B, S] extended ids, mask [B, S] -> Memory."""
        states, final = self.encoder(self.embedding.documents(document), mask.sum(dim=1))
        states, final = self.dropout(self.gate(states, final, mask)), self.dropout(final)
        return Memory(states, self.decoder.attention.precompute(states), mask, final, document, extension)

    def decode(self, previous: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """previous [N, T] extended ids -> features [N, T, F], attention [N, T, S], state after the last step."""
        return self.decoder(self.embedding(previous), memory, state)

    # Training: the real previous words are given.

    def loss(self, batch: Batch, step: int | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """Named terms of the loss, each a sum over the batch's M target words, and the log-likelihoods [M] of these
        words in reading order (without gradient). In training both are over `training_vocabulary`, if it is set.

        Args:
            step: optimizer steps done, which decides about the terms in `loss_starts`; None = all terms count.
        """
        forced = self.teacher_forced(batch)
        smoothing = self.label_smoothing if self.training else 0.0
        terms = {
            name: weight * LOSS_TERMS[name](forced)
            for name, weight in self.loss_terms.items()
            if step is None or step >= self.loss_starts.get(name, 0)
        }
        words = self.training_words(batch)
        cross_entropy, log_likelihoods = self.output.loss(self.target_steps(forced), smoothing, words)
        return {"cross_entropy": cross_entropy, **terms}, log_likelihoods

    def resolve_loss_starts(self, total_steps: float) -> None:
        """Replaces shares in `loss_starts` by steps. Raises UserError for a share of infinitely many steps."""
        for name, start in self.loss_starts.items():
            if 0 < start < 1 and total_steps == float("inf"):
                raise UserError(
                    f"network.loss_starts: {name}: {start} is a share of all steps, but no last step is known; set "
                    "trainer.max_steps, or give a step"
                )
        starts = self.loss_starts.items()
        self.loss_starts = {name: round(start * total_steps) if 0 < start < 1 else start for name, start in starts}

    def training_words(self, batch: Batch) -> CoveredWords | None:
        """The words that the output covers in training; None = the whole vocabulary."""
        if not self.training or self.training_vocabulary is None:
            return None
        return covered_words(batch.words, self.training_vocabulary, self.vocabulary.size).to(batch.document.device)

    @torch.no_grad()
    def log_likelihoods(self, batch: Batch) -> Tensor:
        """Log-probabilities of the batch's M target words in reading order, [M]."""
        return self.output.loss(self.target_steps(self.teacher_forced(batch)), 0.0)[1]

    def teacher_forced(self, batch: Batch) -> TeacherForced:
        """The decoder's results for the real previous words. Each document is encoded once, for all its summaries."""
        memory = self.encode(batch.document, batch.mask, batch.extension)
        state = self.decoder.initial_state(memory)
        if batch.summaries_each > 1:
            documents = torch.arange(len(batch), device=batch.document.device)
            state = state.select(documents.repeat_interleave(batch.summaries_each))
        features, attention, _ = self.decode(batch.previous, memory, state)
        return TeacherForced(batch, memory, features, attention)

    def target_steps(self, forced: TeacherForced) -> TargetSteps:
        """The steps of the real target words alone: padding never reaches the output layer."""
        batch = forced.batch
        return self.steps_at(batch.target_positions, batch.targets, forced.features, forced.attention, forced.memory)

    def steps_at(
        self, positions: Tensor, targets: Tensor, features: Tensor, attention: Tensor, memory: Memory
    ) -> TargetSteps:
        """The steps at some positions [M] in the flattened targets [N, T]: features [N, T, F], attention [N, T, S]."""
        documents = positions // (targets.numel() // len(memory.mask))
        return TargetSteps(
            features.flatten(0, 1).index_select(0, positions),
            attention.flatten(0, 1).index_select(0, positions),
            memory.copy_ids.index_select(0, documents),
            self.reachable(targets.flatten().index_select(0, positions)),
        )

    def reachable(self, targets: Tensor) -> Tensor:
        """Extended ids as the output can produce them: without a pointer, unknown words are `<unk>`."""
        if isinstance(self.output, PointerOutput):
            return targets
        return targets.where(targets < self.vocabulary.size, self.vocabulary.unk)

    # Search: one step after the other.

    def start(self, memory: Memory, shortlist: int = 0) -> SearchState:
        """The state of a search before the first word. With a shortlist its ids are those of `OutputVocabulary`."""
        self.check_shortlist(shortlist)
        return SearchState(self.decoder.initial_state(memory), memory, self.output.vocabulary(memory, shortlist))

    def check_shortlist(self, shortlist: int) -> None:
        """Raises UserError for a shortlist that lacks a special symbol."""
        if shortlist > 0:
            self._check_special("search.shortlist", shortlist, "0")

    def _check_special(self, option: str, words: int, everything: str) -> None:
        """Raises UserError if the first `words` words of the vocabulary lack a special symbol."""
        minimum = max(self.vocabulary[1:]) + 1
        if words < minimum:
            raise UserError(f"{option}: {words} is too small; give at least {minimum}, or {everything} for all words")

    def step(self, tokens: Tensor, state: SearchState) -> tuple[Tensor, SearchState]:
        """tokens [N] -> log-probabilities [N, V'] of the next word, new state."""
        pieces, state = self.step_in_pieces(tokens, state, len(tokens))
        ((numbers, constants),) = pieces
        return numbers.add_(constants.unsqueeze(1)), state

    def step_in_pieces(
        self, tokens: Tensor, state: SearchState, rows_at_once: int | None = None
    ) -> tuple[Iterator[tuple[Tensor, Tensor]], SearchState]:
        """As `step`, but the distributions come for the rows of some documents at a time, which bounds memory: numbers
        [n, V'] and constants [n], whose sum is the log-probability.

        Args:
            rows_at_once: rows of a piece; None = a number that suits the device.
        """
        vocabulary = state.vocabulary
        previous = vocabulary.extended_ids(tokens.view(len(vocabulary.ids), -1)).view(-1, 1)
        features, attention, decoder = self.decode(previous, state.memory, state.decoder)
        inputs = self.output.inputs(features.squeeze(1), attention.squeeze(1), vocabulary)
        rows_at_once = rows_at_once or ops.logit_rows(inputs.hidden, vocabulary.width)

        def pieces() -> Iterator[tuple[Tensor, Tensor]]:
            documents = len(vocabulary.ids)
            beams = len(tokens) // documents
            size = max(1, rows_at_once // beams)
            for start in range(0, documents, size):
                rows = slice(start * beams, (start + size) * beams)
                part = vocabulary.keep(slice(start, start + size))
                yield self.output.log_probs(index_batch(inputs, rows), part)

        return pieces(), state._replace(decoder=decoder)


def build_network(options: NetworkOptions, vocabulary: Vocabulary) -> Seq2Seq:
    """The network that `options` describe."""
    o = options
    cell = with_weight_dropout(CELLS[o.cell], o.weight_dropout)
    embedding = Embedding(vocabulary, o.unknown_embeddings, o.embedding_size, o.dropout)
    encoder = ENCODERS[o.encoder](
        cell,
        input_size=o.embedding_size,
        hidden_size=o.encoder_size,
        layers=o.encoder_layers,
        dropout=o.dropout,
    )
    gate = ENCODER_GATES[o.encoder_gate](encoder.output_size)
    attention = ATTENTIONS[o.attention](o.decoder_size, encoder.output_size, o.attention_size)
    decoder = Decoder(
        cell,
        attention,
        READOUTS[o.readout],
        ATTENTION_HISTORIES[o.attention_history](attention.key_size),
        input_size=o.embedding_size,
        hidden_size=o.decoder_size,
        context_size=encoder.output_size,
        feature_size=o.decoder_size,
        layers=o.decoder_layers,
        dropout=o.dropout,
        input_feeding=o.input_feeding,
        intra_attention=o.intra_attention,
    )
    weight: nn.Parameter = embedding.weight  # type: ignore[assignment]
    if not o.tie_embeddings:
        weight = nn.Parameter(torch.empty(vocabulary.size, o.decoder_size))
        nn.init.normal_(weight, std=o.decoder_size**-0.5)
    output = (PointerOutput if o.pointer else SoftmaxOutput)(o.decoder_size, weight, vocabulary.size)
    return Seq2Seq(
        embedding,
        encoder,
        gate,
        decoder,
        output,
        vocabulary=vocabulary,
        dropout=o.dropout,
        label_smoothing=o.label_smoothing,
        loss_terms=o.loss_terms,
        loss_starts=o.loss_starts,
        training_vocabulary=o.training_vocabulary,
    )
