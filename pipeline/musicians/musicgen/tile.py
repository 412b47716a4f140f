"""The inner loop of every product, written in the compiler's own language: sixteen outputs to a vector."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

LANES = 16
"""Outputs side by side: what a vector of 512 bits has of 32, and two or four of smaller processors'."""

GROUP = 4 * LANES
"""Outputs that are computed at once, by one thread; weights are padded to whole groups."""

QUAD = 4
"""Inputs in eight bits that one instruction multiplies and sums."""

_FEATURES = cpu_target.target_context.codegen().magic_tuple()[2]

HAS_VNNI = "+avx512vnni" in _FEATURES
"""Whether this processor sums products of eight bits: then inputs of int8 weights are in eight bits too."""

HAS_HALF = platform.machine().lower() not in ("x86_64", "amd64") or "+f16c" in _FEATURES
"""Whether this processor reads float16."""

_FLOAT, _INT = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(32), LANES)


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def tile(
    _typing: Any, weights: Any, at: Any, step: Any, count: Any, x: Any, x_at: Any, x_apart: Any,
    out: Any, out_at: Any, out_apart: Any, rows: Any, panels: Any,
) -> Any:  # fmt: skip
    """Multiply `panels` panels of sixteen outputs by `rows` rows, and store the sums.

    The weights of input i for panel p lie at `at + i step + 16 p`, input i of row r at `x_at + r x_apart + i`, and its
    sums of panel p go to `out_at + r out_apart + 16 p`; all of them count elements, of fours where weights and inputs
    have eight bits each: those are taken four at a time, and summed as whole numbers. All others are float32.
    """
    assert all(array.layout == "C" for array in (weights, x, out))
    r_count, p_count = rows.literal_value, panels.literal_value
    whole = x.dtype == types.uint8
    signature = types.void(weights, at, step, count, x, x_at, x_apart, out, out_at, out_apart, rows, panels)

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        w_data, x_data, out_data = (
            context.make_array(signature.args[place])(context, build, arguments[place]).data for place in (0, 4, 7)
        )
        at, step, count = arguments[1:4]
        (x_at, x_apart), (out_at, out_apart) = arguments[5:7], arguments[8:10]
        size = at.type
        kind = _INT if whole else _FLOAT
        sums = [
            [cgutils.alloca_once_value(build, ir.Constant(kind, [0] * LANES)) for _ in range(p_count)]
            for _ in range(r_count)
        ]

        def vector(data: Any, place: Any, kind: Any) -> Any:
            return build.load(build.bitcast(build.gep(data, [place]), kind.as_pointer()), align=1)

        with cgutils.for_range(build, count) as loop:
            first = build.add(at, build.mul(loop.index, step))
            lanes = LANES * (QUAD if whole else 1)
            places = [build.add(first, size(lanes * p)) for p in range(p_count)]
            read = [_widened(build, vector, w_data, place, signature.args[0].dtype, whole) for place in places]
            for r in range(r_count):
                place = build.add(build.add(x_at, build.mul(x_apart, size(r))), loop.index)
                if whole:  # `x_apart` and the index count fours
                    place = build.mul(place, size(QUAD))
                every = _spread(build, x_data, place, whole)
                for p in range(p_count):
                    build.store(_summed(build, build.load(sums[r][p]), every, read[p], whole), sums[r][p])
        for r in range(r_count):
            for p in range(p_count):
                place = build.add(build.add(out_at, build.mul(out_apart, size(r))), size(LANES * p))
                where = build.bitcast(build.gep(out_data, [place]), kind.as_pointer())
                build.store(build.load(sums[r][p]), where, align=1)
        return context.get_dummy_value()

    return signature, generate


def _widened(build: Any, vector: Any, data: Any, place: Any, kind: Any, whole: bool) -> Any:
    """Read the weights of one input, or of four, for a panel."""
    if whole:
        return vector(data, place, ir.VectorType(ir.IntType(8), QUAD * LANES))
    if kind == types.float32:
        return vector(data, place, _FLOAT)
    if kind == types.int16:  # float16, which Numba has no arrays of
        return build.fpext(vector(data, place, ir.VectorType(ir.HalfType(), LANES)), _FLOAT)
    if kind == types.uint16:  # bfloat16: the upper half of a float32
        bits = build.zext(vector(data, place, ir.VectorType(ir.IntType(16), LANES)), _INT)
        return build.bitcast(build.shl(bits, ir.Constant(_INT, [16] * LANES)), _FLOAT)
    assert kind == types.int8
    return build.sitofp(build.sext(vector(data, place, ir.VectorType(ir.IntType(8), LANES)), _INT), _FLOAT)


def _spread(build: Any, data: Any, place: Any, whole: bool) -> Any:
    """Read one input, or four, into every lane."""
    kind = ir.IntType(32) if whole else ir.FloatType()
    one = build.load(build.bitcast(build.gep(data, [place]), kind.as_pointer()), align=1)
    wide = ir.VectorType(kind, LANES)
    lone = build.insert_element(ir.Constant(wide, ir.Undefined), one, ir.Constant(ir.IntType(32), 0))
    return build.shuffle_vector(lone, ir.Constant(wide, ir.Undefined), ir.Constant(_INT, [0] * LANES))


def _summed(build: Any, before: Any, every: Any, weights: Any, whole: bool) -> Any:
    if whole:
        bytes_ = ir.VectorType(ir.IntType(8), QUAD * LANES)
        dot = cgutils.get_or_insert_function(
            build.module, ir.FunctionType(_INT, [_INT, bytes_, bytes_]), "llvm.x86.avx512.vpdpbusd.512"
        )
        return build.call(dot, [before, build.bitcast(every, bytes_), weights])
    multiplied = cgutils.get_or_insert_function(
        build.module, ir.FunctionType(_FLOAT, [_FLOAT] * 3), "llvm.fmuladd.v16f32"
    )
    return build.call(multiplied, [every, weights, before])
