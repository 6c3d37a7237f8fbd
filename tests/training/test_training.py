"""Training end to end: a tiny corpus is memorised, scores are equal to those of rouge-score, a resumed run continues.

Arithmetic: gradients are means over tokens, their norm is clipped, every term of the loss is logged.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from helpers import TrainedRun, config, pairs, read_jsonl, run, train, write_config, write_corpus
from lightning.pytorch import Callback, Trainer, seed_everything
from lightning.pytorch.loggers import CSVLogger
from rouge_score import rouge_scorer

from seq2seq.batch import Batch
from seq2seq.data.bucketing import BatchOptions
from seq2seq.data.corpora import CorpusOptions
from seq2seq.data.tokenizer import TokenizerOptions
from seq2seq.decoding import SearchOptions
from seq2seq.model.network import NetworkOptions, Seq2Seq
from seq2seq.training.callbacks import BestCheckpoint
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.module import SummarizerModule
from seq2seq.training.optimizer import OptimizerOptions

# ---- results of a run


def test_a_small_corpus_is_memorised(trained: TrainedRun) -> None:
    """The best checkpoint was chosen by greedy search on validation, which is the training split."""
    checkpoint = torch.load(trained.best, weights_only=True)
    (state,) = [s for name, s in checkpoint["callbacks"].items() if name.startswith("BestCheckpoint")]
    assert state["best_model_score"] == 100.0


def test_greedy_search_reproduces_the_training_headlines(trained: TrainedRun, tmp_path: Path) -> None:
    options = ["--trainer.default_root_dir", tmp_path, "--model.search.beam_size", "1"]
    options += ["--data.corpus.test", trained.corpus["train"]]
    assert run("test", "--config", trained.config, "--ckpt_path", trained.best, *options) == 0
    found = read_jsonl(tmp_path / "predictions.jsonl")
    assert [line["prediction"] for line in found] == [pair["summary"] for pair in pairs(24)]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["rouge1"], metrics["rouge2"], metrics["rougeL"]) == (100.0, 100.0, 100.0)
    assert metrics["settings"]["search"]["beam_size"] == 1


def test_predictions_are_the_corpus_in_order(trained: TrainedRun) -> None:
    source = read_jsonl(Path(trained.corpus["test"]))
    found = read_jsonl(trained.folder / "predictions.jsonl")
    assert all(set(line) == {"document", "reference", "prediction"} for line in found)
    assert [(line["document"], line["reference"]) for line in found] == [
        (line["document"], line["summary"]) for line in source
    ]
    empty = [line["prediction"] for line in found if not line["document"].strip()]
    assert empty == ["", ""]


def test_metrics_are_what_rouge_score_says_of_the_predictions(trained: TrainedRun) -> None:
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    found = read_jsonl(trained.folder / "predictions.jsonl")
    scores = [scorer.score(line["reference"], line["prediction"]) for line in found]
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    for kind in ("rouge1", "rouge2", "rougeL"):
        assert metrics[kind] == pytest.approx(100 * sum(s[kind].fmeasure for s in scores) / len(scores), abs=1e-9)
    settings = metrics["settings"]
    assert settings["examples"] == len(found)
    assert settings["seed"] == 1
    assert settings["checkpoint"] == "best.ckpt"
    assert settings["search"]["beam_size"] == 3
    assert "stemmer" in settings["rouge"]


def test_validate_and_predict(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    assert run("validate", *common) == 0
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines() if line.split()[:1] == ["rouge2"]] == [["rouge2", "100.0"]]
    assert "DataLoader 0" not in printed  # the table of Lightning
    assert "epoch" not in printed
    assert run("predict", *common, "--data.predict_split", "validation", "--model.search.n_best", "2") == 0
    assert f"24 predictions -> {tmp_path / 'predictions-validation.jsonl'}" in capsys.readouterr().out
    found = read_jsonl(tmp_path / "predictions-validation.jsonl")
    assert [line["prediction"] for line in found] == [pair["summary"] for pair in pairs(24)]
    for line in found:
        texts, scores = zip(*((h["text"], h["score"]) for h in line["hypotheses"]), strict=True)
        assert len(texts) == 2
        assert texts[0] == line["prediction"]
        assert scores[0] >= scores[1]


def test_the_saved_config_is_a_config(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds what the user can set, not the values that the module takes from the data."""
    saved = yaml.safe_load((trained.folder / "config.yaml").read_text())
    assert set(saved["model"]) == {"network", "objective", "optimizer", "search"}
    file = write_config(tmp_path / "saved.yaml", saved)
    options = ["--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path, "--verbose", "false"]
    assert run("validate", "--config", file, *options) == 0
    assert "perplexity" not in capsys.readouterr().out  # the table of all figures


def test_documents_without_a_token_have_an_empty_headline_in_test_and_decode(
    trained: TrainedRun, tmp_path: Path
) -> None:
    """Control characters are neither words nor blanks."""
    corpus = tmp_path / "odd.jsonl"
    lines = [{"document": text, "summary": "x"} for text in ("\x01\x02", "", pairs(1)[0]["document"], "\u2028")]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ["--trainer.default_root_dir", tmp_path / "run", "--data.corpus.test", corpus]
    options += ["--model.search.min_length", "2"]
    assert run("test", "--config", trained.config, "--ckpt_path", trained.best, *options) == 0
    found = [line["prediction"] for line in read_jsonl(tmp_path / "run" / "predictions.jsonl")]
    assert found == ["", "", pairs(1)[0]["summary"], ""]


# ---- checkpoints, stopping and resuming


def test_early_stopping(tmp_path: Path) -> None:
    """With a tiny learning rate nothing is learnt: two validations without progress after the first end the run."""
    changes = {"model__optimizer__learning_rate": 1e-12, "trainer__check_val_every_n_epoch": 1}
    learnt = train(tmp_path, early_stopping={"patience": 2, "monitor": "validation/rougeL"}, **changes)
    last = torch.load(learnt.folder / "last.ckpt", weights_only=True)
    assert last["epoch"] + 1 == 3


def losses(folder: Path) -> dict[int, float]:
    """Optimizer step -> training loss, from the file of the CSVLogger."""
    (file,) = folder.rglob("metrics.csv")
    with open(file, newline="") as lines:
        return {int(row["step"]): float(row["train/loss"]) for row in csv.DictReader(lines) if row["train/loss"]}


LOGGED = {"trainer__logger": {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": "."}}}


@pytest.mark.slow  # test_resume.py compares all bits of shorter runs
def test_a_resumed_run_is_equal_to_an_uninterrupted_one(tmp_path: Path) -> None:
    """Six epochs, and three epochs continued for three more: equal losses, steps and weights, with dropout."""
    corpus = write_corpus(tmp_path / "corpus")
    changes = LOGGED | {"trainer__check_val_every_n_epoch": 1, "model__optimizer__schedule": "constant"}

    def fit(folder: str, epochs: int, *options: str | Path) -> dict[str, Any]:
        settings = config(corpus, tmp_path / folder, **changes, trainer__max_epochs=epochs)
        assert run("fit", "--config", write_config(tmp_path / f"{folder}.yaml", settings), *options) == 0
        return torch.load(tmp_path / folder / "last.ckpt", weights_only=True)

    whole = fit("whole", 6)
    half = fit("half", 3)
    rest = fit("rest", 6, "--ckpt_path", tmp_path / "half" / "last.ckpt")
    steps = half["global_step"]
    assert (half["epoch"], rest["epoch"], whole["epoch"]) == (2, 5, 5)
    assert (rest["global_step"], whole["global_step"]) == (2 * steps, 2 * steps)
    at_once, resumed = losses(tmp_path / "whole"), losses(tmp_path / "rest")
    assert sorted(resumed) == list(range(steps, 2 * steps))
    assert resumed == pytest.approx({step: at_once[step] for step in resumed}, rel=1e-4)
    for name, weight in whole["state_dict"].items():
        torch.testing.assert_close(rest["state_dict"][name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("workers", [pytest.param(0, marks=pytest.mark.slow), 1])  # test_resume.py has no workers
def test_a_run_resumed_within_an_epoch_continues_with_the_next_batch(tmp_path: Path, workers: int) -> None:
    """Nine batches in an epoch, a validation after every third; stopped after 15, within the second epoch."""
    corpus = write_corpus(tmp_path / "corpus", count=18)
    changes = LOGGED | {
        "model__optimizer__schedule": "constant",
        "trainer__check_val_every_n_epoch": 1,
        "trainer__val_check_interval": 3,
        "data__batches": {"tokens": 400, "examples": 2},
        "data__workers": workers,
    }

    def fit(folder: str, steps: int, *options: str | Path) -> dict[int, float]:
        settings = config(corpus, tmp_path / folder, **changes, trainer__max_steps=steps)
        assert run("fit", "--config", write_config(tmp_path / f"{folder}.yaml", settings), *options) == 0
        return losses(tmp_path / folder)

    whole = fit("whole", 30)
    assert sorted(whole) == list(range(30))
    fit("half", 15)
    rest = fit("rest", 30, "--ckpt_path", tmp_path / "half" / "last.ckpt")
    assert rest == pytest.approx({step: whole[step] for step in range(15, 30)}, rel=1e-3)


def test_best_checkpoint_finds_its_files_after_the_run_was_moved(tmp_path: Path) -> None:
    learnt = train(tmp_path / "first", trainer__max_epochs=2, trainer__check_val_every_n_epoch=1)
    moved = learnt.folder.rename(tmp_path / "moved")
    options = ["--trainer.default_root_dir", moved, "--ckpt_path", moved / "last.ckpt", "--trainer.max_epochs", "3"]
    assert run("fit", "--config", learnt.config, *options) == 0
    assert not learnt.folder.exists()
    assert torch.load(moved / "last.ckpt", weights_only=True)["epoch"] == 2
    assert sorted(file.name for file in moved.glob("*.ckpt")) == ["best.ckpt", "last.ckpt"]


def test_seed(tmp_path: Path) -> None:
    def weights(name: str, seed: int) -> torch.Tensor:
        learnt = train(
            tmp_path / name,
            seed_everything=seed,
            trainer__max_epochs=1,
            trainer__check_val_every_n_epoch=1,
            model__network__dropout=0.3,
        )
        state = torch.load(learnt.folder / "last.ckpt", weights_only=True)["state_dict"]
        return torch.cat([weight.flatten() for weight in state.values()])

    first = weights("a", 1)
    assert torch.equal(first, weights("b", 1))
    assert not torch.equal(first, weights("c", 2))


LOGGERS = {"CSVLogger": "metrics.csv", "TensorBoardLogger": "events.out.tfevents.*"}


@pytest.mark.parametrize("names", [["CSVLogger"], list(LOGGERS)], ids="+".join)
def test_loggers_need_only_be_named(names: list[str], trained: TrainedRun, tmp_path: Path) -> None:
    """One logger as an option, several as a list; each writes into the run's folder."""
    loggers = [{"class_path": f"lightning.pytorch.loggers.{name}"} for name in names]
    chosen = json.dumps(loggers) if len(names) > 1 else loggers[0]["class_path"]
    settings = ["--config", trained.config, "--trainer.default_root_dir", tmp_path, "--trainer.logger", chosen]
    assert run("fit", *settings, "--trainer.max_steps", "2") == 0
    for name, file in LOGGERS.items():
        assert bool(list(tmp_path.rglob(file))) == (name in names)


@pytest.mark.slow  # test_dashboards.py reads the figures of a longer run
def test_tensorboard_holds_the_figures(trained: TrainedRun, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = ["--config", trained.config, "--trainer.default_root_dir", tmp_path]
    settings += ["--trainer.logger", "lightning.pytorch.loggers.TensorBoardLogger"]
    assert run("fit", *settings, "--trainer.max_steps", "2", "--trainer.log_every_n_steps", "1") == 0
    (events,) = tmp_path.rglob("events.out.tfevents.*")
    board = EventAccumulator(str(events.parent))
    board.Reload()
    assert [event.step for event in board.Scalars("train/loss")] == [0, 1]


# ---- arithmetic of the gradient


class Recorder(Callback):
    """Records batches, weights, gradients before and after clipping, and logged figures of every optimizer step."""

    def __init__(self) -> None:
        self.before: list[dict[str, torch.Tensor]] = []
        self.after: list[dict[str, torch.Tensor]] = []
        self.weights: list[dict[str, torch.Tensor]] = []
        self.batches: list[Batch] = []
        self.logged: list[dict[str, float]] = []

    @staticmethod
    def _gradients(module: Any) -> dict[str, torch.Tensor]:
        return {n: p.grad.clone() for n, p in module.network.named_parameters() if p.grad is not None}

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.batches.append(batch)
        self.weights.append({n: p.detach().clone() for n, p in pl_module.network.named_parameters()})

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        self.before.append(self._gradients(pl_module))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        self.after.append(self._gradients(pl_module))
        self.logged.append({name: float(value) for name, value in trainer.callback_metrics.items()})


def fit_in_python(folder: Path, recorder: Recorder, **settings: Any) -> SummarizerModule:
    """Trains without the command line, one epoch unless `settings` say otherwise, on headlines of different lengths."""
    corpus = write_corpus(folder / "corpus", count=22)
    data = HeadlineData(
        CorpusOptions(**corpus), TokenizerOptions(vocab_size=80), BatchOptions(tokens=120), max_document_tokens=30
    )
    seed_everything(3)
    network = NetworkOptions(embedding_size=16, encoder_size=16, decoder_size=24, dropout=0.0)
    optimizer = OptimizerOptions(warmup_steps=0, schedule="constant", learning_rate=1e-2)
    module = SummarizerModule(data.tokenizer, network, optimizer, SearchOptions(), max_document_tokens=30)
    trainer = Trainer(
        accelerator="cpu",
        logger=CSVLogger(folder),
        log_every_n_steps=1,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[recorder],
        **{"max_epochs": 1, **settings},
    )
    trainer.fit(module, data)
    return module


def norm(tensors: dict[str, torch.Tensor]) -> float:
    return float(torch.cat([t.flatten() for t in tensors.values()]).norm())


@pytest.mark.parametrize("accumulate", [1, 3])
def test_gradients_are_means_over_the_tokens_of_the_whole_step(tmp_path: Path, accumulate: int) -> None:
    recorder = Recorder()
    module = fit_in_python(tmp_path, recorder, accumulate_grad_batches=accumulate, gradient_clip_val=None)
    batches = recorder.batches
    groups = [batches[i : i + accumulate] for i in range(0, len(batches), accumulate)]
    assert len(groups) == len(recorder.before)
    assert len(batches) % accumulate == 0, "every step should have as many batches as any other"
    assert len({int(b.summary_mask.sum()) for b in batches}) > 1, "batches should differ in their tokens"
    for number, group in enumerate(groups):
        module.network.load_state_dict(recorder.weights[number * accumulate], strict=False)
        module.network.zero_grad()
        total = sum(module.network.loss(batch)[0]["cross_entropy"] for batch in group)
        tokens = sum(int(batch.summary_mask.sum()) for batch in group)
        (total / tokens).backward()  # the definition: all tokens of the step have the same weight
        for name, parameter in module.network.named_parameters():
            if parameter.grad is not None:
                torch.testing.assert_close(recorder.before[number][name], parameter.grad, rtol=1e-4, atol=1e-6)


def test_the_norm_is_logged_before_clipping_and_limited_after(tmp_path: Path) -> None:
    """The share of steps that were clipped is that of each epoch."""
    recorder = Recorder()
    fit_in_python(tmp_path, recorder, gradient_clip_val=0.75, max_epochs=2)
    norms = [norm(gradients) for gradients in recorder.before]
    assert max(norms) > 0.75
    logged = [step["train/gradient_norm"] for step in recorder.logged]
    assert logged == pytest.approx(norms, rel=1e-5)
    assert [norm(gradients) for gradients in recorder.after] == pytest.approx([min(n, 0.75) for n in norms], rel=1e-4)
    (file,) = tmp_path.rglob("metrics.csv")
    with open(file, newline="") as lines:
        shares = [float(row["train/clipped_share"]) for row in csv.DictReader(lines) if row["train/clipped_share"]]
    steps = len(norms) // 2
    clipped = [sum(n > 0.75 for n in epoch) for epoch in (norms[:steps], norms[steps:])]
    assert clipped[0] != clipped[1], "the share of an epoch should differ from that of both"
    assert shares == pytest.approx([count / steps for count in clipped], abs=1e-6)


def test_every_term_of_the_loss_is_logged_and_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A term "penalty" of 3 per target word, whose gradient is -1 per target word for each embedding weight."""
    loss = Seq2Seq.loss

    def with_penalty(self: Seq2Seq, batch: Batch, step: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        terms, log_likelihood = loss(self, batch, step)
        weight, words = self.embedding.weight, len(batch.target_positions)
        return terms | {"penalty": words * (3 + (weight.detach() - weight).sum())}, log_likelihood

    plain, recorder = Recorder(), Recorder()
    fit_in_python(tmp_path / "plain", plain, gradient_clip_val=None)
    monkeypatch.setattr(Seq2Seq, "loss", with_penalty)
    fit_in_python(tmp_path / "penalty", recorder, gradient_clip_val=None)
    assert [step["train/penalty"] for step in recorder.logged] == pytest.approx([3.0] * len(recorder.logged))
    assert recorder.logged[0]["train/loss"] == pytest.approx(plain.logged[0]["train/loss"])
    before, after = (r.before[0]["embedding.weight"] for r in (plain, recorder))
    torch.testing.assert_close(after, before - 1, rtol=1e-4, atol=1e-5)


def test_warmup_and_schedule(tmp_path: Path) -> None:
    """The learning rate rises linearly in the warm-up, then falls linearly to zero at the last step."""
    changes = LOGGED | {"trainer__max_epochs": 4, "model__optimizer__warmup_steps": 4}
    learnt = train(tmp_path, **changes)
    (file,) = learnt.folder.rglob("metrics.csv")
    with open(file, newline="") as lines:
        rows = list(csv.DictReader(lines))
    rates = [float(row["train/learning_rate"]) for row in rows if row["train/learning_rate"]]
    total = len(rates)
    expected = [1e-2 * (k / 4 if k < 4 else (total - k) / (total - 4)) for k in range(total)]
    assert total > 8
    assert rates == pytest.approx(expected, rel=1e-5)


def test_best_checkpoint_state_has_no_folder(tmp_path: Path) -> None:
    callback = BestCheckpoint()
    callback.dirpath = str(tmp_path)
    callback.best_model_path = str(tmp_path / "best.ckpt")
    callback.best_k_models = {str(tmp_path / "best.ckpt"): torch.tensor(1.0)}
    state = callback.state_dict()
    assert str(tmp_path) not in str(state)
    other = BestCheckpoint()
    other.dirpath = str(tmp_path / "moved")
    other.load_state_dict(state)
    assert other.best_model_path == str(tmp_path / "moved" / "best.ckpt")
    assert list(other.best_k_models) == [str(tmp_path / "moved" / "best.ckpt")]
