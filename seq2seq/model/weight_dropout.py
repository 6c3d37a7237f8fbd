"""Weight dropout: in training some connections between the states of a recurrent layer are missing."""

from __future__ import annotations

from .. import ops
from ..errors import UserError
from .cells import CELLS, Cell, FusedCell


def with_weight_dropout(cell: type[Cell], p: float) -> type[Cell]:
    """The class of a cell whose recurrent matrix loses a share p of its elements in training; the others are scaled by
    1 / (1 - p) (DropConnect: Wan et al. 2013; for recurrent layers: Merity et al. 2018, section 2).

    One call draws one mask, for all rows and all steps. The mask is applied to the matrix before the first step, so the
    fast operations need no change. Raises UserError for a cell without such a matrix, or one that runs step by step.
    """
    if p == 0:
        return cell
    if not issubclass(cell, FusedCell):
        *names, last = (name for name, known in CELLS.items() if issubclass(known, FusedCell))
        raise UserError(
            f"network.weight_dropout: {cell.__name__} has no recurrent matrix that one call applies to all steps; "
            f"give 0, or choose network.cell {', '.join(names)} or {last}"
        )

    class WeightDropout(cell):  # type: ignore[misc, valid-type]
        share = 0.0  # during the initialisation, which needs the matrix itself

        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.share = p

        def weights(self) -> ops.GRUWeights:
            weights = super().weights()
            return weights._replace(w_hh=ops.dropout(weights.w_hh, self.share, self.training))

    return WeightDropout
