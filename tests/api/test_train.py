"""`seq2seq.train`: the same training as `seq2seq fit`, and what its summarizer can do."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import yaml
from helpers import made_once, pairs, run, secrets, write_config, write_jsonl

from seq2seq import Summarizer, train
from seq2seq.api.settings import Settings
from seq2seq.api.sizes import choices, measure
from seq2seq.checkpoint import read_checkpoint
from seq2seq.errors import UserError
from seq2seq.report import read_curves
from seq2seq.scoring import compare
from seq2seq.training.callbacks.learning_curve import picture, points_of, text_curves

PAIRS = [(pair["document"], pair["summary"]) for pair in pairs()]
OPTIONS: dict[str, Any] = {
    "trainer": {"accelerator": "cpu", "log_every_n_steps": 1},
    "model.network": {"encoder_size": 16, "dropout": 0.3},
    "model.search.beam_size": 2,
    "data.batches": {"examples": 8},
    "checkpoint.every_n_train_steps": 1,
    "checkpoint.keep_last": 10,
}
SIZE = 12
VECTORS = {word: [float(len(word) + place) for place in range(SIZE)] for word in ("the", "fire", "Athens", "absent")}


class Made(NamedTuple):
    folder: Path
    output: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run of three epochs with embeddings of a file. Read only."""

    def make(folder: Path) -> None:
        lines = [f"{word} {' '.join(map(str, values))}\n" for word, values in VECTORS.items()]
        (folder / "vectors.txt").write_text("".join(lines), encoding="utf-8")
        config = OPTIONS | {"embeddings.file": str(folder / "vectors.txt")}
        logger = logging.getLogger("lightning.pytorch")
        with (folder / "output.txt").open("w", encoding="utf-8") as output, redirect_stdout(output):
            messages = logging.StreamHandler(output)
            logger.addHandler(messages)
            try:
                train(PAIRS, validation=pairs(8), epochs=3, folder=folder / "run", config=config)
            finally:
                logger.removeHandler(messages)

    folder = made_once(tmp_path_factory, "train_in_python", make)
    return Made(folder / "run", (folder / "output.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def summarizer(made: Made) -> Summarizer:
    return Summarizer.from_checkpoint(made.folder / "best.ckpt")


def weights(file: Path) -> dict[str, torch.Tensor]:
    return read_checkpoint(file)["state_dict"]


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_the_choices_are_printed_and_the_options_of_the_user_stay(made: Made) -> None:
    settings = yaml.safe_load((made.folder / "config.yaml").read_text(encoding="utf-8"))
    network = settings["model"]["network"]
    assert (network["encoder_size"], network["dropout"], network["decoder_size"]) == (16, 0.3, 32)
    assert network["embedding_size"] == SIZE  # that of the file of vectors
    assert settings["trainer"]["max_epochs"] == 3
    lines = [line for line in made.output.splitlines() if line.startswith("train: ")]
    assert f"train: model.network: embedding_size {SIZE}, decoder_size 32 (24 training pairs)" in lines
    assert not [line for line in lines if "encoder_size" in line or "max_epochs" in line]
    assert "3 of " in next(line for line in made.output.splitlines() if line.startswith("embeddings: "))


def test_no_folder_of_the_machine_is_in_a_checkpoint(made: Made) -> None:
    content = (made.folder / "best.ckpt").read_bytes()
    assert not [name for name in [*secrets(made.folder), b"vectors.txt"] if name in content]


def test_it_is_the_training_of_the_command(made: Made, tmp_path: Path) -> None:
    """The saved config gives the same weights, to the last bit, with `seq2seq fit`."""
    assert run("fit", "--config", made.folder / "config.yaml", "--trainer.default_root_dir", tmp_path) == 0
    assert same(made.folder / "last.ckpt", tmp_path / "last.ckpt")


def test_a_resumed_run_has_the_weights_of_an_uninterrupted_one(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(made.folder, folder)
    for file in folder.glob("*.ckpt"):
        if file.name != "step-4.ckpt":
            file.unlink()
    config = OPTIONS | {"model.network.embedding_size": SIZE, "embeddings.file": "absent.txt"}  # it is not read again
    resumed = train(PAIRS, validation=pairs(8), epochs=3, folder=folder, resume=True, config=config)
    assert same(made.folder / "last.ckpt", folder / "last.ckpt")
    best = Summarizer.from_checkpoint(folder / "best.ckpt")
    assert resumed.summarize([PAIRS[0][0]]) == best.summarize([PAIRS[0][0]])


def test_going_on_with_more_data(summarizer: Summarizer, tmp_path: Path) -> None:
    """Weights and tokenizer are those of the start; a tiny learning rate leaves them so."""
    config = {"trainer": OPTIONS["trainer"], "model.optimizer.learning_rate": 1e-12, "data.batches.examples": 8}
    more = [(document + " in Utrecht", headline) for document, headline in PAIRS[:8]]
    longer = train(more, epochs=1, start=summarizer, folder=tmp_path, config=config)
    assert longer.tokenizer.tokens == summarizer.tokenizer.tokens
    before, after = summarizer.network.state_dict(), longer.network.state_dict()
    assert all(torch.allclose(before[name], after[name], atol=1e-9) for name in before)
    assert yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))["init_from"]


def test_a_saved_summarizer_is_the_same(summarizer: Summarizer, tmp_path: Path) -> None:
    documents = [document for document, _ in PAIRS]
    summarizer.save(tmp_path / "new" / "model.ckpt")
    again = Summarizer.from_checkpoint(tmp_path / "new" / "model.ckpt")
    assert again.summarize(documents) == summarizer.summarize(documents)
    assert again.options == summarizer.options
    assert (
        run(
            "validate",
            "--config",
            write_config(
                tmp_path / "c.yaml",
                {
                    "data": {"corpus": {"validation": str(write_jsonl(tmp_path / "v.jsonl", pairs(4)))}},
                    "trainer": {"accelerator": "cpu", "default_root_dir": str(tmp_path / "run"), "logger": False},
                },
            ),
            "--ckpt_path",
            tmp_path / "new" / "model.ckpt",
        )
        == 0
    )
    bare = Summarizer(again.network, again.tokenizer, again.options, 30)
    with pytest.raises(UserError, match="only a Summarizer of one checkpoint can be saved"):
        bare.save(tmp_path / "bare.ckpt")


def test_scores_are_those_of_compare(summarizer: Summarizer) -> None:
    documents, references = map(list, zip(*PAIRS[:6], strict=True))
    expected = compare(references, {"x": summarizer.summarize(documents)}, documents, trials=50).systems[0].scores
    scores = summarizer.score(pairs(6), trials=50)
    assert (scores.rouge1, scores.rouge2, scores.rougeL) == tuple(
        expected[f"{kind}.f1"] for kind in ("rouge1", "rouge2", "rougeL")
    )
    assert f"{scores.rouge1.value:.2f} ({scores.rouge1.low:.2f}-" in str(scores)
    assert "trials:50" in str(scores)


WRONG = {
    "misspelt": ({"config": {"model.network.droput": 0.1}}, r"did you mean 'model\.network\.dropout'"),
    "limit": ({"config": {"model": {"network": {"dropout": 2}}}}, r"network\.dropout: 2\S* is too large"),
    "twice": ({"epochs": 2, "config": {"trainer.max_epochs": 3}}, r"epochs and trainer\.max_epochs of the config"),
    "task": ({"config": {"task": "annotation"}}, "use `seq2seq fit` for other tasks"),
    "pairs": ({"pairs": [("a", "b"), ("a",)]}, r"pairs\[1\] is no \(document, headline\) pair"),
    "null": ({"pairs": [("a", None)]}, r"pairs\[0\]: .* is null"),
    "file": ({"pairs": "absent.jsonl"}, r"data\.corpus\.train: no such file: absent\.jsonl"),
    "start": ({"start": "absent.ckpt"}, r"absent\.ckpt: no such checkpoint"),
    "embeddings": ({"start": "titles", "config": {"embeddings.file": "x.txt"}}, "no effect with --init_from"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given, message = WRONG[name]
    with pytest.raises(UserError, match=message):
        train(**{"pairs": PAIRS[:4], "folder": tmp_path / "run"} | given)
    assert not list(tmp_path.glob("run/*.ckpt"))


def test_a_misspelt_key_has_the_error_of_a_config_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"data": {"corpus": {"train": "x.jsonl"}}, "model": {"network": {"droput": 0.1}}}
    file = write_config(tmp_path / "c.yaml", settings)
    assert run("fit", "--config", file) == 1
    of_the_file = capsys.readouterr().err.strip()
    with pytest.raises(UserError) as raised:
        train(PAIRS[:4], folder=tmp_path / "run", config={"model.network.droput": 0.1})
    assert of_the_file.endswith(str(raised.value).split(": ", 1)[-1])


def test_settings_join_dotted_and_nested_keys(tmp_path: Path) -> None:
    nested = {"model": {"network.dropout": 0.1, "search": {"beam_size": 2}}, "early_stopping": None}
    settings = Settings(nested | {"model.network.cell": "lstm"})
    assert settings.values == {
        "model": {"network": {"dropout": 0.1, "cell": "lstm"}, "search": {"beam_size": 2}},
        "early_stopping": None,
    }
    assert settings.has("early_stopping.patience")
    assert not settings.has("model.network.encoder_size")
    with pytest.raises(UserError, match=r"model\.network\.cell is given twice"):
        Settings({"model.network.cell": "gru", "model": {"network": {"cell": "lstm"}}})
    file = write_config(tmp_path / "c.yaml", {"model": {"network": {"cell": "lstm"}}})
    assert Settings(file).get("model.network.cell") == "lstm"


def test_sizes_follow_the_corpus() -> None:
    """Lengths of 20 documents with 50 words and of one with 300: 95 % are not longer than 50."""
    documents = ["word " * 50] * 40 + ["word " * 300]
    facts = measure(documents, ["four words of headline"] * 41)
    assert (facts.pairs, facts.document[1], facts.summary[1], facts.spaced) == (41, 50, 4, True)
    chosen = {f"{c.section}.{k}": v for c in choices(facts, Settings(), True) for k, v in c.values.items()}
    assert chosen["data.max_document_tokens"] == 60  # 50 words with a fifth to spare
    assert chosen["data.tokenizer.kind"] == "word"
    large = {
        f"{c.section}.{k}": v
        for c in choices(facts._replace(pairs=10**6), Settings(), True)
        for k, v in c.values.items()
    }
    assert large["model.network.encoder_size"] > chosen["model.network.encoder_size"]
    assert large["model.network.training_vocabulary"] < large["data.tokenizer.vocab_size"]
    assert "model.network.training_vocabulary" not in chosen
    chinese = measure(["港口发生火灾造成三人受伤消防队赶到现场"] * 4, ["港口火灾"] * 4)
    chosen = {f"{c.section}.{k}": v for c in choices(chinese, Settings(), True) for k, v in c.values.items()}
    assert chosen["data.tokenizer.kind"] == "unigram"
    assert "data.tokenizer.min_frequency" not in chosen  # unigram has no such option
    assert not [c for c in choices(facts, Settings(), False) if c.section in ("model.network", "data.tokenizer")]


def test_the_learning_curve(made: Made) -> None:
    records = read_curves(made.folder / "curves.jsonl")
    lines = {name: points_of(records, name) for name in ("train/loss", "validation/rougeL")}
    assert [step for step, _ in lines["validation/rougeL"]] == [3, 6, 9]
    assert picture(lines).startswith(b"\x89PNG")
    rising = text_curves({"a": [(1, 0.0), (2, 7.0)], "loss": [(1, 7.0), (2, 3.5), (3, 0.0)]})
    assert rising == "a     ▁█  0.000 -> 7.000\nloss  █▅▁  7.000 -> 0.000"
    many = text_curves({"a": [(step, float(step)) for step in range(500)]})
    assert len(many.split()[1]) == 60


def test_import_of_the_package_loads_no_torch() -> None:
    code = "import sys, seq2seq; sys.exit(any(name in sys.modules for name in ('torch', 'lightning', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_embeddings_of_the_file_are_the_first_ones(made: Made) -> None:
    """The first checkpoint is one step away; the directions are still those of the file."""
    first = weights(made.folder / "step-1.ckpt")["network.embedding.weight"].numpy()
    tokens = Summarizer.from_checkpoint(made.folder / "best.ckpt").tokenizer.tokens
    for word in ("the", "fire", "Athens"):
        row, values = first[tokens.index(word)], np.array(VECTORS[word])
        assert row @ values / np.linalg.norm(row) / np.linalg.norm(values) > 0.95
