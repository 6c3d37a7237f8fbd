"""Arguments of `Summarizer` in a notebook: accepted if the meaning is clear, else refused with the position."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from helpers import TrainedRun, pairs

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer

DOCUMENTS = [pair["document"] for pair in pairs(3)]
HEADLINES = [pair["summary"] for pair in pairs(3)]
FRAME = pd.DataFrame({"document": DOCUMENTS, "views": [1.0, 2.0, float("nan")]})


@pytest.fixture(scope="module")
def summarizer(trained: TrainedRun) -> Summarizer:
    return Summarizer.from_checkpoint(trained.best, device="cpu")


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# ---- documents


@pytest.mark.parametrize(
    "documents",
    [
        tuple(DOCUMENTS),
        FRAME["document"],
        FRAME["document"].astype("string"),
        FRAME["document"].sort_index(ascending=False)[::-1],
        np.array(DOCUMENTS),
        np.array(DOCUMENTS, dtype=object),
        datasets.Dataset.from_dict({"document": DOCUMENTS})["document"],
        dict.fromkeys(DOCUMENTS).keys(),
    ],
    ids=lambda documents: type(documents).__name__,
)
def test_ordered_texts_of_every_kind(summarizer: Summarizer, documents: Any) -> None:
    assert summarizer.summarize(documents) == HEADLINES
    assert [found[0].text for found in summarizer.stream(documents)] == HEADLINES


def test_generators(summarizer: Summarizer) -> None:
    assert summarizer.summarize(document for document in DOCUMENTS) == HEADLINES
    assert [found[0].text for found in summarizer.stream(iter(DOCUMENTS))] == HEADLINES


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (DOCUMENTS[0], "one text, not a list of texts; give [text]"),
        (np.str_("a"), "one text, not a list of texts; give [text]"),
        (b"a fire", "bytes, not a list of texts; give [text.decode()]"),
        (Path("a.txt"), "a path, not a list of texts; read the file first"),
        (FRAME, 'a DataFrame, not a list of texts; give one column of it, for example documents["document"]'),
        ({"document": DOCUMENTS}, 'a dict, not a list of texts; give one column of it, for example documents["doc'),
        (datasets.Dataset.from_dict({"a": DOCUMENTS}), "a Dataset, not a list of texts; give one column of it"),
        (set(DOCUMENTS), "a set has no order; give a list"),
        (None, "NoneType is not a list of texts"),
        (np.array("a"), "ndarray is not a list of texts"),
        (np.array([DOCUMENTS]), "ndarray is not a list of texts"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_list_of_texts(summarizer: Summarizer, documents: Any, expected: str) -> None:
    for call in (summarizer.summarize, summarizer.stream):
        assert refused(call, documents).startswith(f"documents: {expected}")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (None, 'is None; leave it out, or give ""'),
        (float("nan"), 'is nan; leave it out, or give ""'),
        (np.float32("nan"), 'is nan; leave it out, or give ""'),
        (pd.NA, 'is <NA>; leave it out, or give ""'),
        (pd.NaT, 'is NaT; leave it out, or give ""'),
        (b"a", "is bytes; give text.decode()"),
        (5, "is of type int, not a text"),
        (Path("a.txt"), "is of type PosixPath, not a text"),
        (["a"], "is of type list, not a text"),
        ({"document": "a"}, "is of type dict, not a text"),
        (np.array([1.0, 2.0]), "is of type ndarray, not a text"),
        ("a \ud83d fire", r"holds half a surrogate pair ('\ud83d'); replace it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_item_that_is_no_text_is_named_by_its_position(summarizer: Summarizer, item: Any, expected: str) -> None:
    message = refused(summarizer.summarize, [*DOCUMENTS, item])
    assert message.startswith(f"documents[3] {expected}")
    stream = summarizer.stream(document for document in [*DOCUMENTS, item])
    assert [next(stream)[0].text for _ in DOCUMENTS] == HEADLINES
    assert refused(next, stream) == message


def test_missing_values_of_a_column(summarizer: Summarizer) -> None:
    column = pd.Series([DOCUMENTS[0], None], dtype="string")
    assert refused(summarizer.summarize, column).startswith("documents[1] is <NA>")
    assert refused(summarizer.summarize, FRAME["views"]).startswith("documents[0] is of type float")


def test_a_list_is_checked_before_the_work(summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summarizer, "stream", lambda *_: pytest.fail("the list was not checked first"))
    assert refused(summarizer.summarize, [*DOCUMENTS, None]).startswith("documents[3]")


# ---- options


def test_numbers_of_numpy_and_torch(summarizer: Summarizer) -> None:
    given = {"beam_size": np.int64(2), "max_length": torch.tensor(3), "length_penalty": np.float32(0.5)}
    given |= {"allow_unk": np.bool_(False), "batch_size": np.int32(2), "chunk": np.int64(2)}
    plain = {"beam_size": 2, "max_length": 3, "length_penalty": 0.5, "batch_size": 2}
    assert summarizer.summarize(DOCUMENTS, **given) == summarizer.summarize(DOCUMENTS, **plain)
    options = SearchOptions(beam_size=np.int64(2), allow_unk=np.bool_(True))  # type: ignore[arg-type]
    assert options == SearchOptions(beam_size=2, allow_unk=True)
    assert {type(value) for value in vars(options).values()} == {int, float, bool, str}


def test_none_means_the_value_of_the_checkpoint(summarizer: Summarizer) -> None:
    assert summarizer.summarize(DOCUMENTS, beam_size=None, batch_size=None) == HEADLINES


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"beam_sise": 3}, "unknown option 'beam_sise' of the search; did you mean 'beam_size'?"),
        ({"wings": 3}, "unknown option 'wings' of the search; known are beam_size, n_best"),
        ({"beam_size": "3"}, "search.beam_size: '3' is not a whole number"),
        ({"max_length": 2.5}, "search.max_length: 2.5 is not a whole number"),
        ({"length_penalty": "high"}, "search.length_penalty: 'high' is not a number"),
        ({"allow_unk": "no"}, "search.allow_unk: 'no' is not true or false"),
        ({"beam_size": np.int64(0)}, "search.beam_size: 0 is too small"),
        ({"batch_size": 0}, "batch_size: 0 is no whole number of at least 1"),
        ({"batch_size": -1}, "batch_size: -1"),
        ({"chunk": "many"}, "chunk: 'many'"),
    ],
)
def test_wrong_options(summarizer: Summarizer, options: dict[str, Any], expected: str) -> None:
    for call in (summarizer.summarize, summarizer.stream):
        assert refused(call, DOCUMENTS, **options).startswith(expected)


# ---- checkpoints and devices


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_devices(trained: TrainedRun, device: Any) -> None:
    assert Summarizer.from_checkpoint(trained.best, device).device == torch.device("cpu")


def test_device_none_is_auto(trained: TrainedRun) -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert Summarizer.from_checkpoint(trained.best, None).device.type == expected


def test_wrong_devices_and_precisions(trained: TrainedRun) -> None:
    load = Summarizer.from_checkpoint
    assert "no such device" in refused(load, trained.best, torch.device("meta"))
    assert "--device cuda:999" in refused(load, trained.best, 999)
    assert "give one of float32, bfloat16" in refused(load, trained.best, "cpu", torch.float16)
    assert load(trained.best, "cpu", torch.float32).network.embedding.weight.dtype == torch.float32


def test_the_folder_of_a_run_means_its_best_checkpoint(
    trained: TrainedRun, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(trained.folder.parent))
    with caplog.at_level(logging.WARNING):
        for folder in (trained.folder, str(trained.folder), f"~/{trained.folder.name}"):
            assert Summarizer.from_checkpoint(folder, "cpu").summarize(DOCUMENTS) == HEADLINES
            assert caplog.messages[-1] == f"{folder} is a folder: taking {trained.best}"
    assert Summarizer.from_checkpoint(f"~/{trained.folder.name}/best.ckpt", "cpu").summarize([]) == []


def test_checkpoints_that_cannot_be_opened(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Summarizer.from_checkpoint
    assert "a folder; name a .ckpt file in it" in refused(load, tmp_path)
    assert refused(load, 5) == "5 is no path; give it as text or as a pathlib.Path"
    assert "no such checkpoint" in refused(load, "~/no.ckpt")

    def closed(file: Path, *_: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", closed)  # permissions do not stop the root user of a container
    assert refused(load, trained.best) == f"{trained.best}: the checkpoint cannot be opened: Permission denied"
