"""The benchmarks: each script starts, and their common parts compute the right figures."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import TrainedRun, read_jsonl, run

from seq2seq.data.bucketing import BatchOptions
from seq2seq.scoring import score_pair
from seq2seq.shipped import Card

FOLDER = Path(__file__).parents[1] / "benchmarks"
MODULES = ("common", "workload", "revision_child")  # without a command line, or for processes of other scripts
SCRIPTS = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in MODULES)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)


def load(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_start(script: str) -> None:
    done = subprocess.run([sys.executable, FOLDER / f"{script}.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_median_with_its_range() -> None:
    assert load("common").median_range([3.0, 1.0, 1250.0], 1) == "3.0 (1.0-1,250.0)"


def test_batches_of_random_text() -> None:
    """More than one epoch, within the budget, with the lengths that were asked for, and unknown words among the ids."""
    documents, summaries = np.array([5, 6, 7, 30]), np.array([2, 3, 2, 4])
    options = BatchOptions(tokens=40)
    workload, rng = load("workload"), np.random.default_rng(1)
    batches = list(islice(workload.random_batches(50, documents, summaries, options, rng), 40))
    assert sum(map(len, batches)) > 4 * len(documents)
    lengths = torch.cat([batch.lengths for batch in batches])
    assert set(lengths.tolist()) == set(documents.tolist())
    assert all(len(b) * (b.document.shape[1] + b.targets.shape[1]) <= options.tokens for b in batches)
    ids = torch.cat([batch.document[batch.mask] for batch in batches])
    assert ids.min() > workload.vocabulary(50).eos
    assert 50 <= ids.max() < 53


def test_loss_of_both_layouts() -> None:
    """Named terms, and their sum in revisions before."""

    class Network:
        def __init__(self, loss: Any) -> None:
            self.result = loss

        def loss(self, batch: Any) -> Any:
            return self.result, torch.zeros(3)

    child = load("revision_child")
    terms = {"cross_entropy": torch.tensor(2.0), "coverage": torch.tensor(0.5)}
    assert child.total_loss(Network(terms), None) == child.total_loss(Network(torch.tensor(2.5)), None) == 2.5


def test_busy_processes_end() -> None:
    with load("load").busy(1):
        pass
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        load("load").variable("OMP_NUM_THREADS")


def test_counted_operations_of_a_product() -> None:
    """A linear layer without bias: 2 * rows * inputs * outputs forwards, and as many for the weights' gradient."""
    script = load("train_throughput")
    layer = torch.nn.Linear(5, 7, bias=False)
    x = torch.ones(3, 5)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(script, "training_step", lambda network, batch, optimizer: layer(batch).sum().backward())
        assert script.count_operations(None, [x, x], None) == 2 * 2 * (2 * 3 * 5 * 7)


def test_the_card_of_the_titles_has_the_figures_of_the_exported_model(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, models = load("train_titles"), tmp_path / "models"
    monkeypatch.setattr(script, "run_seq2seq", lambda *argv: run(*argv))
    corpus = Path(trained.corpus["test"]).parent
    given = {"config": trained.config, "corpus": corpus, "checkpoint": trained.best, "output": tmp_path / "run"}
    given |= {"models": models, "trials": 200, "seed": 3}
    words = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
    monkeypatch.setattr(sys, "argv", ["train_titles.py", *words])
    script.main()
    monkeypatch.setattr("seq2seq.shipped.FOLDER", models)
    card, tested = Card.read("titles"), read_jsonl(tmp_path / "run" / "test" / "predictions.jsonl")
    scores = np.mean([score_pair(pair["reference"], pair["prediction"]) for pair in tested], axis=0)
    assert [figure["value"] for figure in card.figures.values()] == [round(100 * score, 2) for score in scores]
    assert all(figure["low"] < figure["value"] < figure["high"] for figure in card.figures.values())
    assert "24 pairs for train, 24 pairs for validation, 12 pairs for test" in card.corpus
    assert "12 pairs, beam 3" in card.evaluation
    assert card.seed == 3
    assert card.default


def test_the_period_of_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"date": "2019-02-01"}\n{"date": "2018-12-31"}\n{"date": "2019-01-01"}\n')
    assert load("train_titles").described(tmp_path, "train") == "3 pairs for train of 2018-12-31 to 2019-02-01"
