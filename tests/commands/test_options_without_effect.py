"""Options that have no effect beside other options are refused in one line that names both."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import CASES, TrainedRun, run

from seq2seq.commands.arguments import Parser, add_decoding_options, search_options
from seq2seq.data.corpora import CorpusOptions
from seq2seq.data.tokenizer import TokenizerOptions
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.model.options import NetworkOptions
from seq2seq.options import check_effects
from seq2seq.training.tasks import TASKS

PAIR = {"document": "a.txt", "summary": "b.txt"}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (TokenizerOptions, {"path": "/no/such/folder"}, "data.tokenizer.path .* data.tokenizer.kind: word"),
        (TokenizerOptions, {"kind": "bpe", "path": "x"}, "data.tokenizer.path .* data.tokenizer.kind: bpe"),
        (TokenizerOptions, {"kind": "bpe", "split": "whitespace"}, "data.tokenizer.split .*kind: bpe"),
        (TokenizerOptions, {"kind": "unigram", "min_frequency": 2}, "data.tokenizer.min_frequency .*kind: unigram"),
        (TokenizerOptions, {"kind": "pretrained", "path": "x", "vocab_size": 9}, "vocab_size .*kind: pretrained"),
        (TokenizerOptions, {"kind": "pretrained", "path": "x", "normalizers": []}, "normalizers .*kind: pretrained"),
        (CorpusOptions, {"train": "a.csv", "revision": "main"}, "data.corpus.revision .* without data.corpus.name"),
        (CorpusOptions, {"train": "a.csv", "config": "x"}, "data.corpus.config .* without data.corpus.name"),
        (CorpusOptions, {"name": "a/b", "format": "csv"}, "data.corpus.format .* with data.corpus.name: a/b"),
        (CorpusOptions, {"train": PAIR, "format": "csv"}, "data.corpus.format .* with data.corpus.train"),
        (CorpusOptions, {"train": PAIR, "document_column": "x"}, "document_column .* with data.corpus.train"),
        (CorpusOptions, {"train": PAIR, "summary_column": "x"}, "summary_column .* with data.corpus.train"),
    ],
)
def test_data_options_without_effect(kind: Callable[..., Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        kind(**options)
    assert re.search(r"has no effect .*; leave it out \(default: .*\) or change data", str(caught.value))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (SearchOptions(beam_size=1, length_penalty=0.5), "x.length_penalty has no effect with x.beam_size: 1;"),
        (SearchOptions(beam_size=1, minimum_risk=True), "x.minimum_risk has no effect with x.beam_size: 1;"),
        (
            SearchOptions(beam_size=2, risk_temperature=2.0),
            "x.risk_temperature has no effect with x.minimum_risk: False;",
        ),
        (SearchOptions(no_repeat_ngram_size=5, max_length=5), "x.no_repeat_ngram_size .* x.max_length: 5;"),
        (NetworkOptions(attention="none", pointer=False, attention_size=9), "x.attention_size .* x.attention: none;"),
    ],
)
def test_options_of_a_checkpoint_are_checked_only_where_the_user_gives_them(options: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_effects(options, "x")
    check_effects(options, "x", given={"beam_size", "max_length", "attention"})


def test_options_with_an_effect_are_accepted() -> None:
    columns = CorpusOptions(train=PAIR, validation="b.csv", document_column="x", summary_column="y", format="csv")
    assert columns.document_column == "x"
    assert TokenizerOptions(kind="bpe", min_frequency=2, normalizers=[]).min_frequency == 2
    assert TokenizerOptions(kind="pretrained", path="x").path == "x"
    check_effects(SearchOptions(beam_size=2, length_penalty=0.5, no_repeat_ngram_size=4, max_length=5), "search")
    check_effects(NetworkOptions(attention="additive", attention_size=9), "network")
    for options in (CorpusOptions(), TokenizerOptions(), SearchOptions(), NetworkOptions()):
        check_effects(options, "defaults")


def flags(*argv: str) -> Any:
    parser = Parser()
    add_decoding_options(parser)
    return parser.parse_args(["--checkpoint", "x", *argv])


def test_the_command_line_is_checked_and_not_the_checkpoint() -> None:
    stored = SearchOptions(beam_size=4, n_best=2, length_penalty=0.5, no_repeat_ngram_size=3, max_length=9)
    assert search_options(flags("--beam-size", "1"), stored).length_penalty == 0.5
    assert search_options(flags("--max-length", "3"), stored).no_repeat_ngram_size == 3
    assert search_options(flags("--length-penalty", "2"), stored).length_penalty == 2
    greedy = SearchOptions(length_penalty=0.5)
    message = "--length-penalty has no effect with --beam-size 1; leave it out (default: 1.0) or change --beam-size"
    for argv, known in ((["--beam-size", "1", "--length-penalty", "2"], stored), (["--length-penalty", "2"], greedy)):
        with pytest.raises(UserError, match=f"{re.escape(message)}"):
            search_options(flags(*argv), known)
        assert search_options(flags(*argv), known, scores_are_written=True).length_penalty == 2
    with pytest.raises(UserError, match=r"^--no-repeat-ngram-size has no effect with --max-length 9"):
        search_options(flags("--no-repeat-ngram-size", "9"), stored)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--threads", "2", "--device", "cuda"], "--threads has no effect with --device cuda"),
        (["--document-column", "text"], "--document-column has no effect on plain text"),
    ],
)
@pytest.mark.parametrize("command", ["decode", "show"])
def test_decoding_options_without_effect(
    trained: TrainedRun, capsys: pytest.CaptureFixture[str], command: str, argv: list[str], words: str
) -> None:
    documents = CASES / "formats" / "a.txt"
    assert run(command, "--checkpoint", trained.best, "--input", documents, *argv) == 1
    assert words in capsys.readouterr().err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small corpus and its config, which is the working directory."""
    shutil.copytree(CASES / "base", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--data.tokenizer.path", "/no/such/folder"], "data.tokenizer.path has no effect with data.tokenizer.kind"),
        (["--data.corpus.revision", "main"], "data.corpus.revision has no effect without data.corpus.name"),
        (["--data.seed", "7"], "data.seed has no effect with seed_everything"),
        (
            ["--model.search.beam_size", "1", "--model.search.length_penalty", "0.5"],
            "model.search.length_penalty has no effect with model.search.beam_size: 1",
        ),
        (["--model.search.no_repeat_ngram_size", "12"], "no_repeat_ngram_size has no effect with model.search.max_len"),
        (
            ["--model.network.attention", "none", "--model.network.pointer", "false"],
            "model.network.attention_size has no effect with model.network.attention: none",
        ),
        (
            ["--data.tokenizer.kind", "bpe", "--model.network.unknown_embeddings", "4"],
            "model.network.unknown_embeddings has no effect with data.tokenizer.kind: bpe",
        ),
        (
            ["--data.tokenizer.kind", "unigram", "--model.search.allow_unk", "true"],
            "model.search.allow_unk has no effect with data.tokenizer.kind: unigram",
        ),
        (
            ["--trainer.gradient_clip_val", "0", "--trainer.gradient_clip_algorithm", "norm"],
            "trainer.gradient_clip_algorithm has no effect without trainer.gradient_clip_val",
        ),
    ],
)
def test_training_options_without_effect(
    place: Path, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert run("fit", "--config", "c.yaml", *argv) == 1
    lines = capsys.readouterr().err.splitlines()
    assert words in lines[-1]
    assert [line.startswith("seq2seq: error: ") for line in lines].count(True) == 1
    assert "Traceback" not in "".join(lines)
    assert not (place / "run" / "last.ckpt").exists()


def test_the_saved_config_and_a_greedy_validation_are_accepted(place: Path) -> None:
    search = ["--model.search.length_penalty", "0.5", "--seed_everything", "5", "--trainer.max_epochs", "1"]
    assert run("fit", "--config", "c.yaml", *search) == 0
    saved = yaml.safe_load((place / "run" / "config.yaml").read_text(encoding="utf-8"))
    assert saved["model"]["search"]["length_penalty"] == 0.5
    assert run("validate", "--config", "c.yaml", "--model.search.length_penalty", "0.5") == 0
    again = ["--config", "run/config.yaml", "--seed_everything", "7", "--trainer.default_root_dir", "run2"]
    assert run("fit", *again) == 0


def test_return_predictions_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", "--config", "c.yaml", "--trainer.max_epochs", "1") == 0
    assert run("predict", "--config", "c.yaml", "--return_predictions", "true") == 1
    assert "return_predictions has no effect on `seq2seq predict`" in capsys.readouterr().err


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[2] / "configs").glob("*.yaml")), ids=lambda f: f.name)
def test_the_configs_of_the_repository_are_accepted(file: Path) -> None:
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "command" in config:
        pytest.skip("a config of W&B's agent")
    data, model = config.get("data", {}), config["model"]  # a config may be an addition to another one
    CorpusOptions(**data.get("corpus", {}))
    TokenizerOptions(**data.get("tokenizer", {}))
    for name, options in TASKS[config.get("task", "summarization")].module.sections.items():
        check_effects(options(**model.get(name, {})), name)
