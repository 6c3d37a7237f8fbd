"""The headlines of several systems for the same documents: their scores, and a file of scores without any text.

With a file of scores anyone can compare a new system with systems that were trained elsewhere, pair by pair. The file
holds ROUGE of each pair, some means, and a digest of the references. The digest shows whether two files belong to the
same test split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seq2seq.scoring import describe, score_pair


class Run(NamedTuple):
    """Scores and other figures of the headlines that one model, or another program, has written.

    Args:
        scores: [pairs, 3] ROUGE-1, 2 and L of each pair, in percent.
        repeated_bigrams, unk_share: in percent; see `seq2seq.scoring.describe`.
        validation: the highest validation ROUGE-1 during the training, if it is known.
    """

    scores: np.ndarray
    repeated_bigrams: float
    unk_share: float
    validation: float | None = None


class Outputs:
    """The runs of several systems on one test split.

    Args:
        documents, references: of the split.

    Attributes:
        runs: for each system its runs by seed; "-" is the seed of the output of another program.
    """

    def __init__(self, documents: list[str], references: list[str]) -> None:
        self.documents, self.references = documents, references
        self.runs: dict[str, dict[str, Run]] = {}

    def add(self, name: str, texts: list[str], seed: str = "-", validation: float | None = None) -> None:
        """Scores headlines. Raises SystemExit if there are more or fewer than documents."""
        if len(texts) != len(self.documents):
            raise SystemExit(f"{name}: {len(texts)} headlines for {len(self.documents)} documents")
        scores = [score_pair(reference, text) for reference, text in zip(self.references, texts, strict=True)]
        figures = describe(self.documents, texts)
        shares = figures["repeated_bigrams"], figures["unk_share"]
        self._put(name, seed, Run(100 * np.array(scores), *shares, validation))

    def scores(self) -> dict[str, list[np.ndarray]]:
        """The scores of each run of each system."""
        return {name: [run.scores for run in runs.values()] for name, runs in self.runs.items()}

    def save(self, file: Path) -> None:
        """Writes the runs that have a seed to a file of scores (.npz)."""
        arrays, figures = dict[str, np.ndarray](), []
        for name, runs in self.runs.items():
            for seed, run in runs.items():
                if seed != "-":
                    arrays[f"scores {len(figures)}"] = run.scores
                    figures.append({"system": name, "seed": seed, **run._replace(scores=None)._asdict()})
        about = json.dumps({"references": digest(self.references), "runs": figures})
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(file, about=np.array(about), **arrays)  # type: ignore[arg-type]

    def add_saved(self, file: Path, systems: Sequence[str]) -> None:
        """Adds the runs of these systems in a file of scores, except those that are there already.

        Raises SystemExit if the file is of other references.
        """
        with np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["references"] != digest(self.references):
                raise SystemExit(f"{file}: the references differ from those of the corpus; prepare the same test split")
            for number, figures in enumerate(about["runs"]):
                name, seed = figures.pop("system"), figures.pop("seed")
                if name in systems and seed not in self.runs.get(name, {}):
                    self._put(name, seed, Run(**figures | {"scores": arrays[f"scores {number}"]}))

    def sort(self, systems: Sequence[str]) -> None:
        """Puts the systems in this order. Raises SystemExit if none of them has a run."""
        self.runs = {name: self.runs[name] for name in systems if name in self.runs}
        if not self.runs:
            raise SystemExit(f"no run of {', '.join(systems)}")

    def _put(self, name: str, seed: str, run: Run) -> None:
        self.runs[name] = dict(sorted({**self.runs.get(name, {}), seed: run}.items()))


def digest(references: Sequence[str]) -> str:
    """A fingerprint of the references of a test split, in their order."""
    return hashlib.sha256(json.dumps(references, ensure_ascii=True).encode()).hexdigest()
