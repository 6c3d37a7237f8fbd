"""The parts of a run's page, and `seq2seq report`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import run, write_jsonl

from seq2seq.markup import cut, element, to_html
from seq2seq.report import load_run, page, write_page
from seq2seq.report.charts import MAX_POINTS, points
from seq2seq.report.comparison import changed_settings, common_rows
from seq2seq.report.mistakes import MISTAKES, Mistake, found_mistakes, wrong_words
from seq2seq.report.numbers import readable, ticks
from seq2seq.report.run import Prediction, read_curves
from seq2seq.report.tables import intervals, statistics
from seq2seq.scoring import compare

HOSTILE = "<script>alert(1)</script>\"'&</style><!--\x00\x1b[31m\u202eABC\ud800שלום\U0001f600"


def lines(count: int, prediction: str = "Fire hurts {}") -> list[dict[str, str]]:
    return [
        {
            "document": f"A fire in the harbour of Bergen hurt {row} people on Monday.",
            "reference": f"Fire hurts {row} in Bergen",
            "prediction": prediction.format(row),
        }
        for row in range(count)
    ]


def tags(text: str) -> Counter[str]:
    """The elements of a page, as another parser finds them, with "!" for comments."""
    found: Counter[str] = Counter()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.update([tag])  # type: ignore[method-assign]
    parser.handle_comment = lambda text: found.update("!")  # type: ignore[method-assign]
    parser.feed(text)
    return found


def make_run(folder: Path, predictions: list[dict[str, Any]] | None = None, config: str = "model: {a: 1}\n") -> Path:
    """The files of a run, without a training."""
    folder.mkdir(parents=True, exist_ok=True)
    curves = [{"step": s, "time": s, "train/loss": 5 / s, "train/learning_rate": 1e-3} for s in range(10, 60, 10)]
    curves += [{"step": 50, "time": 51, "validation/loss": 0.5, "validation/rougeL": 41.25}]
    write_jsonl(folder / "curves.jsonl", curves)
    write_jsonl(folder / "predictions.jsonl", lines(20) if predictions is None else predictions)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    settings = {"search": {"beam_size": 5}, "scoring": {"tokenizer": "auto"}, "parameters": 1234567}
    metrics = {"rouge1": 60.0, "loss": 1.25, "number_precision": None, "settings": settings}
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    return folder


def test_scores_and_intervals_are_those_of_the_command_score(tmp_path):
    written = [
        {**line, "prediction": line["prediction"] + " in Oslo" * (row % 3)} for row, line in enumerate(lines(30))
    ]
    loaded = load_run(make_run(tmp_path, written))
    found = intervals([statistics(loaded, found_mistakes(loaded.predictions))])
    expected = compare(
        [line["reference"] for line in written], {"a": [line["prediction"] for line in written]}, trials=1000, seed=1
    ).systems[0]
    for column, kind in enumerate(("rouge1", "rouge2", "rougeL")):
        score = expected.scores[f"{kind}.f1"]
        assert [found.scores[0, column], *found.bounds[0, column]] == pytest.approx(
            [score.value, score.low, score.high]
        )
    assert f"{expected.scores['rougeL.f1'].value:.2f}" in page(loaded)


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("number", "Fire hurts 13 in Bergen", "Fire hurts 1,250 in Bergen"),
        ("name", "Fire hurts 1250 in Oslo", "Fire hurts 1250 in Bergen"),
        ("repetition", "Fire in Bergen fire in Bergen", "Fire in Bergen"),
        ("repetition", "Fire fire in Bergen", "Fire in Bergen"),
        ("unknown", "<unk> hurts 1250", "Fire hurts 1250"),
        ("empty", " ", "Fire"),
        ("unrelated", "Snow delays flights", "Fire delays flights"),
        ("short", "Fire hurts", "Fire hurts 1250"),
        ("long", "Fire hurts 1250 people of the harbour on a Monday in Bergen", "Fire hurts 1250 people in Bergen"),
    ],
)
def test_each_kind_of_mistake(kind, wrong, right):
    document, reference = "A fire in Bergen hurt 1,250 people.", "Fire hurts 1250 in Bergen"
    assert MISTAKES[kind].found(Prediction(document, reference, wrong))
    assert not MISTAKES[kind].found(Prediction(document, reference, right))


def test_another_kind_of_mistake(tmp_path, monkeypatch):
    monkeypatch.setitem(MISTAKES, "odd", Mistake("Odd number", "It is odd.", lambda p: p.text[-1] in "13579"))
    assert re.search(r"Odd number</b><span class=\"share\">10 · 50\.0 %", page(load_run(make_run(tmp_path))))


def test_the_words_at_fault_are_marked():
    prediction = Prediction("A fire in Bergen hurt 11 people.", "", "Fire in Oslo hurts 12 <unk> people")
    assert sorted(wrong_words(prediction, prediction.text.split())) == [2, 4, 5]


def test_curves_of_a_killed_run_are_read(tmp_path):
    """Lines of one step are one entry, later values win, and a part of a line is left out."""
    file = tmp_path / "curves.jsonl"
    records = [{"step": 20, "a": 2.0}, {"step": 10, "a": 1.0}, {"step": 20, "b": 3.0}, {"step": 20, "a": 4.0}]
    file.write_text("".join(json.dumps(r) + "\n" for r in records) + '{"step": 30, "a"', encoding="utf-8")
    assert read_curves(file) == [{"step": 10, "a": 1.0}, {"step": 20, "a": 4.0, "b": 3.0}]


def test_long_curves_are_grouped():
    """The groups cover all steps, and keep the extreme values and the mean."""
    values = np.random.default_rng(0).normal(size=1000)
    curves = [{"step": step, "x": value} for step, value in enumerate(values.tolist())]
    found = points([*curves, {"step": 1000, "x": float("nan")}, {"step": 1001, "y": 1.0}], "x")
    assert len(found) <= MAX_POINTS
    assert (found[0].first, found[-1].last) == (0, 999)
    assert all(a.last + 1 == b.first for a, b in pairwise(found))
    assert (min(p.low for p in found), max(p.high for p in found)) == (values.min(), values.max())
    assert sum(p.value * (p.last - p.first + 1) for p in found) == pytest.approx(values.sum())


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (0.13, 0.58, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), (3, 3, [1, 2, 3, 4, 5])],
)
def test_ticks_are_round_and_cover_the_range(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567.8, "1,234,568"),
        (45.614, "45.61"),
        (0.002, "0.002"),
        (0.02728, "0.0273"),
        (1.5e-4, "0.00015"),
        (1.2e-6, "1.2e-06"),
        (0, "0"),
        (-3.5, "-3.5"),
    ],
)
def test_numbers(value, text):
    assert readable(value) == text


def test_all_text_is_escaped():
    written = to_html(element("p", HOSTILE, element("b", HOSTILE), HOSTILE, title=HOSTILE))
    assert tags(written) == Counter(p=1, b=1)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", written)
    written.encode()
    assert cut("abcdef", 4) == "abc…"


def test_settings_that_differ(tmp_path):
    first = load_run(make_run(tmp_path / "a", config="model: {cell: gru, size: 3}\ntrainer: {default_root_dir: a}\n"))
    second = load_run(make_run(tmp_path / "b", config="model: {cell: lstm}\ntrainer: {default_root_dir: b}\n"))
    assert changed_settings(first, second) == [("model.cell", "gru", "lstm"), ("model.size", "3", None)]
    second.settings["search"]["beam_size"] = 1  # an option of `test` on the command line
    assert changed_settings(first, replace(second))[2:] == [("test.search.beam_size", "5", "1")]


def test_documents_are_matched_by_their_texts(tmp_path):
    """Another order, a document that one run lacks, and equal documents."""
    first = load_run(make_run(tmp_path / "a", [*lines(3), lines(1)[0]]))
    second = load_run(make_run(tmp_path / "b", [lines(3)[2], *lines(5)[:2], lines(5)[4]]))
    assert common_rows(first, second).tolist() == [[0, 1], [1, 2], [2, 0]]


def test_report_compares_two_runs(tmp_path, capsys):
    better = [{**line, "prediction": line["reference"]} for line in lines(6)]
    mixed = [*better[:3], {**better[3], "prediction": "Fire"}, *lines(6)[4:]]
    ours, theirs = make_run(tmp_path / "ours", mixed, "a: 2\n"), make_run(tmp_path / "theirs", lines(6), "a: 1\n")
    assert run("report", ours, theirs, "--output", tmp_path / "page.html") == 0
    assert str(tmp_path / "page.html") in capsys.readouterr().out
    assert not (ours / "index.html").exists()
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    for part in ("Compared with theirs", "3 won", "2 equal", "1 lost", "6 documents in common", "Largest losses"):
        assert part in written
    assert run("report", ours) == 0
    assert "Compared" not in (ours / "index.html").read_text(encoding="utf-8")


def test_report_of_a_folder_without_a_run(tmp_path, capsys):
    for argument, part in ((tmp_path / "none", "no such folder"), (tmp_path, "no run in this folder")):
        assert run("report", argument) == 1
        assert part in capsys.readouterr().err


def test_damaged_files_are_named(tmp_path, capsys):
    """A page with the rest is written; standard error and the page name the file."""
    folder = make_run(tmp_path / "run")
    (folder / "metrics.json").write_text("{", encoding="utf-8")
    (folder / "predictions.jsonl").write_text('{"document": "a", "prediction": "b"}\n{"docu', encoding="utf-8")
    (folder / "samples.json").write_text('{"split": "test", "samples": [{"row": 0}]}', encoding="utf-8")
    (folder / "config.yaml").write_text("a: [", encoding="utf-8")
    assert run("report", folder) == 0
    errors = capsys.readouterr().err
    written = (folder / "index.html").read_text(encoding="utf-8")
    for name in ("metrics.json", "predictions.jsonl", "samples.json"):
        assert f"{name} cannot be read" in errors
        assert f"{name} cannot be read" in written
    assert "line 2" in errors
    assert "Loss" in written


def test_results_of_an_earlier_run_are_left_out(tmp_path):
    folder = make_run(tmp_path / "run")
    assert load_run(folder).predictions
    steps = [{"step": step, "time": time.time() + 60 * step, "train/loss": 1.0} for step in range(-1, 2)]
    write_jsonl(folder / "curves.jsonl", steps)
    loaded = load_run(folder)
    assert (loaded.predictions, loaded.metrics) == ([], {})
    assert [note.split()[0] for note in loaded.notes] == ["metrics.json", "predictions.jsonl"]


def test_files_of_another_task_give_a_page(tmp_path):
    """Their lines have other keys, and their scores other names."""
    folder = make_run(tmp_path / "run", [{"text": "fine", "label": "good", "prediction": "good"}])
    (folder / "metrics.json").write_text('{"accuracy": 97.5, "macro_f1": 88.25}', encoding="utf-8")
    written = page(load_run(folder))
    assert "97.5" in written
    assert "macro_f1" in written
    assert "Errors, worst first" not in written


def test_a_hostile_run_stays_small_and_harmless(tmp_path):
    record = {"document": HOSTILE * 3000, "reference": HOSTILE * 20, "prediction": HOSTILE * 20}
    folder = make_run(tmp_path / "run", config=f"a: {json.dumps(HOSTILE)}\n")
    write = json.dumps(record) + "\n"
    (folder / "predictions.jsonl").write_text(write * 20, encoding="utf-8")
    curves = [{"step": s, "time": s, **{f"{HOSTILE}{n}": s / 7 for n in range(60)}} for s in range(300)]
    write_jsonl(folder / "curves.jsonl", curves)
    size = write_page(load_run(folder), folder / "index.html")
    assert size == os.path.getsize(folder / "index.html") < 2_000_000
    found = tags((folder / "index.html").read_text(encoding="utf-8"))
    assert (found["script"], found["style"], found["!"]) == (1, 1, 0)


def test_two_thousand_predictions_take_less_than_a_second(tmp_path):
    loaded_from = make_run(tmp_path / "run", lines(2000))
    page(load_run(loaded_from))  # libraries are loaded, and rouge-score has made its tables
    start = time.process_time()
    page(load_run(loaded_from))
    assert time.process_time() - start < 1.0


def test_report_loads_neither_torch_nor_lightning(tmp_path):
    folder = make_run(tmp_path / "run")
    code = (
        "import sys; from seq2seq.__main__ import main; assert main(sys.argv[1:]) == 0; "
        "print([name for name in ('torch', 'lightning', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, "report", str(folder)], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


# ---- labels


def labelled_run(folder: Path, task: str, predictions: list[tuple[str, str, str]], **metrics: float) -> Path:
    names = ("document", "reference", "prediction")
    made = make_run(folder, [dict(zip(names, p, strict=True)) for p in predictions], f"task: {task}\nmodel: {{}}\n")
    write_jsonl(folder / "curves.jsonl", [{"step": 10, "time": 1, "validation/accuracy": 50.0}])
    settings = {"task": task, "labels": ["a", "b"], "parameters": 10}
    (folder / "metrics.json").write_text(json.dumps({**metrics, "settings": settings}), encoding="utf-8")
    return made


def cells(text: str) -> list[list[str]]:
    """The rows of the tables of a page."""
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows if "<td" in row]


def test_a_page_of_labels_has_no_rouge(tmp_path):
    """Two of four documents are right: the label b was predicted for two of three documents with the label a."""
    texts = [("Good.", "a", "a"), ("So so.", "a", "b"), ("Fine.", "a", "b"), ("Bad.", "b", "b")]
    shown = page(load_run(labelled_run(tmp_path / "x", "classification", texts, accuracy=50.0, macro_f1=50.0)))
    assert "ROUGE" not in shown
    assert "Nothing in common" not in shown
    assert cells(shown) == [["a", "b", "2", "66.7 %"]]
    assert shown.count("The reference has a.") >= 2
    assert "50.00" in shown


def test_a_page_of_annotations_marks_tokens(tmp_path):
    texts = [("Anna left Rome", "B-PER O B-LOC", "B-PER O O"), ("She left", "O O", "O O")]
    shown = page(load_run(labelled_run(tmp_path, "annotation", texts, entity_f1=66.0, entity_precision=100.0)))
    assert cells(shown) == [["B-LOC", "O", "1", "100.0 %"]]
    assert re.search(r'<span class="w wrong" title="The reference has B-LOC\.">Rome</span>', shown)
    assert re.search(r'<span class="w">Anna</span><sub>B-PER</sub>', shown)
    assert "Precision of entities" in shown
    assert "Capitalised words" not in shown


def test_runs_with_labels_are_compared_by_right_documents(tmp_path):
    """Wins and losses by hand: the second document is won, the third one lost, the first one equal."""
    mine = [("d1", "a", "a"), ("d2", "b", "b"), ("d3", "a", "b")]
    theirs = [("d1", "a", "a"), ("d2", "b", "a"), ("d3", "a", "a")]
    both = [
        load_run(labelled_run(tmp_path / name, "classification", found, accuracy=66.7))
        for name, found in (("mine", mine), ("theirs", theirs))
    ]
    shown = page(*both)
    assert "Documents by right labels" in shown
    assert re.search(r">1 won<.*>1 equal<.*>1 lost<", shown)
    assert "ROUGE" not in shown


def test_figures_of_gradients_share_charts(tmp_path):
    """One chart for a cell and a measure; memory has a chart; the best value so far has none."""
    folder = make_run(tmp_path)
    names = [f"gradient_flow/encoder.forwards.0/{name}" for name in ("carried_1", "carried_10", "hidden_1")]
    figures = dict.fromkeys([*names, "gradient_flow/loss", "memory/process_mb", "best/rougeL"], 0.5)
    records = [{"step": step, "time": step, **figures} for step in (60, 70)]
    write_jsonl(folder / "curves.jsonl", records)
    titles = re.findall(r"<h3>(.*?)</h3>", page(load_run(folder)).split('id="errors"')[0])
    assert titles == ["encoder.forwards.0/carried", "encoder.forwards.0/hidden", "loss", "memory/process_mb"]
