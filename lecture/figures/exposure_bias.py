"""Teacher forcing against free running, by position, in the summarizer of configs/lecture.yaml."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from seq2seq.batch import Batch
from seq2seq.inference import Summarizer
from seq2seq.model.network import Seq2Seq

from ..newswire import encode, read_pairs, trained_summarizer
from ..style import BLUE, GREY, ORANGE, panels

POSITIONS = 8
"""Positions in the figure; longer headlines are rare."""
AFTER_ERROR = 4


@dataclass(frozen=True)
class Example:
    """A reference, and the words that the network predicts with the true words before each, and with its own."""

    reference: str
    forced: str
    free: str


@dataclass(frozen=True)
class ExposureNumbers:
    """All shares are those of predictions that are equal to the word of the reference at the same position.

    Args:
        forced, free: share by position, with teacher forcing and free running.
        forced_after, free_after: share by the number of words after the first error, for the same headlines.
        contained_after: share of the free predictions after the first error that the reference contains anywhere.
        headlines, with_error: number of headlines, and of those with an error.
        example: a headline whose free predictions are much worse.
    """

    forced: list[float]
    free: list[float]
    forced_after: list[float]
    free_after: list[float]
    contained_after: list[float]
    headlines: int
    with_error: int
    example: Example


@torch.inference_mode()
def predictions(network: Seq2Seq, batch: Batch, *, forced: bool) -> Tensor:
    """The most probable word at each step, [B, T] extended ids, without `<unk>` as in a search.

    Args:
        forced: each step reads the true word before it (teacher forcing), or else the prediction before it.
    """
    vocabulary = network.vocabulary
    state = network.start(network.encode(batch.document, batch.mask, batch.extension))
    words, found = batch.previous[:, 0], []
    for step in range(batch.targets.shape[1]):
        log_probs, state = network.step(batch.previous[:, step] if forced else words, state)
        log_probs[:, [vocabulary.pad, vocabulary.bos, vocabulary.unk]] = -torch.inf
        words = log_probs.argmax(1)
        found.append(words)
    return torch.stack(found, dim=1)


def accuracy_by_position(right: Tensor, mask: Tensor) -> list[float]:
    """right, mask [B, T] -> share of right predictions at each of `POSITIONS`."""
    shares = (right & mask).sum(0) / mask.sum(0)
    return shares[:POSITIONS].tolist()


def accuracy_after(right: Tensor, mask: Tensor, first_error: Tensor) -> list[float]:
    """The share of right predictions 1 ... `AFTER_ERROR` words after the first error.

    Args:
        right, mask: [B, T].
        first_error: [B] position of the first error; T if there is none.
    """
    distance = torch.arange(mask.shape[1]) - first_error.unsqueeze(1)
    chosen = [mask & (distance == k) for k in range(1, AFTER_ERROR + 1)]
    return [(right & at).sum().item() / max(at.sum().item(), 1) for at in chosen]


def first_errors(right: Tensor, mask: Tensor) -> Tensor:
    """[B] the position of the first wrong prediction; T if all are right."""
    wrong = ~right & mask
    return torch.where(wrong.any(1), wrong.int().argmax(1), torch.full((len(mask),), mask.shape[1]))


def numbers_of(batch: Batch, forced: Tensor, free: Tensor, text: Callable[[int, Tensor], str]) -> ExposureNumbers:
    """Args:
    forced, free: predictions [B, T].
    text: from a row and ids of words to the headline.
    """
    mask, targets = batch.summary_mask, batch.targets
    right_forced, right_free = forced == targets, free == targets
    first = first_errors(right_forced, mask)
    words = mask & (targets != targets.gather(1, mask.sum(1, keepdim=True) - 1))  # without the end symbol
    contained = ((free.unsqueeze(2) == targets.unsqueeze(1)) & words.unsqueeze(1)).any(2)
    lost = ((right_forced & mask).sum(1) - (right_free & mask).sum(1)).argmax()
    row = int(lost)
    shown = [text(row, ids[row, : int(mask[row].sum()) - 1]) for ids in (targets, forced, free)]
    return ExposureNumbers(
        accuracy_by_position(right_forced, mask),
        accuracy_by_position(right_free, mask),
        accuracy_after(right_forced, mask, first),
        accuracy_after(right_free, mask, first),
        accuracy_after(contained, words, first),
        len(mask),
        int((first < mask.shape[1]).sum()),
        Example(*shown),
    )


def compute(summarizer: Summarizer | None = None, pairs: Sequence[tuple[str, str]] | None = None) -> ExposureNumbers:
    """By default with the summarizer of `make lecture` and the test split of the embedded corpus."""
    summarizer = summarizer or trained_summarizer()
    tokenizer, network = summarizer.tokenizer, summarizer.network
    assert isinstance(network, Seq2Seq)
    batch = encode(tokenizer, list(pairs or read_pairs("test")), summarizer.max_document_tokens)
    forced, free = (predictions(network, batch, forced=given) for given in (True, False))
    return numbers_of(batch, forced, free, lambda row, ids: tokenizer.decode(ids.tolist(), batch.oov[row]))


def draw(numbers: ExposureNumbers) -> Figure:
    figure, (by_position, after) = panels(2, width=9.0, height=3.4, sharey=True)
    positions = range(1, POSITIONS + 1)
    looks = (("teacher forcing", BLUE), ("free running", ORANGE))
    for (name, colour), shares in zip(looks, (numbers.forced, numbers.free), strict=True):
        by_position.plot(positions, _percent(shares), marker="o", markersize=4, color=colour, label=name)
    by_position.set(title="Right words by position", xlabel="position in the headline", ylabel="percent", ylim=(0, 122))
    by_position.set(yticks=range(0, 101, 20))
    by_position.legend(loc="upper left")
    distances = range(1, AFTER_ERROR + 1)
    for (name, colour), shares in zip(looks, (numbers.forced_after, numbers.free_after), strict=True):
        after.plot(distances, _percent(shares), marker="o", markersize=4, color=colour, label=name)
    label = "free running, anywhere in the reference"
    after.plot(distances, _percent(numbers.contained_after), linestyle="--", color=GREY, label=label)
    after.set(title="Right words after the first error", xlabel="words after the error", xticks=distances)
    after.legend(loc="upper left")
    return figure


def _percent(shares: Sequence[float]) -> list[float]:
    return [100 * share for share in shares]


def facts(numbers: ExposureNumbers) -> dict[str, str]:
    def row(shares: Sequence[float]) -> str:
        return ", ".join(f"{100 * share:.0f}" for share in shares) + " %"

    return {
        f"teacher forcing, position 1 to {POSITIONS}": row(numbers.forced),
        f"free running, position 1 to {POSITIONS}": row(numbers.free),
        "headlines with an error": f"{numbers.with_error} of {numbers.headlines}",
        f"teacher forcing, 1 to {AFTER_ERROR} words after the first error": row(numbers.forced_after),
        f"free running, 1 to {AFTER_ERROR} words after the first error": row(numbers.free_after),
        f"free running, 1 to {AFTER_ERROR} words after the first error, anywhere in the reference": row(
            numbers.contained_after
        ),
        "example: reference": numbers.example.reference,
        "example: teacher forcing": numbers.example.forced,
        "example: free running": numbers.example.free,
    }
