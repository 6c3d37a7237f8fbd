"""The systems of configs/published: they compose, have the parts of their table, learn, and decode."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from helpers import config, pairs, run, write_config, write_corpus

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.data.bucketing import BatchOptions
from seq2seq.data.tokenizer import TokenizerOptions
from seq2seq.decoding import SearchOptions
from seq2seq.inference import generate
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.training.optimizer import OptimizerOptions

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "configs" / "published"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
SIZES = {"embedding_size", "encoder_size", "encoder_layers", "decoder_size", "decoder_layers", "attention_size"}
TRAINING = {"dropout", "loss_starts"}
TINY = {"embedding_size": 12, "encoder_size": 10, "decoder_size": 16, "attention_size": 8, "dropout": 0.0}


def read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def options(file: Path) -> NetworkOptions:
    return NetworkOptions(**read(file)["model"]["network"])


def parts(file: Path) -> dict[str, Any]:
    """The options of a network without sizes and without what only training reads."""
    return {name: value for name, value in vars(options(file)).items() if name not in SIZES | TRAINING}


@pytest.mark.parametrize("name", NAMES)
def test_both_files_have_the_same_parts_and_known_keys(name: str) -> None:
    large, small = read(FOLDER / f"{name}.yaml"), read(FOLDER / "small" / f"{name}.yaml")
    assert parts(FOLDER / f"{name}.yaml") == parts(FOLDER / "small" / f"{name}.yaml")
    assert set(small) == {"model", "trainer"}
    assert set(large) <= {"data", "model", "trainer"}
    assert set(large["model"]) <= {"network", "optimizer", "search"}
    assert set(large.get("data", {})) <= {"tokenizer", "batches"}
    OptimizerOptions(**large["model"].get("optimizer", {}))
    SearchOptions(**large["model"].get("search", {}))
    TokenizerOptions(**large.get("data", {}).get("tokenizer", {}))
    BatchOptions(tokens=16000, **large.get("data", {}).get("batches", {}))
    small_options = options(FOLDER / "small" / f"{name}.yaml")
    assert (small_options.embedding_size, small_options.encoder_size, small_options.decoder_size) == (128, 128, 256)
    for file in (f"{name}.yaml", f"small/{name}.yaml"):
        assert f"--config configs/published/{file}" in (FOLDER / file).read_text(encoding="utf-8")


def test_ours_is_the_network_of_the_other_configs() -> None:
    for base, ours in (("gigaword", "ours"), ("reuters21578", "small/ours")):
        assert options(ROOT / "configs" / f"{base}.yaml") == options(FOLDER / f"{ours}.yaml")


def test_the_table_of_the_page_is_that_of_the_configs() -> None:
    page = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
    found = {}
    for name in NAMES:
        o = options(FOLDER / f"{name}.yaml")
        words = f"{o.training_vocabulary:,} and the batch's words" if o.training_vocabulary else "all words"
        late = "".join(f"; {term} late" for term in o.loss_starts)
        cells = [o.cell, o.encoder, o.encoder_gate, o.attention, o.attention_history, o.readout]
        cells += ["yes" if value else "no" for value in (o.pointer, o.input_feeding)]
        found[name] = " | ".join([*cells, words + late])
    table = re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("## The parts")[0], re.M)
    assert dict(table) == found
    assert len(NAMES) == 12


def tiny_corpus() -> tuple[Vocabulary, Batch, Batch]:
    """A vocabulary without numbers, 24 pairs in a batch, and 40 documents of unequal lengths in another one."""
    words = sorted({word for pair in pairs() for text in pair.values() for word in text.split() if not word.isdigit()})
    ids = {word: 4 + place for place, word in enumerate(words)}
    vocabulary = Vocabulary(4 + len(words), pad=0, bos=2, eos=3, unk=1)

    def encoded(text: str, unknown: list[str]) -> list[int]:
        result = []
        for word in text.split():
            if word not in ids and word not in unknown:
                unknown.append(word)
            result.append(ids[word] if word in ids else vocabulary.size + unknown.index(word))
        return result

    oov: list[list[str]] = [[] for _ in range(24)]
    documents = [encoded(pair["document"], own) for pair, own in zip(pairs(), oov, strict=True)]
    summaries = [encoded(pair["summary"], own) for pair, own in zip(pairs(), oov, strict=True)]
    training = make_batch(documents, summaries, oov, vocabulary)
    others: list[list[str]] = [[] for _ in range(40)]
    texts = [" ".join(pair["document"].split()[i % 5 :]) for i, pair in enumerate(pairs(40))]
    known = [encoded(text, own) for text, own in zip(texts, others, strict=True)]
    return vocabulary, training, make_batch(known, None, others, vocabulary)


def learn(network: Seq2Seq, batch: Batch, steps: int) -> list[float]:
    """The losses of some training steps on one batch."""
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=0.01), []
    for _ in range(steps):
        loss = torch.stack(list(network.train().loss(batch)[0].values())).sum() / len(batch.target_positions)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


SAME_PARTS = ("nallapati2016_lvt5k", "ras_lstm")
"""Systems with the parts of another one, at another size or with another cell."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SAME_PARTS)) for n in NAMES])
def test_a_system_learns_and_decodes(name: str) -> None:
    """40 documents together and alone, in float32: the compiled loops run for the former, and torch for the latter."""
    torch.manual_seed(1)
    vocabulary, training, documents = tiny_corpus()
    small = vars(options(FOLDER / "small" / f"{name}.yaml"))
    network = build_network(NetworkOptions(**{**small, **TINY}), vocabulary)
    losses = learn(network, training, 40)
    assert losses[-1] < 0.7 * losses[0]
    network.eval()
    search = SearchOptions(beam_size=3, max_length=6)
    together = generate(network, documents, search)
    for i in range(len(documents)):
        alone = generate(network, documents.part(slice(i, i + 1)), search)
        length = int(together.lengths[i, 0])
        assert alone.tokens[0, 0].tolist()[: int(alone.lengths[0, 0])] == together.tokens[i, 0, :length].tolist()
        assert alone.log_probs[0, 0].item() == pytest.approx(together.log_probs[i, 0].item(), abs=2e-4)
    assert len({tuple(row) for row in together.tokens[:, 0].tolist()}) > 3  # the headlines depend on the documents


@pytest.mark.parametrize("start", ["4", "0.66"])
def test_coverage_is_switched_on_late(start: str, tmp_path: Path) -> None:
    """By the command, with two config files: the term is logged, and counts, from the fifth of six steps on."""
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger"}
    settings = config(write_corpus(tmp_path / "corpus"), tmp_path / "run", trainer__logger=logger)
    base = write_config(tmp_path / "config.yaml", settings)
    system = ("--config", FOLDER / "small" / "pointer_generator2017.yaml")
    sizes = [f"--model.network.{option}={value}" for option, value in TINY.items()]
    late = (
        "--model.network.loss_starts",
        f"{{coverage: {start}}}",
        "--trainer.max_steps",
        "6",
        "--trainer.max_epochs",
        "-1",
    )
    folder = ("--trainer.default_root_dir", tmp_path / "run")
    assert run("fit", "--config", base, *system, *sizes, *late, *folder) == 0
    (file,) = (tmp_path / "run").rglob("metrics.csv")
    with file.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("train/loss")]
    assert [bool(row["train/coverage"]) for row in rows] == [False] * 4 + [True] * 2
    assert all(float(row["train/coverage"]) > 0 for row in rows[4:])
