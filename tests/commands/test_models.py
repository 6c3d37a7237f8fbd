"""Shipped models and exported checkpoints in every command that reads a checkpoint, and `models` and `export`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import CARD, TrainedRun, pairs, read_jsonl, run

from seq2seq import shipped
from seq2seq.checkpoint import export_checkpoint, network_weights, newest_checkpoint, read_checkpoint, write_checkpoint
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer

DOCUMENTS = [pair["document"] for pair in pairs(24)]


@pytest.fixture(scope="module")
def models(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of shipped models with one model, `titles`: the exported checkpoint of the trained run."""
    folder = tmp_path_factory.mktemp("models")
    assert run("export", "model", "--checkpoint", trained.best, "--output", folder / "titles.ckpt") == 0
    CARD.write(folder / "titles.json")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shipped, "FOLDER", folder)
        yield folder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    file = tmp_path / "documents.txt"
    file.write_text("".join(f"{document}\n" for document in DOCUMENTS))
    return file


def rounded(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: weight.to(torch.float16).to(torch.float32) for name, weight in weights.items()}


# ---- export model


def test_an_exported_model_writes_the_headlines_of_the_rounded_weights(trained: TrainedRun, models: Path) -> None:
    """Headlines and scores are equal bit for bit, and the network computes in float32."""
    expected = Summarizer.from_checkpoint(trained.best, "cpu")
    expected.network.load_state_dict(rounded(network_weights(read_checkpoint(trained.best))))
    found = Summarizer.from_checkpoint(models / "titles.ckpt", "cpu")
    assert {weight.dtype for weight in found.network.parameters()} == {torch.float32}
    assert list(found.stream(DOCUMENTS)) == list(expected.stream(DOCUMENTS))
    assert (found.options, found.max_document_tokens) == (expected.options, expected.max_document_tokens)
    unrounded = list(Summarizer.from_checkpoint(trained.best, "cpu").stream(DOCUMENTS))
    assert unrounded != list(found.stream(DOCUMENTS))  # scores show the rounding


def test_an_exported_model_holds_what_inference_needs(trained: TrainedRun, models: Path) -> None:
    original = torch.load(trained.best, weights_only=True)
    exported = torch.load(models / "titles.ckpt", weights_only=True)
    assert exported["seq2seq"] == original["seq2seq"]
    assert not {"optimizer_states", "lr_schedulers", "loops", "callbacks", "resume"} & exported.keys()
    assert {weight.dtype for weight in exported["state_dict"].values()} == {torch.float16}
    weights = exported["state_dict"]
    assert weights["network.embedding.weight"].data_ptr() == weights["network.output.weight"].data_ptr()  # tied
    distinct = {weight.data_ptr(): weight.numel() for weight in weights.values()}
    tokenizer = len(str(exported["seq2seq"]["tokenizer"]))
    assert (models / "titles.ckpt").stat().st_size < 2 * sum(distinct.values()) + tokenizer + 30_000
    (best,) = {s["current_score"].item() for s in original["callbacks"].values() if "current_score" in s}
    assert exported["metrics"] == {"validation/rougeL": best}


def test_an_exported_model_is_exported_again(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "model", "--checkpoint", "titles", "--output", tmp_path / "again.ckpt") == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'again.ckpt'}: 0.1 MB, validation/rougeL ")
    first, again = (torch.load(file, weights_only=True) for file in (models / "titles.ckpt", tmp_path / "again.ckpt"))
    assert first["metrics"] == again["metrics"]
    assert all(torch.equal(weight, again["state_dict"][name]) for name, weight in first["state_dict"].items())


def test_export_refuses_weights_outside_float16_and_its_own_input(
    trained: TrainedRun, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = torch.load(trained.best, weights_only=True)
    checkpoint["state_dict"]["network.decoder.combine.bias"][3] = 65_520.0  # rounds to infinity
    write_checkpoint(checkpoint, tmp_path / "large.ckpt")
    with pytest.raises(UserError, match=r"large\.ckpt: network\.decoder\.combine\.bias .* float16"):
        export_checkpoint(tmp_path / "large.ckpt", tmp_path / "out.ckpt")
    assert not (tmp_path / "out.ckpt").exists()
    assert run("export", "model", "--checkpoint", "titles", "--output", models / "titles.ckpt") == 1
    assert "that is the checkpoint itself" in capsys.readouterr().err
    assert run("export", "modle", "--checkpoint", "titles", "--output", tmp_path / "x") == 1
    assert "'modle'" in capsys.readouterr().err


# ---- names in the commands


def test_decode_without_a_checkpoint_uses_the_default_model(
    models: Path, documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = Summarizer.from_checkpoint(models / "titles.ckpt").summarize(DOCUMENTS)
    assert run("decode", "--input", documents) == 0
    plain = capsys.readouterr()
    assert plain.out.splitlines() == expected
    first, second = plain.err.splitlines()
    assert first == (
        "seq2seq: no --checkpoint was given; the model is 'titles': titles for tests "
        "(`seq2seq models titles` shows its limits)"
    )
    assert second == "seq2seq decode: 24 documents"
    assert run("decode", "--checkpoint", "titles", "--input", documents) == 0
    named = capsys.readouterr()
    assert (named.out, named.err.splitlines()) == (plain.out, [second])


def test_show_and_score_take_the_name(
    trained: TrainedRun, models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = trained.corpus["test"]
    assert run("show", "--input", test, "--count", 2) == 0
    shown = capsys.readouterr()
    assert "the model is 'titles'" in shown.err
    assert read_jsonl(Path(test))[0]["summary"] in shown.out
    assert run("score", "--model", "titles", "--input", test, "--trials", 0, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["systems"][0]["name"] == "titles"
    assert Summarizer.from_checkpoint("titles").summarize(DOCUMENTS[:1])


@pytest.mark.parametrize(
    "argv",
    [
        ["decode", "--checkpoint", "titels", "--input", "documents"],
        ["show", "--checkpoint", "titels", "--input", "documents"],
        ["score", "--model", "titels", "--input", "corpus"],
        ["fit", "--config", "config", "--init_from", "titels"],
        ["test", "--config", "config", "--ckpt_path", "titels"],
        ["models", "titels"],
        ["export", "model", "--checkpoint", "titels", "--output", "x.ckpt"],
    ],
    ids=lambda argv: argv[0],
)
def test_an_unknown_name_in_every_command(
    trained: TrainedRun, models: Path, documents: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    files = {"documents": str(documents), "corpus": trained.corpus["test"], "config": str(trained.config)}
    assert run(*(files.get(word, word) for word in argv)) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seq2seq: error")]
    assert "titels: no " in line
    assert line.endswith("did you mean 'titles'? the models are titles")


def test_a_copy_without_models(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "nothing")
    for command in ("decode", "show"):
        assert run(command, "--input", documents) == 1
        error = capsys.readouterr().err
        assert error.startswith("seq2seq: error: no model ships with this copy of seq2seq; give --checkpoint FILE")
    assert run("models") == 0
    assert capsys.readouterr().out.startswith("no model ships with this copy of seq2seq")
    assert run("models", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == []


# ---- models


def test_models_lists_names_and_cards(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models") == 0
    table = capsys.readouterr().out
    assert [word in table for word in ("titles (default)", "ROUGE-1", "42.1", "0.1 MB", "CC0")] == [True] * 5
    assert run("models", "titles") == 0
    card = capsys.readouterr().out
    assert "ROUGE-1 42.12 (41.00 to 43.25)" in card
    for text in (CARD.title, CARD.description, CARD.corpus, *CARD.limits, *CARD.training, "1,234 parameters"):
        assert text in card
    assert run("models", "titles", "--format", "json") == 0
    described = json.loads(capsys.readouterr().out)
    assert described["figures"] == CARD.figures
    assert Path(described["file"]) == models / "titles.ckpt"
    assert run("models", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == [described]


# ---- training commands


def test_test_with_an_exported_model(trained: TrainedRun, models: Path, tmp_path: Path) -> None:
    command = ["test", "--config", trained.config, "--ckpt_path", "titles", "--trainer.default_root_dir", tmp_path]
    assert run(*command) == 0
    tested = [line["prediction"] for line in read_jsonl(tmp_path / "predictions.jsonl")]
    test = [line["document"] for line in read_jsonl(Path(trained.corpus["test"]))]
    assert tested == Summarizer.from_checkpoint("titles").summarize(test)


def test_a_run_starts_from_an_exported_model_but_does_not_continue_it(
    trained: TrainedRun, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--trainer.default_root_dir", tmp_path / "run"]
    rate = ["--model.optimizer.learning_rate", "1e-12", "--trainer.max_epochs", "1"]
    start: list[Any] = ["fit", "--config", trained.config, *folder, *rate, "--early_stopping", "null"]
    assert run(*start, "--init_from", "titles") == 0
    weights = network_weights(read_checkpoint(tmp_path / "run" / "last.ckpt"))
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    expected = rounded(network_weights(read_checkpoint(trained.best)))
    torch.testing.assert_close(weights, expected, atol=1e-9, rtol=0)
    capsys.readouterr()
    assert run(*start, "--ckpt_path", models / "titles.ckpt") == 1
    assert "titles.ckpt: weights alone, without the state of a training" in capsys.readouterr().err
    export_checkpoint(tmp_path / "run" / "best.ckpt", tmp_path / "run" / "export.ckpt")
    os.utime(tmp_path / "run" / "export.ckpt", (4e9, 4e9))
    found, skipped = newest_checkpoint(tmp_path / "run")
    assert found is not None
    assert found.name in ("best.ckpt", "last.ckpt")
    assert "export.ckpt: weights alone" in skipped[0]
