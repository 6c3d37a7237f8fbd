"""Recurrent layers as operators of ONNX.

torch's exporter fixes the length of the example in a recurrent layer. So an exported network has a `GraphCell` in place
of each cell: in the encoder one operator of ONNX, which reads the lengths of the rows, and in the decoder one step in
plain torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..model.cells import CELLS, Cell, ElmanCell, FusedCell, GRUCell, LSTMCell
from ..ops import Lookup

OPSET = 20
"""Version of ONNX's operators."""


class Operator(NamedTuple):
    """A recurrent operator of ONNX (https://onnx.ai/onnx/operators).

    Args:
        name: of the operator.
        gates: position in torch's weights of each gate of the operator.
        step: torch's function for one step.
        attributes: of the operator, besides the sizes.
    """

    name: str
    gates: tuple[int, ...]
    step: Callable[..., Any]
    attributes: dict[str, Any]


OPERATORS: dict[type[Cell], Operator] = {
    GRUCell: Operator("GRU", (1, 0, 2), torch.gru_cell, {"linear_before_reset": 1}),  # r, z, n -> z, r, n
    LSTMCell: Operator("LSTM", (0, 3, 1, 2), torch.lstm_cell, {}),  # i, f, g, o -> i, o, f, g
    ElmanCell: Operator("RNN", (0,), torch.rnn_tanh_cell, {}),
}
"""The cells that can be exported."""


class GraphCell(Cell):
    """A cell of `OPERATORS` in a form that can be exported.

    Raises UserError for another cell.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__(0, cell.hidden_size)
        kinds = [kind for kind in OPERATORS if isinstance(cell, kind)]
        if not kinds:
            known = [name for name, cell in CELLS.items() if issubclass(cell, tuple(OPERATORS))]
            raise UserError(
                f"network.cell: {type(cell).__name__} has no operator in ONNX, but {', '.join(known)} have one; use "
                "`seq2seq decode`"
            )
        assert isinstance(cell, FusedCell)
        self.operator, self.tensors_in_state = OPERATORS[kinds[0]], cell.tensors_in_state
        self.layer = nn.ParameterList(FusedCell.weights(cell))

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        if self.tensors_in_state == 1:
            state = self.operator.step(x, state, *self.layer)
            return state, state
        tensors = self.operator.step(x, state.chunk(self.tensors_in_state, dim=-1), *self.layer)
        return tensors[0], torch.cat(tensors, dim=-1)

    def bidirectional(self, backward: Cell, x: Tensor | Lookup, lengths: Tensor) -> Tensor:
        """One operator for both directions. States at padding are zero."""
        assert isinstance(backward, GraphCell)
        x = x.rows() if isinstance(x, Lookup) else x
        w_ih, w_hh, b_ih, b_hh = (
            torch.stack(pair) for pair in zip(self.reordered(), backward.reordered(), strict=True)
        )
        (states,) = torch.onnx.ops.symbolic_multi_out(
            self.operator.name,
            (x.transpose(0, 1), w_ih, w_hh, torch.cat([b_ih, b_hh], dim=1), lengths.int()),
            {"hidden_size": self.hidden_size, "direction": "bidirectional", **self.operator.attributes},
            dtypes=[x.dtype],
            shapes=[(x.shape[1], 2, x.shape[0], self.hidden_size)],
            version=OPSET,
        )
        return states.permute(2, 0, 1, 3).flatten(2)

    def reordered(self) -> list[Tensor]:
        """The weights with their gates in the order of ONNX."""
        split = [weight.split(self.hidden_size) for weight in self.layer]
        return [torch.cat([gates[i] for i in self.operator.gates]) for gates in split]
