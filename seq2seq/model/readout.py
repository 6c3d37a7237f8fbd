"""The readout: from the decoder's state, context and previous word to the features that the output layer reads.

A new readout is a subclass of `Readout`, and one line in `READOUTS`.
"""

from __future__ import annotations

from torch import Tensor, nn


class Readout(nn.Linear):
    """A linear layer with an activation.

    Args:
        input_size: I; feature_size: F.
    """

    units_per_feature = 1

    def __init__(self, input_size: int, feature_size: int) -> None:
        super().__init__(input_size, self.units_per_feature * feature_size)
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def activation(self, x: Tensor) -> Tensor:
        """x [..., units_per_feature * F] -> [..., F]."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """x [..., I] -> features [..., F]."""
        return self.activation(super().forward(x))


class TanhReadout(Readout):
    """tanh(W x + b) (Luong et al. 2015, equation 5)."""

    def activation(self, x: Tensor) -> Tensor:
        return x.tanh()


class MaxoutReadout(Readout):
    """The larger one of each two neighbours of W x + b (Goodfellow et al. 2013; Bahdanau et al. 2015, appendix A.2.2;
    Zhou et al. 2017, equations 13 and 14)."""

    units_per_feature = 2

    def activation(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.units_per_feature)).amax(dim=-1)


READOUTS: dict[str, type[Readout]] = {"tanh": TanhReadout, "maxout": MaxoutReadout}
