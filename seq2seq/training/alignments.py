"""The attention behind headlines: which words of its document the network has read at each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.batch import Batch, make_batch
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.model.network import Seq2Seq

MAX_GAP = 24
"""Characters that a token's text can stand behind the end of the previous one."""


class Alignment(NamedTuple):
    """The attention of one headline. Pieces are tokens as text, with the blank before them.

    Args:
        document: S pieces, after truncation.
        headline: T pieces; the last one is "" for the end symbol.
        attention: [T, S] weights; each row has the sum 1.
        copied: [T] probability that the piece was copied, given the piece; None without a pointer.
    """

    document: list[str]
    headline: list[str]
    attention: Tensor
    copied: Tensor | None


@torch.no_grad()
def align(
    network: Seq2Seq, tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]], max_document_tokens: int
) -> list[Alignment]:
    """The alignments of (document, headline) pairs. The headline is given to the decoder word by word, without dropout.

    A step of a search with the same previous words has the same attention.
    """
    documents = tokenizer.encode_documents([document for document, _ in pairs], max_document_tokens)
    oov = [document.oov for document in documents]
    texts = [headline for _, headline in pairs]
    summaries = [ids for ids, _ in tokenizer.encode_summaries(texts, oov, max_document_tokens)]
    batch = make_batch([document.ids for document in documents], summaries, oov, network.vocabulary)
    batch = batch.to(next(network.parameters()).device)
    training = network.training
    network.eval()
    try:
        attention, copied = _attention(network, batch)
    finally:
        network.train(training)
    found = []
    for row, (document, ids) in enumerate(zip(documents, summaries, strict=True)):
        steps, words = len(ids) + 1, max(len(document.ids), 1)
        found.append(
            Alignment(
                pieces(tokenizer, document.ids, document.oov),
                [*pieces(tokenizer, ids, document.oov), ""],
                attention[row, :steps, :words].cpu(),
                None if copied is None else copied[row, :steps].cpu(),
            )
        )
    return found


def _attention(network: Seq2Seq, batch: Batch) -> tuple[Tensor, Tensor | None]:
    """[B, T, S] attention, and [B, T] the share of copying in the probability of each target, with a pointer."""
    forced = network.teacher_forced(batch)
    vocabulary = network.output.vocabulary(forced.memory)
    rows = forced.features.flatten(0, 1), forced.attention.flatten(0, 1)
    inputs = network.output.inputs(*rows, vocabulary)
    if inputs.copy is None:
        return forced.attention, None
    ids = forced.memory.copy_ids.unsqueeze(1)
    is_target = (ids == batch.targets.unsqueeze(2)) & batch.mask.unsqueeze(1)
    weights = (inputs.copy + inputs.log_gate.unsqueeze(1)).exp().view(forced.attention.shape)
    # `copy` holds at each position the whole attention to its word: the positions of one word must not be added up.
    copied = weights.masked_fill(~is_target, 0).amax(dim=2)
    log_likelihoods = network.output.loss(network.target_steps(forced), 0.0)[1]
    log_probs = torch.full_like(copied, -torch.inf).flatten()
    log_probs[batch.target_positions.to(log_probs.device)] = log_likelihoods.to(log_probs.dtype)
    return forced.attention, (copied / log_probs.view_as(copied).exp()).clamp(0, 1).nan_to_num(0)


def pieces(tokenizer: Tokenizer, ids: Sequence[int], oov: Sequence[str]) -> list[str]:
    """The part of the decoded text that belongs to each id; together they are the whole text.

    The text of an id is searched for after the previous one. An id without text of its own, such as a part of a
    character, gives "", and the next one gets the text between.
    """
    whole, found, end = tokenizer.decode(ids, oov), [], 0
    for token in ids:
        own = tokenizer.decode([token], oov).strip()
        start = whole.find(own, end, end + len(own) + MAX_GAP) if own else -1
        next_end = end if start < 0 else start + len(own)
        found.append(whole[end:next_end])
        end = next_end
    if found:
        found[-1] += whole[end:]
    return found
