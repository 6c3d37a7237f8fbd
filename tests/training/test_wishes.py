"""Options of Lightning's trainer and callbacks of the user do not collide with this package's own defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import TrainedRun, config, read_jsonl, run, write_config, write_corpus
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar, TQDMProgressBar

from seq2seq.training.callbacks import BestCheckpoint, DirectedEarlyStopping, arrange_callbacks


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config of two steps."""
    folder = tmp_path_factory.mktemp("wishes")
    given = config(write_corpus(folder / "corpus", 8), folder / "run", trainer__max_steps=2)
    given["trainer"].pop("default_root_dir")
    return write_config(folder / "config.yaml", given)


def fit(settings: Path, folder: Path, *options: str | Path) -> int:
    return run("fit", "--config", settings, "--trainer.default_root_dir", folder, *options)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def arranged(users: list[Callback], *sections: Callback | None, **arguments: Any) -> tuple[set[str], dict[str, Any]]:
    """The names of our callbacks, and the arguments of the trainer."""
    given = (
        dict.fromkeys(("barebones", "enable_checkpointing", "enable_progress_bar")) | {"callbacks": users} | arguments
    )
    return {type(callback).__name__ for callback in arrange_callbacks(given, sections)}, given


ALWAYS = {"ResultFiles", "PredictionFiles", "SampleHeadlines", "TerminateWorkers"}
ALWAYS |= {"BestValues", "FigureTable", "LastValidation", "MemoryUse", "RunAlert", "RunArtifacts"}
ALWAYS |= {"Curves", "RunPage"}  # not with trainer.barebones


def test_callbacks_by_default() -> None:
    """Here is no terminal."""
    names, arguments = arranged([], BestCheckpoint(), EarlyStopping("validation/rougeL"))
    assert names == ALWAYS | {"BestCheckpoint", "EarlyStopping", "PlainProgress"}
    assert arguments["enable_progress_bar"] is False
    assert arguments["enable_checkpointing"] is None


@pytest.mark.parametrize("bar", [RichProgressBar(), TQDMProgressBar()], ids=lambda bar: type(bar).__name__)
def test_a_progress_bar_of_the_user_replaces_the_lines(bar: Callback) -> None:
    names, arguments = arranged([bar], BestCheckpoint())
    assert "PlainProgress" not in names
    assert arguments["enable_progress_bar"] is None
    assert "PlainProgress" not in arranged([], BestCheckpoint(), enable_progress_bar=True)[0]


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seq2seq.training.callbacks.arrangement.has_terminal", lambda: True)
    assert "PlainProgress" not in arranged([])[0]
    assert "PlainProgress" in arranged([], enable_progress_bar=False)[0]


def test_the_early_stopping_of_the_user_replaces_ours() -> None:
    ours = EarlyStopping("validation/rougeL")
    assert "EarlyStopping" not in arranged([EarlyStopping("validation/loss")], ours)[0]
    assert "EarlyStopping" in arranged([ModelCheckpoint()], ours)[0]


def test_the_state_of_early_stopping_has_the_key_of_the_base_class() -> None:
    assert DirectedEarlyStopping().state_key == EarlyStopping("validation/rougeL", mode="max").state_key


def test_a_null_section_is_no_callback() -> None:
    names, arguments = arranged([], None, None)
    assert names == ALWAYS | {"PlainProgress"}
    assert arguments["enable_checkpointing"] is False, "Lightning would add a ModelCheckpoint"
    assert arranged([ModelCheckpoint()], None)[1]["enable_checkpointing"] is None


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--trainer.enable_checkpointing", "false"], ["config.yaml", "run.json"]),
        (["--checkpoint", "null"], ["config.yaml", "run.json"]),
        (["--trainer.callbacks+=RichProgressBar"], None),
        (["--trainer.callbacks+=EarlyStopping", "--trainer.callbacks.monitor=validation/rougeL"], None),
        (["--trainer.enable_progress_bar", "true", "--trainer.enable_model_summary", "true"], None),
        (["--trainer.num_sanity_val_steps", "2", "--trainer.inference_mode", "false"], None),
        (["--trainer.use_distributed_sampler", "true", "--trainer.detect_anomaly", "true"], None),
        (["--trainer.accumulate_grad_batches", "2", "--trainer.gradient_clip_val", "null"], None),
        (["--trainer.callbacks", "null"], None),
    ],
    ids=lambda value: " ".join(value) if value else "",
)
def test_wishes_that_training_respects(
    settings: Path, tmp_path: Path, options: list[str], files: list[str] | None
) -> None:
    assert fit(settings, tmp_path, *options) == 0
    page = ["curves.jsonl", "index.html"]
    assert names(tmp_path) == sorted([*page, *(files or ["best.ckpt", "config.yaml", "last.ckpt", "run.json"])])


def test_a_rich_bar_is_shown_without_a_terminal(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(settings, tmp_path, "--trainer.callbacks+=RichProgressBar") == 0
    said = capsys.readouterr().out
    assert "Epoch 1" in said
    assert "epoch 1: batch" not in said


@pytest.mark.parametrize("place", ["option", "file"])
def test_no_early_stopping(settings: Path, tmp_path: Path, place: str) -> None:
    """With a learning rate of nearly zero, a patience of 1 ends the run after two validations; null does not."""
    options = ["--trainer.max_steps", "-1", "--trainer.max_epochs", "4", "--trainer.check_val_every_n_epoch", "1"]
    options += ["--model.optimizer.learning_rate", "1e-12", "--trainer.callbacks+=parts_of_runs.RecordSeeds"]
    assert fit(settings, tmp_path / "a", *options, "--early_stopping.patience", "1") == 0
    null = write_config(tmp_path / "null.yaml", {"early_stopping": None})
    more = ["--early_stopping", "null"] if place == "option" else ["--config", null]
    assert fit(settings, tmp_path / "b", *options, *more) == 0
    counts = [len((tmp_path / name / "seeds-0.txt").read_text().splitlines()) for name in "ab"]
    assert counts[1] == 2 * counts[0]
    assert yaml.safe_load((tmp_path / "b" / "config.yaml").read_text())["early_stopping"] is None
    saved = ["--config", tmp_path / "b" / "config.yaml", "--trainer.max_epochs", "1"]
    assert run("fit", *saved, "--trainer.default_root_dir", tmp_path / "c") == 0


def test_a_null_section_can_be_set_again(settings: Path, tmp_path: Path) -> None:
    """The last option wins."""
    null = write_config(tmp_path / "null.yaml", {"early_stopping": None, "checkpoint": None})
    options = ["--config", null, "--early_stopping.patience", "3", "--checkpoint.every_n_train_steps", "1"]
    assert fit(settings, tmp_path / "run", *options) == 0
    assert "best.ckpt" in names(tmp_path / "run")
    saved = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert saved["early_stopping"]["patience"] == 3


def test_callbacks_in_a_config_do_not_replace_ours(trained: TrainedRun, tmp_path: Path) -> None:
    callbacks = write_config(
        tmp_path / "callbacks.yaml", {"trainer": {"callbacks": [{"class_path": "parts_of_runs.RecordSeeds"}]}}
    )
    options = ["--config", trained.config, "--config", callbacks, "--trainer.default_root_dir", tmp_path / "run"]
    assert run("test", *options, "--ckpt_path", trained.best) == 0
    assert {"metrics.json", "predictions.jsonl"} <= set(names(tmp_path / "run"))
    assert read_jsonl(tmp_path / "run" / "predictions.jsonl") == read_jsonl(trained.folder / "predictions.jsonl")


def test_a_checkpoint_callback_of_the_user_stands_beside_ours(settings: Path, tmp_path: Path) -> None:
    mine = '{"class_path": "ModelCheckpoint", "init_args": {"dirpath": "%s", "save_last": true}}' % (tmp_path / "mine")
    assert fit(settings, tmp_path / "run", "--trainer.callbacks", mine) == 0
    assert "last.ckpt" in names(tmp_path / "mine")
    assert {"best.ckpt", "last.ckpt"} <= set(names(tmp_path / "run"))


def test_bare_bones(settings: Path, tmp_path: Path) -> None:
    """Nothing is logged, validated for a best checkpoint, or written."""
    bare = ["--trainer.barebones", "true", "--trainer.log_every_n_steps", "null", "--trainer.logger", "null"]
    assert fit(settings, tmp_path, *bare) == 0
    assert not [name for name in names(tmp_path) if name.endswith((".ckpt", ".html", ".jsonl"))]


def test_our_callbacks_are_not_written_into_the_config(settings: Path, tmp_path: Path) -> None:
    assert fit(settings, tmp_path) == 0
    saved = yaml.safe_load((tmp_path / "config.yaml").read_text())["trainer"]
    assert not saved["callbacks"]
    assert saved["enable_checkpointing"] is None
    assert "ResultFiles" not in str(saved)
