"""The configuration of an exported model."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from ..batch import Vocabulary
from ..model.options import NetworkOptions


class HeadlineConfig(PretrainedConfig):
    """The configuration of a `HeadlineModel`.

    Args:
        seq2seq: the section `seq2seq` of the checkpoint, without the vocabulary file of its tokenizer.
        origin: the position of the training and the version of Lightning, which a checkpoint has too.
        values: further attributes of a configuration of transformers.
    """

    model_type = "seq2seq-headlines"

    def __init__(
        self, seq2seq: dict[str, Any] | None = None, origin: dict[str, Any] | None = None, **values: Any
    ) -> None:
        self.seq2seq, self.origin = seq2seq or {}, origin or {}
        special = self.seq2seq.get("vocabulary", {})
        ids = {f"{role}_token_id": special.get(role) for role in ("pad", "bos", "eos")}
        ids["decoder_start_token_id"] = special.get("bos")
        values |= {"is_encoder_decoder": True, "tie_word_embeddings": False, "vocab_size": special.get("size"), **ids}
        super().__init__(**values)

    def network_options(self) -> NetworkOptions:
        """The shape of the network."""
        return NetworkOptions(**self.seq2seq["network"])

    def vocabulary(self) -> Vocabulary:
        """The size and the special ids of the vocabulary."""
        return Vocabulary(**self.seq2seq["vocabulary"])
