"""Limits of the search options."""

from __future__ import annotations

import math
from typing import Any

import pytest

from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("beam_size", {"beam_size": 0}),
        ("n_best", {"n_best": 0}),
        ("n_best", {"beam_size": 2, "n_best": 3}),
        ("min_length", {"min_length": -1}),
        ("min_length", {"min_length": 5, "max_length": 4}),
        ("max_length", {"max_length": 0}),
        ("no_repeat_ngram_size", {"no_repeat_ngram_size": -1}),
        ("length_penalty", {"length_penalty": math.inf}),
        ("length_penalty", {"length_penalty": math.nan}),
        ("shortlist", {"shortlist": -1}),
        ("supported", {"supported": "names"}),
        ("risk_temperature", {"risk_temperature": 0.0}),
    ],
)
def test_bad_options_name_their_key(key: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^search\.{key}: "):
        SearchOptions(**settings)
