"""The records and pictures of `gradient_flow`, read back from the folder of the run; the training stays the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from helpers import config, read_jsonl, run, together, write_config, write_corpus
from lightning.pytorch.callbacks import Callback
from matplotlib.image import imread

from seq2seq.errors import UserError
from seq2seq.training.callbacks import GradientFlow
from seq2seq.training.callbacks.arrangement import arrange_callbacks

CLIP = 0.7  # between the gradient norms of the first steps
PNG_FILES = ("curves.png", "heat_maps.png")


def settings(folder: Path, corpus: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Two epochs of three batches with dropout and clipping; the logs have every step."""
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"name": "log", "version": ""}}
    given = {
        "model__network__dropout": 0.3,
        "trainer__max_epochs": 2,
        "trainer__check_val_every_n_epoch": 2,  # pictures are drawn after each validation, and take seconds
        "trainer__gradient_clip_val": CLIP,
        "trainer__logger": logger,
        "checkpoint": {"every_n_train_steps": 1},
    }
    return config(corpus, folder, **{**given, **changes})


class Measured:
    """Two equal runs, one of them with records."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.corpus = folder, write_corpus(folder / "corpus")
        for name, section in (("without", {}), ("with", {"every": 2, "examples": 3})):
            changes = {"gradient_flow": section} if section else {}
            self.fit(name, **changes)

    def fit(self, name: str, *options: str | Path, **changes: Any) -> None:
        file = write_config(self.folder / f"{name}.yaml", settings(self.folder / name, self.corpus, **changes))
        assert run("fit", "--config", file, *options) == 0

    def records(self, name: str = "with") -> list[dict[str, Any]]:
        return read_jsonl(self.folder / name / "gradient_flow" / "records.jsonl")

    def state(self, name: str, file: str = "last.ckpt") -> dict[str, Any]:
        return torch.load(self.folder / name / file, weights_only=True)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured(tmp_path_factory.mktemp("flow"))


def test_the_training_stays_the_same(measured: Measured) -> None:
    one, other = measured.state("without"), measured.state("with")
    assert one["global_step"] == other["global_step"] == 6
    for name, weights in one["state_dict"].items():
        assert torch.equal(weights, other["state_dict"][name]), name
    for moments in zip(*(c["optimizer_states"][0]["state"].values() for c in (one, other)), strict=True):
        assert all(torch.equal(moments[0][key], moments[1][key]) for key in ("exp_avg", "exp_avg_sq"))
    assert one["callbacks"] == other["callbacks"]
    assert not (measured.folder / "without" / "gradient_flow").exists()


def test_a_record_has_the_norms_of_its_step(measured: Measured) -> None:
    records = measured.records()
    assert [record["step"] for record in records] == [1, 2, 4, 6]
    with open(measured.folder / "with" / "log" / "metrics.csv", newline="") as file:
        logged = [float(row["train/gradient_norm"]) for row in csv.DictReader(file) if row["train/gradient_norm"]]
    for record in records:
        norm = logged[record["step"] - 1]
        assert record["gradient_norm"] == pytest.approx(norm, rel=1e-4)
        assert record["clipped_norm"] == pytest.approx(min(norm, CLIP), rel=1e-4)
    clipped = [norm > CLIP for norm in logged]
    assert any(clipped)
    assert records[1]["clipped_share"] == pytest.approx(sum(clipped[:2]) / 2)
    assert records[3]["clipped_share"] == pytest.approx(sum(clipped[3:]) / 3, rel=1e-5)


def test_a_record_has_every_cell_and_every_step(measured: Measured) -> None:
    names = ["encoder.forwards.0", "encoder.backwards.0", "decoder.first", "decoder.upper.0"]
    for record in measured.records():
        assert list(record["layers"]) == names
        steps = {name: len(layer["hidden"]) for name, layer in record["layers"].items()}
        assert steps[names[0]] == steps[names[1]] > steps[names[2]] == steps[names[3]] > 1
        for layer in record["layers"].values():
            assert len(layer["carried"]) == len(layer["hidden"])
            assert all(norm > 0 for norm in layer["hidden"])
            assert layer["carried"][0] == pytest.approx(1, rel=1e-5)
            assert set(layer["gates"]) == {"reset", "update"}
            assert all(0 < gate < 1 for gate in layer["gates"].values())
        assert 0 < record["attention_entropy"] < 4
    first = measured.records()[0]["layers"]["encoder.forwards.0"]["singular_values"]
    assert first == pytest.approx(dict.fromkeys(("reset", "update", "candidate"), 1.0), abs=1e-4)  # orthogonal at first


def test_the_pictures(measured: Measured) -> None:
    folder = measured.folder / "with" / "gradient_flow"
    assert sorted(file.name for file in folder.iterdir()) == [
        "curves.png",
        "curves.svg",
        "heat_maps.png",
        "heat_maps.svg",
        "records.jsonl",
    ]
    for name in PNG_FILES:
        assert imread(folder / name).std() > 0.05  # not one colour
        assert ElementTree.parse((folder / name).with_suffix(".svg")).getroot().tag.endswith("svg")


def test_a_resumed_run_has_the_same_records(measured: Measured, tmp_path: Path) -> None:
    """It goes on from step 5, in the folder of a run that had already come further."""
    resumed = measured.folder / "with" / "step-5.ckpt"
    assert resumed.is_file()
    whole = measured.records()
    folder = measured.folder / "resumed"
    (folder / "gradient_flow").mkdir(parents=True)
    records = measured.folder / "with" / "gradient_flow" / "records.jsonl"
    (folder / "gradient_flow" / "records.jsonl").write_text(records.read_text())  # step 6 included
    measured.fit("resumed", "--resume", resumed, gradient_flow={"every": 2, "examples": 3})
    assert measured.records("resumed") == whole
    for name, weights in measured.state("without")["state_dict"].items():
        assert torch.equal(weights, measured.state("resumed")["state_dict"][name]), name


@pytest.mark.slow
def test_two_processes_that_accumulate_write_one_file(measured: Measured) -> None:
    """The record of a step is complete after its last batch, and rank 0 alone records."""
    changes = {
        "gradient_flow": {"every": 2},
        "trainer__devices": 2,
        "trainer__strategy": "ddp",
        "trainer__accumulate_grad_batches": 2,
    }
    file = write_config(measured.folder / "two.yaml", settings(measured.folder / "two", measured.corpus, **changes))
    together(measured.folder / "group", 2, ["fit", "--config", file])
    assert measured.state("two")["global_step"] == 2
    records = measured.records("two")
    assert [record["step"] for record in records] == [1, 2]
    assert all(record["gradient_norm"] > 0 for record in records)


def test_off_means_no_callback() -> None:
    arguments = {"callbacks": None, "barebones": False, "enable_checkpointing": None, "enable_progress_bar": True}
    off, on = (arrange_callbacks(dict(arguments), [GradientFlow(every)]) for every in (None, 5))
    assert not any(isinstance(callback, GradientFlow) for callback in off)
    assert any(isinstance(callback, GradientFlow) for callback in on)


@pytest.mark.parametrize("given", [{"every": 0}, {"every": -3}, {"every": 1, "examples": 0}])
def test_numbers_below_one(given: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"gradient_flow\.\w+: -?\d is too small; give at least 1"):
        GradientFlow(**given)


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'gradient_flow.every: .*pip install "seq2seq-headlines\[plots\]"'):
        GradientFlow(every=1)
    assert isinstance(GradientFlow(), Callback)


def test_the_records_are_plain_json(measured: Measured) -> None:
    """NaN and Infinity are no JSON."""
    text = (measured.folder / "with" / "gradient_flow" / "records.jsonl").read_text()
    for line in text.splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(name))
