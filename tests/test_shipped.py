"""Models that ship with the package: names, cards, and the files in the wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import CARD

from seq2seq import shipped
from seq2seq.commands.models import describe
from seq2seq.errors import UserError
from seq2seq.shipped import Card, checkpoint_path, default_model, shipped_models

ROOT = Path(__file__).parents[1]
SHIPPED = list(shipped_models())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of shipped models; the working directory is another one."""
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setattr(shipped, "FOLDER", models)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return models


def ship(folder: Path, name: str, card: Card = CARD) -> Path:
    card.write(folder / f"{name}.json")
    file = folder / f"{name}.ckpt"
    file.write_bytes(b"weights")
    return file


# ---- names


def test_a_name_means_the_shipped_model_unless_a_file_has_that_name(folder: Path) -> None:
    model = ship(folder, "titles")
    assert checkpoint_path("titles") == checkpoint_path(Path("titles")) == model
    Path("titles").mkdir()
    assert checkpoint_path("titles") == model  # a folder that is no run
    Path("titles/best.ckpt").touch()
    assert checkpoint_path("titles") == Path("titles")
    shutil.rmtree("titles")
    Path("titles").touch()
    assert checkpoint_path("titles") == Path("titles")


@pytest.mark.parametrize("path", ["other.ckpt", "titles.ckpt", "folder/titles", "./titles.ckpt"])
def test_a_path_is_never_a_name(folder: Path, path: str) -> None:
    ship(folder, "titles")
    assert checkpoint_path(path) == Path(path)


def test_an_unknown_name(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^titels: no such checkpoint file.*no model ships .* give a \.ckpt file$"):
        checkpoint_path("titels")
    ship(folder, "titles")
    ship(folder, "news")
    with pytest.raises(UserError, match=r"^titels: .* did you mean 'titles'\? the models are news, titles$"):
        checkpoint_path("titels")


def test_the_default_is_the_only_model_or_the_marked_one(folder: Path) -> None:
    with pytest.raises(UserError, match="no model ships with this copy of seq2seq; give --checkpoint"):
        default_model()
    ship(folder, "titles")
    assert default_model() == "titles"
    ship(folder, "news")
    with pytest.raises(UserError, match=r"no single default model; .* news, titles"):
        default_model()
    assert [describe(name)["default"] for name in shipped_models()] == [False, False]
    ship(folder, "news", replace(CARD, default=True))
    assert default_model() == "news"
    assert [describe(name)["default"] for name in shipped_models()] == [True, False]


# ---- cards


def test_what_a_card_holds_is_read_again(folder: Path) -> None:
    ship(folder, "titles")
    assert Card.read("titles") == CARD


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "has no card"),
        ("{", "no JSON"),
        ("[]", "lacks corpus, description, evaluation"),
        (json.dumps({"title": "x"}), "lacks corpus, description, evaluation"),
    ],
)
def test_a_broken_card(folder: Path, text: str | None, fault: str) -> None:
    ship(folder, "titles")
    card = folder / "titles.json"
    card.unlink()
    if text is not None:
        card.write_text(text)
    with pytest.raises(UserError) as error:
        Card.read("titles")
    assert str(error.value).startswith(f"{card}: ")
    assert fault in str(error.value)


def test_a_card_with_an_unknown_key(folder: Path) -> None:
    ship(folder, "titles")
    card = folder / "titles.json"
    card.write_text(card.read_text().replace('"seed"', '"wings": 2, "seed"'))
    with pytest.raises(UserError, match="unknown wings"):
        Card.read("titles")


# ---- the models of this copy


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_small_and_its_card_complete(name: str) -> None:
    import torch

    from seq2seq.inference import Summarizer

    file, card = shipped_models()[name], Card.read(name)
    assert file.stat().st_size <= 12e6
    checkpoint = torch.load(file, weights_only=True)
    assert checkpoint.keys() <= {
        "seq2seq",
        "state_dict",
        "metrics",
        "epoch",
        "global_step",
        "pytorch-lightning_version",
    }
    assert {weight.dtype for weight in checkpoint["state_dict"].values()} == {torch.float16}
    assert all(figure["low"] < figure["value"] < figure["high"] for figure in card.figures.values())
    assert {"ROUGE-1", "ROUGE-2", "ROUGE-L"} <= card.figures.keys()
    assert card.limits
    assert card.training
    summarizer = Summarizer.from_checkpoint(name, device="cpu")
    assert sum(weight.numel() for weight in summarizer.network.parameters()) == card.parameters
    abstracts = [json.loads(line)["document"] for line in (ROOT / "data/abstracts.jsonl").read_text().splitlines()]
    titles = summarizer.summarize(abstracts)
    assert len(set(titles)) == len(abstracts) == 10
    assert all(len(title.split()) > 2 for title in titles)


@pytest.mark.skipif(not SHIPPED, reason="no model ships with this copy")
def test_one_model_of_this_copy_is_the_default() -> None:
    assert default_model() in SHIPPED


# ---- the wheel


def test_a_wheel_contains_the_models_and_their_cards(tmp_path: Path) -> None:
    """Built from a copy of the source with one more model, without the network."""
    pytest.importorskip("setuptools", minversion="77")
    skipped = shutil.ignore_patterns("__pycache__")
    source = shutil.copytree(ROOT / "seq2seq", tmp_path / "source" / "seq2seq", ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source.parent)
    (source / "models").mkdir(exist_ok=True)
    ship(source / "models", "another")
    (source / "models" / "another.ckpt.1234.part").touch()
    command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "bdist_wheel", "-d", tmp_path]
    done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("seq2seq/")}
    expected = {file.relative_to(source.parent).as_posix() for file in source.rglob("*") if file.is_file()}
    assert names == expected - {"seq2seq/models/another.ckpt.1234.part"}
    assert "seq2seq/models/another.ckpt" in names
