"""Layouts of weights for compiled loops. A search reads the same weights at each step, so it can keep their layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

Result = TypeVar("Result")


class Layout(NamedTuple):
    """A layout, with the weights that it was made from and their versions, which torch counts up at each change."""

    made: Any
    weights: tuple[Tensor, ...]  # held, because another tensor could get the address of a freed one
    versions: tuple[int, ...]


Layouts = dict[Any, Layout]
_kept: ContextVar[Layouts | None] = ContextVar("kept_layouts", default=None)


@contextmanager
def ready_for_few_rows(layouts: Layouts) -> Iterator[None]:
    """For a caller with many small batches: compiled loops work from the first row on inside the block, and `layouts`,
    at first an empty dictionary, holds the layouts of weights for the next block.

    A layout is made again after its weights have changed. A change by way of `weight.data` is not noticed.
    """
    token = _kept.set(layouts)
    try:
        yield
    finally:
        _kept.reset(token)


def few_rows_pay() -> bool:
    """Whether the caller stands inside `ready_for_few_rows`."""
    return _kept.get() is not None


def layout(make: Callable[..., Result], *weights: Tensor) -> Result:
    """make(*weights), or what an earlier call with the same weights has made."""
    kept = _kept.get()
    if kept is None or any(weight.is_inference() for weight in weights):  # these have no versions
        return make(*weights)
    key = make, *((weight.data_ptr(), weight.shape) for weight in weights)
    versions = tuple(weight._version for weight in weights)
    found = kept.get(key)
    if found is None or found.versions != versions:
        found = kept[key] = Layout(make(*weights), weights, versions)
    return found.made
