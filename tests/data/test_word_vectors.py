"""Files of word vectors in GloVe's format, and the embeddings that they set."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from seq2seq.data.tokenizer import TokenizerOptions, train_tokenizer
from seq2seq.data.word_vectors import read_vectors, vector_size
from seq2seq.errors import UserError
from seq2seq.model.network import NetworkOptions
from seq2seq.training.callbacks import PretrainedEmbeddings
from seq2seq.training.module import SummarizerModule

LINES = ["the 1 2 3", ". . . 4 5 6", "fire -1e-1 0.5 2", "harbour 0 0 1", "the 9 9 9"]


def write(folder: Path, lines: list[str]) -> Path:
    file = folder / "vectors.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_known_words_are_read(tmp_path: Path) -> None:
    """The first line of a word counts, and a word can have spaces."""
    file = write(tmp_path, LINES)
    found = read_vectors(file, {"the", "fire", "absent", ". . ."}, 3)
    expected = {"the": [1, 2, 3], ". . .": [4, 5, 6], "fire": [-0.1, 0.5, 2]}
    assert {word: vector.tolist() for word, vector in found.items()} == pytest.approx(
        {word: pytest.approx(values) for word, values in expected.items()}
    )
    compressed = tmp_path / "vectors.txt.gz"
    compressed.write_bytes(gzip.compress(b"5 3\n" + file.read_bytes()))  # with the first line of word2vec
    assert vector_size(compressed) == 3
    assert read_vectors(compressed, {"harbour"}, 3)["harbour"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["the 1 2"], ":1: 2 values for a word, but model.network.embedding_size is 3: set it to 2"),
        (["the 1 2 3", "fire 1 2"], ":2: 2 values, not 3"),
        (["the 1 2 3", "fire 1 2 3 4"], ":2: 4 values, not 3"),
        (["the 1 2 3", "fire 1 x 3"], ":2: a value of 'fire' is no finite number"),
        (["the 1 nan 3"], ":1: a value of 'the' is no finite number"),
        (["the"], ":1: no word with its values"),
    ],
)
def test_damaged_lines_are_named(tmp_path: Path, lines: list[str], message: str) -> None:
    file = write(tmp_path, lines)
    with pytest.raises(UserError) as raised:
        read_vectors(file, {"the", "fire"}, 3)
    assert str(raised.value).startswith(f"{file}{message}")


def module(kind: str = "word") -> SummarizerModule:
    tokenizer = train_tokenizer(TokenizerOptions(kind=kind, vocab_size=300), ["the fire in the harbour of Athens"])
    torch.manual_seed(1)
    network = NetworkOptions(
        embedding_size=3, encoder_size=4, decoder_size=4, unknown_embeddings=0 if kind != "word" else 2
    )
    return SummarizerModule(tokenizer, network, max_document_tokens=10)


@pytest.mark.parametrize("scale", [False, True])
def test_rows_of_known_words_are_set(tmp_path: Path, scale: bool) -> None:
    before, after = module(), module()
    trainer: Any = SimpleNamespace(ckpt_path=None)
    PretrainedEmbeddings(str(write(tmp_path, LINES)), scale).on_fit_start(trainer, after)
    rows = {word: after.tokenizer.tokens.index(word) for word in ("the", "fire", "harbour")}
    new, old = (m.network.embedding.weight.detach().numpy() for m in (after, before))
    expected = np.array([[1, 2, 3], [-0.1, 0.5, 2], [0, 0, 1]])
    if scale:  # a mean square of 1 / 3
        expected = expected / np.sqrt((expected**2).mean() * 3)
    assert new[list(rows.values())] == pytest.approx(expected, rel=1e-6)
    others = [row for row in range(len(new)) if row not in rows.values()]
    assert (new[others] == old[others]).all()


def test_a_resumed_run_needs_no_file_and_other_tokens_are_refused(tmp_path: Path) -> None:
    resumed: Any = SimpleNamespace(ckpt_path="last.ckpt")
    PretrainedEmbeddings("absent.txt").on_fit_start(resumed, module())
    new: Any = SimpleNamespace(ckpt_path=None)
    with pytest.raises(UserError, match=r"embeddings\.file has no effect with data\.tokenizer\.kind: bpe"):
        PretrainedEmbeddings(str(write(tmp_path, LINES))).on_fit_start(new, module("bpe"))
    with pytest.raises(UserError, match="has no word of the vocabulary"):
        PretrainedEmbeddings(str(write(tmp_path, ["other 1 2 3"]))).on_fit_start(new, module())
