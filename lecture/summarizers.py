"""Small summarizers without attention, whose gradients can only flow back through the recurrent states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from seq2seq.batch import Batch, Vocabulary
from seq2seq.model.cells import Cell
from seq2seq.model.encoder import RecurrentEncoder
from seq2seq.model.network import NetworkOptions, Seq2Seq, build_network
from seq2seq.training.datamodule import vocabulary_of

from .newswire import encode, read_pairs, small_tokenizer

DOCUMENT_TOKENS = 48
BATCH_SIZE = 32
CELLS_SHOWN = ("elman", "lstm", "gru")


def story_batches(count: int) -> tuple[list[Batch], Vocabulary]:
    """`count` batches of stories with at least `DOCUMENT_TOKENS` tokens, cut to this length, and their vocabulary."""
    pairs = read_pairs("train", 2 * count * BATCH_SIZE)  # two of three stories are long enough
    tokenizer = small_tokenizer(pairs)
    lengths = [d.length for d in tokenizer.encode_documents([document for document, _ in pairs], DOCUMENT_TOKENS)]
    long = [pair for pair, length in zip(pairs, lengths, strict=True) if length >= DOCUMENT_TOKENS]
    rows = [long[i * BATCH_SIZE : (i + 1) * BATCH_SIZE] for i in range(count)]
    return [encode(tokenizer, row, DOCUMENT_TOKENS) for row in rows], vocabulary_of(tokenizer)


def small_network(cell: str, vocabulary: Vocabulary, size: int = 64) -> Seq2Seq:
    """The network of the package without attention and pointer: the decoder sees the encoder's final state alone."""
    torch.manual_seed(1)
    options = NetworkOptions(
        cell=cell,
        embedding_size=size,
        encoder_size=size,
        decoder_size=2 * size,
        decoder_layers=1,
        attention="none",
        pointer=False,
        dropout=0.0,
    )
    return build_network(options, vocabulary)


def mean_loss(network: Seq2Seq, batch: Batch) -> Tensor:
    """The negative log-likelihood of a target word."""
    return network.loss(batch)[0]["cross_entropy"] / len(batch.target_positions)


class StepByStep(Cell):
    """A cell that runs one step at a time, and keeps each state with its gradient."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(0, cell.hidden_size)
        self.cell, self.tensors_in_state = cell, cell.tensors_in_state
        self.states: list[Tensor] = []

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs = []
        for word in x.split(1, dim=1):
            _, state = self.cell(word, state)
            state.retain_grad()
            self.states.append(state)
            outputs.append(
                state[:, : self.hidden_size].unsqueeze(1)
            )  # of `state`: the output of the cell is another tensor
        return torch.cat(outputs, dim=1), state


@contextmanager
def recorded_states(network: Seq2Seq) -> Iterator[list[Tensor]]:
    """The states of the encoder's forward direction, [B, state_size] a step, while the block runs."""
    encoder = network.encoder
    assert isinstance(encoder, RecurrentEncoder)
    cell: Cell = encoder.forwards[0]  # type: ignore[assignment]
    recorder = StepByStep(cell)
    encoder.forwards[0] = recorder
    try:
        yield recorder.states
    finally:
        encoder.forwards[0] = cell


def gradient_by_distance(network: Seq2Seq, batch: Batch) -> list[float]:
    """|dL/ds_t| relative to that of the last step, by the distance from the last step; a mean over the batch.

    s_t is the state of the encoder's forward direction: h_t, and for an LSTM h_t and c_t together.
    """
    with recorded_states(network) as states:
        mean_loss(network, batch).backward()
        norms = torch.stack([state.grad.norm(dim=1).mean() for state in states if state.grad is not None]).flip(0)
    network.zero_grad()
    return (norms / norms[0]).tolist()
