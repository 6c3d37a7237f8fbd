"""Evaluation: batches carry their texts, scores are those of the whole split, a registered figure is a score."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from helpers import config, pairs, process, read_jsonl, write_config, write_corpus

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.data.corpora import CorpusOptions
from seq2seq.inference import Headline
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.evaluation import (
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
    assert {f"validation/{name}" for name in outcome.scores} | {"train/loss"} == set(figure_names())


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


def test_a_plugin_registers_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure chooses the best checkpoint and stands in metrics.json."""
    (tmp_path / "figures.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    monkeypatch.setenv("SEQ2SEQ_PLUGINS", "figures")
    corpus = write_corpus(tmp_path / "corpus", 8)
    changes = {"trainer__max_epochs": 1, "trainer__check_val_every_n_epoch": 1}
    given = config(corpus, tmp_path / "run", **changes, checkpoint={"monitor": "validation/words_per_document"})
    file = write_config(tmp_path / "a.yaml", given)
    for command in (["fit"], ["test", "--ckpt_path", tmp_path / "run" / "best.ckpt"]):
        done = process(*command, "--config", file)
        assert done.returncode == 0, done.stderr.decode()
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    found = read_jsonl(tmp_path / "run" / "predictions.jsonl")
    assert metrics["words_per_document"] == sum(len(line["prediction"].split()) for line in found) / len(found)
    assert len(found) == len(pairs(4)) + 8
