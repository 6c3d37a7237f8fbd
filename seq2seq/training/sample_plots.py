"""Pictures of headlines: the attention and the copying of one headline, and the lengths of a whole split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.explanation import Explanation
from seq2seq.scoring.words import written_words

from .plots import heat_map, panels, save

MAX_LENGTH = 40  # longer texts share the last row or column


def draw_explanation(explanation: Explanation, file: Path) -> Path:
    """Attention above, copying below: a row for each headline word, a column for each document word. Copied words of
    the headline are in square brackets."""
    words = [word.strip() for word in explanation.headline_words]
    labels = [f"[{word}]" if copied else word for word, copied in zip(words, explanation.copied, strict=True)]
    size = (1.8 + 0.17 * max(len(explanation.document_words), 20), 1.4 + 0.2 * max(len(words), 3))
    figure, axes = panels(2, 1, size)
    heat_map(axes[0, 0], explanation.attention, "attention", "weight", vmin=0, vmax=1)
    heat_map(axes[1, 0], explanation.copy, "probability to copy", "probability", vmin=0, vmax=1)
    for panel in axes[:, 0]:
        panel.set_yticks(range(len(labels)), labels, fontsize=8)
        panel.set_xticks([])
    document = [word.strip() for word in explanation.document_words]
    axes[1, 0].set_xticks(range(len(document)), document, rotation=90, fontsize=7)
    return save(figure, file)


def length_confusion(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[r, p] number of pairs whose reference has r words and whose prediction has p words."""
    lengths = [[min(len(written_words(text)), MAX_LENGTH) for text in texts] for texts in (references, predictions)]
    table = np.zeros((max(lengths[0], default=0) + 1, max(lengths[1], default=0) + 1), dtype=np.int64)
    np.add.at(table, (lengths[0], lengths[1]), 1)
    return table


def draw_lengths(table: np.ndarray, file: Path) -> Path:
    """The confusion of lengths. On the line the headline has the length of its reference."""
    figure, axes = panels(1, 1, (5.0, 4.2))
    shown: Any = np.where(table > 0, table, np.nan)
    heat_map(axes[0, 0], shown, "words of references and headlines", "pairs", origin="lower")
    end = min(table.shape) - 1
    axes[0, 0].plot([0, end], [0, end], color="grey", linewidth=0.8)
    axes[0, 0].set_xlabel("words of the headline")
    axes[0, 0].set_ylabel("words of the reference")
    return save(figure, file)
