"""Batches of plain data loaders: texts are encoded; a batch that cannot be used is refused in one line."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seq2seq.batch import Batch, make_batch
from seq2seq.errors import UserError

if TYPE_CHECKING:
    from .module import SummarizerModule

WANTED = (
    "a batch must be a dictionary of texts {'document': [...], 'summary': [...]}, which a DataLoader over such pairs "
    "gives, or a seq2seq.batch.Batch"
)


def usable_batch(given: Any, module: SummarizerModule, *, trains: bool = False, scores: bool = False) -> Batch:
    """The batch that a data loader gave. Texts are encoded, on the device of the module.

    Args:
        given: a `Batch`; a dictionary {"document": B texts, "summary": B texts}; a list of B such pairs; or, where only
            predictions are wanted, B documents, or dictionaries without summaries.
        trains: whether the batch must have target words.
        scores: whether the batch must have the texts of its documents and summaries.

    Raises UserError for any other batch.
    """
    batch = given if isinstance(given, Batch) else _encoded(given, module)
    if trains and not len(batch.target_positions):
        raise UserError(f"a training batch has no summaries; {WANTED}")
    texts = len(batch.documents), len(batch.references)
    if scores and (texts != (len(batch), len(batch)) or None in batch.references):
        raise UserError(
            "validation and test compare texts, which a batch lacks: fill `documents` and `references` of the Batch, "
            "or give dictionaries of texts with a summary for each document"
        )
    if trains or len(batch.references) == len(batch):
        return batch
    return replace(batch, documents=batch.documents or [""] * len(batch), references=[None] * len(batch))


def _encoded(given: Any, module: SummarizerModule) -> Batch:
    texts = texts_of(given)
    encoded = module.tokenizer.encode_documents(texts["document"], module.max_document_tokens)
    oov, ids = [document.oov for document in encoded], None
    if "summary" in texts:
        ids = [summary for summary, _ in module.tokenizer.encode_summaries(texts["summary"], oov, sys.maxsize)]
    batch = make_batch([document.ids for document in encoded], ids, oov, module.vocabulary).to(module.device)
    return replace(batch, documents=texts["document"], references=list(texts.get("summary", [])))


def texts_of(given: Any) -> dict[str, list[str]]:
    """The documents and, if there are any, the summaries of a batch of texts."""
    if isinstance(given, (list, tuple)) and given:
        if all(isinstance(item, dict) for item in given):
            given = {key: [item.get(key) for item in given] for key in given[0]}
        elif all(isinstance(item, str) for item in given):
            given = {"document": given}
    if not isinstance(given, dict) or "document" not in given:
        raise UserError(f"the data loader gave {_kind(given)}; {WANTED}")
    texts = {key: list(given[key]) for key in ("document", "summary") if key in given}
    for key, column in texts.items():
        wrong = [text for text in column if not isinstance(text, str)]
        if wrong:
            raise UserError(f"the data loader gave {_kind(wrong[0])} as {key}; {WANTED}")
        if len(column) != len(texts["document"]):
            raise UserError(f"the data loader gave {len(texts['document'])} documents and {len(column)} summaries")
    return texts


def _kind(value: Any) -> str:
    if isinstance(value, (list, tuple)) and value:
        return f"a {type(value).__name__} of {type(value[0]).__name__}"
    return "null" if value is None else f"a value of type {type(value).__name__}"
