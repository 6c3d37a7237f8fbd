"""The five changes of docs/extending.md: code and options of the page train, decode, and give correct values."""

from __future__ import annotations

import csv
import importlib
import json
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pytest
import torch
from helpers import config, pairs, read_jsonl, run, write_config, write_corpus, write_jsonl

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.data.corpora import READERS, Columns, CorpusOptions, load_split
from seq2seq.environment import PLUGINS
from seq2seq.errors import UserError
from seq2seq.model.attention import ATTENTIONS
from seq2seq.model.cells import CELLS
from seq2seq.model.losses import LOSS_TERMS, TeacherForced
from seq2seq.model.memory import Memory
from seq2seq.model.network import build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.scoring import FIGURES

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```\n+```console\n\$ (.*?)\n```", PAGE, re.M | re.S)
SOURCES = {name: source for name, source, _ in SECTIONS}
OPTIONS = {
    name: shlex.split(command.replace("\\\n", " "))[4:] for name, _, command in SECTIONS
}  # after `seq2seq fit --config FILE`
MAX_LINES = {"dot_attention": 15, "minimal_gated": 25}
REGISTRIES: tuple[dict[str, Any], ...] = (ATTENTIONS, CELLS, LOSS_TERMS, READERS, FIGURES)
CSV_LOGGER = {"class_path": "lightning.pytorch.loggers.CSVLogger"}
VOCABULARY = Vocabulary(size=11, pad=0, bos=2, eos=3, unk=1)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes a module of the page to the working directory and names it in SEQ2SEQ_PLUGINS."""
    known = [dict(registry) for registry in REGISTRIES]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str) -> None:
        (tmp_path / f"{name}.py").write_text(SOURCES[name], encoding="utf-8")
        monkeypatch.setenv(PLUGINS, name)
        importlib.invalidate_caches()

    yield write
    for registry, entries in zip(REGISTRIES, known, strict=True):
        registry.clear()
        registry.update(entries)
    for name in SOURCES:
        sys.modules.pop(name, None)


def module(name: str) -> ModuleType:
    return importlib.import_module(name)


class Decoded(NamedTuple):
    """Headlines and log-probabilities of some documents."""

    texts: list[str]
    scores: list[float]


def fit(name: str, folder: Path, **changes: Any) -> Path:
    """Trains with the options of the page in `folder`/run, with two validations. Returns the config file."""
    changes |= {"trainer__logger": CSV_LOGGER, "trainer__max_epochs": 20}
    settings = config(write_corpus(folder / "corpus"), folder / "run", **changes)
    file = write_config(folder / "config.yaml", settings)
    assert run("fit", "--config", file, *OPTIONS[name]) == 0
    return file


def decode(folder: Path, batch_size: int) -> Decoded:
    """Decodes 24 documents of unequal lengths, in float32 on the CPU."""
    documents = [{"document": " ".join(pair["document"].split()[i % 5 :])} for i, pair in enumerate(pairs(24))]
    source, target = write_jsonl(folder / "documents.jsonl", documents), folder / f"headlines-{batch_size}.jsonl"
    options = ("--batch-size", str(batch_size), "--device", "cpu", "--format", "jsonl")
    checkpoint = folder / "run" / "best.ckpt"
    assert run("decode", "--checkpoint", checkpoint, "--input", source, "--output", target, *options) == 0
    lines = read_jsonl(target)
    return Decoded([line["prediction"] for line in lines], [line["score"] for line in lines])


def check_batch_equals_singles(folder: Path) -> None:
    """A batch of 24 documents runs the compiled loops; a single document has fewer than 16 rows and does not."""
    together, alone = decode(folder, 24), decode(folder, 1)
    assert together.texts == alone.texts
    assert together.scores == pytest.approx(alone.scores, abs=2e-4)
    assert len(set(together.texts)) > 10  # the headlines depend on the documents


def logged(folder: Path, figure: str) -> list[float]:
    """All values of a figure in the log of a run, in order."""
    (file,) = (folder / "run").rglob("metrics.csv")
    with file.open(newline="") as stream:
        return [float(row[figure]) for row in csv.DictReader(stream) if row.get(figure)]


def small_batch() -> Batch:
    return make_batch([[4, 5, 11, 6, 12], [7, 8], [9, 4, 10]], [[4, 12], [7, 1, 8, 5], [9]], [[], [], []], VOCABULARY)


def test_the_page_has_five_changes_with_their_lines() -> None:
    assert len(SOURCES) == 5
    table = [int(lines) for lines in re.findall(r"^\| \[.*?\| (\d+) \|", PAGE, re.M)]
    counted = {name: sum(bool(line.strip()) for line in source.splitlines()) for name, source in SOURCES.items()}
    assert list(counted.values()) == table
    for name, most in MAX_LINES.items():
        assert counted[name] <= most


def test_dot_attention(plugin: Callable[[str], None], tmp_path: Path) -> None:
    plugin("dot_attention")
    fit("dot_attention", tmp_path, model__network__decoder_size=64)
    check_batch_equals_singles(tmp_path)


def test_dot_attention_by_hand(plugin: Callable[[str], None]) -> None:
    """20 documents of a search, whose states are stored in another order, in float32."""
    plugin("dot_attention")
    attention = module("dot_attention").DotAttention(2, 2, 1)
    states = torch.tensor([[1.0, 0.0], [0.0, 2.0], [9.0, 9.0]]).repeat(20, 1, 1)
    states *= torch.arange(1.0, 21.0).view(20, 1, 1)  # document d has its states times d + 1
    mask = torch.tensor([True, True, False]).repeat(20, 1)
    memory = Memory(states, attention.precompute(states), mask, states[:, 0], torch.zeros(20, 3, dtype=torch.long))
    kept = memory.keep(torch.arange(19, 7, -1))
    assert kept.rows is not None
    sizes = torch.arange(20.0, 8.0, -1).view(12, 1, 1)
    query = torch.tensor([[[3.0, 1.0]]]).log() / sizes  # scores log 3 and log 1
    context, weights = attention(query, kept)
    torch.testing.assert_close(weights, torch.tensor([[[0.75, 0.25, 0.0]]]).expand(12, 1, 3))
    torch.testing.assert_close(context, torch.tensor([[[0.75, 0.5]]]) * sizes)


def test_dot_attention_names_the_size_that_does_not_fit(plugin: Callable[[str], None]) -> None:
    plugin("dot_attention")
    module("dot_attention")
    with pytest.raises(UserError, match=r"network\.decoder_size: dot attention needs 10"):
        build_network(NetworkOptions(attention="dot", encoder_size=5, decoder_size=6), VOCABULARY)


def test_minimal_gated_cell(
    plugin: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("minimal_gated")
    fit("minimal_gated", tmp_path)
    check_batch_equals_singles(tmp_path)
    del CELLS["mgu"]
    monkeypatch.delenv(PLUGINS)
    capsys.readouterr()
    assert run("decode", "--checkpoint", tmp_path / "run" / "best.ckpt", "--input", tmp_path / "documents.jsonl") == 1
    error = capsys.readouterr().err
    assert "network.cell: 'mgu' is none of" in error
    assert PLUGINS in error


@torch.no_grad()
def test_minimal_gated_cell_by_hand(plugin: Callable[[str], None]) -> None:
    plugin("minimal_gated")
    cell = module("minimal_gated").MinimalGatedCell(1, 1).double()
    cell.forget.weight.zero_()  # f = 1/2
    cell.candidate.weight.copy_(torch.tensor([[2.0, 3.0]]))
    x, h = torch.tensor([[0.1], [-0.4]]).double(), torch.tensor([[0.6], [0.2]]).double()
    expected = h / 2 + (2 * x + 3 * h / 2).tanh() / 2
    output, state = cell.step(x, h)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(state, expected)
    cell.forget.bias.fill_(-100.0)  # f = 0: the state stays
    torch.testing.assert_close(cell.step(x, h)[1], h)


def test_minimal_gated_cell_has_gradients(plugin: Callable[[str], None]) -> None:
    plugin("minimal_gated")
    module("minimal_gated")
    torch.manual_seed(0)
    options = NetworkOptions(
        cell="mgu", encoder_layers=2, embedding_size=5, encoder_size=4, decoder_size=6, dropout=0.0
    )
    network = build_network(options, VOCABULARY)
    terms, _ = network.loss(small_batch())
    terms["cross_entropy"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_focus_loss(plugin: Callable[[str], None], tmp_path: Path) -> None:
    plugin("focus")
    fit("focus", tmp_path)
    check_batch_equals_singles(tmp_path)
    values, losses = logged(tmp_path, "train/focus"), logged(tmp_path, "train/loss")
    assert len(values) == len(losses) > 30
    assert min(values) > 0
    assert values[-1] < values[0]  # it is minimised
    assert logged(tmp_path, "train/cross_entropy") == pytest.approx(losses, rel=1e-4)  # without the term


def test_focus_by_hand(plugin: Callable[[str], None]) -> None:
    plugin("focus")
    attention = torch.tensor([[[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]]])
    batch = make_batch([[4, 5]], [[4, 5]], [[]], VOCABULARY)  # two words and the end symbol: three steps
    focus = module("focus").focus
    forced = TeacherForced(batch, None, None, attention)  # type: ignore[arg-type]
    last = 0.25 * math.log(4) + 0.75 * math.log(4 / 3)
    assert focus(forced).item() == pytest.approx(math.log(2) + last)
    batch.summary_mask[0, 2] = False
    assert focus(forced).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_focus_in_the_loss(weight: float, plugin: Callable[[str], None]) -> None:
    """The weighted sum of the entropies over the real words of each example, one number after the other."""
    plugin("focus")
    module("focus")
    torch.manual_seed(0)
    options = NetworkOptions(embedding_size=5, encoder_size=4, decoder_size=6, loss_terms={"focus": weight})
    network, batch = build_network(options, VOCABULARY).double().eval(), small_batch()
    terms, _ = network.loss(batch)
    attention = network.teacher_forced(batch).attention.tolist()
    expected = 0.0
    for steps, words in zip(attention, batch.summary_mask.sum(dim=1).tolist(), strict=True):
        for weights in steps[:words]:
            expected -= sum(a * math.log(a) for a in weights if a > 0)
    assert terms["focus"].item() == pytest.approx(weight * expected)
    terms["focus"].backward()
    gradient = network.decoder.attention.project.weight.grad
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


def write_xml(file: Path, lines: list[dict[str, str]]) -> Path:
    cells = ("".join(f"<{key}>{escape(text)}</{key}>" for key, text in line.items()) for line in lines)
    file.write_text("<pairs>" + "".join(f"\n  <pair>{cell}</pair>" for cell in cells) + "\n</pairs>\n")
    return file


def test_xml_reader(plugin: Callable[[str], None], tmp_path: Path) -> None:
    plugin("xml_pairs")
    written = [*pairs(22), {"document": "prices < 5 & > 3 fell in Faro", "summary": ""}]
    write_xml(tmp_path / "train.xml", written)  # the name on the page
    fit("xml_pairs", tmp_path)
    assert list(load_split(CorpusOptions(train="train.xml"), "train")) == written
    check_batch_equals_singles(tmp_path)


def test_xml_reader_names_the_damage(plugin: Callable[[str], None], tmp_path: Path) -> None:
    plugin("xml_pairs")
    read = module("xml_pairs").read_xml
    options = CorpusOptions(train=str(tmp_path / "train.xml"))
    write_xml(tmp_path / "train.xml", [pairs(1)[0], {"document": "alone"}])
    with pytest.raises(UserError, match=r"train\.xml:2: .* one here is null"):
        load_split(options, "train")
    text = write_xml(tmp_path / "train.xml", pairs(3)).read_text()
    (tmp_path / "train.xml").write_text(text[:-20])
    rows = read(tmp_path / "train.xml", Columns("document", "summary"))
    with pytest.raises(UserError, match=r"train\.xml: not valid XML \(.*line 4"):
        list(rows)


def test_figure(plugin: Callable[[str], None], tmp_path: Path) -> None:
    """The figure is logged, chooses the best checkpoint, and stands in metrics.json."""
    plugin("distinct_headlines")
    file = fit("distinct_headlines", tmp_path)
    check_batch_equals_singles(tmp_path)
    values, best = logged(tmp_path, "validation/distinct_headlines"), tmp_path / "run" / "best.ckpt"
    assert len(values) > 1
    assert all(0 < value <= 100 for value in values)
    saved = torch.load(best, weights_only=True)["callbacks"]
    (state,) = (state for name, state in saved.items() if "BestCheckpoint" in name)
    assert state["monitor"] == "validation/distinct_headlines"
    assert float(state["best_model_score"]) == pytest.approx(max(values), rel=1e-6)
    assert run("test", "--config", file, "--ckpt_path", best) == 0
    texts = [line["prediction"] for line in read_jsonl(tmp_path / "run" / "predictions.jsonl")]
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["distinct_headlines"] == pytest.approx(100 * len(set(texts)) / len(texts))
    assert 0 < metrics["distinct_headlines"] < 100  # two documents of the test split are empty


def test_figure_of_no_predictions(plugin: Callable[[str], None]) -> None:
    plugin("distinct_headlines")
    figure = module("distinct_headlines").distinct_headlines
    assert figure([], []) == 0
    assert figure(["a", "b", "c", "d"], ["x", "y", "x", "x"]) == 50
