"""Evaluation of a split: a prediction for each example, gathered over all ranks, scored in the order of the corpus.

Each rank scores its own examples. The mean over the split is computed from all of them in corpus order, so every
number of processes gives the same scores, to the last digit.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import fsum
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed

from seq2seq.batch import Batch
from seq2seq.data.tokenizer import Tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.inference import Headline, generate, headlines, search_facts
from seq2seq.model.ensemble import Ensemble
from seq2seq.model.network import Seq2Seq
from seq2seq.scoring import (
    KINDS,
    SETTINGS,
    RougeOptions,
    ScoringOptions,
    Signature,
    corpus_metric,
    describe,
    doubts,
    mean_scores,
    score_pair,
    tokenizer_used,
    uses_unicode,
)

NO_HEADLINE = Headline("", 0.0, 0.0)


class Prediction(NamedTuple):
    """The result of one example.

    Args:
        row: position in the split.
        hypotheses: the n best headlines, best first.
        document, reference: the texts of the example; None if there is no reference, as `predict` allows.
        rouge: F1 of ROUGE-1, ROUGE-2 and ROUGE-L, in [0, 1].
        log_likelihood: log-probability of the encoded reference.
        words: tokens of the encoded reference, end symbol included.
        counts: for each of `scoring.metrics` the counts of this example.
    """

    row: int
    hypotheses: list[Headline]
    document: str
    reference: str | None
    rouge: tuple[float, float, float] = (0.0, 0.0, 0.0)
    log_likelihood: float = 0.0
    words: int = 0
    counts: tuple[Sequence[int], ...] = ()

    @property
    def text(self) -> str:
        """The best headline."""
        return self.hypotheses[0].text

    def record(self) -> dict[str, Any]:
        """The line of a prediction file: document, reference, prediction; with n-best also hypotheses and scores."""
        texts = {"document": self.document, "reference": self.reference, "prediction": self.text}
        return texts | ({"hypotheses": [h._asdict() for h in self.hypotheses]} if len(self.hypotheses) > 1 else {})


class Outcome(NamedTuple):
    """The predictions of a split in corpus order, its scores, and how they were scored."""

    predictions: list[Prediction]
    scores: dict[str, float]
    scoring: ScoringOptions = ScoringOptions()

    @property
    def unicode_pairs(self) -> int:
        """The number of predictions whose ROUGE compares Unicode words."""
        return sum(uses_unicode(self.scoring.tokenizer, (p.reference or "", p.text)) for p in self.predictions)

    @property
    def rouge_settings(self) -> str:
        """The settings of ROUGE and the kind of its words, in one line."""
        unicode, total = self.unicode_pairs, len(self.predictions)
        words = "rouge" if not unicode else f"unicode (all {total})" if unicode == total else None
        return f"{SETTINGS}; words: {words or f'unicode for {unicode} of {total}'}"

    @property
    def signature(self) -> Signature:
        """The settings of ROUGE in the form that `seq2seq score` prints."""
        tokenizer = tokenizer_used(self.scoring.tokenizer, self.unicode_pairs, len(self.predictions))
        return Signature(options=RougeOptions(tokenizer))

    @property
    def metric_signatures(self) -> dict[str, str]:
        """The signature of each of `scoring.metrics`."""
        references = [[p.reference or ""] for p in self.predictions] or [[""]]
        return {name: corpus_metric(name).signature(references) for name in self.scoring.metrics}

    def line(self) -> str:
        """The scores in one line."""
        s = self.scores
        metrics = "".join(f"{name} {s[name]:.2f}  " for name in self.scoring.metrics)
        rouge = metrics + "  ".join(f"ROUGE-{kind[5:]} {s[kind]:.2f}" for kind in KINDS)
        rest = f"<unk> in {s['unk_share']:.1f} %  novel words {s['novel_unigrams']:.1f} %"
        return f"{rouge}  ({self.rouge_settings}; {len(self.predictions)} examples)  loss {s['loss']:.3f}  {rest}"

    def doubts(self) -> dict[str, str]:
        """Reasons why ROUGE can mislead in this split, one line each. Key: the kind of the reason."""
        pairs = [(p.reference or "", p.text) for p in self.predictions]
        return doubts(pairs, self.scoring.tokenizer, "--scoring.tokenizer", "--checkpoint.monitor validation/loss")


class Doubts:
    """Warns once in a run of each kind of doubtful scores."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def report(self, split: str, outcome: Outcome) -> None:
        for kind, text in outcome.doubts().items():
            if kind not in self._reported:
                self._reported.add(kind)
                logging.getLogger(__name__).warning("%s: %s", split, text)


def make_predictions(batch: Batch, hypotheses: Sequence[list[Headline]], eos: int) -> list[Prediction]:
    """Predictions without scores, one for each example of a batch.

    A document without a token is encoded as the end symbol `eos`, and has an empty headline, as in `decode`.
    """
    empty = (batch.document[:, 0] == eos).tolist()
    found = [[NO_HEADLINE] if is_empty else best for is_empty, best in zip(empty, hypotheses, strict=True)]
    return list(map(Prediction, batch.rows, found, batch.documents, batch.references))


def predict(network: Seq2Seq | Ensemble, tokenizer: Tokenizer, batch: Batch, search: SearchOptions) -> list[Prediction]:
    """Predictions without scores, by a search. A rank without examples left gives none."""
    if not len(batch):
        return []
    found = headlines(tokenizer, generate(network, batch, search, search_facts(tokenizer, search)), batch.oov)
    return make_predictions(batch, found, network.vocabulary.eos)


def score_predictions(
    predictions: Sequence[Prediction],
    batch: Batch,
    log_likelihoods: Tensor,
    scoring: ScoringOptions = ScoringOptions(),  # noqa: B008 (frozen)
) -> list[Prediction]:
    """Adds scores to the predictions of a batch.

    Args:
        log_likelihoods: [M] log-probabilities of the batch's target words.
        scoring: how texts are compared.
    """
    examples = batch.target_positions.cpu() // batch.summary_mask.shape[1]
    sums = torch.zeros(len(batch), dtype=torch.float64).index_add_(0, examples, log_likelihoods.cpu().double())
    words = batch.summary_mask.sum(dim=1).tolist()
    texts, references = [p.text for p in predictions], [p.reference or "" for p in predictions]
    rouge = [score_pair(*pair, scoring.tokenizer) for pair in zip(references, texts, strict=True)]
    counts = [corpus_metric(name).counts(texts, [[r] for r in references]) for name in scoring.metrics]
    columns = zip(predictions, rouge, sums.tolist(), words, *counts, strict=True)
    return [
        p._replace(rouge=scores, log_likelihood=log_likelihood, words=count, counts=tuple(own))
        for p, scores, log_likelihood, count, *own in columns
    ]


def gather_predictions(predictions: list[Prediction], world_size: int) -> list[Prediction]:
    """The predictions of all ranks in corpus order, on every rank."""
    parts: list[Any] = [predictions]
    if world_size > 1:
        parts = [None] * world_size
        distributed.all_gather_object(parts, predictions)
    return sorted((p for part in parts for p in part), key=lambda p: p.row)


def score_split(
    predictions: list[Prediction],
    scoring: ScoringOptions = ScoringOptions(),  # noqa: B008 (frozen)
) -> Outcome:
    """Scores of a whole split: mean ROUGE, every registered figure, loss and perplexity per target word, and
    `scoring.metrics`, from the sums of their counts.

    Args:
        scoring: the options with which `score_predictions` has compared the texts.
    """
    texts = [p.text for p in predictions]
    loss = -fsum(p.log_likelihood for p in predictions) / max(sum(p.words for p in predictions), 1)
    scores = mean_scores([p.rouge for p in predictions]) | describe([p.document for p in predictions], texts)
    scores |= {"loss": loss, "perplexity": float(torch.tensor(loss, dtype=torch.float64).exp())}
    for position, name in enumerate(scoring.metrics):
        sums = [sum(column) for column in zip(*(p.counts[position] for p in predictions), strict=True)]
        scores[name] = corpus_metric(name).score(sums) if sums else 0.0
    return Outcome(predictions, scores, scoring)
