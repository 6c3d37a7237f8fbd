"""Large corpora: all cores, bounded memory, equal results."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import TrainedRun, pairs, read_jsonl, run, write_jsonl

from seq2seq.batch import Batch
from seq2seq.data.bucketing import BatchOptions
from seq2seq.data.corpora import CorpusOptions
from seq2seq.decoding import Hypotheses, SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer, generation
from seq2seq.training.datamodule import HeadlineData

ROOT = Path(__file__).parents[2]

# ---- preparing


# ---- measurements of the benchmarks


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("scale")


ALLOCATES = "import time; block = bytearray({size}); block[::4096] = block[::4096]; time.sleep(1.5); print(len(block))"


def test_measured_memory(scale: Any, tmp_path: Path) -> None:
    """Two processes map the same file and allocate 20 MB each."""
    size, held, mapped = 20_000_000, 40, 30
    shared = tmp_path / "shared"
    shared.write_bytes(bytes(mapped * 1_000_000))
    script = (
        f"import mmap, os; os.fork(); m = mmap.mmap(os.open({str(shared)!r}, os.O_RDONLY), 0, prot=mmap.PROT_READ);"
        f" m[::4096]; {ALLOCATES.format(size=size)}"
    )
    output, seconds, peak = scale.watched([sys.executable, "-S", "-c", script], dict(os.environ), None, [shared])
    assert output.count(str(size)) == 2
    assert seconds > 0.3
    assert held < peak.anonymous < held + 20
    assert held + mapped < peak.mapped < held + mapped + 25  # the shared file counts once
    assert peak.group is None


def test_hard_limit(scale: Any) -> None:
    """A process within the limit ends normally; a larger one is killed. The page cache counts, and is freed."""
    try:
        group = scale.Group(100)
    except SystemExit as error:
        pytest.skip(str(error))
    group.folder.rmdir()
    few, many = ([sys.executable, "-S", "-c", ALLOCATES.format(size=size * 1_000_000)] for size in (40, 200))
    _, _, peak = scale.watched(few, dict(os.environ), 100)
    assert 40 < peak.group.peak <= 100
    assert peak.group.killed == 0
    with pytest.raises(SystemExit, match="killed=1"):
        scale.watched(many, dict(os.environ), 100)
    assert not group.folder.exists()


def test_groups_of_version_2(scale: Any, tmp_path: Path) -> None:
    """Reads the files of a control group of version 2."""
    group = scale.Group(2000, tmp_path)
    assert (group.folder / "memory.max").read_text() == "2000000000"
    (group.folder / "memory.peak").write_text("1500000000\n")
    (group.folder / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 0\n")
    assert group.usage() == (1500.0, 12, 3)
    with pytest.raises(SystemExit, match="neither version 1 nor 2"):
        scale.Group(2000, tmp_path / "missing")


def test_small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    faults = importlib.import_module("faults")
    folder = tmp_path / "disk"
    with faults.small_disk(folder) as mounted:
        if not mounted:
            pytest.skip("mounting is not permitted")
        faults.fill(folder / "filling", leave=100_000)
        (folder / "small").write_bytes(bytes(50_000))
        with pytest.raises(OSError, match="No space left"):
            (folder / "large").write_bytes(bytes(100_000))
    assert list(folder.iterdir()) == []


# ---- memory while decoding


@pytest.fixture(scope="module")
def summarizer(trained: TrainedRun) -> Summarizer:
    return Summarizer.from_checkpoint(trained.best, device="cpu")


def room_for(documents: int, error: Exception, tried: list[int]) -> Any:
    """A `_generate` that fails like a device with memory for `documents` documents."""
    generate = generation._generate

    def limited(network: Any, batch: Batch, options: SearchOptions, *facts: Any) -> Hypotheses:
        tried.append(len(batch))
        if len(batch) > documents:
            raise error
        return generate(network, batch, options, *facts)

    return limited


SHORTAGES = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried to ..."),
    MemoryError(),
]


@pytest.mark.parametrize("error", SHORTAGES, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("room", [1, 5])
def test_out_of_memory_halves_the_batch(
    summarizer: Summarizer,
    error: Exception,
    room: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    documents = [pair["document"] + " zyx" * (i % 5) for i, pair in enumerate(pairs(24))] + ["", "quokka"]
    options = {"beam_size": 3, "n_best": 3}
    expected = list(summarizer.stream(documents, **options))
    tried: list[int] = []
    monkeypatch.setattr(generation, "_generate", room_for(room, error, tried))
    found = list(summarizer.stream(documents, **options))
    assert [[h.text for h in headlines] for headlines in found] == [[h.text for h in hs] for hs in expected]
    scores = [[h.score for headlines in result for h in headlines] for result in (found, expected)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    assert tried[0] == 25  # the empty document needs no search
    assert sum(size for size in tried if size <= room) == 25
    assert "out of memory with 25 documents" in caplog.text


def test_other_errors_are_not_taken_for_a_lack_of_memory(
    summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(generation, "_generate", room_for(0, RuntimeError("shapes do not match"), tried))
    with pytest.raises(RuntimeError, match="shapes"):
        summarizer.summarize(["one", "two"])
    assert tried == [2]
    monkeypatch.setattr(generation, "_generate", room_for(0, MemoryError(), tried))
    with pytest.raises(UserError, match="one document of 1 tokens and 3 beams"):
        summarizer.summarize(["one", "two"])


def test_evaluation_survives_a_lack_of_memory(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(generation, "_generate", room_for(2, MemoryError(), tried))
    settings = ["--config", trained.config, "--ckpt_path", trained.best, "--trainer.default_root_dir", tmp_path]
    assert run("test", *settings) == 0
    assert max(tried) > 2
    lines = [(trained.folder / "predictions.jsonl"), tmp_path / "predictions.jsonl"]
    assert read_jsonl(lines[0]) == read_jsonl(lines[1])


def test_no_batch_exceeds_its_budget(summarizer: Summarizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training, evaluation and decoding, with documents of very different lengths, some far over the limit."""
    chooser = np.random.default_rng(1)
    texts = ["fire " * int(n) for n in (*chooser.integers(1, 60, 80), 5000)]
    corpus = write_jsonl(tmp_path / "c.jsonl", [{"document": t, "summary": t[: 5 * 8]} for t in texts])
    files = CorpusOptions(train=str(corpus), validation=str(corpus))
    budget = BatchOptions(tokens=150)
    data = HeadlineData(files, batches=budget, eval_tokens=200, max_document_tokens=40, max_summary_tokens=8)
    for loader, tokens in ((data.train_dataloader(), 150), (data.val_dataloader(), 200)):
        padded = [batch.document.numel() + batch.targets.numel() for batch in loader]
        assert max(padded) <= tokens
        assert sum(padded) / len(padded) > tokens / 2
    sizes = []
    generate = generation.generate

    def watched(network: Any, batch: Batch, options: SearchOptions, *facts: Any) -> Hypotheses:
        sizes.append((batch.document.numel(), len(batch)))
        return generate(network, batch, options, *facts)

    monkeypatch.setattr("seq2seq.inference.summarizer.generate", watched)
    monkeypatch.setattr(summarizer, "batch_tokens", 100)
    monkeypatch.setattr(summarizer, "cut", 0)
    assert len(summarizer.summarize(texts, beam_size=1)) == len(texts)
    assert max(size for size, _ in sizes) <= 100
    assert sum(count for _, count in sizes) == len(texts)
    assert summarizer.cut == sum(len(t.split()) > summarizer.max_document_tokens for t in texts)
