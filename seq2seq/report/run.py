"""The files of a run, read for its page. Files that are absent or damaged leave a part of the page out, with a note."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import yaml

from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.scoring import KINDS, score_pair

PAGE = "index.html"
CURVES = "curves.jsonl"
"""One line for each logged step: `step`, `time` (seconds since 1970), and the logged figures by name."""
VALIDATION = "validation.jsonl"
"""Predictions of the last validation of `fit`, in the form of predictions.jsonl."""
SAMPLES = "samples.json"
"""Some predictions with the attention of their words: see `Sample`."""

SUMMARIZATION = "summarization"
EXACT = "exact"
"""The measure of a run with labels: the share of documents whose labels are all right."""

CLOCKS = 1.0
"""Seconds by which the clock of a file system and that of a process can differ."""

Value = TypeVar("Value")


class Prediction(NamedTuple):
    """A line of predictions.jsonl."""

    document: str
    reference: str
    text: str


@dataclass(frozen=True)
class Sample:
    """The attention behind a prediction. Its pieces are tokens with the blanks between them.

    Args:
        row: position of the prediction in its file.
        document: pieces of the document, as far as the network has read it.
        headline: pieces of the prediction, without the end symbol.
        attention: for each piece of the headline, [position in the document, weight] of the largest weights.
        copied: for each piece of the headline, the probability that it was copied; None without a pointer.
    """

    row: int
    document: list[str]
    headline: list[str]
    attention: list[list[tuple[int, float]]]
    copied: list[float] | None = None


@dataclass
class Run:
    """The content of a run's folder.

    Args:
        name: of the run's folder.
        curves: the figures of each logged step, by step.
        config: the text of config.yaml; "" if there is none.
        metrics: scores of the test split, by name.
        settings: those of the test, and of the checkpoint.
        split: test or validation: the split of the predictions; "" without predictions.
        samples: by row of the predictions.
        notes: files that were left out, and why.
    """

    folder: Path
    name: str
    curves: list[dict[str, float]] = field(default_factory=list)
    config: str = ""
    metrics: dict[str, float | None] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    split: str = ""
    predictions: list[Prediction] = field(default_factory=list)
    samples: dict[int, Sample] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def task(self) -> str:
        """The task of the run: summarization, or one with labels in the place of headlines."""
        return self.options.get("test.task") or self.options.get("task") or SUMMARIZATION

    @property
    def has_labels(self) -> bool:
        """Whether the predictions are labels."""
        return self.task != SUMMARIZATION

    @property
    def measures(self) -> Sequence[str]:
        """The names of the columns of `scores`."""
        return (EXACT,) if self.has_labels else KINDS

    @cached_property
    def scores(self) -> np.ndarray:
        """[predictions, measures] in [0, 1]: F1 of ROUGE-1, ROUGE-2 and ROUGE-L, by the run's own rule for words; for
        labels 1 if all of them are right."""
        if self.has_labels:
            return np.array([[float(p.text == p.reference)] for p in self.predictions]).reshape(-1, 1)
        tokenizer = (self.settings.get("scoring") or {}).get("tokenizer", "auto")
        found = [score_pair(p.reference, p.text, tokenizer) for p in self.predictions]
        return np.array(found).reshape(len(found), len(KINDS))

    @cached_property
    def options(self) -> dict[str, str]:
        """Every setting by its dotted key: those of config.yaml, and those of the test as `test.KEY`.

        A command line can give the test another search than that of the config.
        """
        try:
            config = yaml.load(self.config, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError:
            config = None
        return dict(_flat("", config if isinstance(config, dict) else {})) | dict(_flat("test", self.settings))


def load_run(folder: str | Path) -> Run:
    """Reads the files of a run.

    Raises UserError if there is no such folder. Other faults become notes of the run.
    """
    path = user_path(folder)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; give the folder of a run, for example runs/quickstart")
    run = Run(path, path.resolve().name)
    run.curves = _read(run, CURVES, read_curves, [])
    run.config = _read(run, "config.yaml", lambda file: file.read_text(encoding="utf-8"), "")
    results: dict[str, Any] = {} if _is_older(run, "metrics.json") else _read(run, "metrics.json", _read_object, {})
    run.settings = results.pop("settings", None) or {}
    run.metrics = {name: value for name, value in results.items() if value is None or isinstance(value, (int, float))}
    for split, name in (("test", "predictions.jsonl"), ("validation", VALIDATION)):
        if not run.predictions and not _is_older(run, name):
            run.predictions, run.split = _read(run, name, _read_predictions, []), split
    nothing: tuple[str, dict[int, Sample]] = ("", {})
    split, samples = _read(run, SAMPLES, _read_samples, nothing)
    run.samples = samples if split == run.split else {}
    return run


def read_curves(file: Path) -> list[dict[str, float]]:
    """The figures of each step, in order. Lines of one step are one entry; an incomplete last line is left out."""
    steps: dict[int, dict[str, float]] = {}
    for number, line in enumerate(lines := file.read_bytes().split(b"\n"), start=1):
        if number == len(lines):  # nothing after the last line end, or a part of a line
            break
        record = json.loads(line)
        steps.setdefault(int(record["step"]), {}).update(record)
    return [steps[step] for step in sorted(steps)]


def _read(run: Run, name: str, read: Callable[[Path], Value], nothing: Value) -> Value:
    """A file's content. `nothing` if the file is absent, or damaged, which is noted."""
    file = run.folder / name
    if not file.is_file():
        return nothing
    try:
        return read(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        run.notes.append(f"{name} cannot be read and is left out: {reason}")
        return nothing


def _is_older(run: Run, name: str) -> bool:
    """Whether a file is older than the last training step, by more than the clocks differ. This is noted.

    Such a file is the result of an earlier run in the folder, or of the run before it was resumed.
    """
    file, last = run.folder / name, run.curves[-1].get("time") if run.curves else None
    if last is None or not file.is_file() or file.stat().st_mtime >= last - CLOCKS:
        return False
    run.notes.append(f"{name} is older than the last training step and is left out; `seq2seq test` writes a new one")
    return True


def _read_object(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def _read_samples(file: Path) -> tuple[str, dict[int, Sample]]:
    content = _read_object(file)
    return content["split"], {sample["row"]: Sample(**sample) for sample in content["samples"]}


def _read_predictions(file: Path) -> list[Prediction]:
    """The lines of a file of predictions. A file with other keys gives no predictions."""
    found = []
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number} is no JSON ({error})") from error
            if "prediction" not in record or "document" not in record:
                return []
            texts = (record.get(key) or "" for key in ("document", "reference", "prediction"))
            found.append(Prediction(*map(str, texts)))
    return found


def _flat(start: str, value: Any) -> Iterator[tuple[str, str]]:
    """The leaves of nested settings, by dotted keys."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{start}.{key}" if start else str(key), inner)
    else:
        yield start, value if isinstance(value, str) else json.dumps(value, default=str)
