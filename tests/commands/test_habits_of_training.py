"""Habits of users of `fit`, `validate`, `test` and `predict` who have not read the manual."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from helpers import CASES, made_once, read_jsonl, run, started

from seq2seq.checkpoint import network_weights, read_checkpoint, run_id
from seq2seq.commands.training_parser import overridden_options
from seq2seq.data.arrow_cache import cache_errors
from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.training.callbacks import BestCheckpoint, DirectedEarlyStopping
from seq2seq.training.interruptions import STOP, process_errors, stop_when_closed
from seq2seq.training.monitors import DIRECTIONS, direction, figure_names


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small corpus, its config, and a run of 12 epochs. Read only."""

    def make(folder: Path) -> None:
        shutil.copytree(CASES / "base", folder, dirs_exist_ok=True)
        assert fit(folder, "--trainer.max_epochs", "12") == 0

    return made_once(tmp_path_factory, "habits", make)


@pytest.fixture
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the trained folder, which is the working directory."""
    shutil.copytree(trained, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


def fit(folder: Path, *argv: str) -> int:
    here = Path.cwd()
    os.chdir(folder)
    try:
        return run("fit", "--config", "c.yaml", *argv)
    finally:
        os.chdir(here)


def epochs_of(checkpoint: str | Path) -> int:
    """Finished epochs, of three batches each."""
    position = read_checkpoint(checkpoint)["resume"]
    return position["epoch"] + position["batches"] // 3


def contents(folder: Path) -> dict[str, str]:
    """A hash of every file in a folder. W&B's own files count by name: its processes may still write them."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(
            b"" if file.suffix in (".log", ".wandb") else file.read_bytes()
        ).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


# ---- 2: the checkpoint of test, validate and predict


@pytest.mark.parametrize("named", [(), ("--ckpt_path", "best"), ("--ckpt_path", "last")])
def test_test_scores_the_weights_of_the_run(
    place: Path, named: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("test", "--config", "c.yaml", *named) == 0
    by_name = json.loads((place / "run" / "metrics.json").read_text())
    file = f"run/{named[1] if named else 'best'}.ckpt"
    if not named:
        assert f"no --ckpt_path was given; the weights are those of {file}" in capsys.readouterr().err
    assert run("test", "--config", "c.yaml", "--ckpt_path", file) == 0
    assert by_name == json.loads((place / "run" / "metrics.json").read_text())
    assert by_name["rouge1"] > 60
    assert by_name["settings"]["checkpoint"] == Path(file).name


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
@pytest.mark.parametrize("named", [(), ("--ckpt_path", "last"), ("--ckpt_path", "best")])
def test_no_command_scores_random_weights(
    place: Path, command: str, named: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(place)
    assert run(command, "--config", "c.yaml", "--trainer.default_root_dir", "empty", *named) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "--ckpt_path" in error
    assert "empty/" in error
    assert contents(place) == before


def test_best_of_an_earlier_run_is_not_the_best_of_this_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "run" / "run.json").write_text('{"id": "another"}')
    assert run("test", "--config", "c.yaml") == 1
    assert "of an earlier run in this folder" in capsys.readouterr().err
    assert run("validate", "--config", "c.yaml", "--ckpt_path", "best") == 0


def test_checkpoints_of_fit_have_names_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", "--config", "c.yaml", "--ckpt_path", "last", "--trainer.max_epochs", "13") == 0
    assert epochs_of(place / "run" / "last.ckpt") == 13
    assert run("fit", "--config", "c.yaml", "--ckpt_path", "best", "--trainer.default_root_dir", "empty") == 1
    assert "there is no empty/best.ckpt" in capsys.readouterr().err
    for given in (["--resume", "auto"], ["--init_from", "run/best.ckpt"]):
        assert run("fit", "--config", "c.yaml", "--ckpt_path", "last", *given) == 1
        assert f"{given[0]} " in capsys.readouterr().err
    assert run("test", "--config", "c.yaml", "--resume", "auto") == 1
    assert "--resume: test does not train" in capsys.readouterr().err


# ---- 4: ~


def test_the_home_folder_is_one_place(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(place / "train.jsonl", home / "mine.jsonl")
    monkeypatch.setenv("HOME", str(home))
    changes = {"data.corpus.train": "~/mine.jsonl", "trainer.default_root_dir": "~/tilde-run"}
    options = [word for key, value in changes.items() for word in (f"--{key}", value)]
    logger = {"class_path": "CSVLogger", "init_args": {"save_dir": "~/logs"}}
    options += ["--trainer.logger", json.dumps(logger), "--config", "~/more.yaml"]
    (home / "more.yaml").write_text("trainer: {max_epochs: 1}\n")
    assert run("fit", "--config", "c.yaml", *options) == 0
    written = {file.name for file in (home / "tilde-run").iterdir()}
    assert {"best.ckpt", "last.ckpt", "run.json", "config.yaml"} <= written
    assert (home / "logs" / "lightning_logs").is_dir()
    assert not (place / "~").exists()
    saved = yaml.safe_load((home / "tilde-run" / "config.yaml").read_text())
    assert saved["trainer"]["default_root_dir"] == "~/tilde-run"  # no name of a user
    assert saved["data"]["corpus"]["train"] == "~/mine.jsonl"
    first = run_id(home / "tilde-run")
    assert run("fit", "--config", "c.yaml", *options, "--resume", "auto", "--trainer.max_epochs", "2") == 0
    assert epochs_of(home / "tilde-run" / "last.ckpt") == 2
    assert run_id(home / "tilde-run") == first
    score = ["--trainer.default_root_dir", "~/tilde-run", "--ckpt_path", "~/tilde-run/last.ckpt"]
    assert run("test", "--config", "c.yaml", *score) == 0
    assert (home / "tilde-run" / "metrics.json").is_file()


def test_a_path_may_start_with_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    assert user_path("$SCRATCH/x") == user_path("${SCRATCH}/x") == tmp_path / "x"
    assert user_path("$SCRATCH") == tmp_path
    for name in ("a$SCRATCH/x", "$SCRATCHED.txt", "x/$5.txt", "$"):
        assert user_path(name) == Path(name)


def test_a_home_folder_of_nobody_is_an_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", "--config", "c.yaml", "--trainer.default_root_dir", "~nobody-has-this-name/x") == 1
    assert "~nobody-has-this-name/x" in capsys.readouterr().err


# ---- 5: fast_dev_run


@pytest.mark.parametrize(
    "argv", [["fit"], ["fit", "--resume", "auto"], ["test"], ["validate"], ["predict"]], ids=lambda argv: " ".join(argv)
)
def test_fast_dev_run_leaves_no_trace(place: Path, argv: list[str]) -> None:
    before = contents(place)
    assert run(*argv, "--config", "c.yaml", "--trainer.fast_dev_run", "true") == 0
    assert contents(place) == before
    if argv == ["fit"]:
        assert run("fit", "--config", "c.yaml", "--trainer.fast_dev_run", "1", "--trainer.default_root_dir", "new") == 0
        assert not Path("new").exists()


# ---- 6: the direction of a figure


def test_every_figure_has_the_right_direction() -> None:
    labels = {"accuracy", "macro_f1", "entity_f1", "entity_precision", "entity_recall"}
    assert {name for name, mode in DIRECTIONS.items() if mode == "max"} == {"rouge1", "rouge2", "rougeL", *labels}
    for monitor in figure_names():
        name = monitor.partition("/")[2]
        if name in DIRECTIONS or name in ("bleu", "chrf"):
            right = direction("checkpoint", monitor, None)
            wrong = {"max": "min", "min": "max"}[right]
            assert direction("checkpoint", monitor, right) == right  # type: ignore[arg-type]
            with pytest.raises(UserError, match=f"checkpoint.mode: {wrong} would choose the worst {monitor}"):
                direction("checkpoint", monitor, wrong)  # type: ignore[arg-type]
        else:
            with pytest.raises(UserError, match=r"checkpoint.mode: say whether"):
                direction("checkpoint", monitor, None)
            assert direction("checkpoint", monitor, "min") == "min"
    with pytest.raises(UserError, match=r"early_stopping.monitor: .* did you mean 'validation/rouge2'"):
        DirectedEarlyStopping("validation/rogue2")
    assert BestCheckpoint("validation/loss").mode == DirectedEarlyStopping("validation/loss").mode == "min"


def test_a_falling_loss_chooses_the_last_epoch(place: Path) -> None:
    watch = ["--checkpoint.monitor", "validation/loss", "--early_stopping.monitor", "validation/loss"]
    folder = ["--trainer.default_root_dir", "loss", "--trainer.max_epochs", "5"]
    assert run("fit", "--config", "c.yaml", *watch, "--early_stopping.patience", "1", *folder) == 0
    assert epochs_of("loss/best.ckpt") == 5
    assert epochs_of("loss/last.ckpt") == 5


# ---- 7: the saved config


@pytest.mark.slow  # three runs of W&B
def test_the_saved_config_carries_no_identity(place: Path) -> None:
    import wandb

    first = ["--trainer.logger", "WandbLogger", "--trainer.default_root_dir", "first", "--trainer.max_epochs", "1"]
    assert run("fit", "--config", "c.yaml", *first) == 0
    saved = yaml.safe_load(Path("first/config.yaml").read_text())
    assert saved["trainer"]["logger"]["init_args"]["id"] is None
    assert "first" not in json.dumps(saved["trainer"]["logger"])
    wandb.finish()  # as the end of the process would
    before = contents(place / "first")
    assert run("fit", "--config", "first/config.yaml", "--trainer.default_root_dir", "second") == 0
    wandb.finish()
    assert contents(place / "first") == before
    runs = [next(Path(name, "wandb").glob("offline-run-*")).name.rsplit("-", 1)[1] for name in ("first", "second")]
    assert runs == [run_id("first"), run_id("second")]
    # The config of an older version names the folder and the id of its run.
    logger: dict[str, Any] = saved["trainer"]["logger"]
    logger["init_args"] |= {"id": runs[0], "save_dir": "first"}
    logger["dict_kwargs"] = {"resume": "allow"}
    Path("older.yaml").write_text(yaml.safe_dump(saved))
    assert run("fit", "--config", "older.yaml", "--trainer.default_root_dir", "third") == 0
    wandb.finish()
    assert contents(place / "first") == before
    assert list(Path("third/wandb").glob(f"offline-run-*-{run_id('third')}"))


# ---- 8: a closed output, Ctrl-C

ENDLESS = ["--trainer.max_epochs", "5000", "--early_stopping.patience", "5000"]


def test_a_closed_output_saves_the_state(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()

    def read_a_line() -> None:
        with open(reading, encoding="utf-8") as output:
            assert output.readline()

    with monkeypatch.context() as patch, open(writing, "w", encoding="utf-8", buffering=1) as output:
        reader = threading.Thread(target=read_a_line)
        reader.start()
        patch.setattr("sys.stdout", output)
        status = run("fit", "--config", "c.yaml", *ENDLESS, "--trainer.default_root_dir", "cut")
        reader.join()
    assert status == 128 + signal.SIGPIPE
    error = capsys.readouterr().err
    assert "standard output was closed after step" in error.splitlines()[-1]
    assert "--resume auto" in error.splitlines()[-1]
    assert list(Path("cut").glob("step-*.ckpt"))


@pytest.mark.slow
def test_a_process_with_a_closed_output_saves_the_state(place: Path) -> None:
    command = [sys.executable, "-m", "seq2seq", "fit", "--config", "c.yaml", *ENDLESS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, "--trainer.default_root_dir", "cut"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    ) as training:
        assert training.stdout is not None
        assert training.stderr is not None
        assert training.stdout.readline()
        training.stdout.close()
        error = training.stderr.read()
    assert training.returncode == 128 + signal.SIGPIPE
    assert "standard output was closed after step" in error.splitlines()[-1]
    assert "--resume auto" in error.splitlines()[-1]
    assert list(Path("cut").glob("step-*.ckpt"))


def test_ctrl_c_saves_the_state_and_names_the_cure(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    interrupt = {"class_path": "parts_of_runs.Terminate", "init_args": {"step": 7, "number": int(signal.SIGINT)}}
    folder = ["--trainer.default_root_dir", "cut"]
    stopped = ["--config", "c.yaml", *ENDLESS, *folder, f"--trainer.callbacks+={json.dumps(interrupt)}"]
    assert run("fit", *stopped) == 128 + signal.SIGINT
    lines = capfd.readouterr().err.splitlines()
    assert any("press Ctrl-C again" in line for line in lines)
    assert "interrupted after step 7" in lines[-1]
    assert "--resume auto" in lines[-1]
    assert Path("cut/step-7.ckpt").is_file()
    more = [*folder, "--trainer.max_steps", "10"]
    assert run("fit", "--config", "c.yaml", "--resume", "auto", *ENDLESS, *more) == 0


@pytest.mark.slow
def test_ctrl_c_in_a_terminal(place: Path) -> None:
    with started("fit", "--config", "c.yaml", *ENDLESS, "--trainer.default_root_dir", "cut") as training:
        assert training.stdout is not None
        while "epoch 2: validation" not in training.stdout.readline():
            pass
        training.send_signal(signal.SIGINT)
        lines = training.stdout.read().splitlines()
        assert training.wait() == 128 + signal.SIGINT
    assert any("press Ctrl-C again" in line for line in lines)
    assert lines[-1].startswith("seq2seq: interrupted after step")
    assert "--resume auto" in lines[-1]
    step = int(next(Path("cut").glob("step-*.ckpt")).stem.removeprefix("step-"))
    more = ["--trainer.default_root_dir", "cut", "--trainer.max_steps", str(step + 3)]
    assert run("fit", "--config", "c.yaml", "--resume", "auto", *ENDLESS, *more) == 0


def test_a_second_ctrl_c_ends_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with stop_when_closed():
        STOP.watch()
        signal.raise_signal(signal.SIGINT)
        assert STOP.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt, match="--resume auto"), process_errors("fit"):
            signal.raise_signal(signal.SIGINT)
    assert capfd.readouterr().err.count("press Ctrl-C again") == 1
    with stop_when_closed():
        assert STOP.signal == 0


# ---- 14: ordinary flags


@pytest.mark.parametrize(
    "flags",
    [
        ["--trainer.max_epochs", "-1", "--trainer.max_time", "00:00:00:01"],
        ["--trainer.overfit_batches", "2"],
        ["--trainer.log_every_n_steps", "0"],
        ["--trainer.callbacks+=Timer"],
    ],
    ids=" ".join,
)
def test_ordinary_flags_work(place: Path, flags: list[str]) -> None:
    assert run("fit", "--config", "c.yaml", *flags, "--trainer.default_root_dir", "flags") == 0
    assert Path("flags/best.ckpt").is_file()
    assert run("fit", "--config", "flags/config.yaml", "--trainer.max_steps", "2") == 0


def test_overfitting_repeats_the_same_batches(place: Path) -> None:
    from seq2seq.data.bucketing import BatchOptions, BatchSampler

    lengths = torch.arange(1, 41).numpy()
    sampler = BatchSampler(lengths, lengths, BatchOptions(tokens=100), shuffle=True, seed=3, repeat=True)
    other = BatchSampler(lengths, lengths, BatchOptions(tokens=100), shuffle=True, seed=3)
    epochs = []
    for chosen in (sampler, other):
        for epoch in (0, 1):
            chosen.set_epoch(epoch)
            epochs.append([plan.indices.tolist() for plan in chosen])
    assert epochs[0] == epochs[1] == epochs[2] != epochs[3]


@pytest.mark.slow  # two trainings
def test_the_learning_rate_that_was_found_is_used(place: Path) -> None:
    flags = ["--trainer.callbacks+=LearningRateFinder", "--trainer.callbacks.num_training_steps", "20"]
    flags += ["--trainer.callbacks.early_stop_threshold", "null", "--trainer.max_epochs", "8"]
    logger = ["--trainer.logger", "CSVLogger", "--trainer.default_root_dir", "found"]
    assert run("fit", "--config", "c.yaml", *flags, *logger) == 0
    log = (next(Path("found/lightning_logs").glob("*/metrics.csv"))).read_text().splitlines()
    column = log[0].split(",").index("train/learning_rate")
    rates = [float(line.split(",")[column]) for line in log[1:] if line.split(",")[column]]
    # Warm-up takes 5 of 24 steps, then the rate falls to zero: the highest rate, which was found, is that of step 5.
    highest = max(rates)
    assert highest != pytest.approx(1e-2, rel=1e-6)  # the config's
    assert rates == pytest.approx([highest * min(i / 5, (24 - i) / 19) for i in range(24)], rel=1e-6, abs=1e-12)
    assert not list(Path("found").glob(".lr_find*"))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--seed_everything", "-1"], "seed_everything: -1 is no seed; give a number from 0 to 4294967295"),
        (["--trainer.callbacks+=BatchSizeFinder"], "data.batches.tokens"),
        (["--trainer.ckpt_path", "best"], "did you mean 'ckpt_path'"),
        (["--trainer.default_root_dir", "c.yaml"], "trainer.default_root_dir: c.yaml cannot be made"),
        (["--trainer.val_check_interval", "50"], "error: trainer: `val_check_interval` (50) must be less than"),
        (["c.yaml"], "a config file is given as --config c.yaml"),
        (["--config", "empty.yaml"], "empty.yaml: the config file holds no keys"),
        (["--config", "no.yaml"], "no.yaml'"),
        (["--trainer.accumulate_grad_batches", "0"], "trainer.accumulate_grad_batches: give at least 1"),
        (["--trainer.gradient_clip_val", "-1"], "trainer.gradient_clip_val: give more than 0"),
        (["--trainer.default_root_dir", "$NO_SUCH_VARIABLE/x"], "no environment variable NO_SUCH_VARIABLE is set"),
        (["--epochs", "3"], "did you mean 'trainer.max_epochs'?"),
        (["--model.lr", "3"], "did you mean 'model.optimizer.learning_rate'?"),
        (["--model.network.hiden_size", "3"], "did you mean 'model.network.encoder_size'?"),
        (["--max_epoch", "3"], "did you mean 'trainer.max_epochs'?"),
        (["--data.predict_split", "dev"], "data.predict_split: 'dev' is not train, validation or test"),
    ],
)
def test_other_flags_are_refused_in_a_line(
    place: Path, flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.yaml").touch()
    assert run("fit", "--config", "c.yaml", *flags) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert words in line
    assert "did you mean 'config'" not in line


def test_wandb_online_without_an_account_is_one_line() -> None:
    import wandb

    with pytest.raises(UserError, match="W&B: No API key configured; WANDB_MODE=offline"), process_errors("fit"):
        raise wandb.errors.UsageError("No API key configured. Use `wandb login` to log in.")


def test_an_unexpected_error_is_one_line_and_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("nobody\nforesaw this")

    monkeypatch.setattr(BestCheckpoint, "on_train_start", fail)
    assert run("fit", "--config", "c.yaml", "--trainer.default_root_dir", "broken") == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("seq2seq: error: LookupError: nobody foresaw this; the traceback is in ")
    report = Path(line.rsplit(" ", 1)[1])
    assert "raise LookupError" in report.read_text()
    report.unlink()


# ---- 21: options before --config


def test_options_before_the_config_are_named(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    early = ["--trainer.max_epochs", "1", "--trainer.default_root_dir", "early", "--seed_everything=1"]
    assert run("fit", *early, "--config", "c.yaml", "--trainer.max_steps", "1") == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if "comes after it" in line]
    assert lines == [
        "seq2seq: --trainer.max_epochs 1 has no effect: --config c.yaml comes after it and sets 2; "
        "put options after --config",
        "seq2seq: --trainer.default_root_dir early has no effect: --config c.yaml comes after it and sets 'run'; "
        "put options after --config",
    ]
    after = ["--config", "c.yaml", "--trainer.max_epochs", "1", "--model.network.dropout", "0.5"]
    assert list(overridden_options(after)) == []
    assert list(overridden_options(["--model.optimizer", "{}", "-c", "no-such-file"])) == []


# ---- 23: a warm start


def test_a_new_run_starts_from_the_weights_of_a_checkpoint(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = read_jsonl(Path("train.jsonl"))
    Path("other.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs[:9]))
    new = ["--data.corpus.train", "other.jsonl", "--trainer.default_root_dir", "warm"]
    # Nothing is learnt at this rate, so the weights stay those of the checkpoint.
    new += ["--model.optimizer.learning_rate", "1e-30", "--model.network.dropout", "0.1", "--trainer.max_epochs", "1"]
    other_shape = ["--model.network.decoder_size", "20", "--data.tokenizer.vocab_size", "50"]
    assert run("fit", "--config", "c.yaml", "--init_from", "run/best.ckpt", *new, *other_shape) == 0
    warm, cold = read_checkpoint("warm/last.ckpt"), read_checkpoint("run/best.ckpt")
    assert warm["tokenizer"] == cold["tokenizer"]
    assert warm["network"] == cold["network"] | {"dropout": 0.1}
    assert warm["resume"]["epoch"] == 0
    assert warm["resume"]["run"] == run_id("warm") != run_id("run")
    for name, weights in network_weights(cold).items():
        torch.testing.assert_close(network_weights(warm)[name], weights, rtol=0, atol=0)
    # The same command serves for every requeue: --resume auto wins from the second start on.
    capsys.readouterr()
    again = ["--resume", "auto", "--init_from", "run/best.ckpt", *new, "--trainer.max_epochs", "2"]
    assert run("fit", "--config", "c.yaml", *again) == 0
    assert "resuming from" in capsys.readouterr().err
    assert read_checkpoint("warm/last.ckpt")["resume"]["epoch"] == 1
    assert run("fit", "--config", "c.yaml", "--init_from", "no.ckpt", *new) == 1
    assert "no.ckpt: no such checkpoint" in capsys.readouterr().err


# ---- 24: cache folders


def test_an_impossible_cache_folder_names_the_cure(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", "/dev/null/x")  # as HF_HOME at the start of a process
    assert run("fit", "--config", "c.yaml", "--trainer.default_root_dir", "cached") == 1
    assert "/dev/null/x/seq2seq: the cache cannot be written (Not a directory); set HF_HOME" in capsys.readouterr().err


def test_only_errors_of_the_cache_are_named_so(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "seq2seq" / "x.arrow", tmp_path / "seq2seq", None):
        with pytest.raises(UserError, match="set HF_HOME"), cache_errors(tmp_path / "seq2seq"):
            raise OSError(28, "No space left on device", file and str(file))
    with pytest.raises(OSError, match="corpus"), cache_errors(tmp_path / "seq2seq"):
        raise OSError(5, "Input/output error", "corpus.parquet")
