"""Large corpora: all cores, bounded memory, equal results."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import TrainedRun, pairs, read_jsonl, run, write_jsonl
from jobs import Shifted

from seq2seq import inference
from seq2seq.batch import Batch
from seq2seq.data import encoding
from seq2seq.data.bucketing import BatchOptions, BatchSampler
from seq2seq.data.corpora import CorpusOptions, load_split
from seq2seq.data.encoding import encode_corpus
from seq2seq.data.parallel import ordered_map
from seq2seq.data.tokenizer import TokenizerOptions, train_tokenizer
from seq2seq.decoding import Hypotheses, SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer
from seq2seq.progress import Progress
from seq2seq.training.datamodule import HeadlineData

ROOT = Path(__file__).parents[2]

# ---- preparing


@pytest.mark.parametrize("workers", [1, 2])
def test_ordered_map_keeps_the_order(workers: int) -> None:
    found = list(ordered_map(Shifted, (100, os.getpid()), range(50), workers))
    assert [number for number, _ in found] == list(range(100, 150))
    assert ({process for _, process in found} == {os.getpid()}) == (workers == 1)
    with pytest.raises(UserError, match="job -2: wrong"):
        list(ordered_map(Shifted, (0, os.getpid()), [1, -2, 3], workers))


def test_a_killed_worker_costs_time_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    jobs = [*range(20), -1, *range(20)]
    found = list(ordered_map(Shifted, (0, os.getpid()), iter(jobs), 2))
    assert [number for number, _ in found] == jobs
    assert "a worker process died" in caplog.text


def test_encoding_does_not_depend_on_the_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = write_jsonl(tmp_path / "many.jsonl", pairs(300))
    source = load_split(CorpusOptions(train=str(corpus)), "train")
    tokenizer = train_tokenizer(TokenizerOptions(vocab_size=60), [source["document"][:]])
    monkeypatch.setattr(encoding, "_BATCH", 16)
    tables = []
    for workers in (1, 3):
        monkeypatch.setattr(encoding, "_PARALLEL", 1)
        monkeypatch.setattr(encoding, "cores", lambda workers=workers: workers)
        monkeypatch.setattr(encoding, "_FORMAT", f"{workers} workers")
        tables.append(encode_corpus(source, tokenizer, max_document_tokens=9, max_summary_tokens=4, training=True))
    (one, report), (three, same_report) = tables
    assert len(one.data.column("row").chunks) == 19
    assert one.data.table.equals(three.data.table)
    assert report == same_report
    assert report.cut_documents == 300
    assert "300 with the document cut to the limit" in report.lines()


def test_words_are_those_of_the_library(tmp_path: Path) -> None:
    """The remembered chunks of text give what tokenizing every text as a whole gives."""
    letters = [*"aB.,'’-&:/#01 \t  é\u0301\x01\u2028ﬁ½Σσ<>\"`…", "</s>", "<unk>", "U.S.", "'s"]
    chooser = np.random.default_rng(3)
    texts = ["".join(chooser.choice(letters, chooser.integers(0, 40))) for _ in range(2000)]
    for split in ("words", "whitespace"):
        options = TokenizerOptions(vocab_size=200, split=split, normalizers=["nfkc", "lowercase"])  # type: ignore[arg-type]
        tokenizer = train_tokenizer(options, texts)
        whole = tokenizer.to_transformers()(texts, add_special_tokens=False)["input_ids"]
        found = tokenizer.encode_documents(texts, 1000)
        special = {tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id}
        plain = [[tokenizer.unk_id if i >= tokenizer.vocab_size else i for i in d.ids] for d in found]
        assert plain == [[tokenizer.unk_id if i in special else i for i in ids] for ids in whole]
        assert any(d.oov for d in found)


def test_remembered_words_are_forgotten_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a{i} b{i % 7}, c" for i in range(100)]
    tokenizer = train_tokenizer(TokenizerOptions(vocab_size=20), texts)
    expected = [tokenizer.encode_documents([text], 9)[0] for text in texts]
    monkeypatch.setattr("seq2seq.data.tokenizer._REMEMBERED", 12)
    fresh = type(tokenizer).from_dict(tokenizer.to_dict())
    assert [d for i in range(0, 100, 3) for d in fresh.encode_documents(texts[i : i + 3], 9)] == expected
    assert len(fresh._pieces) <= 12


def test_progress_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Encoding", 10) as quick:
        quick.update(10)
    assert capsys.readouterr().err == ""
    with Progress("Encoding", 4000, seconds=0) as slow:
        slow.update(1500)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("Encoding: 1,500 of 4,000 pairs (")
    assert last.startswith("Encoding: 1,500 pairs (")


def test_the_sampler_is_quick() -> None:
    chooser = np.random.default_rng(0)
    documents, summaries = chooser.integers(1, 80, 4_000_000), chooser.integers(1, 20, 4_000_000)
    sampler = BatchSampler(documents, summaries, BatchOptions(tokens=16000), shuffle=True)
    start = time.process_time()
    plans = list(sampler)
    assert time.process_time() - start < 2
    members = np.concatenate([plan.indices for plan in plans])
    assert len(members) == 4_000_000
    assert np.bincount(members).max() == 1


def test_equal_lengths_change_places() -> None:
    """Every order of the examples of a run is possible, and examples of other lengths stay where they are."""
    lengths = np.array([5, 9, 5, 5, 9, 13])
    sampler = BatchSampler(lengths, np.full(6, 3), BatchOptions(tokens=1000, bucket_width=1), shuffle=True)
    orders = set()
    for sampler.epoch in range(100):
        (plan,) = sampler
        assert lengths[plan.indices].tolist() == sorted(lengths)
        orders.add(tuple(plan.indices.tolist()))
    assert len(orders) == 6 * 2


# ---- measurements of the benchmarks


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("scale")


ALLOCATES = "import time; block = bytearray({size}); block[::4096] = block[::4096]; time.sleep(0.3); print(len(block))"


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
    generate = inference._generate

    def limited(network: Any, batch: Batch, options: SearchOptions) -> Hypotheses:
        tried.append(len(batch))
        if len(batch) > documents:
            raise error
        return generate(network, batch, options)

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
    monkeypatch.setattr(inference, "_generate", room_for(room, error, tried))
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
    monkeypatch.setattr(inference, "_generate", room_for(0, RuntimeError("shapes do not match"), tried))
    with pytest.raises(RuntimeError, match="shapes"):
        summarizer.summarize(["one", "two"])
    assert tried == [2]
    monkeypatch.setattr(inference, "_generate", room_for(0, MemoryError(), tried))
    with pytest.raises(UserError, match="one document of 1 tokens and 3 beams"):
        summarizer.summarize(["one", "two"])


def test_evaluation_survives_a_lack_of_memory(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(inference, "_generate", room_for(2, MemoryError(), tried))
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
    generate = inference.generate

    def watched(network: Any, batch: Batch, options: SearchOptions) -> Hypotheses:
        sizes.append((batch.document.numel(), len(batch)))
        return generate(network, batch, options)

    monkeypatch.setattr(inference, "generate", watched)
    monkeypatch.setattr(summarizer, "batch_tokens", 100)
    monkeypatch.setattr(summarizer, "cut", 0)
    assert len(summarizer.summarize(texts, beam_size=1)) == len(texts)
    assert max(size for size, _ in sizes) <= 100
    assert sum(count for _, count in sizes) == len(texts)
    assert summarizer.cut == sum(len(t.split()) > summarizer.max_document_tokens for t in texts)


def test_reading_ahead_is_bounded(summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "READ_AHEAD", 1000)
    read = 0

    def documents() -> Any:
        nonlocal read
        while read < 50:
            read += 1
            yield "snow " * 100

    stream = summarizer.stream(documents(), beam_size=1)
    next(stream)
    assert read == 3  # 500 characters each
    assert len(list(stream)) == 49
