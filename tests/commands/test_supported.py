"""Numbers and names that the documents lack: in headlines, and in training pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, pairs, run, write_jsonl

from seq2seq.data.corpora import CorpusOptions
from seq2seq.data.tokenizer import TokenizerOptions, train_tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.scoring.factual import entity_precision, number_precision
from seq2seq.training.datamodule import HeadlineData, vocabulary_of

DOCUMENTS = [pair["document"] for pair in pairs(24)] + ["Ulm has no fire", "in Ulm 7,777 people met 7 people"]


@pytest.fixture(scope="module", params=[True, False], ids=["pointer", "softmax"])
def summarizer(request: pytest.FixtureRequest) -> Summarizer:
    """Random weights, which write random words: numbers and names that no document has."""
    texts = [text for pair in pairs(24) for text in (pair["document"], pair["summary"])]
    tokenizer = train_tokenizer(TokenizerOptions(vocab_size=70), texts)
    torch.manual_seed(2)
    options = NetworkOptions(
        embedding_size=8, encoder_size=8, decoder_size=8, attention_size=8, dropout=0.0, pointer=request.param
    )
    network = build_network(options, vocabulary_of(tokenizer))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3.0)
    return Summarizer(network, tokenizer, SearchOptions(max_length=9), max_document_tokens=30)


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 3}, {"beam_size": 3, "shortlist": 60}], ids=str)
@pytest.mark.parametrize("minimum_risk", [False, True])
def test_headlines_have_only_the_facts_of_their_documents(
    options: dict[str, Any], minimum_risk: bool, summarizer: Summarizer
) -> None:
    free, numbers, entities = (
        summarizer.summarize(DOCUMENTS, supported=supported, minimum_risk=minimum_risk, **options)
        for supported in ("nothing", "numbers", "entities")
    )
    assert number_precision(DOCUMENTS, free) < 90
    assert entity_precision(DOCUMENTS, free) < 90
    assert number_precision(DOCUMENTS, numbers) == 100
    assert entity_precision(DOCUMENTS, entities) == 100
    assert not number_precision(DOCUMENTS, entities) < 100  # it is NaN if no headline has a number
    assert entities != numbers


def test_one_by_one_the_headlines_are_the_same(summarizer: Summarizer) -> None:
    together = summarizer.summarize(DOCUMENTS, supported="entities")
    assert [summarizer.summarize([document], supported="entities")[0] for document in DOCUMENTS] == together


def test_the_command_takes_the_options(trained: TrainedRun, tmp_path: Path) -> None:
    document = "shares of the Ulm bank fell on monday"
    (tmp_path / "in.txt").write_text(f"{document}\n")
    options = ["--supported", "numbers", "--minimum-risk", "--risk-temperature", "5", "--beam-size", "4"]
    argv = ["--checkpoint", trained.best, "--input", tmp_path / "in.txt", "--output", tmp_path / "out.txt"]
    assert run("decode", *argv, *options) == 0
    assert not any(map(str.isdigit, (tmp_path / "out.txt").read_text()))


def data(folder: Path, supported: str, kind: str = "word") -> HeadlineData:
    known = pairs(6)
    train = [
        *known,
        {"document": "a fire broke out in Essen", "summary": "Fire in Essen hurts 10"},
        {"document": "a fire broke out", "summary": "Fire in Athens"},
        {"document": "a fire broke out in the old harbour of Athens and Bergen", "summary": "Athens fire hurts Bergen"},
        {"document": "", "summary": "Fire in Athens hurts 10"},
    ]
    file = str(write_jsonl(folder / "train.jsonl", train))
    corpus = CorpusOptions(train=file, validation=file, supported=supported)  # type: ignore[arg-type]
    return HeadlineData(corpus, TokenizerOptions(kind=kind, vocab_size=300))


@pytest.mark.parametrize(("supported", "left"), [("nothing", 9), ("numbers", 8), ("entities", 7)])
def test_training_pairs(supported: str, left: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ten pairs, one without a document. Validation has all of them."""
    corpus = data(tmp_path, supported)
    with caplog.at_level("INFO"):
        batches = list(corpus.train_dataloader())
    assert sum(len(batch) for batch in batches) == left
    report = "left out of training, because the document lacks a number or name of the summary"
    assert (f"  {9 - left} {report}" in caplog.text) == (left < 9)
    if left == 7:
        assert not {6, 7} & {row for batch in batches for row in batch.rows}
    caplog.clear()
    with caplog.at_level("INFO"):
        assert sum(len(batch) for batch in corpus.val_dataloader()) == 10  # type: ignore[union-attr]
    assert "left out" not in caplog.text


def test_a_training_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^data\.corpus\.supported: numbers needs a tokenizer of kind word"):
        data(tmp_path, "numbers", kind="bpe").train_dataloader()
    with pytest.raises(UserError, match=r"^data\.corpus\.supported: 'number' is none of nothing, numbers, entities"):
        data(tmp_path, "number")
