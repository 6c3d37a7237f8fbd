"""Evaluation: batches carry their texts, scores are those of the whole split, a registered figure is a score."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import config, pairs, process, read_jsonl, run, write_config, write_corpus, write_jsonl

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.data.corpora import CorpusOptions
from seq2seq.inference import Headline
from seq2seq.scoring import CORPUS_METRICS, ScoringOptions
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.evaluation import (
    Outcome,
    Prediction,
    gather_predictions,
    make_predictions,
    score_predictions,
    score_split,
)
from seq2seq.training.monitors import figure_names

VOCABULARY = Vocabulary(size=9, pad=0, bos=1, eos=2, unk=3)


def test_only_evaluation_batches_carry_their_texts(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    data = HeadlineData(CorpusOptions(**corpus), eval_tokens=60, max_document_tokens=30)
    for loader, split in ((data.val_dataloader(), "validation"), (data.test_dataloader(), "test")):
        source, seen = read_jsonl(Path(corpus[split])), []
        for batch in loader:
            assert batch.documents == [source[row]["document"] for row in batch.rows]
            assert batch.references == [source[row]["summary"] for row in batch.rows]
            seen += batch.rows
        assert sorted(seen) == list(range(len(source)))
    assert all(batch.documents == batch.references == [] for batch in data.train_dataloader())


def test_scores_by_hand() -> None:
    """Two examples with 2 and 3 target words; the second document is empty, so its headline is empty."""
    batch = make_batch([[4, 5], []], [[4], [5, 6]], [[], []], VOCABULARY, rows=[8, 3])
    batch.documents, batch.references = ["four five", ""], ["four", "five six"]
    found = make_predictions(batch, [[Headline("four", 0.0, 0.0)], [Headline("five", 0.0, 0.0)]], VOCABULARY.eos)
    assert [p.text for p in found] == ["four", ""]
    scored = score_predictions(found, batch, torch.tensor([-1.0, -2.0, -0.5, -0.25, -0.25]))
    assert [(p.log_likelihood, p.words, p.rouge) for p in scored] == [(-3.0, 2, (1.0, 0.0, 1.0)), (-1.0, 3, (0, 0, 0))]
    outcome = score_split(gather_predictions(scored, world_size=1))
    assert [p.row for p in outcome.predictions] == [3, 8]
    assert outcome.scores["rouge1"] == 50.0
    assert outcome.scores["loss"] == pytest.approx(4 / 5)
    assert outcome.scores["perplexity"] == pytest.approx(math.exp(4 / 5))
    assert outcome.scores["empty"] == 1
    asked_for = {f"validation/{name}" for name in CORPUS_METRICS}
    assert {f"validation/{name}" for name in outcome.scores} | asked_for | {"train/loss"} == set(figure_names())


def outcome_of(*texts: tuple[str, str], tokenizer: Any = "auto") -> Outcome:
    """The outcome of a split with these references and predictions."""
    scoring, batch = ScoringOptions(tokenizer), make_batch([[4]] * len(texts), [[4]] * len(texts), [[]], VOCABULARY)
    found = [Prediction(i, [Headline(p, 0.0, 0.0)], "d", r) for i, (r, p) in enumerate(texts)]
    return score_split(score_predictions(found, batch, torch.zeros(2 * len(texts)), scoring), scoring)


ENGLISH, HINDI = ("fire in Essen", "fire in Faro"), ("आग", "आग")


def test_the_kind_of_words_is_named() -> None:
    for texts, tokenizer, words in (
        ([ENGLISH], "auto", "rouge"),
        ([HINDI, ("fire", "आग")], "auto", "unicode (all 2)"),
        ([ENGLISH, HINDI, ENGLISH], "auto", "unicode for 1 of 3"),
        ([ENGLISH, HINDI], "rouge", "rouge"),
        ([ENGLISH, HINDI], "unicode", "unicode (all 2)"),
        ([], "auto", "rouge"),
    ):
        outcome = outcome_of(*texts, tokenizer=tokenizer)
        assert outcome.rouge_settings == f"rouge-score F1, stemmer on, percent; words: {words}"
        assert f"({outcome.rouge_settings}; {len(texts)} examples)" in outcome.line()
    assert outcome_of(ENGLISH, HINDI).scores["rouge1"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert outcome_of(ENGLISH, HINDI, tokenizer="rouge").scores["rouge1"] == pytest.approx(100 * (2 / 3) / 2)


def test_misleading_scores_are_named_with_a_cure() -> None:
    assert outcome_of(ENGLISH, ENGLISH).doubts() == outcome_of(HINDI).doubts() == outcome_of().doubts() == {}
    assert outcome_of(ENGLISH, HINDI, tokenizer="rouge").doubts() == {}
    (mixed,) = outcome_of(ENGLISH, HINDI, ENGLISH).doubts().values()
    assert "1 of 3 pairs" in mixed
    assert "--scoring.tokenizer rouge" in mixed
    (zero,) = outcome_of(HINDI, ("", "x"), tokenizer="rouge").doubts().values()
    assert "every ROUGE is 0" in zero
    assert "--scoring.tokenizer auto" in zero
    (zero,) = outcome_of(("🔥", "🔥"), ("", "")).doubts().values()
    assert "--checkpoint.monitor validation/loss" in zero


def test_a_split_of_two_kinds_warns_once_in_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Three validations, one warning. The test split has ASCII texts only."""
    corpus = write_corpus(tmp_path, 8)
    mixed = [*pairs(8), {"document": "Köln meldet Schnee", "summary": "Schnee in Köln"}]
    corpus["validation"] = str(write_jsonl(tmp_path / "mixed.jsonl", mixed))
    changes = {"trainer__max_epochs": 3, "trainer__check_val_every_n_epoch": 1}
    file = write_config(tmp_path / "a.yaml", config(corpus, tmp_path / "run", **changes))
    assert run("fit", "--config", file) == 0
    assert run("test", "--config", file, "--ckpt_path", tmp_path / "run" / "best.ckpt") == 0
    warnings = [record.getMessage() for record in caplog.records if "ROUGE" in record.getMessage()]
    assert len(warnings) == 1
    assert warnings[0].startswith("validation: ROUGE compares Unicode words in 1 of 9 pairs")


def test_a_record_has_hypotheses_only_if_there_are_several() -> None:
    one, two = Headline("a", -1.0, -2.0), Headline("b", -2.0, -4.0)
    texts = {"document": "d", "reference": "r", "prediction": "a"}
    assert Prediction(0, [one], "d", "r").record() == texts
    assert Prediction(0, [one, two], "d", "r").record() == texts | {"hypotheses": [one._asdict(), two._asdict()]}


PLUGIN = """
from seq2seq.scoring import FIGURES

def words_per_document(documents, predictions):
    return sum(len(p.split()) for p in predictions) / len(documents)

FIGURES["words_per_document"] = words_per_document
"""


@pytest.mark.slow
def test_a_plugin_registers_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure chooses the best checkpoint and stands in metrics.json."""
    (tmp_path / "figures.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    monkeypatch.setenv("SEQ2SEQ_PLUGINS", "figures")
    corpus = write_corpus(tmp_path / "corpus", 8)
    changes = {"trainer__max_epochs": 1, "trainer__check_val_every_n_epoch": 1}
    given = config(
        corpus, tmp_path / "run", **changes, checkpoint={"monitor": "validation/words_per_document", "mode": "max"}
    )
    file = write_config(tmp_path / "a.yaml", given)
    for command in (["fit"], ["test", "--ckpt_path", tmp_path / "run" / "best.ckpt"]):
        done = process(*command, "--config", file)
        assert done.returncode == 0, done.stderr.decode()
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    found = read_jsonl(tmp_path / "run" / "predictions.jsonl")
    assert metrics["words_per_document"] == sum(len(line["prediction"].split()) for line in found) / len(found)
    assert len(found) == len(pairs(4)) + 8
