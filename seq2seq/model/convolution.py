"""Convolutions over the words of documents of unequal lengths."""

from __future__ import annotations

from torch import Tensor, nn


class Convolution(nn.Module):
    """A convolution over the words of a document. Outside the document there are zeros, as if it stood alone.

    Args:
        input_size: I; output_size: O.
        window: number of neighbouring words that an output depends on; odd.
    """

    def __init__(self, input_size: int, output_size: int, window: int) -> None:
        super().__init__()
        self.layer = nn.Conv1d(input_size, output_size, window, padding=window // 2)
        nn.init.xavier_uniform_(self.layer.weight)
        assert self.layer.bias is not None
        nn.init.zeros_(self.layer.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [B, S, I], mask [B, S] -> [B, S, O]."""
        return self.layer(x.masked_fill(~mask.unsqueeze(2), 0).transpose(1, 2)).transpose(1, 2)
