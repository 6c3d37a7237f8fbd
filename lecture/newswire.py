"""Stories of the embedded corpus as batches, and the summarizer that configs/lecture.yaml trains on them."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from seq2seq.batch import Batch, make_batch
from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, train_tokenizer
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer
from seq2seq.training.datamodule import vocabulary_of

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "data" / "newswire"
CHECKPOINT = ROOT / "runs" / "lecture" / "best.ckpt"
VOCABULARY_SIZE = 1000
SUMMARY_TOKENS = 20


def read_pairs(split: str, count: int | None = None) -> list[tuple[str, str]]:
    """The first (document, headline) pairs of a split; None = all pairs."""
    with open(CORPUS / f"{split}.jsonl", encoding="utf-8") as lines:
        records = map(json.loads, islice(lines, count))
        return [(record["document"], record["summary"]) for record in records]


def small_tokenizer(pairs: list[tuple[str, str]]) -> Tokenizer:
    """A word tokenizer with a small vocabulary, so that the output layer takes little time."""
    return train_tokenizer(TokenizerOptions(vocab_size=VOCABULARY_SIZE), [list(pair) for pair in pairs])


def encode(tokenizer: Tokenizer, pairs: list[tuple[str, str]], document_tokens: int = 100) -> Batch:
    """One batch of all pairs. Longer documents are cut after `document_tokens`."""
    documents = tokenizer.encode_documents([document for document, _ in pairs], document_tokens)
    oov = [document.oov for document in documents]
    encoded = tokenizer.encode_summaries([summary for _, summary in pairs], oov, SUMMARY_TOKENS)
    return make_batch([d.ids for d in documents], [ids for ids, _ in encoded], oov, vocabulary_of(tokenizer))


def trained_summarizer(checkpoint: Path = CHECKPOINT) -> Summarizer:
    """The summarizer of configs/lecture.yaml. Raises UserError if it is not trained yet."""
    if not checkpoint.is_file():
        raise UserError(f"{checkpoint}: no such file; first run `seq2seq fit --config configs/lecture.yaml`")
    return Summarizer.from_checkpoint(checkpoint, device="cpu")
