"""What training minimises: an objective maps a batch to named terms of the loss.

A new objective is one function and one line in `OBJECTIVES`. `model.objective.name` chooses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from seq2seq.batch import Batch
from seq2seq.decoding import SearchOptions
from seq2seq.model.network import Seq2Seq
from seq2seq.options import When, check_limits, limited

from .candidates import expected_risk, ranking_loss, search_candidates, term_of_candidates

WITHOUT_CANDIDATES = When("name", lambda o: o.name == "likelihood")


@dataclass(frozen=True)
class ObjectiveOptions:
    """What training minimises.

    Args:
        name: likelihood; minimum_risk (Shen et al. 2016), the expected loss of ROUGE over the best hypotheses of a beam
            search; or ranking (Liu et al. 2022), which orders these hypotheses by ROUGE. The last two start from
            trained weights (fit --init_from) with a low learning rate.
        candidates: hypotheses of each document, found in each step by a beam search of this width with the options of
            `model.search`.
        likelihood_weight: share of the likelihood in the loss; the term over the candidates has the rest.
        sharpness: exponent (alpha) of the candidates' probabilities before they are renormalised, in minimum_risk.
        with_reference: the reference is one more candidate.
        margin: least difference of the scores of two neighbours in the order by ROUGE, in ranking.
    """

    name: str = limited("likelihood", choices=lambda: OBJECTIVES)
    candidates: int = limited(8, minimum=2, unused=[WITHOUT_CANDIDATES])
    likelihood_weight: float = limited(0.25, minimum=0, maximum=1, unused=[WITHOUT_CANDIDATES])
    sharpness: float = limited(1.0, above=0, unused=[When("name", lambda o: o.name != "minimum_risk")])
    with_reference: bool = limited(False, unused=[WITHOUT_CANDIDATES])
    margin: float = limited(0.01, minimum=0, unused=[When("name", lambda o: o.name != "ranking")])

    def __post_init__(self) -> None:
        check_limits(self, "objective")


Objective = Callable[[Seq2Seq, Batch, int, ObjectiveOptions, SearchOptions], tuple[dict[str, Tensor], Tensor]]
"""network in training mode, batch, optimizer steps done, options, options of the search -> named terms, each a sum over
the batch's M target words, and the log-likelihoods [M] of these words, without gradient."""


def likelihood(
    network: Seq2Seq, batch: Batch, step: int, options: ObjectiveOptions, search: SearchOptions
) -> tuple[dict[str, Tensor], Tensor]:
    """The terms of the network: the cross-entropy of the references, and further terms of `network.loss_terms`."""
    return network.loss(batch, step)


def minimum_risk(
    network: Seq2Seq, batch: Batch, step: int, options: ObjectiveOptions, search: SearchOptions
) -> tuple[dict[str, Tensor], Tensor]:
    """The expected risk of the candidates (`candidates.expected_risk`) beside the likelihood."""
    candidates = search_candidates(network, batch, options.candidates, search, options.with_reference)
    risk = term_of_candidates(network, candidates, lambda c, log_probs: expected_risk(c, log_probs, options.sharpness))
    return _mixed("risk", risk, network.loss(batch, step), options)


def ranking(
    network: Seq2Seq, batch: Batch, step: int, options: ObjectiveOptions, search: SearchOptions
) -> tuple[dict[str, Tensor], Tensor]:
    """The ranking loss of the candidates (`candidates.ranking_loss`) beside the likelihood."""
    candidates = search_candidates(network, batch, options.candidates, search, options.with_reference)
    exponent, margin = search.length_penalty, options.margin
    wrong = term_of_candidates(network, candidates, lambda c, log_probs: ranking_loss(c, log_probs, exponent, margin))
    return _mixed("ranking", wrong, network.loss(batch, step), options)


def _mixed(
    name: str, term: Tensor, likelihood: tuple[dict[str, Tensor], Tensor], options: ObjectiveOptions
) -> tuple[dict[str, Tensor], Tensor]:
    """A term over candidates and the terms of the network, with their weights."""
    terms, log_likelihoods = likelihood
    weight = options.likelihood_weight
    return {name: (1 - weight) * term} | {key: weight * value for key, value in terms.items()}, log_likelihoods


OBJECTIVES: dict[str, Objective] = {"likelihood": likelihood, "minimum_risk": minimum_risk, "ranking": ranking}
