"""The benchmarks: each script starts, and their common parts compute the right figures."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import TrainedRun, read_jsonl, run

from seq2seq.data.bucketing import BatchOptions
from seq2seq.inference import Summarizer
from seq2seq.scoring import score_pair
from seq2seq.shipped import Card

FOLDER = Path(__file__).parents[1] / "benchmarks"
MODULES = (
    "common",
    "workload",
    "revision_child",
    "label_baselines",
    "word_by_word",
)  # without a command line, or for processes of other scripts
SCRIPTS = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in MODULES)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)


def load(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_start(script: str) -> None:
    done = subprocess.run([sys.executable, FOLDER / f"{script}.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_median_with_its_range() -> None:
    assert load("common").median_range([3.0, 1.0, 1250.0], 1) == "3.0 (1.0-1,250.0)"


def test_batches_of_random_text() -> None:
    """More than one epoch, within the budget, with the lengths that were asked for, and unknown words among the ids."""
    documents, summaries = np.array([5, 6, 7, 30]), np.array([2, 3, 2, 4])
    options = BatchOptions(tokens=40)
    workload, rng = load("workload"), np.random.default_rng(1)
    batches = list(islice(workload.random_batches(50, documents, summaries, options, rng), 40))
    assert sum(map(len, batches)) > 4 * len(documents)
    lengths = torch.cat([batch.lengths for batch in batches])
    assert set(lengths.tolist()) == set(documents.tolist())
    assert all(len(b) * (b.document.shape[1] + b.targets.shape[1]) <= options.tokens for b in batches)
    ids = torch.cat([batch.document[batch.mask] for batch in batches])
    assert ids.min() > workload.vocabulary(50).eos
    assert 50 <= ids.max() < 53


def test_loss_of_both_layouts() -> None:
    """Named terms, and their sum in revisions before."""

    class Network:
        def __init__(self, loss: Any) -> None:
            self.result = loss

        def loss(self, batch: Any) -> Any:
            return self.result, torch.zeros(3)

    child = load("revision_child")
    terms = {"cross_entropy": torch.tensor(2.0), "coverage": torch.tensor(0.5)}
    assert child.total_loss(Network(terms), None) == child.total_loss(Network(torch.tensor(2.5)), None) == 2.5


def test_busy_processes_end() -> None:
    with load("load").busy(1):
        pass
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        load("load").variable("OMP_NUM_THREADS")


def test_counted_operations_of_a_product() -> None:
    """A linear layer without bias: 2 * rows * inputs * outputs forwards, and as many for the weights' gradient."""
    script = load("train_throughput")
    layer = torch.nn.Linear(5, 7, bias=False)
    x = torch.ones(3, 5)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(script, "training_step", lambda network, batch, optimizer: layer(batch).sum().backward())
        assert script.count_operations(None, [x, x], None) == 2 * 2 * (2 * 3 * 5 * 7)


def test_the_card_of_the_titles_has_the_figures_of_the_exported_model(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, models = load("train_titles"), tmp_path / "models"
    monkeypatch.setattr(script, "run_seq2seq", lambda *argv: run(*argv))
    corpus = Path(trained.corpus["test"]).parent
    given = {"config": trained.config, "corpus": corpus, "checkpoint": trained.best, "output": tmp_path / "run"}
    given |= {"models": models, "trials": 200, "seed": 3}
    words = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
    monkeypatch.setattr(sys, "argv", ["train_titles.py", *words])
    script.main()
    monkeypatch.setattr("seq2seq.shipped.FOLDER", models)
    card, tested = Card.read("titles"), read_jsonl(tmp_path / "run" / "test" / "predictions.jsonl")
    scores = np.mean([score_pair(pair["reference"], pair["prediction"]) for pair in tested], axis=0)
    assert [figure["value"] for figure in card.figures.values()] == [round(100 * score, 2) for score in scores]
    assert all(figure["low"] < figure["value"] < figure["high"] for figure in card.figures.values())
    assert "24 pairs for train, 24 pairs for validation, 12 pairs for test" in card.corpus
    assert "12 pairs, beam 3" in card.evaluation
    assert card.seed == 3
    assert card.default


def test_titles_from_given_weights(trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option of `seq2seq fit` reaches it, and stands on the card."""
    script, output, commands = load("train_titles"), tmp_path / "run", []
    monkeypatch.setattr(script, "run_seq2seq", lambda *argv: commands.append(argv) or run(*argv))
    given = {"config": trained.config, "corpus": Path(trained.corpus["test"]).parent, "output": output, "trials": 10}
    given |= {"models": tmp_path / "models", "init_from": trained.best}
    words = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
    monkeypatch.setattr(sys, "argv", ["train_titles.py", *words, "--trainer.max_steps", "1"])
    script.main()
    assert [argv[0] for argv in commands] == ["fit", "export", "test"]
    assert commands[0][-4:] == ("--init_from", str(trained.best), "--trainer.max_steps", "1")
    last, shipped = (
        Summarizer.from_checkpoint(file).network.parameters()
        for file in (output / "last.ckpt", tmp_path / "models" / "titles.ckpt")
    )
    assert all(torch.equal(a.half(), b.half()) for a, b in zip(last, shipped, strict=True))
    monkeypatch.setattr("seq2seq.shipped.FOLDER", tmp_path / "models")
    card = Card.read("titles")
    assert card.training[-1].endswith(f"--seed 1 --init_from {trained.best} --trainer.max_steps 1")
    assert card.corpus.endswith("24 pairs for validation, 12 pairs for test")


def test_the_period_of_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"date": "2019-02-01"}\n{"date": "2018-12-31"}\n{"date": "2019-01-01"}\n')
    assert load("train_titles").described(tmp_path, "train") == "3 pairs for train of 2018-12-31 to 2019-02-01"


# --- Tables of quality -----------------------------------------------------------------------------------------------


def test_headlines_that_cannot_be_known() -> None:
    """The first word of the headline, in the words of ROUGE, is not in the document."""
    unknowable = load("quality").unknowable
    table = "shr 42 cts vs 35 cts, net 1,540,000"
    assert unknowable(table, "Acme Corp <ACM> 4th qtr net")
    assert not unknowable(f"{table}; ACME-owned", "Acme Corp <ACM> 4th qtr net")
    assert unknowable(table, "Acme Corp sets dividend")
    assert not unknowable(table, "Acme Corp sets dividend", ["net", "loss"])
    assert unknowable(table, "Acme Corp 4th qtr net", ["net", "loss"])
    assert not unknowable(table, "")


def write_run(folder: Path, references: list[str], texts: list[str], validation: float) -> Path:
    folder.mkdir()
    pairs = [{"document": "d", "reference": r, "prediction": t} for r, t in zip(references, texts, strict=True)]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    (folder / "curve.json").write_text(json.dumps([[1.0, validation - 1], [2.0, validation]]))
    (folder / "metrics.json").write_text("{}")
    return folder


def test_report_of_the_runs_that_exist(tmp_path: Path) -> None:
    quality, references = load("quality"), ["one two", "three four"]
    runs = {
        "a": {1: tmp_path / "a-1", 2: tmp_path / "a-2"},
        "b": {1: tmp_path / "b-1", 2: tmp_path / "b-2"},
        "c": {1: tmp_path / "c-1"},
    }
    write_run(runs["a"][2], references, ["one two", "five"], 30.0)  # ROUGE-1 of 100 and 0
    write_run(runs["b"][1], references, ["one", "three four"], 20.0)  # 66.67 (precision 1, recall 1/2) and 100
    write_run(runs["b"][2], references, ["", ""], 10.0)
    write_run(runs["c"][1], references, ["", ""], 10.0)
    (runs["c"][1] / "metrics.json").unlink()  # its test has not ended
    outputs = quality.read_runs(runs)
    assert quality.missing_runs(outputs, runs) == ["a, seed 1", "c, seed 1"]
    found = {name: {seed: run.validation for seed, run in seeds.items()} for name, seeds in outputs.runs.items()}
    assert found == {"a": {"2": 30.0}, "b": {"1": 20.0, "2": 10.0}}
    rows = quality.main_table(outputs, 10).splitlines()
    assert len(rows) == 4
    assert rows[2].startswith("| a | 2 | 50.00 | - | ")
    assert rows[3].startswith("| b | 1 2 | 41.67 | 0.00-83.33 | ")
    assert rows[3].endswith("| 15.00 |")
    apart = quality.apart_table(outputs.scores(), np.array([True, False]), 10).splitlines()
    assert [row.split(" | ")[1] for row in apart[2:]] == ["100.00", "33.33"]
    assert [row.split(" | ")[4] for row in apart[2:]] == ["0.00", "50.00"]


def test_a_file_of_scores_makes_the_same_table(tmp_path: Path) -> None:
    """It adds the runs that are missing, and has no text and no output of another program."""
    outputs, references = load("outputs"), ["one two", "three four"]
    whole = outputs.Outputs(["d", "d"], references)
    whole.add("a", ["one two", "five"], "2", 30.0)
    whole.add("b", ["one", "three four"], "1", 20.0)
    whole.add("b", ["one one one one", "<unk>"], "2")
    table = load("quality").main_table(whole, 10)
    whole.add("other program", ["secret", "text"])
    whole.save(tmp_path / "scores.npz")
    assert b"secret" not in (tmp_path / "scores.npz").read_bytes()
    part = outputs.Outputs(["d", "d"], references)
    part.add("a", ["one two", "five"], "2", 30.0)
    part.add_saved(tmp_path / "scores.npz", ["b"])
    part.sort(["a", "b"])
    assert load("quality").main_table(part, 10) == table
    with pytest.raises(SystemExit, match=r"scores\.npz: the references differ"):
        outputs.Outputs(["d", "d"], references[::-1]).add_saved(tmp_path / "scores.npz", ["a"])
    with pytest.raises(SystemExit, match="no run of c"):
        part.sort(["c"])


@pytest.mark.parametrize("file", sorted((FOLDER / "scores").glob("*.npz")), ids=lambda file: file.stem)
def test_committed_scores_are_whole(file: Path) -> None:
    """Three seeds of each system of configs/published/small, and nothing but numbers and names."""
    small = {config.stem for config in (FOLDER.parent / "configs" / "published" / "small").glob("*.yaml")}
    with np.load(file, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        runs = [(figures["system"], figures["seed"]) for figures in about["runs"]]
        scores = [arrays[f"scores {number}"] for number in range(len(runs))]
        assert len(arrays.files) == len(runs) + 1
    assert sorted(runs) == sorted((system, seed) for system in small for seed in "123")
    assert all(array.shape == scores[0].shape and array.min() >= 0 and array.max() <= 100 for array in scores)


def test_report_refuses_runs_of_two_corpora(tmp_path: Path) -> None:
    runs = {"a": {1: tmp_path / "a-1", 2: tmp_path / "a-2"}}
    write_run(runs["a"][1], ["one"], ["one"], 1.0)
    write_run(runs["a"][2], ["two"], ["one"], 1.0)
    with pytest.raises(SystemExit, match=r"a-2: the references differ"):
        load("quality").read_runs(runs)
    with pytest.raises(SystemExit, match=r"no complete run; missing: b, seed 3"):
        load("quality").read_runs({"b": {3: tmp_path / "b-3"}})


def test_time_to_quality() -> None:
    script = load("time_to_quality")
    fast, slow = [(0.5, 20.0), (1.0, 30.0), (1.5, 29.0)], [(1.0, 10.0), (2.0, 27.5)]
    assert script.minutes_until(fast, 29.0) == 1.0
    assert script.minutes_until(slow, 29.0) is None
    assert script.best_after(fast, 2) == 30.0
    assert script.best_after(slow, 0.9) is None
    assert script.best_after([(1.0, 10.0), (2.002, 27.5)], 2) == 27.5  # written some batches late
    curves = {"ours": {1: fast, 2: slow}, "joey": {1: slow}, "opennmt": {}}
    rows = script.table(curves, [1.0], ["28", "joey"]).splitlines()
    assert rows[2] == (
        "| ours | 1 2 | 1.8 (1.5-2.0) | 28.75 (27.50-30.00) | 20.00 (10.00-30.00) | 1.0, 1 of 2 seeds | "
        "1.0, 1 of 2 seeds |"
    )
    assert rows[3] == "| joey | 1 | 2.0 | 27.50 | 10.00 | - | 2.0 |"
    assert len(rows) == 4


# --- Other toolkits --------------------------------------------------------------------------------------------------


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER / "peers")


def test_checkpoints_by_time(peers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step takes 12 seconds and a checkpoint 30, which do not count: checkpoints at 1, 2 and 2.2 minutes."""
    shared, clock = load("shared"), [0.0]
    monkeypatch.setattr(shared, "STARTED", 0.0)
    monkeypatch.setattr(shared.time, "perf_counter", lambda: clock[0])
    (tmp_path / "checkpoint-7.pt").write_text("of an earlier run")
    checkpoints = shared.Checkpoints(argparse.Namespace(run=tmp_path, every=1.0, minutes=2.2), epoch_steps=1)

    def save(file: Path) -> None:
        file.write_text("")
        clock[0] += 30

    checkpoints.save = save
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)

    def train() -> None:
        for _ in range(99):
            clock[0] += 12
            optimizer.step()

    with pytest.raises(shared.TimeIsOver):
        train()
    found = checkpoints.finish()["checkpoints"]
    checkpoints.remove_hook()
    assert [(point["step"], round(point["minutes"], 6)) for point in found] == [(5, 1.0), (10, 2.0), (11, 2.2)]
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"checkpoint-{n}.pt" for n in (10, 11, 5)]


def test_checkpoints_by_epoch(peers: None, tmp_path: Path) -> None:
    """One at the end of each epoch, and one after the last step."""
    shared = load("shared")
    checkpoints = shared.Checkpoints(argparse.Namespace(run=tmp_path, every=None, minutes=None), epoch_steps=2)
    checkpoints.save = Path.touch
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    for _ in range(5):
        optimizer.step()
    found = checkpoints.finish()["checkpoints"]
    checkpoints.remove_hook()
    assert [point["step"] for point in found] == [2, 4, 5]


def test_token_files(peers: None, tmp_path: Path) -> None:
    """Lower-cased words, cut to the limits; marks where a text departs from the rule for spaces; one vocabulary."""
    train = [
        ("The cat sat on the mat . It slept .", "Cat sits, sleeps"),
        ("", "no document"),
        ("A cat ran.", "Cat runs"),
    ]
    for split, pairs in {"train": train * 20, "validation": train[:2], "test": [("The DOG's  cat", "Dog sat")]}.items():
        lines = (json.dumps({"document": document, "summary": summary}) + "\n" for document, summary in pairs)
        (tmp_path / f"{split}.jsonl").write_text("".join(lines))
    config = tmp_path / "config.yaml"
    corpus = {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "validation", "test")}
    tokenizer = {"kind": "word", "normalizers": ["nfkc", "lowercase"]}
    data = {"corpus": corpus, "tokenizer": tokenizer, "max_document_tokens": 6, "max_summary_tokens": 3}
    config.write_text(json.dumps({"data": data}))
    files = load("token_files").TokenFiles([config], tmp_path / "tokens")

    def lines_of(name: str) -> list[str]:
        return (tmp_path / "tokens" / name).read_text().splitlines()

    documents, summaries = lines_of("train.document.txt"), lines_of("train.summary.txt")
    assert len(documents) == len(summaries) == 40  # the pairs without a document are left out
    assert documents[0] == "the cat sat on the mat"
    assert summaries[0] == "cat sits ,"
    assert lines_of("validation.document.txt")[1] == "<unk>"  # a line of its own, for the toolkits that skip empty ones
    assert lines_of("test.document.txt") == ["the dog 's cat"]
    assert lines_of("test.summary.txt") == ["<unk> sat"]
    assert files.pairs("test") == [{"document": "The DOG's  cat", "reference": "Dog sat"}]
    vocabulary = lines_of("vocabulary.txt")
    assert len(vocabulary) == files.tokenizer.vocab_size - 4
    assert {"the", "cat", ","} < set(vocabulary)
    assert not {"<unk>", "<s>", "</s>"} & set(vocabulary)
    assert files.text("cat sits , dog") == "cat sits, <unk>"


def test_cells_measure_a_run(trained: TrainedRun) -> None:
    """The gradients are a mean over documents, however they lie in batches; timing leaves the weights as they are."""
    cells = load("cells")
    data = cells.data_of(trained.folder)
    documents = [pair["document"].split() for pair in read_jsonl(Path(trained.corpus["test"]))]
    long = [words for words in documents if len(words) > 10]
    assert 3 < len(long) < len(documents)
    batches = cells.long_batches(data, 100, 10, size=3)
    assert [n for batch in batches for n in batch.lengths.tolist()] == [len(words) for words in long]
    (first,) = cells.long_batches(data, 2, 10)
    assert len(first) == 2
    assert first.target_positions.numel() > 2  # the summaries are there
    with pytest.raises(SystemExit, match="more than 1000 words"):
        cells.long_batches(data, 100, 1000)
    speeds = cells.Speeds({"gru": trained.folder}, "cpu", 2)
    network = speeds.summarizers["gru"].network
    singles = [
        cells.carried_back(network, [batch.part(slice(i, i + 1))], (1, 9))
        for batch in batches
        for i in range(len(batch))
    ]
    assert cells.carried_back(network, batches, (1, 9)) == pytest.approx(np.mean(singles, axis=0), rel=1e-4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    speeds.measure(1)
    assert len(speeds.words["gru"]) == len(speeds.headlines["gru"]) == 1
    assert min(*speeds.words["gru"], *speeds.headlines["gru"]) > 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_cells_tables() -> None:
    cells = load("cells")
    low, high = ({"rouge1": x, "rouge2": x / 2, "rougeL": x - 1} for x in (40.0, 42.0))
    result = cells.Result(
        1234567, [low, high], [low], [1000.0, 3000.0, 2000.0], [50.0], [[0.5, 0.01, 1e-9], [0.7, 0.03, 3e-9]]
    )
    lines = list(cells.tables({"elman": result}))
    assert (
        lines[2]
        == "| elman | 41.00 (40.00-42.00) | 20.50 (20.00-21.00) | 40.00 (39.00-41.00) | 40.00 | 20.00 | 39.00 |"
    )
    speeds, gradients = "2,000 (1,000-3,000) | 50 (50-50)", "0.6 (0.5-0.7) | 0.02 (0.01-0.03) | 2e-09 (1e-09-3e-09)"
    assert lines[-1] == f"| elman | 1,234,567 | {speeds} | {gradients} |"
