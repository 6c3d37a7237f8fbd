"""Candidate summaries of a batch, found by the present network, and losses over their log-probabilities.

Shape letters: B documents, K candidates of each, N = B * K.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seq2seq.batch import Batch, distinct_words, length_mask, true_positions
from seq2seq.decoding import SearchOptions
from seq2seq.inference import generate
from seq2seq.model.network import Seq2Seq
from seq2seq.token_rouge import token_rouge


class Candidates(NamedTuple):
    """K summaries of each document.

    Args:
        batch: the documents with N summaries. A hypothesis that the search has cut has no end symbol.
        present: [B, K] False where a document has fewer than K different candidates.
        lengths: [B, K] target words, the end symbol included.
        rewards: [B, K] mean of the F1 of ROUGE-1, ROUGE-2 and ROUGE-L between the ids of candidate and reference.
        words: [B] target words of the reference.
    """

    batch: Batch
    present: Tensor
    lengths: Tensor
    rewards: Tensor
    words: Tensor


def search_candidates(
    network: Seq2Seq, batch: Batch, count: int, search: SearchOptions, with_reference: bool = False
) -> Candidates:
    """The `count` best hypotheses of a beam search without dropout. The search draws no random numbers.

    Args:
        search: its options, except for `beam_size`, `n_best` and `allow_unk`: no candidate has an unknown word.
        with_reference: the reference is one more candidate. A hypothesis that equals it is not present.
    """
    training = network.training
    network.eval()
    try:
        found = generate(network, batch, replace(search, beam_size=count, n_best=count, allow_unk=False))
    finally:
        network.train(training)
    vocabulary = network.vocabulary
    reference = batch.targets.where(batch.targets != vocabulary.eos, vocabulary.pad)
    width = max(found.tokens.shape[2], reference.shape[1])
    reference = functional.pad(reference, (0, width - reference.shape[1]), value=vocabulary.pad).unsqueeze(1)
    tokens = functional.pad(found.tokens, (0, width - found.tokens.shape[2]), value=vocabulary.pad)
    lengths, present = found.lengths, found.scores > -torch.inf
    ended = lengths < search.max_length
    if with_reference:
        present = present & (tokens != reference).any(dim=2)
        tokens, yes = torch.cat([tokens, reference], dim=1), torch.ones_like(present[:, :1])
        lengths = torch.cat([lengths, (reference != vocabulary.pad).sum(dim=2)], dim=1)
        present, ended = torch.cat([present, yes], dim=1), torch.cat([ended, yes], dim=1)
    references = reference.expand_as(tokens).flatten(0, 1)
    rewards = token_rouge(tokens.flatten(0, 1), references, vocabulary.pad).mean(dim=1).view(present.shape)
    summary = functional.pad(tokens.flatten(0, 1), (1, 1), value=vocabulary.pad)
    summary[:, 0] = vocabulary.bos
    ends = torch.full_like(lengths, vocabulary.eos).where(ended, vocabulary.pad)
    summary.scatter_(1, lengths.view(-1, 1) + 1, ends.view(-1, 1))
    targets = (lengths + ended).where(present, 0)
    longest = int(targets.max())
    summary, mask = summary[:, : longest + 1], length_mask(targets.flatten(), longest)
    needs_words = network.training_vocabulary is not None
    words = distinct_words(vocabulary.size, batch.words, summary.cpu()) if needs_words else batch.words
    proposed = replace(batch, summary=summary, summary_mask=mask, target_positions=true_positions(mask), words=words)
    return Candidates(proposed, present, targets, rewards, batch.summary_mask.sum(dim=1))


CandidateLoss = Callable[[Candidates, Tensor], Tensor]
"""candidates, their log-probabilities [B, K] -> the loss of each document [B], with a gradient."""


def term_of_candidates(network: Seq2Seq, candidates: Candidates, loss: CandidateLoss) -> Tensor:
    """A term of the training loss, a scalar: the loss of each document times the target words of its reference.

    Divided by the target words of an optimizer step, it is a mean. Each document has the weight that it has in the
    likelihood, and batches of any sizes give the same gradient.

    The output layer computes no gradient of single log-probabilities. So the log-probabilities come first, without
    gradient. The slope of the loss at them gives the target weights of a cross-entropy, whose gradient is that of the
    loss by the chain rule. Dropout acts as in the likelihood.
    """
    steps = network.target_steps(network.teacher_forced(candidates.batch))
    words = network.training_words(candidates.batch)
    with torch.no_grad():
        of_words = network.output.loss(steps, 0.0, words)[1]
    positions, mask = candidates.batch.target_positions, candidates.batch.summary_mask
    by_candidate = of_words.new_zeros(mask.numel()).index_copy_(0, positions, of_words).view(mask.shape)
    log_probs = by_candidate.sum(dim=1).view(candidates.present.shape).requires_grad_()
    value = (candidates.words * loss(candidates, log_probs)).sum()
    (slope,) = torch.autograd.grad(value, log_probs)
    weights = -slope.flatten().index_select(0, positions // mask.shape[1])
    surrogate = network.output.loss(steps._replace(weights=weights), 0.0, words)[0]
    return value.detach() + (surrogate - surrogate.detach())


def expected_risk(candidates: Candidates, log_probs: Tensor, sharpness: float) -> Tensor:
    """sum_k q_k (1 - reward_k) with q_k = p_k^sharpness / sum_j p_j^sharpness (Shen et al. 2016, equations 8 and 9)."""
    shares = (sharpness * log_probs).masked_fill(~candidates.present, -torch.inf).softmax(dim=1)
    return (shares * (1 - candidates.rewards)).sum(dim=1)


def ranking_loss(candidates: Candidates, log_probs: Tensor, length_penalty: float, margin: float) -> Tensor:
    """The mean over all pairs of max(0, f_j - f_i + (j - i) margin) (Liu et al. 2022, equations 8 and 9, with the sum).

    Candidate i has a higher reward than candidate j. The indices are places in the order by reward. f is the score of a
    search: log p / length^length_penalty. Pairs with equal rewards add nothing.
    """
    scores = log_probs / candidates.lengths.clamp(min=1) ** length_penalty
    rewards, order = candidates.rewards.where(candidates.present, -1).sort(dim=1, descending=True, stable=True)
    scores, present = scores.gather(1, order), candidates.present.gather(1, order)
    place = torch.arange(scores.shape[1], device=scores.device)
    gap = margin * (place.unsqueeze(0) - place.unsqueeze(1))
    preferred = (rewards.unsqueeze(2) > rewards.unsqueeze(1)) & present.unsqueeze(1)
    excess = (scores.unsqueeze(1) - scores.unsqueeze(2) + gap).relu() * preferred
    pairs = present.sum(dim=1) * (present.sum(dim=1) - 1) / 2
    return excess.sum(dim=(1, 2)) / pairs.clamp(min=1)
