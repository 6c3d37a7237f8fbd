"""From texts to extended ids and back, as a processor of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import BatchEncoding, PreTrainedTokenizerBase, ProcessorMixin

from ..batch import length_mask, pad
from ..data.tokenizer.tokenizer import Tokenizer

IGNORED = -100
"""Fills up the labels of short headlines. A loss leaves these places out, as it does everywhere in transformers."""


ALWAYS = {"return_tensors": "pt", "padding": True, "truncation": True}
"""The fixed values of some options that other processors have."""


class EncodedDocuments(BatchEncoding):
    """`input_ids` [B, S] and `attention_mask` [B, S] of B documents, with `labels` [B, T] if there are headlines.

    Attributes:
        unknown_words: for each document the words that the vocabulary lacks; word k has the id V + k.
        lengths: for each document its tokens, before it is cut.
    """

    unknown_words: list[list[str]]
    lengths: list[int]


class HeadlineProcessor(ProcessorMixin):
    """Makes the extended ids of documents, from which the pointer copies, and reads headlines from such ids.

    A plain tokenizer would give all unknown words the same id, and the model could not copy them.

    Args:
        tokenizer: the tokenizer of transformers with the vocabulary.
        settings: the other values of the checkpoint's tokenizer.
        max_document_tokens: longer documents are cut.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, settings: dict[str, Any], max_document_tokens: int) -> None:
        super().__init__(tokenizer)
        self.settings, self.max_document_tokens = settings, max_document_tokens
        vocabulary = tokenizer.backend_tokenizer.to_str()  # type: ignore[attr-defined]
        self._extended = Tokenizer.from_dict({**settings, "tokenizer": vocabulary})

    def __call__(  # type: ignore[override]
        self, text: str | Sequence[str], text_target: str | Sequence[str] | None = None, **options: Any
    ) -> EncodedDocuments:
        """Encodes documents, and headlines as labels.

        Args:
            text: one document, or B documents.
            text_target: their headlines, for training.
            options: those of `ALWAYS`, with these values.

        Raises TypeError for another option or another value.
        """
        for name, value in options.items():
            if name not in ALWAYS or ALWAYS[name] != value:
                raise TypeError(f"{name}={value!r}: the processor has no such option; leave it out")
        documents = [text] if isinstance(text, str) else list(text)
        encoded = self._extended.encode_documents(documents, self.max_document_tokens)
        ids, lengths = pad([document.ids or [self._extended.eos_id] for document in encoded], self._extended.pad_id)
        values = {"input_ids": ids, "attention_mask": length_mask(lengths, ids.shape[1]).long()}
        unknown_words = [document.oov for document in encoded]
        if text_target is not None:
            headlines = [text_target] if isinstance(text_target, str) else list(text_target)
            targets = self._extended.encode_summaries(headlines, unknown_words, torch.iinfo(torch.int32).max)
            values["labels"] = pad([[*target, self._extended.eos_id] for target, _ in targets], IGNORED)[0]
        result = EncodedDocuments(values)
        result.unknown_words, result.lengths = unknown_words, [document.length for document in encoded]
        return result

    def batch_decode(  # type: ignore[override]
        self,
        sequences: Any,
        unknown_words: Sequence[Sequence[str]] | None = None,
        *,
        skip_special_tokens: bool = True,
    ) -> list[str]:
        """The texts of n headlines for each of B documents.

        Args:
            sequences: [B * n, T] extended ids, those of one document side by side, as `generate()` gives them.
            unknown_words: of the documents, from `EncodedDocuments`; without them no copied unknown word can be read.
            skip_special_tokens: only True; a headline has no padding, start or end.

        Raises ValueError for an id of an unknown word that is not given, a number of sequences that does not fit, or
        `skip_special_tokens=False`.
        """
        if not skip_special_tokens:
            raise ValueError("skip_special_tokens=False: headlines have no special tokens; leave the option out")
        rows = [[int(token) for token in sequence] for sequence in sequences]
        words = [[]] * len(rows) if unknown_words is None else unknown_words
        if rows and (not words or len(rows) % len(words)):
            raise ValueError(f"{len(rows)} sequences do not belong to {len(words)} documents")
        each = len(rows) // max(len(words), 1)
        return [self._extended.decode(row, words[place // each]) for place, row in enumerate(rows)]

    def decode(self, sequence: Any, unknown_words: Sequence[str] = (), **options: Any) -> str:  # type: ignore[override]
        """The text of one headline; see `batch_decode`."""
        return self.batch_decode([sequence], [unknown_words], **options)[0]
