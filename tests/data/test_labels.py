"""Labels as ids, and the values of labelled corpora as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seq2seq.batch import CONTINUATION, UNLABELLED, Vocabulary, make_labelled_batch
from seq2seq.data.corpora import CorpusOptions, as_text, load_split
from seq2seq.data.labels import DocumentLabels, TokenLabels
from seq2seq.data.tokenizer import TokenizerOptions, train_tokenizer
from seq2seq.errors import UserError

TEXTS = [["Anna met Ben in Paris .", "Paris is old ."]]
WORDS = train_tokenizer(TokenizerOptions(split="whitespace", vocab_size=40), TEXTS)
BPE = train_tokenizer(TokenizerOptions(kind="bpe", vocab_size=270), TEXTS)
BIO = TokenLabels(("B-LOC", "B-PER", "O"), "data.corpus.train")


def test_labels_are_learnt_in_alphabetical_order() -> None:
    assert DocumentLabels.learn(["good", "bad ", "good"], "k").names == ("bad", "good")
    assert TokenLabels.learn(["O B-PER", "B-LOC O"], "k").names == ("B-LOC", "B-PER", "O")
    with pytest.raises(UserError, match=r"^k: all labels are 'good', so there is nothing to learn"):
        DocumentLabels.learn(["good", "good"], "k")
    with pytest.raises(UserError, match=r"^k: 'PER' is no BIO label; labels are O, B-TYPE and I-TYPE"):
        TokenLabels.learn(["O PER"], "k")


def test_an_empty_label_is_no_label() -> None:
    """It would silently be one more class."""
    with pytest.raises(UserError, match=r"^k: example 2 has no label; give it one, or leave it out of the corpus"):
        DocumentLabels.learn(["good", " ", "bad"], "k")
    with pytest.raises(UserError, match=r"^k: example 3 has no label"):
        TokenLabels.learn(["O B-PER", "B-LOC O", ""], "k")
    with pytest.raises(UserError, match=r"^data.corpus.test: example 7 has no label"):
        DocumentLabels(("bad", "good"), "data.corpus.test").encode(WORDS, ["Anna"], [""], 2, first=6)


def test_a_label_for_each_token() -> None:
    encoded, ids = BIO.encode(WORDS, ["Anna met Ben", "in  Rome ."], ["B-PER O B-PER", "O B-LOC O"], 100)
    assert [WORDS.tokens[i] for i in encoded[0].ids] == ["Anna", "met", "Ben"]
    assert encoded[1].ids[1] == WORDS.unk_id
    assert ids == [[1, 2, 1], [2, 0, 2]]
    _, cut = BIO.encode(WORDS, ["Anna met Ben"], ["B-PER O B-PER"], 2)
    assert cut == [[1, 2]]
    _, unknown = BIO.encode(WORDS, ["Anna met Ben", ""], [None, None], 2)
    assert unknown == [[UNLABELLED, UNLABELLED], []]


def test_the_first_piece_of_a_token_has_its_label() -> None:
    (encoded,), (ids,) = BIO.encode(BPE, ["Anna xyz Paris"], ["B-PER O B-LOC"], 100)
    pieces = [len(BPE.encode_documents([word], 100)[0].ids) for word in ("Anna", "xyz", "Paris")]
    assert max(pieces) > 1
    expected = [
        label for label, n in zip((1, 2, 0), pieces, strict=True) for label in [label] + [CONTINUATION] * (n - 1)
    ]
    assert ids == expected
    assert len(encoded.ids) == sum(pieces)


def test_a_label_for_each_document() -> None:
    labels = DocumentLabels(("bad", "good"), "data.corpus.test")
    encoded, ids = labels.encode(WORDS, ["Paris is old", "Anna", ""], ["good", None, None], 2)
    assert [len(e.ids) for e in encoded] == [2, 1, 0]
    assert ids == [[1], [UNLABELLED], []]


@pytest.mark.parametrize(
    ("labels", "document", "label", "message"),
    [
        (BIO, "Anna met", "B-PER", r"example 8 has 2 tokens and 1 labels, .* it begins with 'Anna met'"),
        (BIO, "Anna met", "B-PER B-ORG", r"example 8 has the label 'B-ORG', which no training example has"),
        (BIO, " ", "O", r"example 8 has an empty document; leave it out"),
        (DocumentLabels(("bad", "good"), "data.corpus.train"), "x", "Good", r"'Good', .*; did you mean 'good'\?"),
        (DocumentLabels(("bad", "good"), "data.corpus.train"), "x", "", r"has no label"),
        (DocumentLabels(("bad", "good"), "data.corpus.train"), " ", "good", r"'good' and an empty document; leave"),
    ],
)
def test_wrong_labels(labels: Any, document: str, label: str, message: str) -> None:
    with pytest.raises(UserError, match=r"^data\.corpus\.train: .*" + message):
        labels.encode(WORDS, [document], [label], 100, first=7)


def test_places_of_a_batch() -> None:
    ids = [[2, CONTINUATION, UNLABELLED], [], [1]]
    batch = make_labelled_batch([[5, 6, 7], [], [8]], ids, Vocabulary(9, 0, 1, 2, 3))
    assert batch.document.tolist() == [[5, 6, 7], [2, 0, 0], [8, 0, 0]]
    assert batch.places.tolist() == [0, 2, 6]
    assert batch.target_positions.tolist() == [0, 6]
    assert batch.places_each() == [2, 0, 1]


def test_values_as_text() -> None:
    assert as_text(["a", "b"], "f:1") == "a b"
    assert as_text(3, "f:1") == "3"
    assert as_text(True, "f:1") == "true"
    assert as_text([1, 0], "f:1", ["O", "B-PER"]) == "B-PER O"
    assert as_text(-1, "f:1", ["O", "B-PER"]) is None
    for wrong in ("New York", "", None, " a"):
        with pytest.raises(UserError, match=r"^f:1: item 2 of the list is .*; each must be a text without spaces"):
            as_text(["a", wrong], "f:1")


def read(options: CorpusOptions) -> list[tuple[str, str]]:
    rows = load_split(options, "train", labels=True)
    return list(zip(rows["document"], rows["summary"], strict=True))


def test_lists_and_numbers_in_files(tmp_path: Path) -> None:
    columns = {"document_column": "tokens", "summary_column": "tags"}
    rows = [{"tokens": ["Anna", "left"], "tags": ["B-PER", "O"]}, {"tokens": "as text", "tags": "O O"}]
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read(CorpusOptions(train=str(file), **columns)) == [("Anna left", "B-PER O"), ("as text", "O O")]
    with pytest.raises(UserError, match="must be strings, one here is of type list"):
        load_split(CorpusOptions(train=str(file), **columns), "train")
    pq.write_table(pa.table({"text": ["a", "b"], "label": [1, 0]}), tmp_path / "a.parquet")
    parquet = CorpusOptions(train=str(tmp_path / "a.parquet"), document_column="text", summary_column="label")
    assert read(parquet) == [("a", "1"), ("b", "0")]
    file.write_text('{"tokens": ["a", "b c"], "tags": ["O", "O"]}\n')
    with pytest.raises(UserError, match=r"a\.jsonl:1: item 2 of the list is 'b c'"):
        read(CorpusOptions(train=str(file), **columns))


def test_class_names_of_a_data_set(tmp_path: Path) -> None:
    """A data set with the columns of CoNLL 2003 and one with those of SST-2, whose test split has the label -1."""
    names = datasets.ClassLabel(names=["O", "B-PER"])
    features = datasets.Features(
        {
            "id": datasets.Value("string"),
            "tokens": datasets.List(datasets.Value("string")),
            "tags": datasets.List(names),
        }
    )
    conll = datasets.Dataset.from_dict({"id": ["0"], "tokens": [["Anna", "left"]], "tags": [[1, 0]]}, features=features)
    conll.to_parquet(tmp_path / "conll" / "train.parquet")
    options = CorpusOptions(name=str(tmp_path / "conll"), document_column="tokens", summary_column="tags")
    assert read(options) == [("Anna left", "B-PER O")]
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    sst = datasets.Dataset.from_dict({"text": ["nice", "?"], "label": [1, -1]}, features=features)
    sst.to_parquet(tmp_path / "sst" / "train.parquet")
    options = CorpusOptions(name=str(tmp_path / "sst"), document_column="text", summary_column="label")
    with pytest.raises(UserError, match="row 2 of column label is null"):
        read(options)
    assert list(load_split(options, "train", labelled=False, labels=True)["summary"]) == ["good", None]
