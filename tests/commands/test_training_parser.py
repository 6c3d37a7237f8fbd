"""The parser of `fit`: the types of options that take whole numbers and fractions."""

from __future__ import annotations

from typing import Any, Union

import pytest
from lightning.pytorch import Trainer

from seq2seq.commands.training_parser import Parser


class Limits:
    def __init__(
        self,
        cached: Any = None,
        plain: Union[float, int] = 1.0,  # noqa: UP007
        new: float | int | None = None,
        text: float | str | int = 1.0,
    ) -> None:
        self.values = {"cached": cached, "plain": plain, "new": new, "text": text}


BAD_ORDER = Union[float, int, None]  # noqa: UP007
"""Lightning's Optional[Union[int, float]] becomes this one if another library has made it first: `typing` keeps it."""
Limits.__init__.__annotations__["cached"] = BAD_ORDER


def parsed(parser: Parser, key: str, value: str) -> Any:
    return parser.parse_args([f"--{key}", value])[key]


@pytest.mark.parametrize("key", ["cached", "plain", "new", "text"])
def test_a_whole_number_stays_one_whatever_the_order_of_the_types(key: str) -> None:
    parser = Parser(exit_on_error=False)
    parser.add_class_arguments(Limits, "limits")
    for value, expected in (("1", 1), ("0", 0), ("1.0", 1.0), ("0.25", 0.25)):
        found = parsed(parser, f"limits.{key}", value)
        assert (found, type(found)) == (expected, type(expected))
    if key in ("cached", "new"):
        assert parsed(parser, f"limits.{key}", "null") is None
    if key == "text":
        assert parsed(parser, "limits.text", "half") == "half"


def test_every_such_option_of_the_trainer_reads_one_as_a_whole_number() -> None:
    parser = Parser(exit_on_error=False)
    parser.add_lightning_class_args(Trainer, "trainer")
    for option in ("train", "val", "test", "predict"):
        found = parsed(parser, f"trainer.limit_{option}_batches", "1")
        assert type(found) is int
    for option in ("overfit_batches", "val_check_interval"):
        assert type(parsed(parser, f"trainer.{option}", "1")) is int
        assert type(parsed(parser, f"trainer.{option}", "1.0")) is float
