"""Words in all scripts, by hand; for ASCII texts they are those of rouge-score."""

from __future__ import annotations

import random
import re
import string
from unicodedata import normalize

import pytest
from rouge_score import rouge_scorer, tokenize

from seq2seq.errors import UserError
from seq2seq.scoring import ScoringOptions, normalized_words, score_pair, uses_unicode
from seq2seq.scoring.rouge import UnicodeTokenizer
from seq2seq.scoring.words import rouge_words, unicode_words, written_words

WORDS = {
    "German": ("Größe der STRASSE", ["grösse", "der", "strasse"]),
    "French": ("L’été à Orléans-sur-Mer", ["l", "été", "à", "orléans", "sur", "mer"]),
    "Russian": ("Пожар в Москве: 2 раненых", ["пожар", "в", "москве", "2", "раненых"]),
    "Greek": ("Οδυσσεύς ΟΔΥΣΣΕΎΣ", ["οδυσσεύσ", "οδυσσεύσ"]),
    "Hindi": ("दिल्ली में आग, दो घायल।", ["दिल्ली", "में", "आग", "दो", "घायल"]),
    "Arabic": ("حريق في المدينة، ٣ جرحى", ["حريق", "في", "المدينة", "٣", "جرحى"]),
    "Hebrew": ("שריפה בתל אביב", ["שריפה", "בתל", "אביב"]),
    "Persian, with and without U+200C": ("می\u200cخواهم میخواهم", ["میخواهم", "میخواهم"]),
    "Korean": ("서울에서 화재", ["서울에서", "화재"]),
    "Chinese": ("北京火灾，2人受伤。iPhone手机", [*"北京火灾2人受伤", "iphone", "手", "机"]),
    "Japanese": ("東京タワーで火災", list("東京タワーで火災")),
    "Japanese, half-width": ("ﾊﾞｽ", ["バ", "ス"]),
    "Thai, vowel signs and digits": ("ไฟไหม้ปี๒๕๖๓", ["ไ", "ฟ", "ไ", "ห", "ม้", "ปี", "๒๕๖๓"]),
    "Khmer": ("ភ្លើង", ["ភ្", "លើ", "ង"]),
    "Myanmar": ("မီး", ["မီး"]),
    "Tibetan": ("བོད་", ["བོ", "ད"]),
    "U+200B between words": ("a\u200bb é", ["a", "b", "é"]),
    "soft hyphen": ("Gr\u00f6\u00adße", ["grösse"]),
    "full-width": ("ＡＢＣ１２ é", ["abc12", "é"]),
    "symbols are no letters": ("Apple™ é ❤\ufe0f 👩\u200d👧 🇩🇪", ["apple", "é"]),
}


@pytest.mark.parametrize(("text", "words"), WORDS.values(), ids=WORDS)
def test_unicode_words_by_hand(text: str, words: list[str]) -> None:
    assert unicode_words(text) == words
    for form in ("NFC", "NFD"):  # composed and decomposed accents
        assert unicode_words(normalize(form, text)) == unicode_words(text)
    assert uses_unicode("auto", [text])
    assert score_pair(text, text) == (1.0, 1.0 if len(words) > 1 else 0.0, 1.0)


def ascii_texts(count: int) -> list[str]:
    """English words, punctuation, digits and control characters in random order."""
    rng = random.Random(0)
    english = re.findall(r"\S+", "The police arrested two men's cars, running flies U.S. 1,250.5 relational O'Neill")
    noise = [*string.printable, *map(chr, range(128))]
    return [
        "".join(rng.choice([f" {rng.choice(english)}", rng.choice(noise)]) for _ in range(30)) for _ in range(count)
    ]


def test_ascii_texts_have_the_words_and_the_scores_of_rouge_score() -> None:
    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer, own = rouge_scorer.RougeScorer(kinds, use_stemmer=True), UnicodeTokenizer()
    texts = ascii_texts(400)
    for reference, prediction in zip(texts[::2], texts[1::2], strict=True):
        expected = scorer.score(reference, prediction)
        for tokenizer in ("auto", "rouge", "unicode"):
            assert score_pair(reference, prediction, tokenizer) == tuple(expected[k].fmeasure for k in kinds)
        assert own.tokenize(reference) == scorer._tokenizer.tokenize(reference)
        assert unicode_words(reference) == rouge_words(reference) == tokenize.tokenize(reference, None)
        assert written_words(reference) == reference.split()


def test_a_pair_is_split_by_one_rule() -> None:
    """Two words of rouge-score in common, "gr" and "e", but no word."""
    assert score_pair("Größe", "Grüße") == (0.0, 0.0, 0.0)
    assert score_pair("Größe", "Grüße", "rouge") == (1.0, 1.0, 1.0)
    assert score_pair("Пожар", "Пожар", "rouge") == (0.0, 0.0, 0.0)
    # 2 of 3 words of the prediction: the words of the ASCII text are stemmed, and "café" is not split into "caf"
    assert score_pair("the café closes", "the cafe closed")[0] == pytest.approx(2 / 3)
    assert normalized_words("auto", ["Caf é", "caf"]) == [["caf", "é"], ["caf"]]
    assert normalized_words("rouge", ["Café", "cafe"]) == [["caf"], ["cafe"]]


def test_symbols_outside_ascii_leave_english_to_rouge_score() -> None:
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    for text in ("“Don’t” – £5 ½ m² … ❤\ufe0f", "keycap 1\ufe0f\u20e3"):
        assert not uses_unicode("auto", [text])
        assert score_pair(text, "don't m 5")[0] == scorer.score(text, "don't m 5")["rouge1"].fmeasure


def test_options() -> None:
    assert ScoringOptions().tokenizer == "auto"
    with pytest.raises(UserError, match=r"scoring\.tokenizer: 'Unicode' is none of auto, rouge, unicode"):
        ScoringOptions(tokenizer="Unicode")  # type: ignore[arg-type]
