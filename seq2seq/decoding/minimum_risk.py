"""Minimum Bayes risk decoding: of the hypotheses of a beam, the one with the highest expected ROUGE."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..token_rouge import token_rouge
from .hypotheses import Hypotheses, gather_tokens
from .options import SearchOptions

PAIRS_AT_ONCE = 8192
"""Pairs of hypotheses that are compared in one call, which bounds memory."""


def minimum_risk(found: Hypotheses, options: SearchOptions, pad_id: int) -> Hypotheses:
    """The `options.n_best` hypotheses with the highest expected utility, best first (Kumar and Byrne 2004).

    The expectation is over the hypotheses of the same example. Their probabilities are p^(1/temperature), normalised.
    The utility of two hypotheses is the mean of ROUGE-1, ROUGE-2 and ROUGE-L between their ids. Equal expectations keep
    their order. Scores and log-probabilities stay those of the search.

    Args:
        found: [B, n] hypotheses.
    """
    probabilities = (found.log_probs / options.risk_temperature).softmax(dim=1)
    expected = (utilities(found.tokens, pad_id).to(probabilities) @ probabilities.unsqueeze(2)).squeeze(2)
    expected = expected.masked_fill(found.log_probs == -math.inf, -math.inf)
    order = expected.argsort(dim=1, descending=True, stable=True)[:, : options.n_best]
    lengths = found.lengths.gather(1, order)
    tokens = gather_tokens(found.tokens, order)[:, :, : int(lengths.max())]
    return Hypotheses(tokens, lengths, found.scores.gather(1, order), found.log_probs.gather(1, order))


def utilities(tokens: Tensor, pad_id: int) -> Tensor:
    """Mean of ROUGE-1, ROUGE-2 and ROUGE-L between the hypotheses of each example: tokens [B, n, T] -> [B, n, n].

    The utility of a hypothesis for itself is 1, also if it is too short for a bigram.
    """
    count = tokens.shape[1]
    first, second = torch.triu_indices(count, count, offset=1, device=tokens.device)
    result = torch.eye(count, device=tokens.device).repeat(len(tokens), 1, 1)
    size = max(1, PAIRS_AT_ONCE // max(1, len(first)))
    for part, utility in zip(tokens.split(size), result.split(size), strict=True):
        rouge = token_rouge(part[:, first].flatten(0, 1), part[:, second].flatten(0, 1), pad_id)
        mean = rouge.mean(dim=1).view(len(part), -1)
        utility[:, first, second] = mean
        utility[:, second, first] = mean
    return result
