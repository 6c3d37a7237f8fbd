# mypy: ignore-errors
"""Products of float32 matrices with few rows, as a recurrence needs them, for compiled loops.

Libraries spend as much time on preparing such a product as on multiplying. Here the right-hand matrix is laid out once
in panels, and a tile of the result stays in the registers of the CPU. LLVM does not find this use of the registers by
itself (it reaches a tenth of the rate), so the tile is built instruction by instruction. `plain_product` beside it does
the same in three loops: it is the definition, and the fallback on a CPU without fused multiply-add.
"""

from __future__ import annotations

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from torch import Tensor
from torch.nn import functional

from .numba_runtime import FEATURES, inner

VECTOR = 16  # numbers that one LLVM instruction handles; LLVM splits it into the vectors of the CPU
# The largest tile whose sums fit into the registers.
TILE_ROWS, TILE_COLUMNS = (8, 2 * VECTOR) if FEATURES.get("avx512f") else (4, VECTOR)
HAS_FMA = bool(FEATURES.get("fma") or FEATURES.get("neon"))


def panels(matrix: Tensor) -> Tensor:
    """[K, M] -> [P, K, TILE_COLUMNS]: columns in panels that are read from one end to the other, the last one filled up
    with zeros."""
    missing = -matrix.shape[1] % TILE_COLUMNS
    if missing:
        matrix = functional.pad(matrix, (0, missing))
    return matrix.unflatten(1, (-1, TILE_COLUMNS)).transpose(0, 1).contiguous()


def stacked_panels(matrices: list[Tensor]) -> Tensor:
    """D matrices [K, M] -> [D, P, K, TILE_COLUMNS]."""
    return torch.stack([panels(matrix) for matrix in matrices])


def _tile(rows: int):
    """A function that computes c [rows, TILE_COLUMNS] = a [rows, depth] b [depth, TILE_COLUMNS]. a, b and c are
    addresses; the rows of a and c begin `a_stride` and `c_stride` numbers apart, those of b TILE_COLUMNS."""

    @intrinsic
    def tile(typing, a, a_stride, b, depth, c, c_stride):
        def generate(context, builder, signature, arguments):
            a, a_stride, b, depth, c, c_stride = arguments
            int64, int32 = ir.IntType(64), ir.IntType(32)
            vector = ir.VectorType(ir.FloatType(), VECTOR)
            zeros, undefined = ir.Constant(vector, [0.0] * VECTOR), ir.Constant(vector, ir.Undefined)
            first_lane = ir.Constant(ir.VectorType(int32, VECTOR), [0] * VECTOR)
            fma_type = ir.FunctionType(vector, [vector, vector, vector])
            fma = cgutils.get_or_insert_function(builder.module, fma_type, f"llvm.fma.v{VECTOR}f32")

            def address(start, stride, i):
                return builder.gep(start, [builder.mul(stride, ir.Constant(int64, i))])

            def vector_addresses(start):
                places = (builder.gep(start, [ir.Constant(int64, v)]) for v in range(0, TILE_COLUMNS, VECTOR))
                return [builder.bitcast(place, vector.as_pointer()) for place in places]

            a_rows = [address(a, a_stride, i) for i in range(rows)]
            sums = [[cgutils.alloca_once(builder, vector) for _ in range(0, TILE_COLUMNS, VECTOR)] for _ in range(rows)]
            for row in sums:
                for place in row:
                    builder.store(zeros, place)
            with cgutils.for_range(builder, depth, intp=int64) as loop:
                b_row = builder.gep(b, [builder.mul(loop.index, ir.Constant(int64, TILE_COLUMNS))])
                right = [builder.load(place) for place in vector_addresses(b_row)]
                for x in right:
                    x.align = 4
                for i in range(rows):
                    number = builder.load(builder.gep(a_rows[i], [loop.index]))
                    lane = builder.insert_element(undefined, number, ir.Constant(int32, 0))
                    left = builder.shuffle_vector(lane, undefined, first_lane)
                    for x, place in zip(right, sums[i], strict=True):
                        builder.store(builder.call(fma, [left, x, builder.load(place)]), place)
            for i in range(rows):
                for place, total in zip(vector_addresses(address(c, c_stride, i)), sums[i], strict=True):
                    builder.store(builder.load(total), place).align = 4
            return context.get_dummy_value()

        return types.void(a, a_stride, b, depth, c, c_stride), generate

    return tile


@intrinsic
def _address(typing, array, i):
    """The address of the i-th number of a contiguous array."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(array.data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.int64), generate


_full_tile, _tile_of_4, _tile_of_2, _tile_of_1 = (_tile(rows) for rows in (TILE_ROWS, 4, 2, 1))


@inner
def tiled_product(left, left_start, left_stride, rows, right, first_panel, last_panel, out, out_start, out_stride):
    """See `product`."""
    depth = right.shape[1]
    for panel in range(first_panel, last_panel):
        i = 0
        b = _address(right, panel * depth * TILE_COLUMNS)
        column = out_start + (panel - first_panel) * TILE_COLUMNS
        while i < rows:
            a, c = _address(left, left_start + i * left_stride), _address(out, column + i * out_stride)
            if rows - i >= TILE_ROWS:
                _full_tile(a, left_stride, b, depth, c, out_stride)
                i += TILE_ROWS
            elif rows - i >= 4:
                _tile_of_4(a, left_stride, b, depth, c, out_stride)
                i += 4
            elif rows - i >= 2:
                _tile_of_2(a, left_stride, b, depth, c, out_stride)
                i += 2
            else:
                _tile_of_1(a, left_stride, b, depth, c, out_stride)
                i += 1


@inner
def plain_product(left, left_start, left_stride, rows, right, first_panel, last_panel, out, out_start, out_stride):
    """See `product`."""
    left, out = left.reshape(-1), out.reshape(-1)
    for i in range(rows):
        for panel in range(first_panel, last_panel):
            start = out_start + i * out_stride + (panel - first_panel) * TILE_COLUMNS
            sums = out[start : start + TILE_COLUMNS]
            sums[:] = np.float32(0)
            for k in range(right.shape[1]):
                x = left[left_start + i * left_stride + k]
                for j in range(TILE_COLUMNS):
                    sums[j] += x * right[panel, k, j]


product = tiled_product if HAS_FMA else plain_product
"""out [rows, columns of the panels first_panel .. last_panel - 1] = left [rows, K] right [K, ..].

`right` is in panels [P, K, TILE_COLUMNS]. Rows of `left` and `out` begin at the number `start` of the array and are
`stride` numbers apart. No bounds are checked.
"""
