"""The table of figures after `test` and `validate`."""

from __future__ import annotations

import math

import pytest

from seq2seq.training.callbacks.figure_table import UNDEFINED, print_table, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6872522830963135, "0.6873"),
        (58.0, "58.00"),
        (100.0, "100.0"),
        (17.586299896240234, "17.59"),
        (123456.7, "123,457"),
        (0.0, "0"),
        (-2.5, "-2.500"),
        (math.inf, "inf"),
        (math.nan, "-"),
    ],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_a_figure_that_is_not_defined_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    print_table({"rouge1": 29.86520767, "number_precision": math.nan})
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines() if "rouge1" in line] == [["rouge1", "29.87"]]
    assert [line.split() for line in printed.splitlines() if "number_" in line] == [["number_precision", "-"]]
    assert UNDEFINED in printed.splitlines()
    print_table({"rouge1": 29.86520767})
    assert UNDEFINED not in capsys.readouterr().out
