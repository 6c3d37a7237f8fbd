"""Bad input on the command line gives one line with the fault, its place and the cure, and never a traceback.

tests/data/test_corpora.py tests the errors of each reader; here their way to the user is tested.
"""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, config, pairs, process, read_jsonl, run, write_config, write_corpus, write_jsonl

Complain = Callable[..., str]


def the_error(stderr: str) -> str:
    """The error line. Checks that it is the only one, and the last line of the output."""
    lines = stderr.splitlines()
    assert "Traceback" not in stderr
    assert [line for line in lines if line.startswith("seq2seq: error: ")] == lines[-1:], stderr
    return lines[-1].removeprefix("seq2seq: error: ")


@pytest.fixture
def complain(capsys: pytest.CaptureFixture[str]) -> Complain:
    """Runs a command that must fail. Returns its error line."""

    def complained(*argv: str | Path) -> str:
        capsys.readouterr()
        status = run(*argv)
        captured = capsys.readouterr()
        assert status not in (0, None), captured.out
        return the_error(captured.err)

    return complained


@pytest.fixture
def fit(tmp_path: Path, complain: Complain) -> Callable[..., str]:
    """Runs `fit` with a valid config and some changes (see helpers.config), followed by `options`."""

    def fitted(*options: str, corpus: dict[str, Any] | None = None, **changes: Any) -> str:
        sound = write_corpus(tmp_path / "corpus")
        settings = config(
            sound | (corpus or {}),
            tmp_path / "run",
            **({"trainer__max_epochs": 1, "trainer__check_val_every_n_epoch": 1} | changes),
        )
        return complain("fit", "--config", write_config(tmp_path / "config.yaml", settings), *options)

    return fitted


def holds(message: str, *parts: str | Path) -> None:
    missing = [str(part) for part in parts if str(part) not in message]
    assert not missing, message


# ---- corpora


def test_missing_corpus_file_names_the_nearest(tmp_path: Path, fit: Callable[..., str]) -> None:
    message = fit(corpus={"train": str(tmp_path / "corpus" / "trian.jsonl")})
    holds(message, "data.corpus.train", tmp_path / "corpus" / "trian.jsonl", "did you mean", "train.jsonl")


def test_missing_validation_file_is_reported_before_the_training(tmp_path: Path, fit: Callable[..., str]) -> None:
    late = {"trainer__check_val_every_n_epoch": 2}  # with one epoch it would never be opened
    message = fit(corpus={"validation": str(tmp_path / "no.jsonl")}, **late)
    holds(message, "data.corpus.validation", tmp_path / "no.jsonl")


def test_unset_training_split(fit: Callable[..., str]) -> None:
    holds(fit(corpus={"train": None}), "no train data: set data.corpus.train")


def test_wrong_column_in_jsonl(tmp_path: Path, fit: Callable[..., str]) -> None:
    file = write_jsonl(tmp_path / "other.jsonl", [{"text": "a", "title": "b"}])
    holds(fit(corpus={"train": str(file)}), f"{file}:1", "'document'", "text, title", "data.corpus.document_column")


def test_wrong_column_in_csv(tmp_path: Path, fit: Callable[..., str]) -> None:
    file = tmp_path / "other.csv"
    file.write_text("document,title\na,b\n")
    holds(fit(corpus={"train": str(file)}), f"{file}:1", "'summary'", "title", "data.corpus.summary_column")


def test_misaligned_text_files(tmp_path: Path, fit: Callable[..., str]) -> None:
    documents, summaries = tmp_path / "a.txt", tmp_path / "b.txt"
    documents.write_text("one\ntwo\nthree\n")
    summaries.write_text("1\n2\n")
    message = fit(corpus={"train": {"document": str(documents), "summary": str(summaries)}})
    holds(message, documents, "has 3 lines", summaries, "has 2")


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_corpus(tmp_path: Path, fit: Callable[..., str], content: str) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text(content)
    holds(fit(corpus={"train": str(file)}), "data.corpus.train", "no pairs", file)


def test_corpus_without_a_usable_pair(tmp_path: Path, fit: Callable[..., str]) -> None:
    file = write_jsonl(tmp_path / "blank.jsonl", [{"document": "a fire broke out", "summary": " "}] * 3)
    holds(fit(corpus={"train": str(file)}), "data.corpus.train", "no pair with both a document and a summary")


@pytest.mark.parametrize(("byte", "what"), [(b"\xff", "UTF-8"), (b"\0", "NUL")])
def test_bytes_that_are_not_text(tmp_path: Path, fit: Callable[..., str], byte: bytes, what: str) -> None:
    file = tmp_path / "bytes.jsonl"
    file.write_bytes(b'{"document": "a", "summary": "b"}\n{"document": "a' + byte + b'", "summary": "b"}\n')
    holds(fit(corpus={"train": str(file)}), f"{file}:2", what)


# ---- checkpoints


class Malicious:
    """Writes a file when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def broken_checkpoint(kind: str, folder: Path, sound: Path) -> Path:
    file = folder / f"{kind}.ckpt"
    if kind == "text":
        file.write_text("these are not weights\n")
    elif kind == "empty":
        file.touch()
    elif kind == "folder":
        file.mkdir()
    elif kind == "truncated":
        file.write_bytes(sound.read_bytes()[:-5000])
    elif kind == "cut short":
        file.write_bytes(sound.read_bytes()[:100])
    elif kind == "plain dict":
        torch.save({"state_dict": {"weight": torch.zeros(2)}}, file)
    elif kind == "tensor":
        torch.save(torch.zeros(2), file)
    elif kind == "pickle with code":
        file.write_bytes(pickle.dumps(Malicious(folder / "trace")))
    elif kind == "torch pickle with code":
        torch.save({"seq2seq": Malicious(folder / "trace")}, file)
    elif kind == "other zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:  # a valid checkpoint with one change
        checkpoint = torch.load(sound, weights_only=True)
        if kind == "older format":
            checkpoint["seq2seq"]["format"] = 0
        elif kind == "unknown option":
            checkpoint["seq2seq"]["network"]["wings"] = 2
        elif kind == "weight missing":
            del checkpoint["state_dict"]["network.embedding.weight"]
        elif kind == "no weights":
            del checkpoint["state_dict"]
        elif kind == "no tokenizer":
            del checkpoint["seq2seq"]["tokenizer"]
        elif kind == "broken tokenizer":
            checkpoint["seq2seq"]["tokenizer"]["tokenizer"] = "{"
        torch.save(checkpoint, file)
    return file


KINDS = [
    "text",
    "empty",
    "folder",
    "truncated",
    "cut short",
    "plain dict",
    "tensor",
    "pickle with code",
    "torch pickle with code",
    "other zip",
    "older format",
    "unknown option",
    "weight missing",
    "no weights",
    "no tokenizer",
    "broken tokenizer",
]


@pytest.mark.parametrize("kind", KINDS)
def test_decode_with_a_broken_checkpoint(tmp_path: Path, trained: TrainedRun, complain: Complain, kind: str) -> None:
    file = broken_checkpoint(kind, tmp_path, trained.best)
    documents = tmp_path / "documents.txt"
    documents.write_text("a fire broke out\n")
    output = tmp_path / "headlines.txt"
    output.write_text("written before\n")
    message = complain("decode", "--checkpoint", file, "--input", documents, "--output", output)
    holds(message, file)
    assert not (tmp_path / "trace").exists()
    assert output.read_text() == "written before\n"


@pytest.mark.parametrize(
    ("command", "kind"), [*(("test", kind) for kind in KINDS), ("fit", "truncated"), ("fit", "weight missing")]
)
def test_broken_checkpoint_in_training_commands(
    tmp_path: Path, trained: TrainedRun, complain: Complain, kind: str, command: str
) -> None:
    file = broken_checkpoint(kind, tmp_path, trained.best)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "metrics.json").write_text("{}")
    message = complain(
        command, "--config", trained.config, "--trainer.default_root_dir", folder, "--ckpt_path", str(file)
    )
    holds(message, file)
    assert not (tmp_path / "trace").exists()
    assert (folder / "metrics.json").read_text() == "{}"


@pytest.mark.parametrize("command", ["decode", "show", "test", "fit"])
def test_missing_checkpoint(tmp_path: Path, trained: TrainedRun, complain: Complain, command: str) -> None:
    file = tmp_path / "no.ckpt"
    if command in ("decode", "show"):
        message = complain(command, "--checkpoint", file, "--input", trained.corpus["test"])
    else:
        message = complain(command, "--config", trained.config, "--ckpt_path", file)
    holds(message, file, "no such checkpoint")


# ---- configs and options


@pytest.mark.parametrize(
    ("changes", "wrong", "right"),
    [
        ({"model__network__decoder_sise": 8}, "decoder_sise", "decoder_size"),
        ({"data__batches__token": 8}, "token", "tokens"),
        ({"trainer__max_epcohs": 8}, "max_epcohs", "max_epochs"),
        ({"model__optimizer__learningrate": 1e-3}, "learningrate", "learning_rate"),
        ({"modle__network__cell": "gru"}, "modle", "model.network.cell"),
    ],
)
def test_misspelt_key_suggests_the_right_one(fit: Callable[..., str], changes: Any, wrong: str, right: str) -> None:
    holds(fit(**changes), wrong, "did you mean", f"{right}'")


@pytest.mark.parametrize(
    ("option", "right"),
    [
        ("--model.network.decoder_sise=8", "model.network.decoder_size"),
        ("--trainer.max_epcohs=8", "trainer.max_epochs"),
        ("--ckpt-path=x", "ckpt_path"),
    ],
)
def test_misspelt_option_of_fit(fit: Callable[..., str], option: str, right: str) -> None:
    holds(fit(option), option.split("=")[0].lstrip("-"), "did you mean", right)


def test_misspelt_option_of_decode(complain: Complain) -> None:
    holds(complain("decode", "--checkpoint", "x", "--beam-sise", "3"), "--beam-sise", "did you mean", "--beam-size")


def test_misspelt_option_of_show(complain: Complain) -> None:
    holds(complain("show", "--checkpoint", "x", "--input", "y", "--cuont", "3"), "--cuont", "did you mean", "--count")


def test_misspelt_option_of_prepare(complain: Complain) -> None:
    holds(complain("prepare", "gigaword", "--source", "x", "--output", "y", "--froce"), "--froce", "--force")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"model__network__decoder_size": "wide"}, "decoder_size"),
        ({"data__max_document_tokens": [1, 2]}, "max_document_tokens"),
        ({"model__network__cell": "gruu"}, "cell"),
        ({"data__tokenizer__kind": "letters"}, "kind"),
        ({"trainer__max_epochs": "many"}, "max_epochs"),
        ({"data__batches__tokens": 0}, "batches.tokens"),
        ({"model__network__dropout": 1.5}, "network.dropout"),
        ({"model__search__beam_size": 0}, "search.beam_size"),
        ({"model__optimizer__learning_rate": "fast"}, "learning_rate"),
    ],
)
def test_wrong_value_in_a_config(fit: Callable[..., str], changes: dict[str, Any], key: str) -> None:
    holds(fit(**changes), key)


@pytest.mark.parametrize("changes", [{"model__optimizer__learning_rate": -1.0}, {"model__optimizer__warmup_steps": -1}])
def test_impossible_optimizer(fit: Callable[..., str], changes: dict[str, Any]) -> None:
    holds(fit(**changes), "optimizer")


def test_missing_config(tmp_path: Path, complain: Complain) -> None:
    holds(complain("fit", "--config", tmp_path / "no.yaml"), tmp_path / "no.yaml")


@pytest.mark.parametrize("content", ["a: [1, 2\nb: }", "\tdata: 1", "just words", "- 1\n- 2"])
def test_config_that_is_no_config(tmp_path: Path, complain: Complain, content: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    holds(complain("fit", "--config", file), file)


def test_no_config_at_all(complain: Complain) -> None:
    holds(complain("fit"), "data.corpus")


def test_unknown_command(complain: Complain) -> None:
    holds(complain("fitt"), "'fitt'", "fit, ")


def test_pointer_without_attention(fit: Callable[..., str]) -> None:
    message = fit(model__network__attention="none")
    holds(message, "network.pointer", "needs attention", "network.attention")


def test_batch_budget_too_small(fit: Callable[..., str]) -> None:
    holds(fit(data__batches={"tokens": 10}), "batches.tokens", "budget of 10", "max_document_tokens")


@pytest.mark.parametrize("section", ["checkpoint", "early_stopping"])
def test_monitored_figure_that_does_not_exist(fit: Callable[..., str], section: str) -> None:
    message = fit(**{section: {"monitor": "validation/rouge9"}})
    holds(message, f"{section}.monitor", "'validation/rouge9'", "did you mean 'validation/rouge")


@pytest.mark.parametrize(
    "changes",
    [
        {"trainer__accelerator": "gpuu"},
        {"trainer__gradient_clip_algorithm": "value"},
        {"trainer__max_epochs": -5},
        pytest.param(
            {"trainer__accelerator": "cuda"},
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)
def test_impossible_trainer(fit: Callable[..., str], changes: dict[str, Any]) -> None:
    holds(fit(**changes), "trainer")


# ---- decode and show


@pytest.fixture
def decode(trained: TrainedRun, tmp_path: Path, complain: Complain) -> Callable[..., str]:
    documents = tmp_path / "documents.txt"
    documents.write_text("a fire broke out\n")

    def decoded(*options: str | Path) -> str:
        return complain("decode", "--checkpoint", trained.best, "--input", documents, *options)

    return decoded


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--beam-size", "0"], ["beam", "0", "at least 1"]),
        (["--beam-size", "two"], ["--beam-size", "two"]),
        (["--beam-size", "2", "--n-best", "3"], ["3", "beam"]),
        (["--n-best", "0"], ["n", "best", "at least 1"]),
        (["--max-length", "0"], ["length", "at least 1"]),
        (["--min-length", "9", "--max-length", "3"], ["9", "3"]),
        (["--batch-size", "0"], ["--batch-size", "at least 1"]),
        (["--threads", "-1"], ["--threads", "at least 1"]),
        (["--length-penalty", "nan"], ["length", "penalty", "nan"]),
        (["--device", "tpu"], ["--device", "tpu"]),
        (["--device", "cuda:x"], ["--device", "cuda:x"]),
        (["--format", "xml"], ["--format", "xml"]),
        (["--input", "no.txt"], ["no.txt", "no such file"]),
    ],
)
def test_impossible_options_of_decode(decode: Callable[..., str], options: list[str], parts: list[str]) -> None:
    holds(decode(*options), *parts)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_device_that_is_not_there(decode: Callable[..., str]) -> None:
    holds(decode("--device", "cuda"), "--device cuda", "no CUDA device")


def test_output_into_a_missing_folder(decode: Callable[..., str], tmp_path: Path) -> None:
    holds(decode("--output", tmp_path / "no" / "headlines.txt"), "--output", tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_output_that_is_a_folder(decode: Callable[..., str], tmp_path: Path) -> None:
    holds(decode("--output", tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{nonsense", "not valid JSON"),
        ('"text"', "one object with 'document'"),
        ('{"text": "a"}', "no column 'document' (there are: text): give --document-column"),
        ('{"document": null}', "a document must be a string, the one here is null"),
        ('{"document": 5}', "of type int"),
    ],
)
def test_bad_json_line_keeps_what_was_written(
    trained: TrainedRun, tmp_path: Path, complain: Complain, line: str, what: str
) -> None:
    documents, output = tmp_path / "documents.jsonl", tmp_path / "out.jsonl"
    good = [json.dumps({"document": pair["document"]}) for pair in pairs(3)]
    documents.write_text("\n".join([*good, line, *good]) + "\n")
    message = complain(
        "decode", "--checkpoint", trained.best, "--input", documents, "--output", output, "--format", "jsonl"
    )
    holds(message, f"{documents}:4", what)
    assert [found["prediction"] for found in read_jsonl(output)] == [pair["summary"] for pair in pairs(3)]


def test_show_with_a_bad_line(trained: TrainedRun, tmp_path: Path, complain: Complain) -> None:
    file = tmp_path / "documents.jsonl"
    file.write_text('{"document": "a"}\nnonsense\n')
    holds(complain("show", "--checkpoint", trained.best, "--input", file), f"{file}:2")


def test_show_of_an_empty_file(trained: TrainedRun, tmp_path: Path, complain: Complain) -> None:
    file = tmp_path / "empty.jsonl"
    file.touch()
    holds(complain("show", "--checkpoint", trained.best, "--input", file), file)


# ---- as a process: exit status, and only one line


def test_process_status_and_the_only_line(tmp_path: Path) -> None:
    done = process("decode", "--checkpoint", tmp_path / "no.ckpt")
    assert (done.returncode, done.stdout) == (1, b"")
    assert len(done.stderr.splitlines()) == 1
    holds(the_error(done.stderr.decode()), tmp_path / "no.ckpt")


@pytest.mark.slow
def test_process_of_fit(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    corpus["train"] = str(tmp_path / "no.jsonl")
    file = write_config(tmp_path / "config.yaml", config(corpus, tmp_path / "run"))
    done: subprocess.CompletedProcess[bytes] = process("fit", "--config", file)
    assert done.returncode == 1
    holds(the_error(done.stderr.decode()), "data.corpus.train", tmp_path / "no.jsonl")
    assert io.BytesIO(done.stderr).read().count(b"\n") <= 2  # a line with the seed may come before
