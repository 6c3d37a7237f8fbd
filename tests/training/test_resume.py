"""A resumed run is equal to an uninterrupted one, bit for bit, from every checkpoint."""

from __future__ import annotations

import csv
import itertools
import re
import resource
import shutil
import signal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import yaml
from helpers import config, read_jsonl, run, write_config, write_corpus, write_jsonl

from seq2seq.batch import Batch
from seq2seq.checkpoint import newest_checkpoint, run_id, start_run, write_checkpoint
from seq2seq.errors import UserError
from seq2seq.model.network import Seq2Seq
from seq2seq.training.exact_resume import batch_seed


def settings(folder: Path, corpus: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A run of three epochs with dropout, with validations within epochs, that logs every step."""
    logger = {
        "class_path": "lightning.pytorch.loggers.CSVLogger",
        "init_args": {"save_dir": str(folder), "name": "log", "version": ""},
    }
    given = {
        "model__network__dropout": 0.3,
        "trainer__max_epochs": 3,
        "trainer__check_val_every_n_epoch": 1,
        "trainer__val_check_interval": 0.5,
        "trainer__gradient_clip_val": 1.4,
        "trainer__logger": logger,
        "checkpoint": {"every_n_train_steps": 1},
    }
    return config(corpus, folder, **{**given, **changes})


def rows(folder: Path) -> list[dict[str, str]]:
    """The logged figures without speeds; empty if the run logged nothing."""
    name = folder / "log" / "metrics.csv"
    if not name.exists():
        return []
    with open(name, encoding="utf-8") as file:
        lines = [{k: v for k, v in row.items() if v and "tokens_per_second" not in k} for row in csv.DictReader(file)]
    return [line for line in lines if set(line) - {"step", "epoch"}]


def state(file: Path) -> dict[str, Any]:
    """The parts of a checkpoint that training changes."""
    checkpoint = torch.load(file, weights_only=True)
    kept = ("state_dict", "trained_weights", "optimizer_states", "lr_schedulers", "callbacks", "global_step")
    return {key: checkpoint[key] for key in kept if key in checkpoint}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """The places in which two nested structures of values and tensors differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [d for key in one for d in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [d for i, pair in enumerate(zip(one, other, strict=True)) for d in differences(*pair, f"{where}.{i}")]
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return [] if torch.equal(one, other) else [f"{where}: tensors differ"]
    return [] if one == other else [f"{where}: {one} != {other}"]


class Reference(NamedTuple):
    """An uninterrupted run, and copies of its folder after each checkpoint."""

    changes: dict[str, Any]
    corpus: dict[str, str]
    final: dict[str, Any]
    logged: list[dict[str, str]]
    stashed: list[Path]

    def resume(self, stashed: Path) -> list[str]:
        """Resumes from a copy of the folder. Returns the differences from the uninterrupted run."""
        before = rows(stashed)
        (stashed / "log" / "metrics.csv").unlink()
        again = write_config(stashed / "again.yaml", settings(stashed, self.corpus, **self.changes))
        assert run("fit", "--config", again, "--resume", "auto") == 0
        found = differences(state(stashed / "last.ckpt"), self.final)
        return found if before + rows(stashed) == self.logged else [*found, "logged figures"]


CASES = {
    "plain": {},
    "accumulated and averaged": {
        "model__optimizer": {"learning_rate": 1.0e-2, "warmup_steps": 5, "ema_decay": 0.8},
        "trainer__accumulate_grad_batches": 2,
        "trainer__val_check_interval": 1.0,
        "trainer__gradient_clip_val": 1.2,
    },
}


@pytest.fixture(scope="module", params=CASES)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    corpus = write_corpus(folder / "corpus", 36)
    changes, stash = CASES[request.param], folder / "stash"
    io = {"class_path": "parts_of_runs.CopyingIO", "init_args": {"copies": str(stash)}}
    given = settings(folder / "run", corpus, **changes, trainer__plugins=[io])
    assert run("fit", "--config", write_config(folder / "a.yaml", given)) == 0
    shares = [float(row["train/clipped_share"]) for row in rows(folder / "run") if "train/clipped_share" in row]
    assert 0 < shares[-1] < 1, "a share of 0 or 1 would not show that a resumed run counts from the checkpoint"
    return Reference(
        changes, corpus, state(folder / "run" / "last.ckpt"), rows(folder / "run"), sorted(stash.iterdir())
    )


def test_from_a_checkpoint_of_each_kind(reference: Reference) -> None:
    """step-N.ckpt within an epoch and at its start; best.ckpt and last.ckpt after a validation."""
    kinds = {file.name.split("-")[1] + str(i % 3): file for i, file in enumerate(reference.stashed[:-1])}
    assert {name[:-1] for name in kinds} == {"best", "last", "step"}
    assert [f"{file.name}: {d}" for file in kinds.values() for d in reference.resume(file)] == []


@pytest.mark.slow
def test_from_every_checkpoint(reference: Reference) -> None:
    assert [f"{file.name}: {d}" for file in reference.stashed for d in reference.resume(file)] == []


def test_early_stopping_and_best_score_continue(tmp_path: Path) -> None:
    """Nothing is learnt, so the first validation stays the best, and a patience of 3 ends the run after the fourth.

    A run resumed after the second validation ends after the fourth too, with best.ckpt unchanged; a run resumed after
    the fourth takes no further step.
    """
    corpus = write_corpus(tmp_path / "corpus", 8)
    hopeless = {
        "model__optimizer": {"learning_rate": 1e-12, "schedule": "constant"},
        "trainer__val_check_interval": 1.0,
        "early_stopping": {"patience": 3, "monitor": "validation/rougeL"},
        "checkpoint": {"every_n_train_steps": None},
    }

    def fit(epochs: int) -> dict[str, Any]:
        given = settings(tmp_path / "run", corpus, **hopeless, trainer__max_epochs=epochs)
        assert run("fit", "--config", write_config(tmp_path / "a.yaml", given), "--resume", "auto") == 0
        return torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)

    assert fit(2)["epoch"] == 1
    best = (tmp_path / "run" / "best.ckpt").read_bytes()
    assert fit(9)["epoch"] == 3
    assert (tmp_path / "run" / "best.ckpt").read_bytes() == best
    step = fit(9)["global_step"]
    assert step == fit(9)["global_step"] == 4


def test_a_seed_for_every_batch() -> None:
    """Seed, epoch, batch and rank each change the random numbers."""
    places = list(itertools.product((1, 2), range(3), range(3), range(3)))
    assert len({batch_seed(*place) for place in places}) == len(places)


# --- Faults ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config and its run, stopped by SIGTERM in the second epoch. Read only: copy `run`."""
    folder = tmp_path_factory.mktemp("stopped")
    corpus = write_corpus(folder / "corpus", 36)
    stop = {"class_path": "parts_of_runs.Terminate", "init_args": {"step": 8}}
    given = settings(folder / "run", corpus, checkpoint={"every_n_train_steps": 2}, trainer__callbacks=[stop])
    write_config(folder / "config.yaml", given)
    assert run("fit", "--config", folder / "config.yaml") == 128 + signal.SIGTERM
    return folder


def continued(stopped: Path, folder: Path, **changes: Any) -> Path:
    """A config that continues a copy of the stopped run."""
    shutil.copytree(stopped / "run", folder / "run", dirs_exist_ok=True)
    given = yaml.safe_load((stopped / "config.yaml").read_text())
    corpus = changes.pop("corpus", given["data"]["corpus"])
    return write_config(folder / "config.yaml", settings(folder / "run", corpus, **changes))


def test_sigterm_saves(stopped: Path) -> None:
    names = {file.name for file in (stopped / "run").iterdir()}
    assert names >= {"step-6.ckpt", "step-8.ckpt", "best.ckpt", "last.ckpt", "run.json"}
    assert not [name for name in names if name.endswith(".part")]
    assert newest_checkpoint(stopped / "run") == (stopped / "run" / "step-8.ckpt", [])


def test_a_checkpoint_is_plain_and_names_no_place(stopped: Path) -> None:
    for file in (stopped / "run").glob("*.ckpt"):
        assert torch.load(file, weights_only=True)["resume"]["epoch"] >= 0
        content = file.read_bytes()
        assert str(stopped).encode() not in content
        assert str(Path.home()).encode() + b"/" not in content


def test_a_damaged_newest_checkpoint_is_passed_over(stopped: Path, tmp_path: Path) -> None:
    """A truncated file, a file with changed bytes, and a file of an earlier run in the same folder."""
    shutil.copytree(stopped / "run", tmp_path, dirs_exist_ok=True)
    newest = tmp_path / "step-8.ckpt"
    whole = newest.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-100], b"", whole[:400_000] + b"\xff\xfe" + whole[400_002:]):
        newest.write_bytes(content)
        found, passed_over = newest_checkpoint(tmp_path)
        assert found == tmp_path / "last.ckpt"
        assert "step-8.ckpt" in passed_over[0]
    start_run(tmp_path, "another")
    found, passed_over = newest_checkpoint(tmp_path)
    assert found is None
    assert "earlier run" in passed_over[1]
    assert newest_checkpoint(tmp_path / "nowhere") == (None, [])


def test_a_changed_corpus_is_refused(stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single changed word of the same length is noticed; the folder of the files does not matter."""
    corpus = write_corpus(tmp_path / "corpus", 36)
    file = continued(stopped, tmp_path, corpus=corpus)
    lines = read_jsonl(Path(corpus["train"]))
    lines[5]["summary"] = lines[5]["summary"].replace("Bergen", "Delhi")
    write_jsonl(Path(corpus["train"]), lines)
    assert run("fit", "--config", file, "--resume", "auto") == 1
    assert "not what the checkpoint was trained on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trainer__accumulate_grad_batches": 2}, "accumulate_grad_batches 1 then, 2 now"),
        ({"data__batches": {"tokens": 400, "examples": 7}}, "batches"),
    ],
)
def test_other_batches_are_refused(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], words: str
) -> None:
    assert run("fit", "--config", continued(stopped, tmp_path, **changes), "--resume", "auto") == 1
    assert words in capsys.readouterr().err


def test_without_a_checkpoint_a_new_run_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write_config(
        tmp_path / "a.yaml", settings(tmp_path / "run", write_corpus(tmp_path, 8), trainer__max_epochs=1)
    )
    assert run("fit", "--config", file, "--resume", "auto") == 0
    assert (tmp_path / "run" / "last.ckpt").exists()
    assert run("fit", "--config", file, "--resume", tmp_path / "run" / "nothing.ckpt") == 1


def test_a_loss_that_is_not_a_number(
    stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the training pairs, and no checkpoint contains the step."""
    loss = Seq2Seq.loss

    def with_nan(self: Seq2Seq, batch: Batch, step: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        terms, log_likelihood = loss(self, batch, step)
        factor = float("nan") if self.training and 3 in batch.rows else 1.0
        return {name: term * factor for name, term in terms.items()}, log_likelihood * factor

    file = continued(stopped, tmp_path)
    monkeypatch.setattr(Seq2Seq, "loss", with_nan)
    assert run("fit", "--config", file, "--resume", "auto") == 1
    message = capsys.readouterr().err
    assert "not a finite number" in message
    assert re.search(r"pairs \[[^]]*\b3\b", message)
    for checkpoint in (tmp_path / "run").glob("*.ckpt"):
        assert all(w.isfinite().all() for w in torch.load(checkpoint, weights_only=True)["state_dict"].values())


def test_a_full_disk_keeps_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "last.ckpt"
    write_checkpoint({"weights": torch.ones(3)}, file)
    before = file.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing then fails with an error, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(UserError, match=r"last\.ckpt: the checkpoint cannot be written \(File too large\)"):
            write_checkpoint({"weights": torch.ones(10**6)}, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert file.read_bytes() == before
    assert [f.name for f in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_resumed_run_keeps_its_wandb_id(stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run keeps its id; a new run gets a new id."""
    given: list[dict[str, Any]] = []

    def init(**settings: Any) -> None:
        given.append(settings)
        raise UserError("the settings are known")

    monkeypatch.setattr("wandb.init", init)
    logger = {"class_path": "lightning.pytorch.loggers.WandbLogger", "init_args": {"project": "tests"}}
    file = continued(stopped, tmp_path, trainer__logger=logger)
    for options in (["--resume", "auto"], []):
        assert run("fit", "--config", file, *options) == 1
    assert given[0]["id"] == run_id(stopped / "run") != given[1]["id"]
    assert given[0]["resume"] == "allow"
