# mypy: ignore-errors
"""exp, sigmoid, tanh and parts of a softmax for compiled loops. Loops of them become vector instructions, because they
contain no branch and each fills one stretch of memory."""

from __future__ import annotations

import numpy as np

from .numba_runtime import inner, inner_sum

ONE, TWO = np.float32(1), np.float32(2)
# exp(x) = 2^k exp(r), r = x - k ln 2, with ln 2 in two parts (Cody and Waite 1980). The polynomial for exp(r),
# |r| < ln(2) / 2, is that of the Cephes library (Moshier 1989). The relative error is below 1.2e-7.
MIN_EXPONENT, MAX_EXPONENT = np.float32(-87), np.float32(88)  # between them exp is an ordinary float32 number
LOG2_E, LN2_HIGH, LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
C5, C4, C3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
C2, C1, C0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
ROUNDING = np.float32(3 * 2**22)  # adding it to a number below 2^22 rounds that number to an integer
FRACTION_BITS, SIGN_BIT = np.int32(23), np.int32(31)
INT_MIN, INT_MAX = np.int32(-(2**31)), np.int32(2**31 - 1)


@inner
def exp(x):
    x = MIN_EXPONENT if x < MIN_EXPONENT else x  # in this form NaN stays NaN
    x = MAX_EXPONENT if x > MAX_EXPONENT else x
    shifted = x * LOG2_E + ROUNDING
    k = shifted - ROUNDING
    r = x - k * LN2_HIGH
    r = r - k * LN2_LOW
    square = r * r
    p = ((C5 * r + C4) * square + (C3 * r + C2)) * square + (C1 * r + C0)
    result = p * square + (r + ONE)
    exponent = np.int32(np.float32(shifted).view(np.int32) << FRACTION_BITS)  # the last bits of `shifted` are k
    return np.int32(np.float32(result).view(np.int32) + exponent).view(np.float32)


@inner
def sigmoid(x):
    return ONE / (ONE + exp(-x))


@inner
def tanh(x):
    return ONE - TWO / (ONE + exp(x + x))


@inner
def maximum(row):
    """The maximum of float32 numbers, by their bits: with all other bits flipped in negative numbers, the order is that
    of integers, for which LLVM uses vectors. NaN may be passed over; it appears in the sum that follows."""
    bits, highest = row.view(np.int32), INT_MIN
    for j in range(len(row)):
        highest = max(highest, np.int32(bits[j] ^ ((bits[j] >> SIGN_BIT) & INT_MAX)))
    return np.int32(highest ^ ((highest >> SIGN_BIT) & INT_MAX)).view(np.float32)


@inner_sum
def exponentiate(row, shift):
    """Replaces row [V] by exp(row - shift) and returns the sum."""
    total = np.float32(0)
    for j in range(len(row)):
        e = exp(row[j] - shift)
        row[j] = e
        total += e
    return total


@inner_sum
def sum_of_exponentials(row, shift):
    """The sum of exp(row - shift)."""
    total = np.float32(0)
    for j in range(len(row)):
        total += exp(row[j] - shift)
    return total
