"""The facts of a vocabulary, and the training pairs that they leave out."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from seq2seq.data.supported_pairs import unsupported_pairs
from seq2seq.data.tokenizer import Facts, Tokenizer, TokenizerOptions, train_tokenizer
from seq2seq.errors import UserError

TEXTS = [
    "The fire in Essen hurt 11 people near the fire station",
    "fire in Iran : IRAN says 1,250 or 1250 F-16 jets hurt the iPhone of Mr. May",
    "the three Apple shops sold an apple to Apple , Essen and Iran",
]


def trained(texts: list[str] = TEXTS, **settings: object) -> Tokenizer:
    return train_tokenizer(TokenizerOptions(**{"vocab_size": 400, **settings}), texts)  # type: ignore[arg-type]


def words(tokenizer: Tokenizer, kind: str) -> set[str]:
    return {tokenizer.tokens[i] for i in tokenizer.facts(kind, "key").ids}


def test_numbers_are_words_with_a_digit() -> None:
    assert words(trained(), "numbers") == {"11", "1,250", "1250", "F-16"}


def test_names_are_capitalised_words_that_are_not_more_frequent_in_lower_case() -> None:
    """ "The" is rarer than "the"; "Apple" is more frequent than "apple"."""
    names = {"Essen", "Iran", "IRAN", "iPhone", "Mr", "May", "Apple"}
    assert words(trained(), "entities") == {"11", "1,250", "1250", "F-16"} | names


def test_words_with_one_form_support_each_other() -> None:
    tokenizer = trained()
    forms = dict(zip(tokenizer.tokens, tokenizer.facts("numbers", "key").forms.tolist(), strict=True))
    assert forms["IRAN"] == forms["Iran"]
    assert forms["1,250"] == forms["1250"]
    assert forms["The"] == forms["the"]
    assert len({forms[word] for word in ("11", "Essen", ",", ":", "F-16", "three")}) == 6


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"kind": "bpe", "vocab_size": 300}, "numbers", "this one is of kind bpe"),
        (
            {"normalizers": ["lowercase"]},
            "entities",
            "has a capital letter that is not more frequent in lower case; use",
        ),
        ({"normalizers": ["digits"]}, "numbers", "no word of the vocabulary has a digit; use nothing"),
    ],
)
def test_a_tokenizer_that_cannot_tell_facts_is_refused(settings: dict[str, object], kind: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"^search\.supported: {kind} .*{re.escape(message)}"):
        trained(**settings).facts(kind, "search.supported")


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_unsupported_pairs(chunk: int) -> None:
    """Against sets of words in plain Python. Ids from 12 on are unknown words of the document."""
    random, size = np.random.default_rng(1), 12
    forms = np.array([0, 1, 2, 3, 4, 5, 4, 7, 7, 9, 10, 11])
    facts = Facts(np.array([4, 5, 6, 8]), forms)
    rows = [[random.integers(0, 15, random.integers(0, most)).tolist() for most in (9, 4)] for _ in range(60)]
    expected = []
    for document, summary in rows:
        known = {forms[i] for i in document if i < size}
        expected.append(any(i in facts.ids and forms[i] not in known for i in summary))
    columns = [
        pa.chunked_array(
            [pa.array([row[side] for row in rows[i : i + chunk]], pa.list_(pa.int32())) for i in range(0, 60, chunk)]
        )
        for side in (0, 1)
    ]
    assert unsupported_pairs(*columns, facts).tolist() == expected
    assert 10 < sum(expected) < 50
