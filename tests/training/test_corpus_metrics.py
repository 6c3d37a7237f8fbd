"""BLEU and chrF in `validate` and `test`: those of sacreBLEU for the whole split, on any number of processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, config, read_jsonl, run, write_config

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.errors import UserError
from seq2seq.inference import Headline
from seq2seq.scoring import CORPUS_METRICS, ScoringOptions, WordOptions
from seq2seq.training.evaluation import Prediction, gather_predictions, score_predictions, score_split
from seq2seq.training.monitors import direction

sacrebleu = pytest.importorskip("sacrebleu", reason="the package sacrebleu is not installed")

VOCABULARY = Vocabulary(size=9, pad=0, bos=1, eos=2, unk=3)
BOTH = ScoringOptions(metrics=["bleu", "chrf"])
REFERENCES = ["The train leaves at half past eight.", "It is the third of May.", "No.", "We are going to Rome by bus."]
FOUND = ["The train leaves at eight.", "It is the third of May.", "", "We are going by bus to Rome today."]


def scored(rows: list[int], scoring: ScoringOptions = BOTH) -> list[Prediction]:
    """Scored predictions for some of the examples, as one process has them."""
    if not rows:
        return []
    batch = make_batch([[4]] * len(rows), [[4]] * len(rows), [[]], VOCABULARY)
    found = [Prediction(i, [Headline(FOUND[i], 0.0, 0.0)], "d", REFERENCES[i]) for i in rows]
    return score_predictions(found, batch, torch.zeros(2 * len(rows)), scoring)


def test_the_score_of_a_split_is_that_of_the_corpus() -> None:
    """For all batches in any order: the counts are summed, and BLEU is no mean over pairs."""
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    expected = {s.name.lower()[:4]: s.score for s in (m.corpus_score(FOUND, [REFERENCES]) for m in (bleu, chrf))}
    for batches in ([[0, 1, 2, 3]], [[3], [], [1, 2], [0]]):
        outcome = score_split(gather_predictions([p for rows in batches for p in scored(rows)], 1), BOTH)
        assert outcome.scores["bleu"] == expected["bleu"]
        assert outcome.scores["chrf"] == expected["chrf"]
    pairs = [bleu.corpus_score([f], [[r]]).score for f, r in zip(FOUND, REFERENCES, strict=True)]
    assert abs(sum(pairs) / 4 - expected["bleu"]) > 1
    assert outcome.metric_signatures == {"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())}
    assert f"bleu {expected['bleu']:.2f}" in outcome.line()


def test_a_split_without_metrics_or_without_examples() -> None:
    assert not {"bleu", "chrf"} & score_split(scored([0]), ScoringOptions()).scores.keys()
    assert score_split([], BOTH).scores["bleu"] == 0.0
    assert set(score_split([], BOTH).metric_signatures) == {"bleu", "chrf"}


def test_options() -> None:
    assert direction("checkpoint", "validation/bleu", None) == "max"
    with pytest.raises(UserError, match="min would choose the worst validation/chrf"):
        direction("checkpoint", "validation/chrf", "min")
    with pytest.raises(UserError, match=r"scoring.metrics: 'blue' is none of bleu, chrf; did you mean 'bleu'"):
        ScoringOptions(metrics=["blue"])
    with pytest.raises(UserError, match="give each name once"):
        ScoringOptions(metrics=["bleu", "bleu"])
    assert not hasattr(WordOptions(), "metrics")


class ExactMatches:
    """A metric of a plugin: the share of equal texts."""

    def counts(self, predictions: Any, references: Any) -> list[list[int]]:
        return [[int(p in group), 1] for p, group in zip(predictions, references, strict=True)]

    def score(self, sums: Any) -> float:
        return 100 * sums[0] / sums[1]

    def signature(self, references: Any) -> str:
        return "exact"


def test_a_registered_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CORPUS_METRICS, "exact", ExactMatches)
    options = ScoringOptions(metrics=["exact"])
    outcome = score_split(scored([0, 1, 2, 3], options), options)
    assert outcome.scores["exact"] == 25.0
    assert outcome.metric_signatures == {"exact": "exact"}
    assert direction("early_stopping", "validation/exact", None) == "max"


def test_the_commands(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`test` writes both scores with their signatures; they are those of sacreBLEU for predictions.jsonl."""
    file = write_config(tmp_path / "a.yaml", config(trained.corpus, tmp_path, scoring={"metrics": ["bleu", "chrf"]}))
    assert run("test", "--config", file, "--ckpt_path", trained.best) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    lines = read_jsonl(tmp_path / "predictions.jsonl")
    texts, references = [line["prediction"] for line in lines], [[line["reference"] for line in lines]]
    for name, metric in (("bleu", sacrebleu.BLEU()), ("chrf", sacrebleu.CHRF())):
        assert metrics[name] == metric.corpus_score(texts, references).score
        assert metrics["settings"]["metric_signatures"][name] == str(metric.get_signature())
    assert metrics["settings"]["scoring"]["metrics"] == ["bleu", "chrf"]
    capsys.readouterr()


def test_a_monitor_that_is_not_computed(
    trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_config(tmp_path / "a.yaml", config(trained.corpus, tmp_path))
    assert run("fit", "--config", file, "--checkpoint.monitor", "validation/bleu") != 0
    assert "validation/bleu is not computed; add bleu to scoring.metrics" in capsys.readouterr().err


def test_without_sacrebleu_the_error_comes_before_the_training(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_config(tmp_path / "a.yaml", config(trained.corpus, tmp_path / "run"))
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu", None)
    assert run("fit", "--config", file, "--scoring.metrics", "[bleu]") != 0
    assert 'bleu: sacrebleu not installed; pip install "seq2seq-headlines[score]"' in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
