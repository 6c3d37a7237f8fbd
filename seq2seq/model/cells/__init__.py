"""Recurrent layers by cell: the building block of encoder and decoder.

A new cell is a subclass of `Cell` with a `step` or a `forward`, and one line in `CELLS`. docs/cells.md has the
equations.
"""

from .averaging import MinGRUCell, SSRUCell
from .cell import Cell
from .fused import ElmanCell, FusedCell, GRUCell, LSTMCell, ReLUElmanCell
from .jordan import JordanCell

CELLS: dict[str, type[Cell]] = {
    "gru": GRUCell,
    "lstm": LSTMCell,
    "elman": ElmanCell,
    "elman_relu": ReLUElmanCell,
    "jordan": JordanCell,
    "mingru": MinGRUCell,
    "ssru": SSRUCell,
}

__all__ = [
    "CELLS",
    "Cell",
    "ElmanCell",
    "FusedCell",
    "GRUCell",
    "JordanCell",
    "LSTMCell",
    "MinGRUCell",
    "ReLUElmanCell",
    "SSRUCell",
]
