"""The recurrent matrices and the gates of a cell, for those who study gradients through time.

Both are functions by class (`functools.singledispatch`). A new cell registers its own beside its class:

    @recurrent_matrices.register
    def _(cell: MyCell) -> dict[str, Tensor]:
        return {"feedback": cell.feedback.weight}

A cell that registers nothing has neither in the records.
"""

from __future__ import annotations

from functools import singledispatch

import torch
from torch import Tensor

from .cells import Cell, ElmanCell, FusedCell, GRUCell, JordanCell, LSTMCell, MinGRUCell

GATES: dict[type[FusedCell], tuple[str, ...]] = {
    GRUCell: ("reset", "update", "candidate"),
    LSTMCell: ("input", "forget", "candidate", "output"),
    ElmanCell: ("state",),
}
"""The blocks of the rows of torch's matrices, in their order."""
SIGMOIDS = ("reset", "update", "input", "forget", "output")
"""The blocks that are gates."""


@singledispatch
def recurrent_matrices(cell: Cell) -> dict[str, Tensor]:
    """The matrices [H, H] through which the state of one step reaches the next one, by name."""
    return {}


@singledispatch
def gate_values(cell: Cell, x: Tensor, state: Tensor) -> dict[str, Tensor]:
    """The gates [N, H] of one step, by name: x [N, I], state [N, state_size] before the step."""
    return {}


@recurrent_matrices.register
def _(cell: FusedCell) -> dict[str, Tensor]:
    return dict(zip(_blocks(cell), cell.weights().w_hh.split(cell.hidden_size), strict=True))


@gate_values.register
def _(cell: FusedCell, x: Tensor, state: Tensor) -> dict[str, Tensor]:
    w_ih, w_hh, b_ih, b_hh = cell.weights()
    hidden = state[:, : cell.hidden_size]
    sums = torch.addmm(b_ih, x, w_ih.t()) + torch.addmm(b_hh, hidden, w_hh.t())
    blocks = zip(_blocks(cell), sums.split(cell.hidden_size, dim=1), strict=True)
    return {name: block.sigmoid() for name, block in blocks if name in SIGMOIDS}


@recurrent_matrices.register
def _(cell: JordanCell) -> dict[str, Tensor]:
    return {"feedback": cell.feedback.weight, "output": cell.output.weight}


@gate_values.register
def _(cell: MinGRUCell, x: Tensor, state: Tensor) -> dict[str, Tensor]:
    return {"update": cell.project(x).chunk(2, dim=1)[1].sigmoid()}


def _blocks(cell: FusedCell) -> tuple[str, ...]:
    """The names of the blocks; numbers for a cell that `GATES` lacks."""
    known = next((GATES[kind] for kind in type(cell).__mro__ if kind in GATES), ())
    return known or tuple(map(str, range(len(cell.weights().w_hh) // cell.hidden_size)))
