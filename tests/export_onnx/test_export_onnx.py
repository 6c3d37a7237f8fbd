"""`seq2seq export onnx`: the headlines of onnxruntime are those of `decode`, at sizes that the exporter did not see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TrainedRun, made_once, needs, pairs, run

from seq2seq.batch import Vocabulary
from seq2seq.errors import UserError
from seq2seq.export_onnx.folder import compare, write_graphs
from seq2seq.export_onnx.graphs import exportable, memory_names, state_names
from seq2seq.export_onnx.runtime import FILES, Graphs, OnnxSummarizer
from seq2seq.inference import Summarizer
from seq2seq.model.cells import CELLS, Cell
from seq2seq.model.network import NetworkOptions, build_network

pytestmark = [needs("onnxscript", extra="onnx"), needs("onnxruntime", extra="onnx")]
EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_decode.py"
VOCABULARY = Vocabulary(size=50, pad=0, bos=2, eos=3, unk=1)
DOCUMENTS = [
    *(pair["document"] for pair in pairs(20, first=60)),  # numbers and endings that the training lacks: the pointer's
    "",
    "Athens",
    "the mayor of Zwolle opened Xylophone and Quagga in Zwolle",
    " ".join(pair["document"] for pair in pairs(4)),  # longer than the limit
]


@pytest.fixture(scope="session")
def folder(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(place: Path) -> None:
        assert run("export", "onnx", "--checkpoint", trained.best, "--output", place / "onnx") == 0

    return made_once(tmp_path_factory, "exported-onnx", make) / "onnx"


@pytest.mark.parametrize("batch_size", [1, 7, None])
@pytest.mark.parametrize("beam_size", [1, 5])
def test_headlines_equal_those_of_decode(
    trained: TrainedRun, folder: Path, beam_size: int, batch_size: int | None
) -> None:
    options = {"beam_size": beam_size, "no_repeat_ngram_size": 2, "min_length": 2}
    summarizer = Summarizer.from_checkpoint(trained.best, "cpu")
    expected = summarizer.summarize(DOCUMENTS, **options)
    found = OnnxSummarizer(folder, threads=1).summarize(DOCUMENTS, batch_size, **options)
    assert found == expected
    assert found[20] == ""
    known = set(summarizer.tokenizer.tokens)
    assert not {word for headline in found for word in headline.split()} <= known  # the pointer wrote the others


def test_a_search_with_words_of_the_document_only(trained: TrainedRun, folder: Path) -> None:
    """The last documents have neither a number nor a name, and the model alone would write some."""
    documents = [*DOCUMENTS, "a fire in the town hurts people", "the bank falls by some percent", "snow delays flights"]
    summarizer = Summarizer.from_checkpoint(trained.best, "cpu")
    free, expected = (summarizer.summarize(documents, supported=kind) for kind in ("nothing", "entities"))
    assert free[-3:] != expected[-3:]
    assert OnnxSummarizer(folder, threads=1).summarize(documents, 7, supported="entities") == expected


def test_the_example_runs_without_torch(trained: TrainedRun, folder: Path) -> None:
    without = "import sys, runpy; sys.modules.update(torch=None, datasets=None, transformers=None); del sys.argv[0]; "
    command = [sys.executable, "-c", f"{without} runpy.run_path(sys.argv[0])", str(EXAMPLE), str(folder), "5"]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])}
    documents = "\n".join(DOCUMENTS)
    done = subprocess.run(command, input=documents, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == Summarizer.from_checkpoint(trained.best, "cpu").summarize(DOCUMENTS, beam_size=5)


def test_the_folder(folder: Path, tmp_path: Path) -> None:
    facts = json.loads((folder / "seq2seq.json").read_text())
    assert {file.name for file in folder.iterdir()} == set(FILES)
    assert facts["max_document_tokens"] == 30
    assert facts["search"]["beam_size"] == 3
    part = shutil.copytree(folder, tmp_path / "part", ignore=shutil.ignore_patterns("step.onnx"))
    with pytest.raises(
        UserError, match=r"part: no step\.onnx in this folder; give one that `seq2seq export onnx` wrote"
    ):
        OnnxSummarizer(part)
    (part / "step.onnx").touch()
    (part / "seq2seq.json").write_text(json.dumps({**facts, "format": 0}))
    with pytest.raises(UserError, match="part: format 0, but this version reads 1; export it again"):
        OnnxSummarizer(part)


def test_a_file_as_output_is_refused(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run("export", "onnx", "--checkpoint", trained.best, "--output", tmp_path / "file") != 0
    assert f"--output {tmp_path / 'file'}: a file; give a folder" in capsys.readouterr().err


def test_if_everything_is_forbidden_the_end_comes_first(folder: Path) -> None:
    summarizer = OnnxSummarizer(folder, threads=1)
    document = np.array([[5, 6, 7]])
    memory, state = summarizer.graphs.encode(document)
    width = summarizer.vocabulary["size"] + 3
    every = np.arange(width)[None, None]
    log_probs, ids, _ = summarizer.graphs.next_tokens(np.array([[2]]), every, memory, state)
    assert ids[0, 0, 0] == summarizer.vocabulary["eos"]
    assert -1e4 <= log_probs[0, 0, 0] < 0
    assert log_probs[0, 0, 1] == -np.inf


class PlainCell(Cell):
    def step(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return state, state


def test_parts_that_cannot_be_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CELLS, "plain", PlainCell)
    with pytest.raises(
        UserError, match=r"^network\.cell: PlainCell has no operator in ONNX, but gru, lstm, elman, elman_relu have one"
    ):
        exportable(build_network(NetworkOptions(cell="plain"), VOCABULARY))
    with pytest.raises(UserError, match=r"^network\.attention_history: CoverageHistory cannot be exported"):
        exportable(build_network(NetworkOptions(attention_history="coverage"), VOCABULARY))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {
            "cell": "lstm",
            "attention": "additive",
            "unknown_embeddings": 2,
            "encoder_layers": 2,
            "tie_embeddings": False,
        },
        {"cell": "elman", "attention": "none", "pointer": False, "decoder_layers": 1, "input_feeding": True},
        {"input_feeding": True, "intra_attention": True, "readout": "maxout", "encoder_gate": "selective"},
        {"encoder": "convolutional", "encoder_gate": "convolutional"},
    ],
    ids=str,
)
def test_other_networks(options: dict, tmp_path: Path) -> None:
    """`compare` computes the same steps by torch."""
    torch.manual_seed(0)
    sizes = {"embedding_size": 8, "encoder_size": 6, "decoder_size": 10, "attention_size": 7}
    network = build_network(NetworkOptions(**sizes, **options), VOCABULARY).eval()
    write_graphs(network, tmp_path)
    assert compare(network, Graphs(tmp_path, memory_names(network), state_names(network), threads=1)) < 1e-5
