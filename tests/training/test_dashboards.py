"""What a run shows on W&B and TensorBoard, read back from the files of offline runs, or from a fake logger."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from helpers import pairs
from lightning.pytorch.loggers import WandbLogger
from logged_run import logged_run
from matplotlib.image import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seq2seq.errors import UserError
from seq2seq.inference import Summarizer
from seq2seq.training.callbacks import BestValues, MemoryUse, Pictures, RunAlert, RunArtifacts
from seq2seq.training.dashboards import without_folders
from seq2seq.training.evaluation import Outcome
from seq2seq.training.explained_samples import evenly_spaced, marked
from seq2seq.training.interruptions import Stopped
from seq2seq.training.module import SummarizerModule
from seq2seq.training.sample_plots import MAX_LENGTH, length_confusion


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return logged_run(tmp_path_factory)


@pytest.fixture(scope="module")
def board(shown: Path) -> EventAccumulator:
    events = EventAccumulator(str(next(shown.rglob("events.out.tfevents.*")).parent))
    return events.Reload()


def test_curves_of_tensorboard(board: EventAccumulator) -> None:
    scalars = set(board.Tags()["scalars"])
    wanted = {"train/loss", "train/perplexity", "train/learning_rate", "train/tokens_per_second", "memory/process_mb"}
    wanted |= {"validation/rougeL", "best/rougeL", "best/loss"}
    wanted |= {"gradient_flow/gradient_norm", "gradient_flow/clipped_norm", "gradient_flow/attention_entropy"}
    wanted |= {"gradient_flow/decoder.first/hidden_1", "gradient_flow/encoder.forwards.0/carried_10"}
    wanted |= {"gradient_flow/decoder.first/gate_update", "gradient_flow/decoder.first/singular_value_candidate"}
    assert wanted <= scalars
    assert [event.step + 1 for event in board.Scalars("gradient_flow/gradient_norm")] == [1, 20]
    assert board.Scalars("memory/process_mb")[-1].value > 50
    best, every = (board.Scalars(f"{kind}/rougeL") for kind in ("best", "validation"))
    assert [event.value for event in best] == list(np.maximum.accumulate([event.value for event in every]))


def test_pictures_on_tensorboard_and_on_disk(board: EventAccumulator, shown: Path) -> None:
    names = {"pictures/document-1", "pictures/document-2", "pictures/lengths"}
    assert names | {"gradient_flow/heat_maps", "gradient_flow/curves"} == set(board.Tags()["images"])
    for name in names:
        assert [image.step + 1 for image in board.Images(name)] == [12, 24]
        files = sorted((shown / "run").glob(f"{name}-step-*"))
        assert [file.name.split("-step-")[1] for file in files] == [
            "000012.png",
            "000012.svg",
            "000024.png",
            "000024.svg",
        ]
        last = board.Images(name)[-1]
        assert imread(files[2]).shape[:2] == (last.height, last.width)


def test_the_config_without_folders(shown: Path) -> None:
    """Every key of the saved config, with paths that name no folder of this machine."""
    logged = yaml.unsafe_load(next(shown.rglob("hparams.yaml")).read_text())["config"]
    saved = yaml.safe_load((shown / "run" / "config.yaml").read_text())
    assert str(shown) in json.dumps(saved)
    assert str(shown) not in json.dumps(logged)
    assert logged == without_folders(saved)
    assert logged["data"]["corpus"]["train"] == "train.jsonl"
    assert logged["model"]["network"] == saved["model"]["network"]


def test_paths_lose_their_folders_and_nothing_else() -> None:
    given = {"a": ["/home/me/x.txt", "data/x.txt", "~/x", 3, None], "b": {"c": "a/b text"}}
    assert without_folders(given) == {"a": ["x.txt", "data/x.txt", "~/x", 3, None], "b": {"c": "a/b text"}}


def test_the_copied_words_are_marked(shown: Path) -> None:
    """A word is marked exactly if the pointer gives more of its probability than the softmax."""
    summarizer = Summarizer.from_checkpoint(shown / "run" / "best.ckpt", device="cpu")
    explanation = summarizer.explain(pairs(1)[0]["document"])
    words = explanation.text.split()
    assert len(words) == len(explanation.copied)
    assert explanation.copied.any()
    expected = [f"[{word}]" if copied else word for word, copied in zip(words, explanation.copied, strict=True)]
    assert marked(explanation).split() == expected
    assert marked(None) == ""


def test_evenly_spaced_items() -> None:
    assert evenly_spaced(range(10), 3) == [0, 3, 6]
    assert evenly_spaced(range(2), 5) == [0, 1]
    assert evenly_spaced([], 5) == evenly_spaced(range(5), 0) == []


def test_the_confusion_of_lengths() -> None:
    table = length_confusion(["a b", "a b", "a", ""], ["x", "x", "x y z", " ".join("x" * 99)])
    assert table.shape == (3, MAX_LENGTH + 1)
    assert {(int(r), int(p)): int(table[r, p]) for r, p in np.argwhere(table)} == {(2, 1): 2, (1, 3): 1, (0, 40): 1}
    assert length_confusion([], []).sum() == 0


# ---- with a fake logger


class FakeRun:
    """Keeps what a W&B run is asked to do."""

    id, offline = "r1", False

    def __init__(self) -> None:
        self.alerts: list[dict[str, str]] = []
        self.artifacts: list[Any] = []
        self.alert = lambda **given: self.alerts.append(given)
        self.log_artifact = self.artifacts.append


class FakeLogger(WandbLogger):
    def __init__(self) -> None:
        self.run, self._log_model = FakeRun(), False

    @property
    def experiment(self) -> Any:
        return self.run


def fake_trainer(folder: Path, **changes: Any) -> Any:
    given = {"loggers": [FakeLogger()], "is_global_zero": True, "global_step": 7, "default_root_dir": str(folder)}
    given["callbacks"] = []
    state = SimpleNamespace(fn="fit")
    return SimpleNamespace(**{**given, "state": state, "sanity_checking": False, **changes})


def test_an_alert_names_the_error_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer: Any = fake_trainer(tmp_path)
    RunAlert().on_exception(trainer, None, UserError("W&B could not be started"))  # type: ignore[arg-type]
    assert trainer.loggers[0].run.alerts == []
    monkeypatch.setattr("wandb.run", trainer.loggers[0].run)
    RunAlert().on_exception(trainer, None, UserError("/home/me/corpus.jsonl line 3: no summary; add one"))  # type: ignore
    (alert,) = trainer.loggers[0].run.alerts
    assert alert["level"] == "ERROR"
    assert alert["text"] == "UserError at step 7 of fit: corpus.jsonl line 3: no summary; add one"
    assert len(alert["title"]) < 64


@pytest.mark.parametrize("reason", [Stopped(15, "after step 3"), KeyboardInterrupt(), SystemExit(1)])
def test_a_run_that_was_stopped_sends_no_alert(tmp_path: Path, reason: BaseException) -> None:
    trainer = fake_trainer(tmp_path)
    RunAlert().on_exception(trainer, None, reason)  # type: ignore[arg-type]
    assert trainer.loggers[0].run.alerts == []


def test_artifacts_of_an_online_run(tmp_path: Path) -> None:
    trainer = fake_trainer(tmp_path)
    uploaded = trainer.loggers[0].run.artifacts
    RunArtifacts().on_fit_end(trainer, None)  # type: ignore[arg-type]
    assert uploaded == []  # there is no checkpoint
    for name in ("best.ckpt", "metrics.json", "predictions.jsonl"):
        (tmp_path / name).write_text(name)
    RunArtifacts().on_fit_end(trainer, None)  # type: ignore[arg-type]
    RunArtifacts().on_test_end(trainer, None)  # type: ignore[arg-type]
    assert [(artifact.type, sorted(artifact.manifest.entries)) for artifact in uploaded] == [
        ("model", ["best.ckpt"]),
        ("predictions", ["metrics.json", "predictions.jsonl"]),
    ]


@pytest.mark.parametrize("place", [{"offline": True}, {"rank": 1}, {"log_model": True}])
def test_no_artifact_otherwise(tmp_path: Path, place: dict[str, Any]) -> None:
    (tmp_path / "best.ckpt").write_text("x")
    trainer = fake_trainer(tmp_path, is_global_zero=place.get("rank") is None)
    trainer.loggers[0].run.offline = place.get("offline", False)
    trainer.loggers[0]._log_model = place.get("log_model", False)
    RunArtifacts().on_fit_end(trainer, None)  # type: ignore[arg-type]
    assert trainer.loggers[0].run.artifacts == []


def test_best_values_go_on_after_a_resumption(tmp_path: Path) -> None:
    """Large ROUGE and small losses are best; a figure of unknown direction has no best value."""
    module = SummarizerModule.__new__(SummarizerModule)
    callback = BestValues()
    for rouge, loss in ((40.0, 2.0), (50.0, 3.0), (math.nan, 1.0)):
        scores = {"rougeL": rouge, "loss": loss, "mean_length": rouge}
        object.__setattr__(module, "outcome", Outcome([], scores))
        resumed = BestValues()
        resumed.load_state_dict(callback.state_dict())
        resumed.on_validation_end(fake_trainer(tmp_path, loggers=[]), module)
        callback = resumed
    assert callback.state_dict() == {"rougeL": 50.0, "loss": 1.0}


def test_memory_is_a_peak() -> None:
    from seq2seq.training.callbacks.memory import memory_use

    before = memory_use(torch.device("cpu"))["memory/process_mb"]
    block = torch.ones(60 * 2**18)
    assert memory_use(torch.device("cpu"))["memory/process_mb"] >= before
    assert memory_use(torch.device("cpu"))["memory/process_mb"] >= block.nbytes / 2**20
    assert MemoryUse().state_dict() == {}


def test_pictures_need_a_number_of_documents() -> None:
    with pytest.raises(UserError, match=r"pictures.documents: -1 is too small; give at least 0"):
        Pictures(-1)
