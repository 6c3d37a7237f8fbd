"""Word embeddings from a text file at the start of a training."""

from __future__ import annotations

import os

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from seq2seq.data.tokenizer import SPECIALS
from seq2seq.data.word_vectors import read_vectors
from seq2seq.errors import UserError
from seq2seq.files import user_path

from ..task_module import TaskModule


class PretrainedEmbeddings(Callback):
    """Sets the embeddings of known words at the start of a new training, from a file in GloVe's format.

    The vocabulary is that of the training split: words that the file lacks start as without a file, and words that
    the vocabulary lacks are not used. It needs a tokenizer of kind word. A resumed run does not read the file.

    Args:
        file: a text file with a word and its values on each line, separated by spaces, plain or as .gz (null = none).
            `model.network.embedding_size` must be its number of values.
        scale: multiply all vectors by one number, which makes their mean square that of the other embeddings: 1 /
            embedding_size. Vectors of GloVe are about five times as long, which is too long for tied embeddings.
            False sets the values of the file.
    """

    def __init__(self, file: str | None = None, scale: bool = True) -> None:
        self.file, self.scale = file, scale

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Comes before the callbacks of the module, which copy the weights for their average."""
        if self.file is None or trainer.ckpt_path:
            return
        assert isinstance(pl_module, TaskModule)
        tokenizer, weight = pl_module.tokenizer, pl_module.network.embedding.weight
        if tokenizer.kind != "word":
            raise UserError(
                f"embeddings.file has no effect with data.tokenizer.kind: {tokenizer.kind}, whose tokens are parts of "
                "words; leave it out, or set the kind to word"
            )
        rows = {word: row for row, word in enumerate(tokenizer.tokens) if word and word not in SPECIALS.values()}
        vectors = read_vectors(user_path(self.file), rows, weight.shape[1])
        if not vectors:
            raise UserError(
                f"embeddings.file: {self.file} has no word of the vocabulary; give a file of the same language, and "
                "data.tokenizer.normalizers: [nfkc, lowercase] for a file of small letters"
            )
        values = np.stack(list(vectors.values()))
        if self.scale:
            values *= (weight.shape[1] * np.square(values, dtype=np.float64).mean()) ** -0.5
        with torch.no_grad():
            weight[[rows[word] for word in vectors]] = torch.from_numpy(values).to(weight)
        name, share = os.path.basename(self.file), len(vectors) / len(rows)
        rank_zero_info(f"embeddings: {len(vectors):,} of {len(rows):,} words ({share:.1%}) have a vector in {name}")
