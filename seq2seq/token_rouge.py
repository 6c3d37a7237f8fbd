"""ROUGE between sequences of token ids, for many pairs at once: the utility of searches and of training for a measure.

Scores of texts are in `scoring/`. This module needs ids alone, so that `decoding/` and `training/` can import it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def token_rouge(hypotheses: Tensor, references: Tensor, pad: int) -> Tensor:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) of each row's hypothesis and reference.

    The figures equal those of rouge-score, if each id is one word. F1 is symmetric in its two arguments.

    Args:
        hypotheses: [N, T] ids, with padding at the end of a row alone.
        references: [N, U] ids, likewise.
        pad: the id of padding.

    Returns:
        [N, 3] float32 in 0..1; 0 where the hypothesis or the reference has no n-gram.
    """
    real, real_reference = hypotheses != pad, references != pad
    same = hypotheses.unsqueeze(2) == hypotheses.unsqueeze(1)  # [N, T, T]
    match = (hypotheses.unsqueeze(2) == references.unsqueeze(1)) & real.unsqueeze(2)  # [N, T, U]
    common = [
        _clipped_matches(same, match, real),
        _clipped_matches(_bigrams(same), _bigrams(match), real[:, 1:]),
        _longest_common_subsequence(match),
    ]
    total = (real.sum(dim=1) + real_reference.sum(dim=1)).unsqueeze(1)
    grams = total - torch.tensor([0, 2, 0], device=total.device)
    return (2 * torch.stack(common, dim=1) / grams.clamp(min=1)).float()


def _bigrams(equal: Tensor) -> Tensor:
    """Equality of tokens [N, T, U] -> equality of bigrams [N, T-1, U-1], each at its first token."""
    return equal[:, :-1, :-1] & equal[:, 1:, 1:]


def _clipped_matches(same: Tensor, match: Tensor, real: Tensor) -> Tensor:
    """The number of n-grams in common. An n-gram counts as often as the hypothesis and the reference both have it.

    The k-th occurrence of an n-gram in the hypothesis counts if the reference has the n-gram at least k times.

    Args:
        same: [N, G, G] True where two n-grams of the hypothesis are equal.
        match: [N, G, R] True where an n-gram of the hypothesis equals one of the reference.
        real: [N, G] True where the n-gram has no padding.

    Returns:
        [N] counts.
    """
    earlier = same.tril(diagonal=-1).sum(dim=2)
    return ((earlier < match.sum(dim=2)) & real).sum(dim=1)


def _longest_common_subsequence(match: Tensor) -> Tensor:
    """The length [N] of the longest common subsequence, from the equality of tokens [N, T, U].

    The loop has one step for each token of the hypothesis. `longest` [N, U+1] has the lengths for the tokens so far and
    each prefix of the reference. A running maximum over the prefixes replaces a loop over the reference.
    """
    longest = match.new_zeros(len(match), match.shape[2] + 1, dtype=torch.int16)
    for token in match.unbind(dim=1):
        longest[:, 1:] = torch.maximum(longest[:, 1:], longest[:, :-1] + token).cummax(dim=1).values
    return longest[:, -1].long()
