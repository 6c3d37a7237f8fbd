"""The page of a real run in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import chromium, open_page, pixels
from helpers import TrainedRun, read_jsonl, run
from test_report import HOSTILE, make_run


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run whose texts try to run scripts, to load files and to leave their place."""
    attack = f'"><img src=https://example.org/x onerror=attack()><script>attack()</script>{HOSTILE}'
    texts = {key: f"{attack} {key}" for key in ("document", "reference", "prediction")}
    folder = make_run(tmp_path_factory.mktemp("hostile"), [texts] * 3, f"a: {json.dumps(attack)}\n")
    piece = {"row": 0, "document": [attack, " b"], "headline": [attack], "attention": [[[0, 0.9]]]}
    (folder / "samples.json").write_text(json.dumps({"split": "test", "samples": [piece]}), encoding="utf-8")
    assert run("report", folder) == 0
    return folder / "index.html"


def test_the_page_shows_the_results(browser, trained: TrainedRun):
    metrics = json.loads((trained.folder / "metrics.json").read_text(encoding="utf-8"))
    predictions = read_jsonl(trained.folder / "predictions.jsonl")
    with open_page(browser, trained.folder / "index.html") as page:
        assert (page.errors, page.outside) == ([], [])
        cards = page.locator(".card.figure .value").all_inner_texts()
        assert cards == [f"{metrics[kind]:.2f}" for kind in ("rouge1", "rouge2", "rougeL")]
        assert [heading.strip() for heading in page.locator("h2").all_inner_texts()] == [
            *("Figures", "Curves", "Errors, worst first", "Samples", "Config")
        ]
        headlines = page.locator("#samples .headline").all_inner_texts()
        assert {text.strip() for text in headlines} <= {" ".join(line["prediction"].split()) for line in predictions}
        assert len(headlines) >= 6
        page.locator("#config summary").click()
        assert "vocab_size: 80" in page.locator("#config pre").inner_text()


def test_each_logged_value_is_a_point_in_its_chart(browser, trained: TrainedRun):
    curves = read_jsonl(trained.folder / "curves.jsonl")
    with open_page(browser, trained.folder / "index.html") as page:
        for title, name in (("Loss", "validation/loss"), ("Learning rate", "train/learning_rate")):
            chart = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True))
            label = "validation" if title == "Loss" else "learning rate"
            logged = [line for line in curves if name in line]
            marks = chart.locator("circle", has=page.locator(f"title:text('{label} ')")).all()
            assert len(marks) == len(logged) > 2
            boxes = [mark.bounding_box() for mark in marks]
            heights = [-(box["y"]) for box in boxes]  # the greatest value is the highest point
            values = [line[name] for line in logged]
            assert int(np.argmax(heights)) in np.flatnonzero(np.isclose(values, max(values), rtol=1e-2))
            places = [box["x"] for box in boxes]
            assert places == sorted(places)


def test_the_document_shows_the_attention_of_a_word(browser, trained: TrainedRun):
    """For the word under the pointer, and for the focused one; the strongest colour is at the largest weight."""
    samples = json.loads((trained.folder / "samples.json").read_text(encoding="utf-8"))["samples"]
    with open_page(browser, trained.folder / "index.html") as page:
        article = page.locator("#samples article").first
        word = article.locator("[data-attention]").first
        lit = article.locator(".document i[style]")
        assert lit.count() == 0
        word.hover()
        assert lit.count() >= 1
        weights = lit.evaluate_all("found => found.map(e => [e.textContent, +e.style.getPropertyValue('--attention')])")
        row = int(article.locator(".row").inner_text().removeprefix("no. ")) - 1
        sample = next(sample for sample in samples if sample["row"] == row)
        place, weight = sample["attention"][0][0]
        assert max(weights, key=lambda pair: pair[1]) == [
            sample["document"][place].strip(),
            pytest.approx(weight, abs=0.006),
        ]
        assert f"Attention: {sample['document'][place].strip()} " in word.get_attribute("title")
        page.mouse.move(0, 0)
        assert lit.count() == 0
        word.focus()
        assert lit.count() == len(weights)


def test_light_and_dark_differ_and_can_be_read(browser, trained: TrainedRun):
    shots = {}
    for dark in (False, True):
        with open_page(browser, trained.folder / "index.html", dark=dark) as page:
            shots[dark] = pixels(page.screenshot())
            for part in ("body", ".facts", ".chart p", ".ticks text"):
                colours = page.locator(part).first.evaluate(
                    "e => { const c = getComputedStyle(e), card = e.closest('.card') || document.body;"
                    " return [e.closest('svg') ? c.fill : c.color, getComputedStyle(card).backgroundColor] }"
                )
                assert contrast(*colours) >= 4.5, (part, dark)  # WCAG 2.1, criterion 1.4.3
    assert shots[False].mean() > 200
    assert shots[True].mean() < 80


def test_hostile_texts_do_nothing(browser, hostile):
    with open_page(browser, hostile) as page:
        assert (page.errors, page.outside) == ([], [])
        assert page.evaluate("[document.scripts.length, document.images.length, document.styleSheets.length]") == [
            1,
            0,
            1,
        ]
        assert "<script>attack()</script>" in page.locator("#samples .reference").first.inner_text()
        page.locator("#samples [data-attention]").first.hover()
        assert page.locator("#samples .document i[style]").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_narrow_window_needs_no_sideways_scrolling(browser, trained: TrainedRun):
    with open_page(browser, trained.folder / "index.html", size=(380, 700)) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 380


def contrast(*colours: str) -> float:
    """The contrast ratio of two colours `rgb(r, g, b)` (WCAG 2.1)."""
    luminances = []
    for colour in colours:
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        luminances.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)
