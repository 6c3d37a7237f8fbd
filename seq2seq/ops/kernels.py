# mypy: ignore-errors
# (What numba compiles is typed by what it is called with.)
"""Loops that numba compiles for the CPU: work that torch can only do as a dozen operations, each a pass over memory.

Plain arrays in, plain arrays filled; nothing here knows torch. `compiled.py` says when they may be used, and whoever
uses them has the same work in torch's operations beside it, for all other cases; the tests compare both. The loops over
rows are shared out among threads. Inner loops are written such that LLVM makes vector instructions of them: each
fills one stretch of memory, and there is no branch in them.

The first use on a machine compiles them (seconds); numba keeps the result, beside this file where it can.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

ONE, TWO = np.float32(1), np.float32(2)
LOWEST, HIGHEST = np.float32(-87), np.float32(88)  # whose exponentials are ordinary float32 numbers
# exp(x) = 2^k exp(r), r = x - k ln 2 with ln 2 in two parts (Cody and Waite 1980); the polynomial for exp(r), |r| <
# ln(2) / 2, is that of the Cephes library (Moshier 1989). The error is below 1.2e-7 of the result.
LOG2_E, LN2_HIGH, LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
C5, C4, C3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
C2, C1, C0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
TO_INTEGER = np.float32(3 * 2**22)  # added to a number below 2^22 it leaves no room for a fraction
MANTISSA, SIGN = np.int32(23), np.int32(31)  # bits of a float32's fraction; the place of its sign
SMALLEST, LARGEST = np.int32(-(2**31)), np.int32(2**31 - 1)

FEATURES = binding.get_host_cpu_features()
if platform.machine().lower() in ("x86_64", "amd64") and not FEATURES.get("fma"):
    raise ImportError("this CPU has no fused multiply-add, which they are made of")

if numba.config.THREADING_LAYER == "default":
    numba.config.THREADING_LAYER = "omp"  # torch's own threads on Linux: two sets would wait for one another's cores


def use_threads(count: int) -> int:
    """Share work out among so many threads, or as many as there are, if these are fewer; how many that is. Raises
    ValueError where numba has none that fit torch's, or is told not to compile."""
    if numba.config.DISABLE_JIT:
        raise ValueError("NUMBA_DISABLE_JIT is set")
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    return numba.get_num_threads()


# Products and sums may become fused multiply-adds, and, where it says so, sums may be taken in another order than
# written, as vectors need; neither NaN nor infinity is assumed away.
inner = numba.njit(fastmath={"contract"}, error_model="numpy")
summing = numba.njit(fastmath={"contract", "reassoc"}, error_model="numpy")


def shared(function: Callable) -> Callable:
    """Compile a function whose outer loop is shared out among threads, at its first call; keep the machine code for the
    next process where there is a folder to keep it in."""
    options: dict[str, Any] = {"parallel": True, "nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return numba.njit(**options)(function)


@inner
def exp(x):
    x = LOWEST if x < LOWEST else x  # as written, what is not a number stays so
    x = HIGHEST if x > HIGHEST else x
    shifted = x * LOG2_E + TO_INTEGER
    k = shifted - TO_INTEGER
    r = x - k * LN2_HIGH
    r = r - k * LN2_LOW
    square = r * r
    p = ((C5 * r + C4) * square + (C3 * r + C2)) * square + (C1 * r + C0)
    result = p * square + (r + ONE)
    exponent = np.int32(np.float32(shifted).view(np.int32) << MANTISSA)  # the last bits of `shifted` are k
    return np.int32(np.float32(result).view(np.int32) + exponent).view(np.float32)


@inner
def sigmoid(x):
    return ONE / (ONE + exp(-x))


@inner
def tanh(x):
    return ONE - TWO / (ONE + exp(x + x))


# Products of matrices with few rows, as a recurrence needs them: torch's libraries spend as much time on preparing one
# as on multiplying. Numbers are float32, or pairs of bfloat16 in an int32 (two products for one, summed in float32).

VECTOR = 16  # numbers that LLVM is given to compute with side by side; it splits them as the CPU needs
TALL, WIDE = (8, 2 * VECTOR) if FEATURES.get("avx512f") else (4, VECTOR)  # what fits into the CPU's registers
PAIRS = bool(FEATURES.get("avx512bf16"))  # whether pairs of bfloat16 can be multiplied here
binding.initialize_native_asmparser()  # for the instruction that does it


def _tile(tall: int, of_pairs: bool) -> Any:
    """A function that computes c [tall, WIDE] = a [tall, depth] b [depth, WIDE] with all of c in registers; a, b and c
    are places in memory where rows begin `of_a`, `of_b` and `of_c` numbers apart."""

    @intrinsic
    def tile(typing, a, of_a, b, of_b, depth, c, of_c):
        def generate(context, builder, signature, arguments):
            a, of_a, b, of_b, depth, c, of_c = arguments
            number, index = ir.IntType(64), ir.IntType(32)
            sum_vector = ir.VectorType(ir.FloatType(), VECTOR)
            vector = ir.VectorType(index, VECTOR) if of_pairs else sum_vector
            zeros, undefined = ir.Constant(sum_vector, [0.0] * VECTOR), ir.Constant(vector, ir.Undefined)
            same = ir.Constant(ir.VectorType(index, VECTOR), [0] * VECTOR)
            of_vectors = ir.FunctionType(sum_vector, [sum_vector, vector, vector])
            if of_pairs:
                add_product = ir.InlineAsm(of_vectors, "vdpbf16ps $3, $2, $0", "=v,0,v,v")
            else:
                add_product = cgutils.get_or_insert_function(builder.module, of_vectors, f"llvm.fma.v{VECTOR}f32")

            def row(start, distance, i):
                return builder.gep(start, [builder.mul(distance, ir.Constant(number, i))])

            def vectors(start, kind):
                places = (builder.gep(start, [ir.Constant(number, v)]) for v in range(0, WIDE, VECTOR))
                return [builder.bitcast(place, kind.as_pointer()) for place in places]

            rows = [row(a, of_a, i) for i in range(tall)]
            sums = [[cgutils.alloca_once(builder, sum_vector) for _ in range(0, WIDE, VECTOR)] for _ in range(tall)]
            for places in sums:
                for place in places:
                    builder.store(zeros, place)
            with cgutils.for_range(builder, depth, intp=number) as loop:
                start = builder.gep(b, [builder.mul(loop.index, of_b)])
                right = [builder.load(place) for place in vectors(start, vector)]
                for x in right:
                    x.align = 4
                for i in range(tall):
                    one = builder.load(builder.gep(rows[i], [loop.index]))
                    first = builder.insert_element(undefined, one, ir.Constant(index, 0))
                    left = builder.shuffle_vector(first, undefined, same)
                    for x, place in zip(right, sums[i], strict=True):
                        total = builder.load(place)
                        factors = [total, left, x] if of_pairs else [left, x, total]
                        builder.store(builder.call(add_product, factors), place)
            for i in range(tall):
                for place, total in zip(vectors(row(c, of_c, i), sum_vector), sums[i], strict=True):
                    builder.store(builder.load(total), place).align = 4
            return context.get_dummy_value()

        return types.void(a, of_a, b, of_b, depth, c, of_c), generate

    return tile


PANELS = 16  # columns of a product that are made together: with what they are made of they stay in a core's cache


@intrinsic
def _place(typing, array, i):
    """Where in memory the i-th number of an array without gaps stands."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(array.data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.int64), generate


def panels(width: int) -> tuple[int, int]:
    """How the columns of a right-hand matrix are laid out for a product: so many panels, so many columns wide (the
    last one filled up). A matrix is then [panels, K, columns], so that it is read from one end to the other."""
    return -(-width // WIDE), WIDE


def _product(left, start, distance, rows, right, first, last, out, out_start, out_distance):
    """out [rows, columns of panels first..last - 1] = left [rows, K] right [K, ..], the latter in `panels`. Rows of
    left and out begin at some number of the array, and so many numbers apart. Left and right are both of pairs or both
    not."""
    raise NotImplementedError("for compiled code")


@overload(_product)
def _product_of(left, start, distance, rows, right, first, last, out, out_start, out_distance):
    tall, four, two, one = (_tile(rows, right.dtype == types.int32) for rows in (TALL, 4, 2, 1))

    def product(left, start, distance, rows, right, first, last, out, out_start, out_distance):
        depth = right.shape[1]
        for panel in range(first, last):
            i = 0
            b = _place(right, panel * depth * WIDE)
            to = out_start + (panel - first) * WIDE
            while i < rows:
                a, c = _place(left, start + i * distance), _place(out, to + i * out_distance)
                if rows - i >= TALL:
                    tall(a, distance, b, WIDE, depth, c, out_distance)
                    i += TALL
                elif rows - i >= 4:
                    four(a, distance, b, WIDE, depth, c, out_distance)
                    i += 4
                elif rows - i >= 2:
                    two(a, distance, b, WIDE, depth, c, out_distance)
                    i += 2
                else:
                    one(a, distance, b, WIDE, depth, c, out_distance)
                    i += 1

    return product


@shared
def multiply(left, right, out, threads):
    """out [N, ..] = left [N, K] right [K, ..] (in `panels`); out is as wide as these."""
    rows, depth = left.shape
    width = out.shape[1]
    share = -(-rows // threads)
    for thread in numba.prange(threads):
        first = min(thread * share, rows)
        count = min(share, rows - first)
        for panel in range(0, len(right), PANELS):
            end = min(panel + PANELS, len(right))
            to = first * width + panel * WIDE
            _product(left, first * depth, depth, count, right, panel, end, out, to, width)


# The recurrence (`gru.py`, whose letters these are). Rows have nothing to do with one another: a thread takes some of
# them through all steps, and waits for no other.


@inner
def _parts(layers, rows, threads):
    """How many rows go through the steps together, and how many parts that makes. As many rows as there can be while
    every thread has some, for each step reads all the weights; but few enough for all that belongs to them to stay in
    the core's cache."""
    share = -(-layers * rows // threads)
    share = min(-(-share // TALL) * TALL, 128)
    return share, layers * -(-rows // share)


@inner
def _part(i, layers, rows, share):
    """The i-th part: its layer, its first row, and the one after its last."""
    first = i // layers * share
    return i % layers, first, min(first + share, rows)


def _factors(numbers, right):
    """Room for numbers [N, K] as factors of `right`: the numbers themselves, or pairs of bfloat16 [N, (K + 1) / 2]."""
    raise NotImplementedError("for compiled code")


@overload(_factors)
def _factors_of(numbers, right):
    if right.dtype != types.int32:
        return lambda numbers, right: numbers
    return lambda numbers, right: np.zeros((len(numbers), (numbers.shape[1] + 1) // 2), np.int32)


def _fill(factors, numbers, rows):
    """Make the first rows of numbers [N, K] factors, rounded to the nearest bfloat16 (ties to even)."""
    raise NotImplementedError("for compiled code")


@inner
def _rounded(bits):
    return np.int32((bits + np.int32(0x7FFF) + ((bits >> np.int32(16)) & np.int32(1))) >> np.int32(16))


@overload(_fill)
def _fill_in(factors, numbers, rows):
    if factors.dtype != types.int32:
        return lambda factors, numbers, rows: None

    def fill(factors, numbers, rows):
        for i in range(rows):
            bits, pairs = numbers[i].view(np.int32), factors[i]
            for j in range(len(bits) // 2):
                low, high = _rounded(bits[2 * j]), _rounded(bits[2 * j + 1])
                pairs[j] = np.int32((low & np.int32(0xFFFF)) | (high << np.int32(16)))
            if len(bits) % 2:
                pairs[-1] = np.int32(_rounded(bits[-1]) & np.int32(0xFFFF))

    return fill


@inner
def _infer_row(read, products, bias_n, state, gates, output):
    size = len(state)
    for j in range(2 * size):
        gates[j] = sigmoid(read[j] + products[j])
    for j in range(size):
        gates[2 * size + j] = tanh(read[2 * size + j] + gates[j] * (products[2 * size + j] + bias_n[j]))
    for j in range(size):
        state[j] = gates[2 * size + j] + gates[size + j] * (state[j] - gates[2 * size + j])
    for j in range(size):
        output[j] = state[j]


@inner
def _infer_rows(d, first, last, reads, words, ends, recurrent, bias_n, start, by_step, outputs):
    steps, size = by_step.shape[1], start.shape[2]
    states = start[d, first:last].copy()
    width = recurrent.shape[1] * WIDE
    products = np.empty((last - first, width), np.float32)
    factors = _factors(states, recurrent)
    gates = np.empty(3 * size, np.float32)
    for t in range(steps):
        while last > first and ends[last - 1] <= t:  # the last rows need the fewest steps
            last -= 1
            for over in range(t, steps):
                outputs[by_step[d, over, last], d] = 0
        _fill(factors, states, last - first)
        depth = factors.shape[1]
        _product(factors, 0, depth, last - first, recurrent[d], 0, recurrent.shape[1], products, 0, width)
        for i in range(last - first):
            n = first + i
            read = words[d, t, n] if words.shape[1] else t * len(ends) + n
            output = outputs[by_step[d, t, n], d]
            _infer_row(reads[d, read], products[i], bias_n[d], states[i], gates, output)


@shared
def infer(reads, words, ends, recurrent, bias_n, start, by_step, outputs, threads):
    """See `gru.infer`; recurrent: [D, ..] in `panels`, maybe of pairs; reads may be wider."""
    layers, _, rows = by_step.shape
    share, parts = _parts(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, parts, threads):
            d, first, last = _part(i, layers, rows, share)
            _infer_rows(d, first, last, reads, words, ends, recurrent, bias_n, start, by_step, outputs)


@inner
def _learn_row(gates, products, bias, bias_n, before, after, output):
    size = len(before)
    for j in range(size):
        gates[size + j] = sigmoid(gates[size + j] + products[j] + bias[j])
    for j in range(size):
        gates[2 * size + j] = sigmoid(gates[2 * size + j] + products[size + j] + bias[size + j])
    for j in range(size):
        gates[3 * size + j] = products[2 * size + j] + bias[2 * size + j]
    for j in range(size):
        gates[j] = tanh(gates[j] + gates[size + j] * gates[3 * size + j] + bias_n[j])
    for j in range(size):
        after[j] = gates[j] + gates[2 * size + j] * (before[j] - gates[j])
    for j in range(size):
        output[j] = after[j]


@inner
def _learn_rows(d, first, last, gates, recurrent, bias, bias_n, hidden, by_step, outputs):
    steps, size = gates.shape[1], hidden.shape[3]
    width = recurrent.shape[1] * WIDE
    products = np.empty((last - first, width), np.float32)
    for t in range(steps):
        _product(
            hidden[d, t], first * size, size, last - first, recurrent[d], 0, recurrent.shape[1], products, 0, width
        )
        for n in range(first, last):
            before, after, output = hidden[d, t, n], hidden[d, t + 1, n], outputs[by_step[d, t, n], d]
            _learn_row(gates[d, t, n], products[n - first], bias[d], bias_n[d], before, after, output)


@shared
def learn(gates, recurrent, bias, bias_n, hidden, by_step, outputs, threads):
    """See `gru.learn`; recurrent: [D, ..] in `panels`."""
    layers, _, rows, _ = gates.shape
    share, parts = _parts(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, parts, threads):
            d, first, last = _part(i, layers, rows, share)
            _learn_rows(d, first, last, gates, recurrent, bias, bias_n, hidden, by_step, outputs)


@inner
def _back_row(gates, before, upstream, d_state, d_bias):
    size = len(before)
    for j in range(size):
        d_state[j] = d_state[j] + upstream[j]
    for j in range(size):
        n, r, z, q, d = gates[j], gates[size + j], gates[2 * size + j], gates[3 * size + j], d_state[j]
        d_n = d * (ONE - z) * (ONE - n * n)
        gates[j] = d_n
        gates[size + j] = d_n * q * r * (ONE - r)
        gates[2 * size + j] = d * (before[j] - n) * z * (ONE - z)
        gates[3 * size + j] = d_n * r
        d_state[j] = d * z
    for j in range(4 * size):
        d_bias[j] = d_bias[j] + gates[j]


@inner
def _add(to, what):
    for j in range(len(to)):
        to[j] = to[j] + what[j]


@inner
def _back_rows(d, first, last, gates, hidden, upstream, by_step, w_hh, d_state, d_bias):
    steps, size = gates.shape[1], hidden.shape[3]
    width = w_hh.shape[1] * WIDE
    products = np.empty((last - first, width), np.float32)
    for t in range(steps - 1, -1, -1):
        for n in range(first, last):
            _back_row(gates[d, t, n], hidden[d, t, n], upstream[by_step[d, t, n], d], d_state[d, n], d_bias)
        start = (4 * first + 1) * size
        _product(gates[d, t], start, 4 * size, last - first, w_hh[d], 0, w_hh.shape[1], products, 0, width)
        for n in range(first, last):
            _add(d_state[d, n], products[n - first])


@shared
def back(gates, hidden, upstream, by_step, w_hh, d_state, d_bias, threads):
    """See `gru.back`; w_hh: [D, ..] in `panels`."""
    layers, _, rows, _ = gates.shape
    share, parts = _parts(layers, rows, threads)
    for thread in numba.prange(threads):
        for i in range(thread, parts, threads):
            d, first, last = _part(i, layers, rows, share)
            _back_rows(d, first, last, gates, hidden, upstream, by_step, w_hh, d_state, d_bias[d, first])


# The softmax of rows (`loss.py`, `pointer.py`).


@inner
def _highest(row):
    """Of float32 numbers, by their bits: flipped where the sign is negative, they are in order as integers, whose
    maximum LLVM finds with vectors. (What is not a number may be passed over: it shows in the sum that follows.)"""
    bits, highest = row.view(np.int32), SMALLEST
    for j in range(len(row)):
        highest = max(highest, np.int32(bits[j] ^ ((bits[j] >> SIGN) & LARGEST)))
    return np.int32(highest ^ ((highest >> SIGN) & LARGEST)).view(np.float32)


@summing
def _exponentials(row, highest):
    """row [V] becomes exp(row - highest); their sum."""
    total = np.float32(0)
    for j in range(len(row)):
        e = exp(row[j] - highest)
        row[j] = e
        total += e
    return total


@summing
def _added(row, bias):
    """row [V] becomes row + bias; its sum."""
    total = np.float32(0)
    for j in range(len(row)):
        x = row[j] + bias[j]
        row[j] = x
        total += x
    return total


@shared
def softmax(logits, bias, normaliser, mean):
    """logits [M, V] become softmax(logits + bias [V]); what was subtracted from them, log sum exp, goes to
    `normaliser` [M], their mean to `mean` [M]."""
    rows, words = logits.shape
    for i in numba.prange(rows):
        row = logits[i]
        mean[i] = _added(row, bias) / np.float32(words)
        highest = _highest(row)
        total = _exponentials(row, highest)
        normaliser[i] = highest + np.float32(math.log(total))
        share = ONE / total
        for j in range(words):
            row[j] *= share


# Dropout (`dropout.py`).


@inner
def _mixed(x):
    """A bijection of 32 bits in which every bit of the result depends on all of x (Wellons 2018, "lowbias32")."""
    x = np.uint32(x ^ (x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@shared
def dropout(inputs, outputs, seed, other_seed, dropped, scale):
    """outputs [n] = scale * inputs [n], or 0 in the share dropped / 2^32 of the places, which depends on seeds and
    place alone."""
    for i in numba.prange(len(inputs)):
        draw = _mixed(np.uint32(_mixed(np.uint32(i + seed)) ^ other_seed))
        outputs[i] = inputs[i] * scale if draw >= dropped else np.float32(0)


# Search: what reads much and says little.


@summing
def _sum_of_exponentials(row, highest):
    total = np.float32(0)
    for j in range(len(row)):
        total += exp(row[j] - highest)
    return total


@shared
def add_exponentials(logits, first, log_sum):
    """To log_sum [N], which is the logarithm of a sum, are added the exponentials of logits [N, V] from column `first`
    on."""
    for i in numba.prange(len(logits)):
        row = logits[i, first:]
        if len(row):
            highest = max(_highest(row), log_sum[i])
            total = exp(log_sum[i] - highest) + _sum_of_exponentials(row, highest)
            log_sum[i] = highest + np.float32(math.log(total))


@inner
def _logits_of_rows(left, right, words, first, last, logits, found):
    depth, width = left.shape[1], logits.shape[1]
    highest = np.full(last - first, -np.inf, np.float32)
    totals = np.zeros(last - first, np.float32)
    for panel in range(0, len(right), PANELS):
        end = min(panel + PANELS, len(right))
        for i in range(first, last, TALL):
            rows = min(TALL, last - i)
            _product(left, i * depth, depth, rows, right, panel, end, logits, i * width + panel * WIDE, width)
            for n in range(i, i + rows):
                row = logits[n, panel * WIDE : min(end * WIDE, words)]
                highest_before = highest[n - first]
                highest[n - first] = max(highest_before, _highest(row))
                totals[n - first] *= exp(highest_before - highest[n - first])
                totals[n - first] += _sum_of_exponentials(row, highest[n - first])
    for n in range(first, last):
        found[n] = highest[n - first] + np.float32(math.log(totals[n - first]))


@shared
def logits(left, right, words, out, found, threads):
    """As `multiply`, out [N, V'] with room beside what is made, of which the first `words` columns count (what stands
    in others is undefined then); of these log sum exp in found [N]."""
    rows = len(left)
    share = -(-rows // threads)
    for thread in numba.prange(threads):
        first = min(thread * share, rows)
        _logits_of_rows(left, right, words, first, min(first + share, rows), out, found)


@summing
def _dot(left, right):
    total = np.float32(0)
    for j in range(len(left)):
        total += left[j] * right[j]
    return total


@inner
def _add_four(to, a, b, c, d, of_a, of_b, of_c, of_d):
    for j in range(len(to)):
        to[j] = to[j] + of_a * a[j] + of_b * b[j] + of_c * c[j] + of_d * d[j]


@inner
def _attend_to_one(queries, states, real, context, weights):
    count, length = weights.shape
    for s in range(length):
        for i in range(count):
            weights[i, s] = _dot(queries[i], states[s]) if real[s] else -np.float32(np.inf)
    last = length
    while last > 0 and not real[last - 1]:
        last -= 1
    for i in range(count):
        share = ONE / _exponentials(weights[i], _highest(weights[i]))
        for s in range(length):
            weights[i, s] = weights[i, s] * share if real[s] else np.float32(0)
        context[i] = 0
        for s in range(0, last - 3, 4):
            of_a, of_b, of_c, of_d = weights[i, s], weights[i, s + 1], weights[i, s + 2], weights[i, s + 3]
            _add_four(context[i], states[s], states[s + 1], states[s + 2], states[s + 3], of_a, of_b, of_c, of_d)
        for s in range(last // 4 * 4, last):
            for j in range(context.shape[1]):
                context[i, j] = context[i, j] + weights[i, s] * states[s, j]


@shared
def attend(queries, states, places, mask, context, weights, threads):
    """Attention of queries [B, T, C] to those of `states` [.., S, C] that stand at `places` [B], where the mask [B, S]
    allows it: fills in context [B, T, C] and weights [B, T, S]. A document's states come from memory once, and a second
    time from the cache."""
    for thread in numba.prange(threads):
        for b in range(thread, len(queries), threads):  # neighbours, which are as long, go to different threads
            _attend_to_one(queries[b], states[places[b]], mask[b], context[b], weights[b])
