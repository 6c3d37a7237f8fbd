"""The labelling tasks from the command: fit, validate, test, predict, decode, resume, and errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from helpers import config, made_once, pairs, read_jsonl, run, together, write_config, write_jsonl
from torch.utils.data import DataLoader

from seq2seq.labelling import TextLabeller
from seq2seq.report import load_run
from seq2seq.training.classification import ClassifierModule
from seq2seq.training.module import SummarizerModule
from seq2seq.training.tasks import TASKS

WEATHER = ("sun", "rain")
TASK_NAMES = ("classification", "annotation")


def examples(task: str, count: int, first: int = 0) -> list[dict[str, Any]]:
    """The weather of the second town counts; a town after "from" is a place, and a person before it."""
    made: list[dict[str, Any]] = []
    for i in range(first, first + count):
        town, other, turn = f"town{i % 7}", f"town{(i + 3) % 7}", i % 2
        if task == "classification":
            text = f"{WEATHER[turn]} in {town} , but {WEATHER[1 - turn]} in {other}"
            made.append({"document": text, "label": WEATHER[1 - turn]})
        else:
            tokens = [town, "flew", "from", other] if turn else ["from", other, "flew", town, "late"]
            tags = ["B-PER", "O", "O", "B-LOC"] if turn else ["O", "B-LOC", "O", "B-PER", "I-PER"]
            made.append({"document": tokens, "label": tags})
    return made


class Learnt(NamedTuple):
    config: Path
    folder: Path

    @property
    def best(self) -> Path:
        return self.folder / "best.ckpt"


def settings(task: str, folder: Path, corpus: dict[str, str], **changes: Any) -> dict[str, Any]:
    made = config({**corpus, "summary_column": "label"}, folder, **changes)
    del made["data"]["max_summary_tokens"], made["model"]["search"]
    made["task"] = task
    made["model"]["network"] = {"embedding_size": 16, "encoder_size": 16, "hidden_size": 16, "dropout": 0.1}
    made["data"]["tokenizer"]["split"] = "whitespace"
    return made


def write_splits(task: str, folder: Path) -> dict[str, str]:
    sizes = {"train": (24, 0), "validation": (12, 0), "test": (13, 30)}
    return {split: str(write_jsonl(folder / f"{split}.jsonl", examples(task, *size))) for split, size in sizes.items()}


@pytest.fixture(scope="module", params=TASK_NAMES)
def learnt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Learnt]:
    """A run of each task that has learnt its corpus, and was tested."""
    task: str = request.param

    def make(folder: Path) -> None:
        corpus = write_splits(task, folder / "corpus")
        file = write_config(folder / "config.yaml", settings(task, folder / "run", corpus))
        assert run("fit", "--config", file) == 0
        assert run("test", "--config", file) == 0

    folder = made_once(tmp_path_factory, task, make)
    return task, Learnt(folder / "config.yaml", folder / "run")


def test_scores_and_predictions_of_a_test(learnt: tuple[str, Learnt]) -> None:
    task, trained = learnt
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    predictions = read_jsonl(trained.folder / "predictions.jsonl")
    assert len(predictions) == metrics["settings"]["examples"] == 13
    assert metrics["settings"]["task"] == task
    assert metrics["accuracy"] > 95
    assert metrics["macro_f1" if task == "classification" else "entity_f1"] > 90
    places = [
        r == p
        for line in predictions
        for r, p in zip(line["reference"].split(), line["prediction"].split(), strict=True)
    ]
    assert metrics["accuracy"] == pytest.approx(100 * sum(places) / len(places))
    assert (trained.folder / "config.yaml").read_text().count(f"task: {task}\n") == 1


def test_the_page_shows_labels(learnt: tuple[str, Learnt]) -> None:
    """`fit` leaves its validation labels for the page, and the page of the test has no ROUGE."""
    task, trained = learnt
    assert set(read_jsonl(trained.folder / "validation.jsonl")[0]) == {"document", "reference", "prediction"}
    loaded = load_run(trained.folder)
    assert (loaded.task, loaded.split, len(loaded.predictions)) == (task, "test", 13)
    page = (trained.folder / "index.html").read_text(encoding="utf-8")
    assert "Confused labels" in page
    assert "Labels of the validation split" in page
    assert "ROUGE" not in page.split('id="config"')[0]


def test_the_page_of_a_checkpoint_and_predictions_alone(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    """The checkpoint tells the task and the settings."""
    for name in ("best.ckpt", "predictions.jsonl"):
        shutil.copy(learnt[1].folder / name, tmp_path)
    assert run("report", tmp_path) == 0
    shown = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "ROUGE" not in shown
    assert "network.encoder_size" in shown


def test_decode_gives_the_labels_of_the_test(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    task, trained = learnt
    corpus = trained.config.parent / "corpus" / "test.jsonl"
    expected = [line["prediction"] for line in read_jsonl(trained.folder / "predictions.jsonl")]
    output = tmp_path / "out.jsonl"
    common = ("decode", "--checkpoint", trained.best, "--input", corpus)
    assert run(*common, "--output", output) == 0
    found = read_jsonl(output)
    if task == "classification":
        assert [line["prediction"] for line in found] == expected
        assert all(line["label"] in WEATHER and 0.5 < line["score"] <= 1 for line in found)
    else:
        assert [" ".join(line["prediction"]) for line in found] == expected
        spans = [(e["text"], e["type"]) for e in found[1]["entities"]]
        assert spans == [(" ".join(found[1]["tokens"][e["start"] : e["end"]]), e["type"]) for e in found[1]["entities"]]
        assert spans == [("town3", "PER"), ("town6", "LOC")]
    text = tmp_path / "out.txt"
    assert run(*common, "--output", text, "--batch-size", "1") == 0
    written = text.read_text()
    if task == "classification":
        assert written.splitlines() == expected
    else:
        sentences = written.removesuffix("\n\n").split("\n\n")
        assert [" ".join(line.split("\t")[1] for line in s.splitlines()) for s in sentences] == expected
    labeller = TextLabeller.from_checkpoint(trained.folder)
    documents = [line["document"] for line in read_jsonl(trained.folder / "predictions.jsonl")]
    assert [" ".join(labels) for labels in labeller.label(documents)] == expected


def test_empty_and_long_documents_of_decode(
    learnt: tuple[str, Learnt], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, trained = learnt
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("\n" + "from town1 " * 20 + "\n")
    assert run("decode", "--checkpoint", trained.best, "--input", source, "--output", output) == 0
    assert "2 documents; 1 without a word (label left empty); 1 cut to 30 tokens" in capsys.readouterr().err
    lines = output.read_text().splitlines()
    assert lines[0] == ""
    if task == "annotation":
        assert len(lines) == 1 + 40 + 1
        assert lines[-2] == "town1\tO"


def test_predict_needs_no_labels(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    task, trained = learnt
    rows = [{"document": row["document"]} for row in examples(task, 13, 30)]
    corpus = write_jsonl(tmp_path / "test.jsonl", rows)
    where = ("--trainer.default_root_dir", tmp_path, "--ckpt_path", trained.best)
    assert run("predict", "--config", trained.config, *where, "--data.corpus.test", corpus) == 0
    expected = [line["prediction"] for line in read_jsonl(trained.folder / "predictions.jsonl")]
    assert [line["prediction"] for line in read_jsonl(tmp_path / "predictions-test.jsonl")] == expected
    assert run("validate", "--config", trained.config, *where) == 0


def weights(file: Path) -> dict[str, Any]:
    return torch.load(file, weights_only=True)["state_dict"]


def test_a_resumed_run_ends_with_the_same_bits(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    task, trained = learnt
    corpus = {s: str(trained.config.parent / "corpus" / f"{s}.jsonl") for s in ("train", "validation", "test")}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        given = settings(task, folder, corpus, trainer__max_epochs=3, trainer__check_val_every_n_epoch=1)
        write_config(tmp_path / f"{folder.name}.yaml", given)
    assert run("fit", "--config", tmp_path / "whole.yaml", "--checkpoint.every_n_train_steps", "2") == 0
    parts.mkdir()
    shutil.copy(whole / "run.json", parts / "run.json")
    step = sorted(whole.glob("step-*.ckpt"), key=lambda file: int(file.stem[5:]))[0]
    shutil.copy(step, parts / step.name)
    assert run("fit", "--config", tmp_path / "parts.yaml", "--resume", "auto") == 0
    first, second = weights(whole / "last.ckpt"), weights(parts / "last.ckpt")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("learnt", ["annotation"], indirect=True)
@pytest.mark.slow
def test_other_numbers_of_processes_give_the_same_figures(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    """With batches of a few documents, so that both processes have some."""
    common = ["test", "--config", learnt[1].config, "--ckpt_path", learnt[1].best, "--data.eval_tokens", "60"]
    folders = tmp_path / "one", tmp_path / "two"
    assert run(*common, "--trainer.default_root_dir", folders[0]) == 0
    processes = ["--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.default_root_dir", folders[1]]
    together(tmp_path / "group", 2, [*common, *processes])
    for name in ("metrics.json", "predictions.jsonl"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_a_checkpoint_of_another_task(
    learnt: tuple[str, Learnt], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, trained = learnt
    corpus = write_jsonl(tmp_path / "pairs.jsonl", pairs(4))
    file = write_config(tmp_path / "c.yaml", config({"test": str(corpus), "train": str(corpus)}, tmp_path / "run"))
    message = f"best.ckpt: a checkpoint of the task {task}, but this command needs one of summarization"
    for argv in (
        ("test", "--config", file, "--ckpt_path", trained.best),
        ("fit", "--config", file, "--init_from", trained.best),
        ("show", "--checkpoint", trained.best, "--input", corpus),
    ):
        assert run(*argv) == 1
        assert message in capsys.readouterr().err
    with pytest.raises(Exception, match="needs one of summarization"):
        SummarizerModule.load_from_checkpoint(trained.best)
    for option in (("--beam-size", "2"), ("--precision", "bfloat16")):
        assert run("decode", "--checkpoint", trained.best, "--input", corpus, *option) == 1
        assert f"{option[0]} has no effect on a checkpoint of a labelling task" in capsys.readouterr().err


def test_averages_and_exports(learnt: tuple[str, Learnt], tmp_path: Path, trained: Any) -> None:
    task, run_of_task = learnt
    last, best = run_of_task.folder / "last.ckpt", run_of_task.best
    assert run("average", last, best, "--output", tmp_path / "mean.ckpt") == 0
    assert run("export", "model", "--checkpoint", best, "--output", tmp_path / "small.ckpt") == 0
    documents = [
        row["document"] if task == "classification" else " ".join(row["document"]) for row in examples(task, 9)
    ]
    expected = TextLabeller.from_checkpoint(best).label(documents)
    assert TextLabeller.from_checkpoint(tmp_path / "small.ckpt").label(documents) == expected
    assert TextLabeller.from_checkpoint(tmp_path / "mean.ckpt").task == task
    assert run("average", best, trained.best, "--output", tmp_path / "x.ckpt") == 1
    with pytest.raises(Exception, match="which gives no labels; load it as a Summarizer"):
        TextLabeller.from_checkpoint(trained.best)


def test_from_python_with_plain_loaders(learnt: tuple[str, Learnt], tmp_path: Path) -> None:
    from lightning.pytorch import Trainer

    task, trained = learnt
    module: Any = TASKS[task].module.load_from_checkpoint(trained.best)
    rows = [
        {key: value if isinstance(value, str) else " ".join(value) for key, value in row.items()}
        for row in examples(task, 13, 30)
    ]
    given = [{"document": row["document"], "summary": row["label"]} for row in rows]
    trainer = Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path, enable_progress_bar=False)
    (scores,) = trainer.test(module, DataLoader(given, batch_size=5), verbose=False)
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    assert scores["test/accuracy"] == pytest.approx(metrics["accuracy"])
    assert scores["test/loss"] == pytest.approx(metrics["loss"], rel=1e-4)


# ---- errors of the config and the corpus


def changed(learnt: tuple[str, Learnt], tmp_path: Path, split: str, row: dict[str, Any]) -> tuple[str | Path, ...]:
    rows = examples(learnt[0], 6)
    rows[4] = {**rows[4], **row}
    file = write_jsonl(tmp_path / f"{split}.jsonl", rows)
    return "fit", "--config", learnt[1].config, "--trainer.default_root_dir", tmp_path, f"--data.corpus.{split}", file


@pytest.mark.parametrize("learnt", ["classification"], indirect=True)
@pytest.mark.parametrize(
    ("split", "row", "message"),
    [
        ("validation", {"label": "snow"}, "example 5 has the label 'snow', which no training example has"),
        ("train", {"document": " "}, "example 5 has the label 'rain' and an empty document; leave it out"),
        ("train", {"label": None}, "train.jsonl:5: a document and a summary must be strings, one here is null"),
    ],
)
def test_wrong_documents(
    learnt: tuple[str, Learnt], tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str, row: Any, message: str
) -> None:
    assert run(*changed(learnt, tmp_path, split, row)) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("learnt", ["annotation"], indirect=True)
@pytest.mark.parametrize(
    ("split", "row", "message"),
    [
        ("validation", {"label": ["O", "B-ORG", "O", "O", "O"]}, "example 5 has the label 'B-ORG', which no"),
        ("train", {"label": ["O", "O"]}, "data.corpus.train: example 5 has 5 tokens and 2 labels"),
        ("train", {"label": ["O", "PER", "O", "O", "O"]}, "data.corpus.train: 'PER' is no BIO label"),
        ("train", {"document": []}, "data.corpus.train: example 5 has an empty document"),
    ],
)
def test_wrong_tokens(
    learnt: tuple[str, Learnt], tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str, row: Any, message: str
) -> None:
    assert run(*changed(learnt, tmp_path, split, row)) == 1
    assert message in capsys.readouterr().err


def test_wrong_options(learnt: tuple[str, Learnt], capsys: pytest.CaptureFixture[str]) -> None:
    config_file = learnt[1].config
    for option, value, message in (
        ("--task", "clasification", "task: 'clasification' is none of"),
        ("--checkpoint.monitor", "validation/rougeL", "checkpoint.monitor: there is no figure 'validation/rougeL'"),
        ("--early_stopping.monitor", "validation/acuracy", "did you mean 'validation/accuracy'?"),
        ("--model.network.decoder_size", "8", "decoder_size"),
    ):
        assert run("fit", "--config", config_file, option, value) == 1
        assert message in capsys.readouterr().err


def test_the_summarizer_has_no_figures_of_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = str(write_jsonl(tmp_path / "pairs.jsonl", pairs(4)))
    file = write_config(tmp_path / "c.yaml", config({"train": corpus}, tmp_path / "run"))
    assert run("fit", "--config", file, "--checkpoint.monitor", "validation/accuracy") == 1
    assert "checkpoint.monitor: there is no figure 'validation/accuracy'" in capsys.readouterr().err


def test_the_registry_names_the_tasks_of_the_modules() -> None:
    assert all(task.module.task == name for name, task in TASKS.items())
    assert ClassifierModule.main_figure in (ClassifierModule.figures or ())
