"""The parts of compiled loops: the tiled product beside the plain loop, and the exponential."""

from __future__ import annotations

import numpy as np
import pytest
import torch

numba = pytest.importorskip("numba")

from seq2seq.ops import elementwise, product  # noqa: E402


@numba.njit
def tiled(left, start, stride, rows, right, first, last, out, out_start, out_stride):
    product.tiled_product(left, start, stride, rows, right, first, last, out, out_start, out_stride)


@numba.njit
def plain(left, start, stride, rows, right, first, last, out, out_start, out_stride):
    product.plain_product(left, start, stride, rows, right, first, last, out, out_start, out_stride)


@pytest.mark.parametrize("version", [tiled, plain])
@pytest.mark.parametrize(("rows", "depth", "width"), [(1, 1, 1), (7, 5, 31), (8, 16, 32), (23, 3, 70), (64, 40, 96)])
def test_product_by_float64(version, rows: int, depth: int, width: int) -> None:
    left, right = torch.randn(rows, depth + 2), torch.randn(depth, width)
    panels = product.panels(right)
    columns = panels.shape[0] * panels.shape[2]
    out = np.full((rows, columns), np.nan, np.float32)
    version(left.numpy(), 1, depth + 2, rows, panels.numpy(), 0, len(panels), out, 0, columns)
    expected = left[:, 1 : depth + 1].double() @ right.double()
    np.testing.assert_allclose(out[:, :width], expected, rtol=1e-5, atol=1e-5)
    assert not out[:, width:].any()


def test_exponential_is_exact_to_the_last_bits() -> None:
    numbers = np.linspace(-86.9, 87.9, 30_001).astype(np.float32)
    found = np.array([elementwise.exp(x) for x in numbers])
    np.testing.assert_allclose(found, np.exp(numbers.astype(np.float64)), rtol=1.3e-7)
    assert elementwise.exp(np.float32(-np.inf)) < 1.7e-38
    assert elementwise.exp(np.float32(0)) == 1
    assert np.isnan(elementwise.exp(np.float32(np.nan)))


def test_maximum() -> None:
    for numbers in ([-3.0, -1.5, -2.0], [0.0, -0.0], [1.5, -1e30], [-np.inf, -np.inf], [2.0, 7.5, 7.0]):
        assert elementwise.maximum(np.array(numbers, np.float32)) == max(numbers)
