"""Scores of one or several systems on the same pairs, with intervals and tests against the first system.

result = compare(references, {"ours": headlines, "theirs": others}, documents)
result.systems[0].scores["rouge1.f1"].value
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from seq2seq.errors import UserError

from .doubts import doubts
from .figures import describe
from .options import RougeOptions
from .rouge import ALL_KINDS, MEASURES, score_references
from .signature import Signature, reference_counts, tokenizer_used
from .significance import Metric, Resampled, resample
from .translation import translation_metric
from .words import uses_unicode

ROUGE_NAMES = tuple(f"{kind}.{measure}" for kind in ALL_KINDS for measure in MEASURES)
"""rouge1.f1, rouge1.precision, ..., rougeLsum.recall."""


@dataclass(frozen=True)
class Estimate:
    """A score in percent, and the ends of its 95 % interval (None without trials)."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """The score of a system minus that of the first one, in percent points, and two-sided p-values.

    Args:
        bootstrap_p: paired bootstrap (Koehn 2004).
        randomization_p: approximate randomisation (Riezler and Maxwell 2005).
    """

    value: float
    bootstrap_p: float
    randomization_p: float


@dataclass(frozen=True)
class System:
    """The results of one system.

    Args:
        scores: by name: rouge1.f1, rouge1.precision, rouge1.recall, rouge2.f1, ..., bleu, chrf.
        differences: from the first system, by the same names; empty for the first system and without trials.
        figures: by the names of `FIGURES`; NaN if a figure is not defined, such as a precision of no numbers.
    """

    name: str
    scores: dict[str, Estimate]
    differences: dict[str, Difference]
    figures: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """The results of all systems.

    Args:
        pairs: number of predictions of each system.
        signature: the settings of ROUGE and of the trials.
        other_signatures: those of sacreBLEU, by the name of the score.
        doubts: reasons why ROUGE can mislead here, one line each.
    """

    systems: list[System]
    pairs: int
    signature: Signature
    other_signatures: dict[str, str]
    doubts: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The results as values of JSON: a figure that is not defined is None."""
        systems = [asdict(system) for system in self.systems]
        for system in systems:
            system["figures"] = {k: None if math.isnan(v) else v for k, v in system["figures"].items()}
        signatures = {"rouge": str(self.signature), **self.other_signatures}
        return {"pairs": self.pairs, "signatures": signatures, "doubts": self.doubts, "systems": systems}


def compare(
    references: Sequence[str | Sequence[str]],
    systems: Mapping[str, Sequence[str]],
    documents: Sequence[str] | None = None,
    options: RougeOptions = RougeOptions(),  # noqa: B008 (frozen)
    *,
    translation: Iterable[str] = (),
    trials: int = 10_000,
    seed: int = 1,
) -> Comparison:
    """Scores systems on the same pairs. Text n of each argument belongs to pair n.

    Args:
        references: for each pair one text, or a list of texts.
        systems: by its name, the predictions of each system. The first system is the one to compare with.
        documents: for the figures about novel words, copied spans, names and numbers.
        options: the settings of ROUGE.
        translation: further scores, of bleu and chrf.
        trials: number of trials of intervals and tests; 0 leaves them out.
        seed: of the trials.

    Raises UserError for texts that are not equally many, and for a pair without a reference.
    """
    groups = [[group] if isinstance(group, str) else list(group) for group in references]
    _check(groups, systems, documents)
    texts = list(systems.values())
    metrics, signatures = {"rouge": rouge_metric(groups, texts, options)}, {}
    for name in translation:
        metrics[name], signatures[name] = translation_metric(name, groups, texts)
    results = [(metric, resample(metric, trials, seed)) for metric in metrics.values()]
    found = []
    for position, (name, predictions) in enumerate(systems.items()):
        scores: dict[str, Estimate] = {}
        differences: dict[str, Difference] = {}
        for metric, result in results:
            scores |= _estimates(metric, result, position)
            if position and trials:
                differences |= _differences(metric, result, position)
        found.append(System(name, scores, differences, describe(documents, predictions)))
    pairs = [
        (reference, text) for group, *row in zip(groups, *texts, strict=True) for reference in group for text in row
    ]
    unicode = sum(uses_unicode(options.tokenizer, pair) for pair in pairs)
    used = replace(options, tokenizer=tokenizer_used(options.tokenizer, unicode, len(pairs)))
    signature = Signature(ALL_KINDS, MEASURES, reference_counts(groups), used, trials, seed)
    return Comparison(found, len(groups), signature, signatures, list(doubts(pairs, options.tokenizer).values()))


def rouge_metric(
    references: Sequence[Sequence[str]], systems: Sequence[Sequence[str]], options: RougeOptions
) -> Metric:
    """ROUGE as a metric: the statistics of a pair are its scores, and a score is their mean in percent."""
    pairs = len(references)
    statistics = [
        np.array(
            [score_references(group, text, options).ravel() for group, text in zip(references, texts, strict=True)]
        )
        for texts in systems
    ]
    return Metric(ROUGE_NAMES, statistics, lambda sums: 100 * sums / pairs)


def _estimates(metric: Metric, result: Resampled, position: int) -> dict[str, Estimate]:
    values = result.scores[position].tolist()
    if not len(result.bounds):
        return dict(zip(metric.names, map(Estimate, values), strict=True))
    bounds = result.bounds[position].tolist()
    return {n: Estimate(v, *ends) for n, v, ends in zip(metric.names, values, bounds, strict=True)}


def _differences(metric: Metric, result: Resampled, position: int) -> dict[str, Difference]:
    values = (result.scores[position] - result.scores[0]).tolist()
    p_values = (result.bootstrap_p[position - 1].tolist(), result.randomization_p[position - 1].tolist())
    return dict(zip(metric.names, map(Difference, values, *p_values), strict=True))


def _check(references: list[list[str]], systems: Mapping[str, Sequence[str]], documents: Sequence[str] | None) -> None:
    if not references or not systems:
        raise UserError("there is nothing to score; give at least one reference and one system")
    for position, group in enumerate(references):
        if not group:
            raise UserError(f"references[{position}]: there is no reference; give at least one")
    others = {f"system {name!r}": texts for name, texts in systems.items()}
    if documents is not None:
        others["documents"] = documents
    for name, texts in others.items():
        if len(texts) != len(references):
            raise UserError(
                f"{name}: {len(texts)} texts for {len(references)} references; text n belongs to reference n, so both"
                " need the same number"
            )
