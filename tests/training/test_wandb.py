"""The files of an offline W&B run with the shipped logger."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import process, secrets
from logged_run import OURS, logged_run

BLOCK, FILE_HEADER, RECORD_HEADER = 32 * 1024, 7, 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def records(file: Path) -> Iterator[Any]:
    """The records of a .wandb file: LevelDB's log format (blocks of 32 KiB; records of checksum, length, kind, data,
    split at the end of a block; up to six last bytes of a block are padding) after a header of seven bytes."""
    from wandb.proto import wandb_internal_pb2 as pb

    content = file.read_bytes()
    assert content[:4] == b":W&B"
    position, parts = FILE_HEADER, b""
    while position < len(content):
        left = BLOCK - position % BLOCK
        if left < RECORD_HEADER:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        if kind == 0:  # padding
            position += left
            continue
        parts += content[position + RECORD_HEADER : position + RECORD_HEADER + length]
        position += RECORD_HEADER + length
        if kind in (FULL, LAST):
            yield pb.Record.FromString(parts)
            parts = b""
        else:
            assert kind in (FIRST, MIDDLE)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return logged_run(tmp_path_factory)


def test_nothing_is_written_outside_the_folder_of_the_run(logged: Path) -> None:
    assert list((logged / "home").iterdir()) == []
    assert sorted(file.name for file in logged.iterdir()) == ["config.yaml", "corpus", "home", "run"]
    assert list((logged / "run" / "wandb" / "data").rglob("tmp*")), "the tables are staged elsewhere"


@pytest.mark.slow
def test_a_home_that_cannot_be_written(logged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder can be made below a file; permissions would not stop root."""
    monkeypatch.setenv("HOME", os.devnull)
    options = ["--trainer.default_root_dir", tmp_path, "--trainer.max_epochs", "1"]
    options += ["--trainer.check_val_every_n_epoch", "1"]
    done = process("fit", "--config", logged / "config.yaml", *options, unset=OURS)
    assert done.returncode == 0, done.stderr.decode()
    assert list(tmp_path.rglob("samples_*.table.json"))


def the_file(folder: Path) -> Path:
    (file,) = folder.rglob("*.wandb")
    return file


@pytest.fixture(scope="module")
def history(logged: Path) -> list[dict[str, Any]]:
    """The logged figures: a dictionary for each record, with nested keys joined by dots."""
    return [
        {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for record in records(the_file(logged))
        if record.WhichOneof("record_type") == "history"
    ]


def values(history: list[dict[str, Any]], key: str) -> list[Any]:
    return [row[key] for row in history if key in row]


def test_training_curves(history: list[dict[str, Any]]) -> None:
    steps = len(values(history, "train/loss"))
    assert steps == 24  # eight epochs of three batches, each logged
    for key in ("train/perplexity", "train/gradient_norm", "train/learning_rate", "train/tokens_per_second"):
        assert len(values(history, key)) == steps, key
        assert all(value >= 0 for value in values(history, key)), key
    assert values(history, "train/loss")[-1] < values(history, "train/loss")[0]
    shares = values(history, "train/clipped_share")
    assert len(shares) == 8
    assert all(0 <= share <= 1 for share in shares)


def test_validation_scores(history: list[dict[str, Any]]) -> None:
    for key in ("rouge1", "rouge2", "rougeL", "loss"):
        assert len(values(history, f"validation/{key}")) == 2, key
    assert values(history, "validation/rougeL")[-1] > values(history, "validation/rougeL")[0]


def test_steps_never_go_back(history: list[dict[str, Any]]) -> None:
    steps = values(history, "trainer/global_step")
    assert steps == sorted(steps)


def test_table_of_sample_headlines(logged: Path, history: list[dict[str, Any]]) -> None:
    tables = [row for row in history if any(key.startswith("validation/samples") for key in row)]
    assert len(tables) == 2
    files = sorted(logged.rglob("samples_*.table.json"))
    assert len(files) == 2
    table = json.loads(files[0].read_text())
    assert table["columns"] == ["step", "document", "reference", "prediction", "rougeL", "copied"]
    assert 0 < len(table["data"]) <= 16
    assert sorted(json.loads(file.read_text())["data"][0][0] for file in files) == [12, 24]


def test_best_values_memory_and_gradient_flow(history: list[dict[str, Any]]) -> None:
    rouge = values(history, "validation/rougeL")
    assert values(history, "best/rougeL") == pytest.approx([max(rouge[: n + 1]) for n in range(2)], rel=1e-5)
    assert len(values(history, "memory/process_mb")) == 24
    rows = [row for row in history if "gradient_flow/gradient_norm" in row]
    assert [row["trainer/global_step"] + 1 for row in rows] == [1, 20]
    assert all(row["gradient_flow/decoder.first/hidden_1"] > 0 for row in rows)


def test_pictures_over_time(logged: Path, history: list[dict[str, Any]]) -> None:
    """After each validation, if there is a headline to draw, or a new record of the gradient flow."""
    first = [json.loads(file.read_text())["data"][0][3] for file in logged.rglob("samples_*.table.json")]
    drawn = {"pictures/document-1": sum(map(bool, first)), "pictures/lengths": 2}
    drawn |= {"gradient_flow/heat_maps": 2, "gradient_flow/curves": 2}
    for name, count in drawn.items():
        shown = values(history, f"{name}.filenames")
        assert len(shown) == count, name
        for (file,) in shown:
            assert next(logged.rglob(Path(file).name)).read_bytes().startswith(b"\x89PNG")


def test_the_whole_config(logged: Path) -> None:
    """The logged config is the saved one, with absolute paths shortened."""
    found: dict[str, Any] = {}
    for record in records(the_file(logged)):
        for update in (record.run.config, record.config):
            found |= {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in update.update}
    saved = yaml.safe_load((logged / "run" / "config.yaml").read_text())
    assert found["config"]["model"] == saved["model"]
    assert found["config"]["gradient_flow"] == {"every": 20, "examples": 16}
    assert found["config"]["data"]["corpus"]["train"] == "train.jsonl"
    assert found["network"]["cell"] == "gru"


def test_no_file_names_folder_host_or_user(logged: Path) -> None:
    """No uploaded file contains the folder, the host or the user."""
    hidden = secrets(logged)
    uploaded = [file for file in logged.rglob("files/**/*") if file.is_file()]
    assert [file.name for file in uploaded if any(secret in file.read_bytes() for secret in hidden)] == []
    for record in records(the_file(logged)):
        assert record.run.host == ""
        for entry in record.artifact.manifest.contents:
            entry.ClearField("local_path")  # not uploaded: the place of a table until `wandb sync`
        assert [secret for secret in hidden if secret in record.SerializeToString()] == [], record


def test_log_files_are_not_uploaded(logged: Path) -> None:
    """The debug logs of wandb name folders; they are outside the uploaded folder."""
    for file in logged.rglob("*.log"):
        assert file.parent.name == "logs" or file.is_symlink(), os.fspath(file)
