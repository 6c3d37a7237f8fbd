"""The mark of tests that need compiled loops."""

import pytest
import torch

from seq2seq.ops.dispatch import kernels_usable

needs_loops = pytest.mark.skipif(
    not kernels_usable(100, torch.zeros(1)), reason="compiled loops cannot be used on this machine"
)
