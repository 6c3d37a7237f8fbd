"""Variational dropout: one mask for all steps of a sequence."""

from __future__ import annotations

from torch import Tensor, nn

from .dropout import Dropout


class VariationalDropout(Dropout):
    """Dropout whose mask is the same at each step of a sequence (Gal and Ghahramani 2016). It covers the inputs and
    outputs of the recurrent layers. The recurrent connections have `weight_dropout` instead: a mask of the states would
    differ between the rows of a batch, and would be a part of the fast loop."""

    def forward(self, x: Tensor) -> Tensor:
        """x [N, T, D] -> the same shape; other shapes as in `Dropout`."""
        if not self.training or self.p == 0 or x.dim() != 3:
            return super().forward(x)
        return x * super().forward(x.new_ones(len(x), 1, x.shape[2]))


def share_masks(network: nn.Module) -> None:
    """Replaces each plain `Dropout` of a network."""
    for module in list(network.modules()):
        for name, part in module.named_children():
            if type(part) is Dropout:
                setattr(module, name, VariationalDropout(part.p))
