"""Tokenizers: tokens and unknown words, compared with results by hand; special tokens; training, cache, pretrained."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import tokenizers
import torch
from helpers import CASES
from tokenizers import models, pre_tokenizers

from seq2seq.data.tokenizer import (
    SPECIALS,
    TRAINERS,
    Tokenizer,
    TokenizerOptions,
    cached_tokenizer,
    load_pretrained,
    train_tokenizer,
)
from seq2seq.data.tokenizer.joining import JOIN, MARKS, SPACE
from seq2seq.errors import UserError

KINDS = ["word", "bpe", "unigram"]
NEWS = [
    "The U.S. economy grew 3.5% in the first quarter, O'Neill said.",
    "Shares of AT&T rose to $1,250.50 at 10:30 a.m. -- a mid-year high.",
    'He said "the bank will not sell" and left the meeting...',
    "Oil prices fell; the bank's profit (before tax) rose in the 1990s!",
    "Zürich café opens at 5, naïve résumé of 2,000 words",
]


def trained(texts: Any = NEWS, **options: Any) -> Tokenizer:
    return train_tokenizer(TokenizerOptions(**{"vocab_size": 400, **options}), iter(texts), len(texts))


URL = ["http://a.b/c?d=e&f=1"]


def surfaces(tokenizer: Tokenizer, text: str) -> list[str]:
    document = tokenizer.encode_documents([text], 10**6)[0]
    return list(filter(None, (tokenizer.decode([token], document.oov) for token in document.ids)))  # without marks


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return trained(kind=request.param)


# --- Words ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("U.S. says O'Neill's mid-year", ["U.S.", "says", "O'Neill", "'s", "mid-year"]),
        ("$1,250.5 mln, up 3.5%...", ["$", "1,250.5", "mln", ",", "up", "3.5", "%", "..."]),
        ('(AT&T) at 10:30 a.m. -- "ok"', ["(", "AT&T", ")", "at", "10:30", "a.m.", "--", '"', "ok", '"']),
        ("The end. Don't! example.com U.S.-backed", ["The", "end", ".", "Don't", "!", "example.com", "U.S.-backed"]),
        ("workers' 1990s it’s and/or", ["workers", "'", "1990s", "it", "’s", "and", "/", "or"]),
        ("caf\u0065\u0301 … 漢字 🙂", ["café", "...", "漢字", "🙂"]),
        ("a <unk> b <s>", ["a", "<unk>", "b", "<", "s", ">"]),
        ("tab\tand\nline\u2028end\x07here\u00a0x", ["tab", "and", "line", "end", "here", "x"]),
        ("end.Then 5, then 6.", ["end", ".", "Then", "5", ",", "then", "6", "."]),
        ("since '87, ’90s; 'big' '870", ["since", "'87", ",", "’90s", ";", "'", "big", "'", "'", "870"]),
        ("C++, C#: F# DC# #1 18+ 2+2", ["C++", ",", "C#", ":", "F#", "DC", "#", "#", "1", "18+", "2", "+", "2"]),
        ("👩\u200d💻👍🏽 🇪🇸🇫🇷 1️⃣", ["👩\u200d💻", "👍🏽", "🇪🇸", "🇫🇷", "1️⃣"]),
        ("می\u200cخواهم آب، نه؟", ["می\u200cخواهم", "آب", "،", "نه", "؟"]),
        ("AT&amp;T &quot;R&amp;D&quot; &#39;", ["AT&amp;T", "&quot;", "R&amp;D", "&quot;", "&#39;"]),
        ("(me.too@example.com), see http://a.b/c?d=e&f=1.", ["(", "me.too@example.com", ")", ",", "see", *URL, "."]),
        ("दिल्ली में आग।", ["दिल्ली", "में", "आग", "।"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert surfaces(trained(), text) == words


def test_normalizers_are_applied_in_order() -> None:
    lower = trained(normalizers=["nfkc", "lowercase", "digits"])
    assert surfaces(lower, "The ﬁrm paid $1,250.5 #1 to U.S.") == [
        "the",
        "firm",
        "paid",
        "$",
        "#,###.#",
        "##",
        "to",
        "u.s.",
    ]
    assert surfaces(trained(normalizers=["strip_accents", "lowercase"]), "Zürich NAÏVE") == ["zurich", "naive"]
    assert surfaces(trained(normalizers=[]), "ﬁrm #1") == ["ﬁrm", "#", "1"]


def test_whitespace_split_keeps_words_as_they_are() -> None:
    assert surfaces(trained(split="whitespace"), "it 's u.s.,x  <s> !") == ["it", "'s", "u.s.,x", "<s>", "!"]


def test_vocabulary_is_the_most_frequent_words_ties_by_the_alphabet() -> None:
    texts = ["b b b d d a a c", "e c", "<s> <s> <s> <s> <pad>"]
    tokenizer = trained(texts, split="whitespace", vocab_size=8)
    counts = Counter(" ".join(texts[:2]).split())
    expected = sorted(counts, key=lambda word: (-counts[word], word))[:4]
    assert tokenizer.tokens == ["<pad>", "<unk>", "<s>", "</s>", *expected]
    assert trained(texts, split="whitespace", min_frequency=2).tokens[4:] == ["b", "a", "c", "d"]


# --- Unknown words ---


def test_unknown_words_by_hand() -> None:
    tokenizer = trained(["the cat sat", "the dog"], vocab_size=8)
    assert tokenizer.tokens[4:] == ["the", "cat", "dog", "sat"]
    (document,) = tokenizer.encode_documents(["Zed saw the cat , Zed and Yak"], 7)
    # V = 8, so 8 is Zed, 9 saw, 10 the comma, 11 and; Yak is after the cut
    assert document == ([8, 9, 4, 5, 10, 8, 11], ["Zed", "saw", ",", "and"], 8)
    ((ids, length),) = tokenizer.encode_summaries(["and the Zed Yak dog"], [document.oov], 4)
    assert (ids, length) == ([11, 4, 8, 1], 5)
    assert tokenizer.decode(ids, document.oov) == "and the Zed <unk>"


def test_unknown_words_are_normalized_even_inside_a_character_that_becomes_several() -> None:
    tokenizer = trained(["x"], normalizers=["nfkc", "lowercase"])
    document = tokenizer.encode_documents(["ÉCOLE ½… ㎏"], 99)[0]  # 1⁄2 is three tokens out of one character
    assert document.oov == ["école", "1", "⁄", "2", "...", "kg"]


def test_the_word_unk_is_unknown_and_cannot_be_copied(tokenizer: Tokenizer) -> None:
    if tokenizer.kind == "word":
        assert tokenizer.encode_documents(["the <unk> bank"], 9)[0].oov == []
        assert tokenizer.encode_documents(["the <unk> bank"], 9)[0].ids[1] == tokenizer.unk_id
    assert tokenizer.decode([tokenizer.unk_id]) == "<unk>"


def test_decode_rejects_ids_that_stand_for_nothing(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="beyond"):
        tokenizer.decode([tokenizer.vocab_size + 1], ["one"])
    with pytest.raises(ValueError, match="beyond"):
        tokenizer.decode([-1])


# --- Special tokens ---


FORGED = ["<s> a </s> <pad> <unk> b", "<pad>", "</s><s><0x41><unk>", "▁<s>▁</s>"]


@pytest.mark.parametrize(
    "options", [{"kind": kind} for kind in KINDS] + [{"kind": "word", "split": "whitespace"}], ids=str
)
def test_text_cannot_forge_special_tokens(options: dict[str, str]) -> None:
    tokenizer = trained(FORGED * 3 + NEWS, **options)
    reserved = {tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id}
    assert (tokenizer.pad_id, tokenizer.unk_id, tokenizer.bos_id, tokenizer.eos_id) == (0, 1, 2, 3)
    for text, document in zip(FORGED, tokenizer.encode_documents(FORGED, 99), strict=True):
        assert document.ids
        assert reserved.isdisjoint(document.ids)
        ((ids, _),) = tokenizer.encode_summaries([text], [document.oov], 99)
        assert ids == document.ids
        assert reserved.isdisjoint(tokenizer.encode_summaries([text], [[]], 99)[0][0])
        assert (
            re.sub(r"\s", "", tokenizer.decode(document.ids, document.oov)) == re.sub(r"[\s▁]", "", text) or "▁" in text
        )


def test_decode_drops_padding_start_and_end_only(tokenizer: Tokenizer) -> None:
    document = tokenizer.encode_documents(["the bank rose"], 99)[0]
    framed = [2, *document.ids, 1, 3, 0, 0]
    assert tokenizer.decode(framed, document.oov) == "the bank rose <unk>"
    assert tokenizer.decode([2, 3, 0]) == tokenizer.decode([]) == ""


# --- Round trips ---


ROUND = [
    *NEWS,
    "Trump says 'no' to deal, workers' union agrees",
    "Profit rises 3.5% to $1,250.5 mln (adjusted); shares up #1 / #2: why?",
    "Is it over? No! It's the U.S.-backed bank's “best” year…",
]


@pytest.mark.parametrize("kind", KINDS)
def test_text_comes_back(kind: str) -> None:
    tokenizer = trained(kind=kind, normalizers=[])
    for text in [*ROUND[:6], "new words: Quetzalcoatl 漢字 🙂", "  spaces \n and\tlines "]:
        document = tokenizer.encode_documents([text], 999)[0]
        assert tokenizer.decode(document.ids, document.oov) == " ".join(text.split())


@pytest.mark.parametrize("text", ROUND)
def test_joined_words_split_into_the_same_words(text: str) -> None:
    tokenizer = trained()
    document = tokenizer.encode_documents([text], 999)[0]
    joined = tokenizer.decode(document.ids, document.oov)
    assert tokenizer.encode_documents([joined], 999)[0] == document


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("U.S. , up $ 5 ( 3 % ) .", "U.S., up $5 (3%)."),
        ('He said " yes " and " no " .', 'He said "yes" and "no".'),
        ("' yes ' workers ' union 's", "'yes' workers' union's"),
        ('" open', '"open'),
        ("“ a ” ‘ b ’ and / or # 1 ...", "“a” ‘b’ and/or #1..."),
        ("a -- b - c", "a -- b - c"),
    ],
)
def test_joining(tokens: str, text: str) -> None:
    oov = tokens.split()
    tokenizer = trained(["x"])
    assert former(tokenizer).decode([tokenizer.vocab_size + k for k in range(len(oov))], oov) == text
    assert tokenizer.decode([tokenizer.vocab_size + k for k in range(len(oov))], oov) == text


LINES = (CASES / "roundtrip.txt").read_text(encoding="utf-8").splitlines()
MANY_SPACES = [
    "« Oui » : 3 blessés ; « Non » !",
    "„Ja“, sagt er. “Yes,” he says",
    "word--word word -- word a.b.c end.Then",
    "the workers' union's 'big' win, the dealers' pay",
    '"one" "two" (“three”) a" b "c d',
    '"He left. "We stay," she said.',
    "x = y, x=y, 5 %, 5%, 2+2, a/b, a / b",
    "U.S.A. U.S.Army and/or 3:30 ,odd ,commas( here )",
    "消防员扑灭大火，3人受伤。记者：王小明",
    "ไฟไหม้ที่กรุงเทพ 3 คน (เช้านี้)",
    "Пожар в Москве: «никто не пострадал», — сказал он.",
    "آتش‌سوزی در تهران؛ ۳ زخمی",
    "👍👍🏽 <b>bold</b> @me #tag $5/£4 ½ 5°C",
]


def came_back(tokenizer: Tokenizer, text: str) -> str:
    document = tokenizer.encode_documents([text], 10**6)[0]
    return tokenizer.decode(document.ids, document.oov)


def former(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer as an earlier version wrote it: without a rule of its own, hence with the rule of English."""
    return Tokenizer.from_dict({key: value for key, value in tokenizer.to_dict().items() if key != "rule"})


@pytest.mark.parametrize("text", [*LINES, *MANY_SPACES, *ROUND])
def test_a_text_of_known_words_comes_back_with_its_spaces(text: str) -> None:
    tokenizer = trained([*LINES, *MANY_SPACES, *ROUND], normalizers=[], vocab_size=1000)
    document = tokenizer.encode_documents([text], 999)[0]
    assert document.oov == []
    assert tokenizer.decode(document.ids) == text
    alone = trained([text], normalizers=[])
    assert came_back(alone, text) == text


def test_a_text_of_unknown_words_comes_back_with_its_spaces() -> None:
    tokenizer = trained(['a, b,c "d'], vocab_size=12)
    for text in [*LINES, *MANY_SPACES, *ROUND]:
        normal = " ".join(unicodedata.normalize("NFKC", text).split())
        assert came_back(tokenizer, text) == normal


def test_lower_case_text_comes_back_in_lower_case() -> None:
    tokenizer = trained(LINES, normalizers=["nfkc", "lowercase"])
    for line in LINES:
        assert came_back(tokenizer, line) == unicodedata.normalize("NFKC", line).lower()


PIECES = [
    "fire",
    "U.S.",
    "O'Neill",
    "C++",
    "'87",
    "आग",
    "آب",
    "می\u200cشود",
    "大火",
    "ไฟ",
    "Пожар",
    "👩\u200d💻",
    "3.5",
]
SIGNS = [*".,:;!?()[]/$%+&-<>=#@*\"'", "--", "...", "''", "``", *"„“”«»‘’¿¡।،؛؟、。", "&quot;", "'s"]


def random_text(random: np.random.Generator) -> str:
    """Words and punctuation marks in any order, with spaces anywhere; quotes are as frequent as all other marks."""
    kinds = [PIECES, PIECES, SIGNS, ['"', "'", "&quot;"]]
    chosen = [kinds[random.integers(4)] for _ in range(14)]
    parts = [kind[random.integers(len(kind))] for kind in chosen]
    return "".join(part + " " * int(random.integers(2)) for part in parts).strip()


@pytest.mark.parametrize("seed", range(4))
def test_random_texts_of_known_words_come_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    learnt = [random_text(random) for _ in range(200)]
    tokenizer = trained(learnt, normalizers=[], vocab_size=100_000)
    others = [text for text in (random_text(random) for _ in range(200)) if len(text.split()) > 1]
    documents = tokenizer.encode_documents([*learnt, *others], 999)
    for text, document in zip([*learnt, *others], documents, strict=True):
        assert tokenizer.decode(document.ids, document.oov) == text


def test_text_that_follows_the_rule_has_no_marks() -> None:
    """So the vocabulary of an English corpus, and its ids, are those of its words alone."""
    texts = ['He said "yes" and \'no\', "maybe"; up $5 (3%).', "Is it over? It's the bank's year..."]
    tokenizer = trained(texts)
    assert set(MARKS).isdisjoint(tokenizer.tokens)
    assert all(came_back(tokenizer, text) == text for text in texts)
    assert former(tokenizer).encode_documents(texts, 99) == tokenizer.encode_documents(texts, 99)
    assert set(MARKS) <= set(trained([*texts, "one , two"]).tokens)


def test_headlines_of_the_embedded_corpus_are_as_before() -> None:
    lines = (Path(__file__).parents[2] / "data/newswire/validation.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    texts = [pair[side] for pair in pairs for side in ("document", "summary")]
    tokenizer = trained(texts, vocab_size=3000)
    assert set(MARKS).isdisjoint(tokenizer.tokens)
    encoded = tokenizer.encode_documents(texts, 999)
    before = former(tokenizer)
    for text, document in zip(texts, encoded, strict=True):
        assert tokenizer.decode(document.ids, document.oov) == before.decode(document.ids, document.oov) == text


def test_the_rule_is_that_of_most_occurrences() -> None:
    """«x» three times and « x » once: the latter has marks. The comma of a tokenized corpus has spaces around it."""
    tokenizer = trained(["«a» «a» «a» « a »", "a , a , a , a,"], normalizers=[])
    assert [tokenizer.tokens[i] for i in tokenizer.encode_documents(["«a» a , a"], 99)[0].ids] == [*"«a»a,a"]
    marked = [tokenizer.tokens[i] for i in tokenizer.encode_documents(["« a » a,a"], 99)[0].ids]
    assert marked == ["«", SPACE, "a", SPACE, "»", "a", JOIN, ",", JOIN, "a"]


def test_quotes_are_in_step_again_after_a_departure() -> None:
    """Two marks show that the second quote opens, which alternation does not expect; the others need none."""
    tokenizer = trained(['"a "b" "c" "d" e,f'])
    tokens = [tokenizer.tokens[i] for i in tokenizer.encode_documents(['"a "b" "c" "d"'], 99)[0].ids]
    assert tokens == ['"', "a", SPACE, '"', JOIN, "b", '"', '"', "c", '"', '"', "d", '"']


def test_tokenized_text_comes_back(tmp_path: Path) -> None:
    texts = ["u.s. , said -lrb- reuters -rrb- it 's `` ## '' percent .", "oil -- up ; it fell , he said"]
    for split in ("words", "whitespace"):
        tokenizer = trained(texts, split=split, normalizers=["nfkc", "lowercase"])
        assert all(came_back(tokenizer, text) == text for text in texts)


def test_marks_cannot_be_forged_and_are_no_words() -> None:
    text = "<join> a,b, <space>c"
    tokenizer = trained([text], normalizers=[])
    tokens = [tokenizer.tokens[i] for i in tokenizer.encode_documents([text], 99)[0].ids]
    assert [token for token in tokens if token not in MARKS] == ["<", "join", ">", *"a,b,", "<", "space", ">", "c"]
    assert came_back(tokenizer, text) == text
    assert tokenizer.decode([tokenizer.tokens.index(mark) for mark in MARKS]) == ""


def test_copied_words_stand_where_they_stood() -> None:
    tokenizer = trained(["the a,b"], normalizers=[])
    document = tokenizer.encode_documents(["the Zed/Yak,the"], 99)[0]
    assert document.oov == ["Zed", "/", "Yak"]
    ((summary, _),) = tokenizer.encode_summaries(["the Zed,Yak"], [document.oov], 99)
    assert tokenizer.unk_id not in summary
    assert tokenizer.decode(summary, document.oov) == "the Zed,Yak"


def test_decoded_text_is_one_line_without_control_characters(tokenizer: Tokenizer) -> None:
    everything = "".join(map(chr, range(256))) + "\u2028\u2029\ufeff"
    document = tokenizer.encode_documents([everything], 999)[0]
    hostile = [tokenizer.vocab_size, *range(tokenizer.vocab_size), *document.ids]
    text = tokenizer.decode(hostile, ["a\nb\x00\x1b\u2028c", *document.oov])
    assert len(text.splitlines()) == 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


def test_batch_equals_singles_and_empty_texts_are_legal(tokenizer: Tokenizer) -> None:
    texts = [*NEWS, "", " \n", "unseen wörd"]
    together = tokenizer.encode_documents(texts, 12)
    assert together == [tokenizer.encode_documents([text], 12)[0] for text in texts]
    assert together[-3] == together[-2] == ([], [], 0)
    assert all(len(document.ids) == min(12, document.length) for document in together)
    assert tokenizer.encode_documents([], 5) == []


def test_large_inputs_are_tokenized_in_groups(tokenizer: Tokenizer) -> None:
    in_groups = Tokenizer.from_dict(tokenizer.to_dict(), group_characters=100)
    assert in_groups.encode_documents(NEWS, 99) == tokenizer.encode_documents(NEWS, 99)


def test_words_are_those_of_the_library() -> None:
    """The cached chunks of text give the same ids as the library, which tokenizes every text as a whole (no marks)."""
    letters = [*"aB.,'’-&:/#01 \t  é\u0301\x01\u2028ﬁ½Σσ<>\"`…", "</s>", "<unk>", "U.S.", "'s"]
    random = np.random.default_rng(3)
    texts = ["".join(random.choice(letters, random.integers(0, 40))) for _ in range(2000)]
    for split in ("words", "whitespace"):
        tokenizer = trained(texts, vocab_size=200, split=split, normalizers=["nfkc", "lowercase"])
        whole = tokenizer.to_transformers()(texts, add_special_tokens=False)["input_ids"]
        documents = tokenizer.encode_documents(texts, 1000)
        special = {tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id}
        marks = {tokenizer.tokens.index(mark) for mark in MARKS if mark in tokenizer.tokens}
        assert bool(marks) == (split == "words")
        words = [[i for i in document.ids if i not in marks] for document in documents]
        plain = [[tokenizer.unk_id if i >= tokenizer.vocab_size else i for i in ids] for ids in words]
        assert plain == [[tokenizer.unk_id if i in special else i for i in ids] for ids in whole]
        assert any(document.oov for document in documents)


def test_the_cache_of_chunks_is_bounded() -> None:
    texts = [f"a{i} b{i % 7}, c" for i in range(100)]
    tokenizer = trained(texts, vocab_size=20)
    expected = [tokenizer.encode_documents([text], 9)[0] for text in texts]
    bounded = Tokenizer.from_dict(tokenizer.to_dict(), max_cached_chunks=12)
    assert [d for i in range(0, 100, 3) for d in bounded.encode_documents(texts[i : i + 3], 9)] == expected
    assert len(bounded._chunk_ids) <= 12


def test_huge_documents_and_words(tokenizer: Tokenizer) -> None:
    start = time.perf_counter()
    texts = ["the unseen-bank's U.S. " * 6_000, "a" * 250_000, "a." * 75_000, "1," * 75_000, "'" * 75_000]
    for document in tokenizer.encode_documents(texts, 100):
        assert 1 <= len(document.ids) <= 100
    assert time.perf_counter() - start < 30


# --- Training ---


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_deterministic_and_batches_do_not_matter(kind: str) -> None:
    texts = NEWS * 2 + [f"number {n} of {n % 7} things" for n in range(200)]
    first = trained(texts, kind=kind)
    batches = [texts[start : start + 50] for start in range(0, len(texts), 50)]
    for again in (trained(texts, kind=kind), trained(batches, kind=kind)):
        assert again.to_dict() == first.to_dict()
        assert again.fingerprint == first.fingerprint
    assert trained(texts[:3], kind=kind).fingerprint != first.fingerprint


def test_vocab_size_is_an_upper_bound(tokenizer: Tokenizer) -> None:
    assert tokenizer.vocab_size <= 400
    assert len(tokenizer.tokens) == tokenizer.vocab_size == len(set(tokenizer.tokens))
    if tokenizer.kind == "word":
        assert trained(vocab_size=20).vocab_size == 20


@pytest.mark.parametrize(("kind", "size"), [("word", 4), ("bpe", 259), ("unigram", 260), ("unigram", 265)])
def test_too_small_a_vocabulary(kind: str, size: int) -> None:
    with pytest.raises(UserError, match=rf"data\.tokenizer\.vocab_size is {size}: kind {kind} needs"):
        trained(kind=kind, vocab_size=size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("texts", [[], [""], [" \n", ""]])
def test_no_text_to_learn_from(kind: str, texts: list[str]) -> None:
    with pytest.raises(UserError, match="no text"):
        trained(texts, kind=kind)


def test_frequency_limits() -> None:
    with pytest.raises(UserError, match=r"no word occurs 5 times.*min_frequency"):
        trained(["a b c"], min_frequency=5)
    with pytest.raises(UserError, match=r"data\.tokenizer\.min_frequency: 0 is too small"):
        trained(["a b c"], min_frequency=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "words"}, r"data\.tokenizer\.kind: 'words' is none of word, bpe, .*did you mean 'word'"),
        ({"normalizers": ["nfkc", "lower"]}, r"normalizers: 'lower' is none of .*did you mean 'lowercase'"),
        ({"split": "spaces"}, r"data\.tokenizer\.split: 'spaces' is none of words, whitespace"),
    ],
)
def test_unknown_names(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        TokenizerOptions(**options)


def test_a_registered_kind_is_trained_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def train_characters(options: TokenizerOptions, texts: Any, length: int | None) -> tokenizers.Tokenizer:
        characters = sorted({character for text in texts for character in text} - {" "})[: options.vocab_size - 4]
        vocabulary = {token: index for index, token in enumerate([*SPECIALS.values(), *characters])}
        backend = tokenizers.Tokenizer(models.WordLevel(vocabulary, SPECIALS["unk"]))
        backend.normalizer = tokenizers.normalizers.Lowercase()
        backend.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"\S"), "removed", invert=True)
        return backend

    monkeypatch.setitem(TRAINERS, "characters", train_characters)
    tokenizer = trained(["a bad cab"], kind="characters")
    document = tokenizer.encode_documents(["Bad <s>"], 9)[0]
    assert document == ([5, 4, 7, 8, 9, 10], ["<", "s", ">"], 6)
    assert tokenizer.decode(document.ids, document.oov).replace(" ", "") == "bad<s>"


# --- Cache ---


def pairs_of(texts: list[str]) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"document": texts, "summary": texts[::-1]})


def cache_files() -> set[Path]:
    return set(Path(datasets.config.HF_DATASETS_CACHE).glob("seq2seq-tokenizers/*.json"))


def test_the_second_call_reads_the_cached_tokenizer(capsys: pytest.CaptureFixture[str]) -> None:
    split, options = pairs_of(NEWS), TokenizerOptions(vocab_size=50)
    first = cached_tokenizer(split, options)
    assert first.to_dict() == train_tokenizer(options, NEWS * 2).to_dict()
    assert "Training a word tokenizer on 5 pairs" in capsys.readouterr().err
    assert cached_tokenizer(split, options).to_dict() == first.to_dict()
    assert capsys.readouterr().err == ""
    assert cached_tokenizer(pairs_of(NEWS[:3]), options).to_dict() != first.to_dict()


CHANGES = {
    "kind": "bpe",
    "vocab_size": 300,
    "min_frequency": 2,
    "normalizers": ["lowercase"],
    "split": "whitespace",
    "right_to_left": True,
}


def test_every_option_is_part_of_the_cache_key() -> None:
    assert {*CHANGES, "path"} == {option.name for option in fields(TokenizerOptions)}  # path: pretrained, never cached
    split = pairs_of([f"{text} (cached)" for text in NEWS])
    before = cache_files()
    cached_tokenizer(split, TokenizerOptions())
    for count, (name, value) in enumerate(CHANGES.items(), start=2):
        options = TokenizerOptions(**{name: value})  # type: ignore[arg-type]
        texts = [*split["document"], *split["summary"]]
        assert cached_tokenizer(split, options).to_dict() == train_tokenizer(options, texts).to_dict()
        assert len(cache_files() - before) == count


def test_a_failed_training_leaves_nothing_in_the_cache() -> None:
    before = cache_files()
    with pytest.raises(UserError, match="vocab_size is 4"):
        cached_tokenizer(pairs_of(NEWS), TokenizerOptions(vocab_size=4))
    assert cache_files() == before


# --- As data ---


def test_from_dict_gives_back_the_same(tokenizer: Tokenizer) -> None:
    data = tokenizer.to_dict()
    assert all(isinstance(value, (str, int)) for value in data.values())
    stream = io.BytesIO()
    torch.save({"tokenizer": data}, stream)
    stream.seek(0)
    loaded = torch.load(stream, weights_only=True)["tokenizer"]
    assert loaded == data == json.loads(json.dumps(data))
    again = Tokenizer.from_dict(loaded)
    assert (again.to_dict(), again.fingerprint, again.kind) == (data, tokenizer.fingerprint, tokenizer.kind)
    texts = [*NEWS, *FORGED, "unseen wörd"]
    assert again.encode_documents(texts, 50) == tokenizer.encode_documents(texts, 50)
    assert again.decode([2, 7, 9, 1]) == tokenizer.decode([2, 7, 9, 1])
    with pytest.raises(UserError, match="format 99"):
        Tokenizer.from_dict({**data, "format": 99})


def test_split_is_carried_along() -> None:
    tokenizer = trained(["a , b"], split="whitespace")
    assert Tokenizer.from_dict(tokenizer.to_dict()).decode(tokenizer.encode_documents(["a , b"], 9)[0].ids) == "a , b"


def test_transformers_gives_the_same_ids(tokenizer: Tokenizer) -> None:
    fast = tokenizer.to_transformers()
    assert (fast.pad_token_id, fast.unk_token_id, fast.bos_token_id, fast.eos_token_id) == (0, 1, 2, 3)
    assert len(fast) == tokenizer.vocab_size
    for text in [*NEWS, *FORGED, "unseen wörd 漢字"]:
        ids, _ = tokenizer.encode_summaries([text], [[]], 10**6)[0]
        assert fast.encode(text, add_special_tokens=False) == ids


def test_importing_the_tokenizer_is_light() -> None:
    heavy = "{'torch', 'transformers', 'datasets', 'lightning'}"
    code = f"import sys, seq2seq.data.tokenizer; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "set()"


# --- Pretrained ---


def wordpiece() -> tokenizers.Tokenizer:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "##s", "sat", "."]
    backend = tokenizers.Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer = tokenizers.normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = tokenizers.decoders.WordPiece()
    backend.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    backend.enable_truncation(2)
    backend.enable_padding()
    return backend


@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_bert_like_tokenizer(tmp_path: Path, form: str) -> None:
    from transformers import PreTrainedTokenizerFast

    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=wordpiece(), **named).save_pretrained(tmp_path)
    path = tmp_path if form == "folder" else tmp_path / "tokenizer.json"
    tokenizer = train_tokenizer(TokenizerOptions(kind="pretrained", path=str(path)), [], None)
    if form == "folder":
        assert (tokenizer.pad_id, tokenizer.unk_id, tokenizer.bos_id, tokenizer.eos_id) == (0, 1, 2, 3)
        assert tokenizer.vocab_size == 9
    else:  # the file alone defines the tokens for unknown and padding, but not for start and end
        assert (tokenizer.pad_id, tokenizer.unk_id) == (0, 1)
        assert {tokenizer.bos_id, tokenizer.eos_id} == {9, 10}
        assert tokenizer.vocab_size == 11
    size = tokenizer.vocab_size
    document = tokenizer.encode_documents(["The Zed cats [SEP] sat."], 99)[0]
    # "[SEP]" is text: three tokens, all unknown
    assert document == ([4, size, 5, 6, size + 1, size + 2, size + 3, 7, 8], ["Zed", "[", "SEP", "]"], 9)
    assert tokenizer.decode([tokenizer.bos_id, *document.ids, tokenizer.unk_id], document.oov) == (
        "the Zed cats [ SEP ] sat. <unk>"
    )
    again = Tokenizer.from_dict(tokenizer.to_dict())
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode_documents(["The Zed"], 9) == tokenizer.encode_documents(["The Zed"], 9)
    assert tokenizer.to_transformers().encode("the cats x", add_special_tokens=False) == [4, 5, 6, 1]


def test_roles_that_are_missing_or_shared_get_new_tokens(tmp_path: Path) -> None:
    """As in GPT-2, which has one special token for start, end and unknown words."""
    from transformers import PreTrainedTokenizerFast

    backend = tokenizers.Tokenizer(models.BPE({"a": 0, "b": 1, "<|end|>": 2, "<s>": 3}, []))
    PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<|end|>", eos_token="<|end|>", unk_token="<|end|>"
    ).save_pretrained(tmp_path)
    tokenizer = load_pretrained(str(tmp_path))
    assert (tokenizer.eos_id, tokenizer.bos_id) == (2, 3)
    assert {tokenizer.unk_id, tokenizer.pad_id} == {4, 5}
    assert tokenizer.vocab_size == 6
    assert tokenizer.encode_documents(["ab<|end|>"], 9)[0].ids == [0, 1]  # the vocabulary lacks all its letters


@pytest.mark.parametrize("name", ["no-such-owner/no-such-name", "missing/tokenizer.json"])
def test_a_name_that_cannot_be_loaded(name: str) -> None:
    with pytest.raises(UserError, match=r"data\.tokenizer\.path") as caught:
        load_pretrained(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pretrained_needs_a_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="path is missing"):
        train_tokenizer(TokenizerOptions(kind="pretrained"), [], None)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="cannot load"):
        load_pretrained(str(tmp_path / "tokenizer.json"))
