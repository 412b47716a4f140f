"""What a step is made of on a processor, compiled by Numba: products by weights, and attention to what was heard.

A step multiplies every weight by a handful of rows, so its time is that of reading the weights, and whatever else
touches memory or waits for a call is lost. Weights lie in groups of 64 outputs, an input after another, so that a
product is one stream of reads and each input meets sixteen weights in one instruction; formats of few bits are widened
between memory and arithmetic. The keys and values of attention are read the same way.

Every output is summed in one order, input after input, whatever number of rows is computed beside it and on however
many threads: a row is the same to the last bit in any batch. Where the compiler may reorder sums, it does so by the
length of what is summed alone. A row that holds what is not a number stays so.

`packed` weights are (weights,) in a float format, float16 as int16 and bfloat16 as uint16; (weights, scales) in int8
with inputs in float32; (weights, scales, offsets) in int8 with inputs in eight bits.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
import numpy as np
import torch
from numba import prange

from pipeline.musicians.musicgen import tile as tiles
from pipeline.musicians.musicgen.tile import GROUP, LANES, QUAD, tile

LINE = 64
"""Bytes of a cache line: rows of inputs lie one further apart than they are long, or all would want the same places."""

FEW = 4
"""Rows that are done sooner than a second thread has woken."""


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return Numba's decorator, which keeps what it compiled for the next process where a folder can be written to."""

    def decorate(function: Callable[..., Any]) -> Any:
        options.update(boundscheck=False, error_model="numpy", nogil=True)
        try:
            compiled = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # nowhere to keep it
            return numba.njit(**options)(function)
        _keep_apart(compiled)
        return compiled

    return decorate


def _keep_apart(compiled: Any) -> None:
    """Let no process load what another meant for something else.

    Numba numbers the files it keeps without asking who else does, and looks at the age of one source file alone.
    """
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:
        file._data_name_pattern = file._data_name_pattern.replace("{number", uuid4().hex + ".{number")
        about = Path(tiles.__file__).stat()
        file._source_stamp = (file._source_stamp, about.st_mtime, about.st_size)


@_compiled()
def _rows(weights, group, x, apart, out):
    """Multiply a group of outputs by all rows; `apart` is how far rows of `x` are from each other."""
    groups, count, width = weights.shape
    outs = groups * GROUP
    first, to = group * count * width, group * GROUP
    rows, r = out.shape[0], 0
    while rows - r >= 6:
        tile(weights, first, width, count, x, r * apart, apart, out, r * outs + to, outs, 6, 4)
        r += 6
    if rows - r >= 4:
        tile(weights, first, width, count, x, r * apart, apart, out, r * outs + to, outs, 4, 4)
        r += 4
    if rows - r >= 2:
        tile(weights, first, width, count, x, r * apart, apart, out, r * outs + to, outs, 2, 4)
        r += 2
    if rows > r:
        tile(weights, first, width, count, x, r * apart, apart, out, r * outs + to, outs, 1, 4)


@_compiled(parallel=True)
def _multiply(weights, x, out):
    fed = _apart(x)
    sums = np.empty((len(x), weights.shape[0] * GROUP), np.float32)
    for group in prange(weights.shape[0]):
        _rows(weights, group, fed, fed.shape[1], sums)
        first = group * GROUP
        for row in range(len(x)):
            for o in range(first, min(first + GROUP, out.shape[1])):
                out[row, o] = sums[row, o]


@_compiled()
def _apart(x):
    fed = np.empty((x.shape[0], x.shape[1] + LINE // 4), np.float32)
    for row in range(len(x)):
        fed[row, : x.shape[1]] = x[row]
    return fed


@_compiled(parallel=True)
def _multiply_int8(weights, scales, offsets, x, out):
    rows, width = len(x), weights.shape[1] * QUAD
    codes, steps = np.empty((rows, width + LINE), np.uint8), np.empty(rows, np.float32)
    if rows < FEW:
        for row in range(rows):
            _quantise(x, row, codes, steps)
    else:
        for row in prange(rows):
            _quantise(x, row, codes, steps)
    sums = np.empty((rows, weights.shape[0] * GROUP), np.int32)
    for group in prange(weights.shape[0]):
        _rows(weights, group, codes, codes.shape[1] // QUAD, sums)
        first = group * GROUP
        for row in range(rows):
            for o in range(first, min(first + GROUP, out.shape[1])):
                out[row, o] = np.float32(np.int32(sums[row, o] - offsets[o])) * scales[o] * steps[row]


@_compiled()
def multiply(packed, x, out):
    """Multiply rows x, float32 [rows, in], by packed weights, into `out`, float32 [rows, out]."""
    # The compiler knows how many arrays there are, and leaves the other branches out.
    if len(packed) == 1:
        _multiply(packed[0], x, out)
    elif len(packed) == 2:
        _multiply(packed[0], x, out)
        for row in range(len(out)):
            _scale(out[row], packed[1], np.float32(1))
    else:
        _multiply_int8(packed[0], packed[1], packed[2], x, out)


@_compiled()
def _step(x):
    """Return the step in which x fits into eight bits and its inverse; of what is not a number, none is."""
    bits, largest = x.view(np.int32), np.int32(0)
    for i in range(x.size):  # the bits of what is not a number are larger than any number's
        largest = max(largest, np.int32(bits[i] & np.int32(0x7FFFFFFF)))
    step = np.int32(largest).view(np.float32) / np.float32(127)
    return step, np.float32(1) / step if step > 0 else np.float32(0)


@_compiled()
def _quantise(x, row, codes, steps):
    vector, code = x[row], codes[row]
    step, inverse = _step(vector)
    for i in range(vector.size):
        code[i] = np.uint8(np.int32(np.rint(vector[i] * inverse)) + np.int32(128))
    code[vector.size :] = np.uint8(0)  # times no weight
    steps[row] = step


@_compiled(parallel=True)
def keep(keys, key_steps, values, value_steps, rows, places, made):
    """Keep the last two of made[i], float32 [any, heads, size], a key and a value, at position places[i] of rows[i].

    Keys are [blocks, rows, heads, groups, size, GROUP], values [blocks, rows, heads, block, size or more], both of
    float32 or int8, and their steps, what a 1 stands for, [blocks, rows, heads, block].
    """
    count, parts, heads, _ = made.shape
    length = key_steps.shape[3]
    for task in prange(count * heads):
        i, head = task // heads, task % heads
        block, place, row = places[i] // length, places[i] % length, rows[i]
        key = keys[block, row, head, place // GROUP, :, place % GROUP]
        key_steps[block, row, head, place] = _kept(made[i, parts - 2, head], key)
        value_steps[block, row, head, place] = _kept(made[i, parts - 1, head], values[block, row, head, place])


@_compiled()
def _kept(vector, where):
    """Write a vector, in eight bits where those are kept, and return what a step of 1 stands for."""
    if where.itemsize == 4:
        for i in range(vector.size):
            where[i] = vector[i]
        return np.float32(1)
    step, inverse = _step(vector)
    for i in range(vector.size):
        where[i] = np.rint(vector[i] * inverse)
    return step


@_compiled(parallel=True)
def attend(keys, key_steps, values, value_steps, rows, ends, queries, shares, out):
    """Attend from queries, the first of float32 [n, any, heads, size], to the first `ends[i]` positions of `rows[i]`.

    `out` [n, heads, size] is all zeros where there are none. `shares` [n heads, positions and GROUP more] is scratch.
    """
    count, _, heads, _ = queries.shape
    for task in prange(count * heads):
        i, head = task // heads, task % heads
        _attend(keys, key_steps, values, value_steps, rows[i], head, ends[i], queries, i, shares, task, out[i, head])


@_compiled()
def _attend(keys, key_steps, values, value_steps, row, head, end, queries, i, shares, task, out):
    _, all_rows, heads, _, size, _ = keys.shape
    wide, length, here = values.shape[4], key_steps.shape[3], task * shares.shape[1]
    asked = (i * queries.shape[1] * heads + head) * size
    share, scale = shares[task], np.float32(size**-0.5)
    out[:] = np.float32(0)
    for first in range(0, end, GROUP):
        block = first // length
        at = (((block * all_rows + row) * heads + head) * length + first % length) * size
        tile(keys, at, GROUP, size, queries, asked, 0, shares, here + first, 0, 1, 4)
    for block in range((end + length - 1) // length):
        _scale(share[block * length : end], key_steps[block, row, head], scale)
    _soften(share[:end])
    latest = share.size - GROUP  # behind all positions is room for what a block gives
    for block in range((end + length - 1) // length):
        first = block * length
        count = min(length, end - first)
        _scale(share[first:end], value_steps[block, row, head], np.float32(1))
        for begin in range(0, wide, LANES):
            at = ((block * all_rows + row) * heads + head) * wide * length + begin
            if wide - begin >= GROUP and begin % GROUP == 0:
                tile(values, at, wide, count, shares, here + first, 0, shares, here + latest, 0, 1, 4)
                _add(out[begin : begin + GROUP], share[latest:])
            elif begin >= wide // GROUP * GROUP:
                tile(values, at, wide, count, shares, here + first, 0, shares, here + latest, 0, 1, 1)
                _add(out[begin : begin + LANES], share[latest:])


@_compiled()
def _scale(numbers, by, also):
    for i in range(min(numbers.size, by.size)):
        numbers[i] *= by[i] * also


@_compiled()
def _add(numbers, more):
    for i in range(numbers.size):
        numbers[i] += more[i]


@_compiled(fastmath={"reassoc", "contract"})
def _soften(scores):
    """Replace scores by their softmax."""
    top, total = _top(scores), np.float32(0)
    for i in range(scores.size):
        scores[i] = _exp(scores[i] - top)
        total += scores[i]
    inverse = np.float32(1) / total
    for i in range(scores.size):
        scores[i] *= inverse


@_compiled(fastmath={"nnan", "nsz"})
def _top(scores):
    """Return the largest score; what is not a number need not be found, for its exponential is none either."""
    top = np.float32(-np.inf)
    for i in range(scores.size):
        top = max(top, scores[i])
    return top


@_compiled(inline="always")
def _exp(x):
    """Return e^x for x <= 0, right but for the last bit or two (Cephes' expf), in a form that vectorises."""
    bounded = np.float32(-87) if x < np.float32(-87) else x
    whole = np.rint(bounded * np.float32(1.44269504088896341))
    rest = bounded - whole * np.float32(0.693359375) - whole * np.float32(-2.12194440e-4)
    series = np.float32(1.9875691500e-4)
    series = series * rest + np.float32(1.3981999507e-3)
    series = series * rest + np.float32(8.3334519073e-3)
    series = series * rest + np.float32(4.1665795894e-2)
    series = series * rest + np.float32(1.6666665459e-1)
    series = series * rest + np.float32(5.0000001201e-1)
    power = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
    return (series * rest * rest + rest + np.float32(1)) * power


@_compiled()
def layer(x, norms, products, inner_width, heard, read, rows, places, looking, tokens, scratch, words_scratch):
    """Pass one layer: positions `places` of `rows`, whose vectors `x`, float32 [n, width], are changed in place.

    `norms` are weights and biases in the order of use, `products` packed weights: queries, keys and values; out; across
    at the words; out; up; down. `heard` and `read` are a layer of the caches of sound and words, as `keep` has them.
    Vectors `looking` look at the first `tokens` words of their rows. Each cache has its scratch, as `attend` has it.
    """
    n, width = x.shape
    heads, size = heard[0].shape[2], heard[0].shape[4]
    normed, more = np.empty((n, width), np.float32), np.empty((n, width), np.float32)
    seen = np.empty((n, heads, size), np.float32)
    made = np.empty((n, 3 * width), np.float32)
    _normalise(x, norms[0], norms[1], normed)
    multiply(products[0], normed, made)
    parts = made.reshape(n, 3, heads, size)
    keep(heard[0], heard[1], heard[2], heard[3], rows, places, parts)
    attend(heard[0], heard[1], heard[2], heard[3], rows, places + 1, parts, scratch, seen)
    multiply(products[1], seen.reshape(n, width), more)
    x += more
    if looking.size:
        m = looking.size
        _normalise(x[looking], norms[2], norms[3], normed[:m])
        multiply(products[2], normed[:m], more[:m])
        asked = more[:m].reshape(m, 1, heads, size)
        attend(read[0], read[1], read[2], read[3], rows[looking], tokens, asked, words_scratch, seen[:m])
        multiply(products[3], seen[:m].reshape(m, width), more[:m])
        for i in range(m):
            _add(x[looking[i]], more[i])
    _normalise(x, norms[4], norms[5], normed)
    inner = np.empty((n, inner_width), np.float32)
    multiply(products[4], normed, inner)
    _gelu(inner)
    multiply(products[5], inner, more)
    x += more


@_compiled(parallel=True)
def _normalise(x, weight, bias, out):
    """Give every row mean 0 and variance 1, then weight and bias."""
    if len(x) < FEW:
        for row in range(len(x)):
            _normalise_row(x[row], weight, bias, out[row])
    else:
        for row in prange(len(x)):
            _normalise_row(x[row], weight, bias, out[row])


@_compiled(fastmath={"reassoc", "contract"})
def _normalise_row(x, weight, bias, out):
    total, square = np.float32(0), np.float32(0)
    for i in range(x.size):
        total += x[i]
    mean = total / np.float32(x.size)
    for i in range(x.size):
        square += (x[i] - mean) * (x[i] - mean)
    scale = np.float32(1) / np.sqrt(square / np.float32(x.size) + np.float32(1e-5))
    for i in range(x.size):
        out[i] = (x[i] - mean) * scale * weight[i] + bias[i]


@_compiled(parallel=True)
def _gelu(x):
    """Replace every x by x times the normal distribution's share below it; off by 2e-7 at most."""
    for row in prange(len(x)):
        for i in range(x.shape[1]):
            y = abs(x[row, i]) * np.float32(0.70710678118654752)
            # Abramowitz and Stegun, 7.1.26
            t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * y)
            series = np.float32(1.061405429) * t - np.float32(1.453152027)
            series = series * t + np.float32(1.421413741)
            series = series * t - np.float32(0.284496736)
            series = series * t + np.float32(0.254829592)
            beyond = np.float32(0.5) * series * t * _exp(-y * y)
            x[row, i] *= np.float32(1) - beyond if x[row, i] > 0 else beyond


def use_threads() -> None:
    """Have what follows in this thread use as many threads as PyTorch does."""
    numba.set_num_threads(min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS))
