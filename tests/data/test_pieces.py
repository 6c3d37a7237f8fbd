"""The text of each token: all pieces together are the text."""

from __future__ import annotations

import pytest
from helpers import pairs

from seq2seq.data.tokenizer import Tokenizer, TokenizerOptions, train_tokenizer

TEXTS = [
    *(pair["document"] for pair in pairs(8)),
    "He said: \"Fire (in Athens)!\" and left the U.S., O'Neill's home.",
    'a "quoted" word, a half"quote and 1,250.5 % of it',
    "one  word  with   spaces",
]


@pytest.fixture(
    scope="module", params=[("word", "words"), ("word", "whitespace"), ("bpe", None), ("unigram", None)], ids=str
)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    kind, split = request.param
    options = TokenizerOptions(kind=kind, vocab_size=420, **({"split": split} if split else {}))
    return train_tokenizer(options, TEXTS)


@pytest.mark.parametrize("text", [*TEXTS, "quokka naïve 日本語 🙂", ""])
def test_the_pieces_of_a_text_are_the_text(tokenizer: Tokenizer, text: str) -> None:
    (document,) = tokenizer.encode_documents([text], 100)
    pieces = tokenizer.pieces(document.ids, document.oov)
    assert len(pieces) == len(document.ids)
    assert " ".join("".join(pieces).split()) == tokenizer.decode(document.ids, document.oov)


def test_a_piece_has_the_space_before_it(tokenizer: Tokenizer) -> None:
    (document,) = tokenizer.encode_documents(["fire in quokka"], 100)
    pieces = tokenizer.pieces(document.ids, document.oov)
    starts = [piece for position, piece in enumerate(pieces) if piece[:1] == " " or position == 0]
    assert [word.strip()[0] for word in starts] == ["f", "i", "q"]


@pytest.mark.parametrize("text", [*TEXTS, "quokka naïve 日本語 🙂", ""])
def test_a_right_to_left_summary_begins_with_its_last_token(tokenizer: Tokenizer, text: str) -> None:
    reversed_tokenizer = Tokenizer.from_dict({**tokenizer.to_dict(), "right_to_left": True})
    (document,) = reversed_tokenizer.encode_documents([text], 100)
    assert document == tokenizer.encode_documents([text], 100)[0]
    ((forward, length),) = tokenizer.encode_summaries([text], [document.oov], 8)
    assert reversed_tokenizer.encode_summaries([text], [document.oov], 8) == [(forward[::-1], length)]
    assert reversed_tokenizer.decode(forward[::-1], document.oov) == tokenizer.decode(forward, document.oov)
    pieces = tokenizer.pieces(forward, document.oov)
    assert reversed_tokenizer.pieces(forward[::-1], document.oov) == pieces[::-1]


def test_the_direction_is_a_part_of_a_tokenizer() -> None:
    tokenizers = [train_tokenizer(TokenizerOptions(right_to_left=value), TEXTS) for value in (False, True)]
    assert [Tokenizer.from_dict(t.to_dict()).right_to_left for t in tokenizers] == [False, True]
    assert tokenizers[0].fingerprint != tokenizers[1].fingerprint
    assert "right_to_left" not in tokenizers[0].to_dict()  # as in checkpoints from before this option
