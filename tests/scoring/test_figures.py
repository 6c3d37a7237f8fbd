"""Figures about predictions against hand counts."""

from __future__ import annotations

import math

import pytest

from seq2seq.scoring import FIGURES, describe


def test_figures_by_hand() -> None:
    documents = ["The bank said profits rose.", "Fire!", "x"]
    predictions = ["bank bank bank profits soar", "<unk> fire", ""]
    found = describe(documents, predictions)
    assert found["unk_share"] == pytest.approx(100 / 3)
    assert found["mean_length"] == pytest.approx(7 / 3)
    assert found["repeated_bigrams"] == pytest.approx(100 * 1 / 5)  # "bank bank" again, of 4 + 1 bigrams
    assert found["novel_unigrams"] == pytest.approx(100 * 2 / 7)  # soar, unk
    assert found["empty"] == 1


def test_figures_of_a_script_without_spaces() -> None:
    found = describe(["北京发生火灾", "दिल्ली में आग"], ["北京 北京大火", "दिल्ली में <unk>, बाढ़"])
    assert found["mean_length"] == pytest.approx((6 + 4) / 2)
    assert found["repeated_bigrams"] == pytest.approx(100 * 1 / (5 + 3))  # 北京 again
    assert found["novel_unigrams"] == pytest.approx(100 * 3 / (6 + 4))  # 大, unk, बाढ़
    assert found["unk_share"] == 50.0  # "<unk>," too


def test_figures_of_an_empty_split_are_zero_and_shares_of_nothing_are_not_defined() -> None:
    found = describe([], [])
    assert list(found) == list(FIGURES)
    undefined = {"entity_precision", "number_precision"}
    assert {name for name, figure in found.items() if math.isnan(figure)} == undefined
    assert {figure for name, figure in found.items() if name not in undefined} == {0}
    assert describe(None, []) == dict.fromkeys(["unk_share", "mean_length", "repeated_bigrams", "empty"], 0)


def test_a_registered_figure_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FIGURES, "question_marks", lambda _, predictions: sum("?" in text for text in predictions))
    assert describe(["a", "b", "c"], ["why?", "what? who?", "so"])["question_marks"] == 2


def test_numbers_and_capitalised_words_by_hand() -> None:
    """Numbers: 1250 and 11 are in the documents, 12 and the 3.5 of 3.50 are not. Words: The, Essen and U are there, in
    lower case or not; Faro and S are not."""
    documents = ["the fire in Essen cost 1,250 marks, U-boats", "11 men, 3.5"]
    predictions = ["The Essen fire costs 1250 U.S. marks, 12 hurt", "Faro: 11 men, 3.50"]
    found = describe(documents, predictions)
    assert found["number_precision"] == pytest.approx(100 * 2 / 4)
    assert found["entity_precision"] == pytest.approx(100 * 3 / 5)
    assert describe(["Пожар в Москве"], ["пожар в Москве, Лондоне"])["entity_precision"] == 50.0


def test_copied_spans_and_novel_bigrams_by_hand() -> None:
    """Spans: "the bank" (not only "the"), "fell", and "bank of the" of the second. Bigrams: the bank is known, bank
    soared and soared fell are not; of the second bank of and of the are known."""
    documents = ["the men of the bank said it fell", "a bank of the city"]
    predictions = ["the bank soared, fell", "bank of the"]
    found = describe(documents, predictions)
    assert found["copied_span"] == pytest.approx((2 + 1 + 3) / 3)
    assert found["novel_bigrams"] == pytest.approx(100 * 2 / 5)
