"""`seq2seq schema`: the configs of the repository are right, typical mistakes are found, and every part is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import config, run
from jsonschema import Draft7Validator

from seq2seq.commands.schema import config_schema, option_keys
from seq2seq.model.cells import CELLS
from seq2seq.training.tasks import TASKS

CONFIGS = Path(__file__).parents[2] / "configs"
NO_CONFIG = CONFIGS / "sweep.yaml"  # for W&B's agent


@pytest.fixture(scope="module")
def validators() -> dict[str, Draft7Validator]:
    return {task: Draft7Validator(config_schema(task)) for task in TASKS}


@pytest.mark.parametrize("file", sorted({*CONFIGS.rglob("*.yaml")} - {NO_CONFIG}), ids=lambda file: file.stem)
def test_every_config_is_valid(file: Path, validators: dict[str, Draft7Validator]) -> None:
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    validators[settings.get("task", "summarization")].validate(settings)


def test_it_is_a_schema_and_its_defaults_are_valid(validators: dict[str, Draft7Validator]) -> None:
    for validator in validators.values():
        Draft7Validator.check_schema(validator.schema)
        for key, schema in option_keys(validator.schema):
            if "default" in schema:
                faults = [error.message for error in Draft7Validator(schema).iter_errors(schema["default"])]
                assert not faults, key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("modle", {}),
        ("model__network__cel", "gru"),
        ("model__network__cell", "grru"),
        ("model__network__encoder_size", 0),
        ("model__network__encoder_size", 12.5),
        ("model__network__dropout", 1),
        ("model__network__pointer", "yes please"),
        ("model__network__loss_terms", {"coverrage": 1.0}),
        ("model__network__training_vocabulary", 0),
        ("model__optimizer__learning_rate", "fast"),
        ("model__search__beam_size", 0),
        ("model__search__supported", "dates"),
        ("model__objective__name", "risk"),
        ("model__tokenizer", "word"),
        ("data__tokenizer__kind", "words"),
        ("data__tokenizer__normalizers", ["nfkc", "lower"]),
        ("data__corpus__trian", "train.jsonl"),
        ("data__batches", 6000),
        ("trainer__max_epoch", 3),
        ("trainer__max_epochs", "three"),
        ("trainer__logger", {"class": "WandbLogger"}),
        ("scoring__metrics", ["blue"]),
        ("checkpoint__mode", "maximum"),
        ("data", None),
    ],
)
def test_mistakes_are_found(key: str, value: Any, validators: dict[str, Draft7Validator]) -> None:
    """Exactly one fault, at the place of the mistake."""
    right = config({"train": "train.jsonl"}, Path("runs"))
    validators["summarization"].validate(right)
    (fault,) = validators["summarization"].iter_errors(config({"train": "train.jsonl"}, Path("runs"), **{key: value}))
    place = key.split("__")
    assert [*fault.path][: len(place)] in (place, place[:-1])
    assert fault.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("checkpoint", None),
        ("trainer__logger", "lightning.pytorch.loggers.CSVLogger"),
        ("trainer__logger", [{"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"name": "a"}}]),
        ("trainer__callbacks", [{"class_path": "lightning.pytorch.callbacks.Timer"}]),
        ("trainer__limit_train_batches", 0.5),
        ("trainer__val_check_interval", 100),
        ("trainer__devices", "auto"),
        ("trainer__precision", "bf16-mixed"),
        ("model__network__training_vocabulary", 2000),
        ("model__network__loss_terms", {"coverage": 0.5}),
        ("data__corpus__train", ["a.jsonl", "b-*.jsonl.gz"]),
        ("gradient_flow__every", 100),
    ],
)
def test_right_values_are_accepted(key: str, value: Any, validators: dict[str, Draft7Validator]) -> None:
    validators["summarization"].validate(config({"train": "train.jsonl"}, Path("runs"), **{key: value}))


def test_tasks_differ(validators: dict[str, Draft7Validator]) -> None:
    keys = {task: dict(option_keys(validator.schema)) for task, validator in validators.items()}
    assert "model.search.beam_size" in keys["summarization"]
    assert "model.search.beam_size" not in keys["annotation"]
    assert "model.network.aggregation" in keys["classification"]
    assert "model.network.aggregation" not in keys["annotation"]


def test_the_command_prints_it_with_registered_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CELLS, "mgu", CELLS["gru"])
    assert run("schema") == 0
    captured = capsys.readouterr()
    cell = dict(option_keys(json.loads(captured.out)))["model.network.cell"]
    assert cell["enum"] == list(CELLS)
    assert cell["default"] == "gru"
    assert cell["description"].startswith("the recurrent cell of encoder and decoder: gru")
    assert captured.err == ""
    assert run("schema", "--task", "sumarization") == 1
    assert "did you mean 'summarization'?" in capsys.readouterr().err
