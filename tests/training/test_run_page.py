"""The curves and the page that every training leaves in its folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from helpers import TrainedRun, config, read_jsonl, run, write_config, write_corpus

from seq2seq.report import load_run
from seq2seq.training.callbacks.run_page import sample_rows
from seq2seq.training.evaluation import Headline, Prediction
from seq2seq.training.explained_samples import evenly_spaced

SHORT = {"trainer__check_val_every_n_epoch": 1, "trainer__val_check_interval": 1.0}


def fit(folder: Path, epochs: int, *options: str, **changes) -> Path:
    """Trains for some epochs of three steps; returns the run's folder."""
    corpus = write_corpus(folder / "corpus")
    settings = config(corpus, folder / "run", trainer__max_epochs=epochs, **SHORT, **changes)
    assert run("fit", "--config", write_config(folder / "config.yaml", settings), *options) == 0
    return folder / "run"


def test_curves_have_the_figures_of_the_logger(tmp_path):
    """Lightning's own logger is the witness, for logged steps, validations and the last step of an epoch."""
    logger = {
        "class_path": "lightning.pytorch.loggers.CSVLogger",
        "init_args": {"save_dir": str(tmp_path), "name": "log"},
    }
    folder = fit(tmp_path, 3, trainer__logger=logger, trainer__log_every_n_steps=2)
    lines = read_jsonl(folder / "curves.jsonl")
    with next(tmp_path.rglob("metrics.csv")).open(encoding="utf-8") as file:
        logged = list(csv.DictReader(file))
    for name in ("train/loss", "train/learning_rate", "train/gradient_norm", "validation/rougeL", "validation/loss"):
        expected = [float(row[name]) for row in logged if row.get(name)]
        found = [line[name] for line in lines if name in line and not (name == "train/loss" and line["step"] % 2)]
        assert found == pytest.approx(expected, rel=1e-5), name
    steps = max(line["step"] for line in lines)
    ends = {steps // 3 * epoch for epoch in (1, 2, 3)}
    assert {line["step"] for line in lines if "train/loss" in line} == {*range(2, steps + 1, 2), *ends}
    assert {line["step"] for line in lines if "validation/loss" in line} == ends
    assert {line["step"] for line in lines if line.get("memory/process_mb", 0) > 1} == set(range(2, steps + 1, 2))
    best = [
        max(line["validation/rougeL"] for line in lines if "validation/rougeL" in line and line["step"] <= end)
        for end in sorted(ends)
    ]
    assert [line["best/rougeL"] for line in lines if "best/rougeL" in line] == pytest.approx(best, rel=1e-5)


def test_a_resumed_run_continues_its_curves(tmp_path):
    """Lines after the checkpoint and a part of a line, which a killed run leaves, are removed; none comes twice."""
    folder = fit(tmp_path, 1)
    first = read_jsonl(folder / "curves.jsonl")
    with (folder / "curves.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": first[-1]["step"] + 1, "train/loss": -1.0}) + '\n{"step": 99, "tra')
    fit(tmp_path, 2, "--resume", "auto")
    lines = read_jsonl(folder / "curves.jsonl")
    assert all(line.get("train/loss", 0) >= 0 for line in lines)
    steps = [line["step"] for line in lines if "train/loss" in line]
    assert steps == list(range(1, 2 * first[-1]["step"] + 1))
    assert sum("validation/loss" in line for line in lines) == 2
    before = {line["step"]: line["train/loss"] for line in first if "train/loss" in line}
    assert {line["step"]: line["train/loss"] for line in lines if line["step"] in before} == before

    moved = [
        "--trainer.default_root_dir",
        tmp_path / "moved",
        "--resume",
        folder / "last.ckpt",
        "--trainer.max_epochs",
        "3",
    ]
    assert run("fit", "--config", tmp_path / "config.yaml", *moved) == 0
    assert len(read_jsonl(tmp_path / "moved" / "curves.jsonl")) > len(lines)
    assert read_jsonl(tmp_path / "moved" / "curves.jsonl")[0]["step"] == 1

    fit(tmp_path, 1)  # a new run in the same folder
    assert len(read_jsonl(folder / "curves.jsonl")) == len(first)


def test_fit_leaves_a_page_of_the_validation(tmp_path):
    folder = fit(tmp_path, 2)
    loaded = load_run(folder)
    assert (loaded.split, len(loaded.predictions), loaded.notes) == ("validation", 24, [])
    last = [line for line in read_jsonl(folder / "curves.jsonl") if "validation/rougeL" in line][-1]
    assert 100 * loaded.scores[:, 2].mean() == pytest.approx(last["validation/rougeL"], rel=1e-5)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "24 validation documents, greedy search" in page


def test_the_attention_of_a_test_belongs_to_its_predictions(trained: TrainedRun):
    loaded = load_run(trained.folder)
    assert loaded.split == "test"
    assert loaded.samples
    for row, sample in loaded.samples.items():
        prediction = loaded.predictions[row]
        assert "".join(sample.headline).split() == prediction.text.split()
        assert "".join(sample.document).split() == prediction.document.split()[:30]  # as far as the network reads
        assert len(sample.attention) == len(sample.headline) == len(sample.copied)
        assert all(0 <= place < len(sample.document) for word in sample.attention for place, _ in word)
        assert all(sum(weight for _, weight in word) <= 1.01 for word in sample.attention)


def test_a_page_that_fails_is_one_warning(trained: TrainedRun, tmp_path, caplog):
    """The results are written, and the command succeeds."""
    (tmp_path / "index.html").mkdir()
    options = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    assert run("test", *options) == 0
    assert (tmp_path / "metrics.json").is_file()
    (warning,) = (r.getMessage() for r in caplog.records if "was not written" in r.getMessage())
    assert f"seq2seq report {tmp_path}" in warning
    assert "\n" not in warning


def test_the_samples_are_at_equal_distances_and_the_worst():
    good, bad = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
    found = [
        Prediction(row, [Headline("a", 0.0, 0.0)], "b", "c", bad if row in (7, 50) else good) for row in range(100)
    ]
    found[60] = found[60]._replace(document=" ")  # it has no attention
    assert evenly_spaced(range(100), 4) == [0, 25, 50, 75]
    assert sample_rows(found, 2) == [0, 7, 49, 50]
    assert 60 not in sample_rows(found, 100)
