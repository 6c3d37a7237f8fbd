"""Argument checks of all operations: a wrong shape, type or index raises the same ValueError in the fast and the plain
version. Compiled loops do not check bounds, so nothing may reach them unchecked."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


class Arguments:
    """Checks the arguments of one operation against shapes written in letters.

    arguments = Arguments("attend", query)
    arguments.shape("query", query, "B T C")          # binds the letters
    arguments.shape("states", states, "R S C")        # C must be the same number
    """

    def __init__(self, operation: str, first: Tensor) -> None:
        """`first` sets the device of all tensors and the type of the floating-point ones. Under autocast types differ,
        and are not checked."""
        self.operation, self.device = operation, first.device
        self.dtype = None if under_autocast(first) else first.dtype
        self.sizes: dict[str, int] = {}

    def shape(self, name: str, tensor: Tensor, letters: str, dtype: torch.dtype | None = None) -> None:
        """`letters` such as "N T 3H"; `dtype` is that of the first tensor if not given."""
        wanted, dtype = letters.split(), dtype or self.dtype
        expected: list[int | str] = []
        for position, letter in enumerate(wanted):
            factor, symbol = re.fullmatch(r"(\d*)(\w)", letter).groups()  # type: ignore[union-attr]
            if not factor and tensor.dim() == len(wanted):
                self.sizes.setdefault(symbol, tensor.shape[position])
            size = self.sizes.get(symbol)
            expected.append(letter if size is None else int(factor or 1) * size)
        if list(tensor.shape) != expected:
            raise ValueError(
                f"{self.operation}: {name} must have the shape [{', '.join(wanted)}] = {_listed(expected)},"
                f" but has {_listed(list(tensor.shape))}"
            )
        if dtype is not None and tensor.dtype != dtype:
            raise ValueError(f"{self.operation}: {name} must have the type {dtype}, but has {tensor.dtype}")
        if tensor.device != self.device:
            raise ValueError(f"{self.operation}: {name} must be on {self.device}, but is on {tensor.device}")

    def indices(self, name: str, tensor: Tensor, letters: str, minimum: int, below: int | None) -> None:
        """Integers (int64) from `minimum` to `below` - 1. On other devices than the CPU the values are not looked at,
        since that would wait for the device; torch checks them there."""
        self.shape(name, tensor, letters, torch.int64)
        if tensor.device.type != "cpu" or not tensor.numel():
            return
        lowest, highest = (int(x) for x in torch.aminmax(tensor))
        if lowest < minimum or (below is not None and highest >= below):
            allowed = f"at least {minimum}" if below is None else f"from {minimum} to {below - 1}"
            found = lowest if lowest < minimum else highest
            raise ValueError(f"{self.operation}: {name} must be {allowed}, but holds {found}")


def under_autocast(x: Tensor) -> bool:
    """Whether autocast is on for the device of x. (The device "meta" has no autocast.)"""
    return x.device.type != "meta" and torch.is_autocast_enabled(x.device.type)


def without_autocast(x: Tensor) -> AbstractContextManager:
    """Autocast off for the device of x."""
    return torch.autocast(x.device.type, enabled=False) if under_autocast(x) else nullcontext()


def _listed(sizes: list) -> str:
    return f"[{', '.join(map(str, sizes))}]"
