# mypy: ignore-errors
"""The recurrence of the GRU as compiled loops; for the shapes see `fast.py`. Matrices are in panels (`product.py`)."""

from __future__ import annotations

import numba
import numpy as np

from ..elementwise import ONE, sigmoid, tanh
from ..numba_runtime import inner, kernel
from ..product import TILE_COLUMNS, TILE_ROWS, product, stacked_panels

__all__ = ["gru_backward", "gru_forward", "gru_inference", "stacked_panels"]

MAX_BLOCK_ROWS = 128  # with more rows their states would leave the cache of a core


@inner
def _blocks(layers, rows, threads):
    """Rows of a block and number of blocks of all layers. A step reads all weights once a block, so blocks are as large
    as possible while all threads have work and a block fits into the cache."""
    share = -(-layers * rows // threads)
    share = min(-(-share // TILE_ROWS) * TILE_ROWS, MAX_BLOCK_ROWS)
    return share, layers * -(-rows // share)


@inner
def _block(i, layers, rows, share):
    """The layer, the first row and the end of block i."""
    first = i // layers * share
    return i % layers, first, min(first + share, rows)


@inner
def _position(layer, step, length):
    """The position that a layer reads at a step: the second layer reads rows reversed within their length."""
    return length - 1 - step if layer == 1 and step < length else step


@inner
def _multiply(left, rows, right, out):
    """out [rows, ..] = left [rows, K] right [K, ..]"""
    product(left, 0, left.shape[1], rows, right, 0, len(right), out, 0, out.shape[1])


@inner
def _inference_step(projection, recurrent, bias_n, state, gates, out):
    size = len(state)
    for j in range(2 * size):
        gates[j] = sigmoid(projection[j] + recurrent[j])
    for j in range(size):
        gates[2 * size + j] = tanh(projection[2 * size + j] + gates[j] * (recurrent[2 * size + j] + bias_n[j]))
    for j in range(size):
        state[j] = gates[2 * size + j] + gates[size + j] * (state[j] - gates[2 * size + j])
    for j in range(size):
        out[j] = state[j]


@inner
def _inference_block(d, first, last, projections, ids, recurrent, bias_n, h0, lengths, stops, states):
    steps, size = states.shape[1], states.shape[3]
    state = h0[d, first:last].copy()
    products = np.empty((last - first, recurrent.shape[1] * TILE_COLUMNS), np.float32)
    gates = np.empty(3 * size, np.float32)
    for t in range(steps):
        while last > first and stops[last - 1] <= t:
            last -= 1
            states[last, t:, d] = 0
        _multiply(state, last - first, recurrent[d], products)
        for i in range(last - first):
            n = first + i
            position = _position(d, t, lengths[n])
            row = ids[n, position] if len(ids) else n * steps + position
            _inference_step(projections[d, row], products[i], bias_n[d], state[i], gates, states[n, position, d])


@kernel
def gru_inference(projections, ids, recurrent, bias_n, h0, lengths, stops, states, threads):
    """Fills states [N, T, D, H].

    projections [D, U, 3H]: input projections r, z, n with biases. Row index: ids[n, t], or n * T + t if `ids` is empty.
    recurrent [D, P, H, ..]; bias_n [D, H]: bias of the recurrent part of n. stops [N]: where rows stop, not increasing.
    """
    layers, rows, _ = h0.shape
    share, blocks = _blocks(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, blocks, threads):
            d, first, last = _block(i, layers, rows, share)
            _inference_block(d, first, last, projections, ids, recurrent, bias_n, h0, lengths, stops, states)


@inner
def _forward_step(gates, recurrent, bias, bias_n, state, before, out):
    size = len(state)
    for j in range(size):
        gates[size + j] = sigmoid(gates[size + j] + recurrent[j] + bias[j])
    for j in range(size):
        gates[2 * size + j] = sigmoid(gates[2 * size + j] + recurrent[size + j] + bias[size + j])
    for j in range(size):
        gates[3 * size + j] = recurrent[2 * size + j] + bias[2 * size + j]
    for j in range(size):
        gates[j] = tanh(gates[j] + gates[size + j] * gates[3 * size + j] + bias_n[j])
    for j in range(size):
        before[j] = state[j]
    for j in range(size):
        state[j] = gates[j] + gates[2 * size + j] * (state[j] - gates[j])
    for j in range(size):
        out[j] = state[j]


@inner
def _forward_block(d, first, last, gates, recurrent, bias, bias_n, h0, lengths, before, states):
    steps = states.shape[1]
    state = h0[d, first:last].copy()
    products = np.empty((last - first, recurrent.shape[1] * TILE_COLUMNS), np.float32)
    for t in range(steps):
        _multiply(state, last - first, recurrent[d], products)
        for i in range(last - first):
            n = first + i
            position = _position(d, t, lengths[n])
            row, out = n * steps + position, states[n, position, d]
            _forward_step(gates[d, row], products[i], bias[d], bias_n[d], state[i], before[d, row], out)


@kernel
def gru_forward(gates, recurrent, bias, bias_n, h0, lengths, before, states, threads):
    """Fills states [N, T, D, H] and before [D, N * T, H]; replaces gates [D, N * T, 4H].

    gates: input projections of n, r, z; afterwards n, r, z, q. recurrent [D, P, H, ..] and bias [D, 3H] for r, z, n;
    bias_n [D, H]: bias of the input part of n.
    """
    layers, rows, _ = h0.shape
    share, blocks = _blocks(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, blocks, threads):
            d, first, last = _block(i, layers, rows, share)
            _forward_block(d, first, last, gates, recurrent, bias, bias_n, h0, lengths, before, states)


@inner
def _backward_step(gates, before, d_out, d_state, d_recurrent, d_bias):
    size = len(before)
    for j in range(size):
        d_state[j] = d_state[j] + d_out[j]
    for j in range(size):
        n, r, z, q, d = gates[j], gates[size + j], gates[2 * size + j], gates[3 * size + j], d_state[j]
        d_n = d * (ONE - z) * (ONE - n * n)
        gates[j] = d_n
        gates[size + j] = d_n * q * r * (ONE - r)
        gates[2 * size + j] = d * (before[j] - n) * z * (ONE - z)
        gates[3 * size + j] = d_n * r
        d_state[j] = d * z
    for j in range(3 * size):
        d_recurrent[j] = gates[size + j]
    for j in range(4 * size):
        d_bias[j] = d_bias[j] + gates[j]


@inner
def _add(to, row):
    for j in range(len(to)):
        to[j] = to[j] + row[j]


@inner
def _backward_block(d, first, last, gates, before, d_states, recurrent, lengths, d_h0, d_bias):
    steps, size = d_states.shape[1], d_states.shape[3]
    d_recurrent = np.empty((last - first, 3 * size), np.float32)
    products = np.empty((last - first, recurrent.shape[1] * TILE_COLUMNS), np.float32)
    for t in range(steps - 1, -1, -1):
        for n in range(first, last):
            position = _position(d, t, lengths[n])
            row, d_out = n * steps + position, d_states[n, position, d]
            _backward_step(gates[d, row], before[d, row], d_out, d_h0[d, n], d_recurrent[n - first], d_bias)
        _multiply(d_recurrent, last - first, recurrent[d], products)
        for n in range(first, last):
            _add(d_h0[d, n], products[n - first])


@kernel
def gru_backward(gates, before, d_states, recurrent, lengths, d_h0, d_bias, threads):
    """Replaces gates [D, N * T, 4H] by their gradients: those of the sums inside n, r, z, and of q.

    d_states [N, T, D, H]; recurrent [D, P, 3H, ..]; d_h0 [D, N, H]: zeros, becomes the gradient of h0; d_bias
    [D, N, 4H]: zeros, afterwards its sum over N is the sum of the gates' gradients over all rows and steps.
    """
    layers, rows, _ = d_h0.shape
    share, blocks = _blocks(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, blocks, threads):
            d, first, last = _block(i, layers, rows, share)
            _backward_block(d, first, last, gates, before, d_states, recurrent, lengths, d_h0, d_bias[d, first])
