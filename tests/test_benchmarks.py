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

from seq2seq.data.bucketing import BatchOptions

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
