"""Short vector loops over rows of pixels, written out as vectors for LLVM: what no compiler finds by itself.

Each is a numba intrinsic on flat arrays of one type, with offsets and strides counted in numbers. A row holds `blocks`
runs of VECTORS vectors; channels come in pairs, which share what they load:

    expand      u_c[j] += sum_t w_c[t] x[shifts[t] + j]                          one row of two channels
    contract    y_r[j] += sum_cpq v_c[p, q] z_c[r + p, j + q]                    two rows r, two channels c
    correlate   d_c[q] += sum_ij a_c[i, j] b_c[i, j + q]                         many rows, two channels, all q
    curve       z[j] = offset[k] + slope[k] u[j], k the segment of u[j]          one row, one channel
    curve_back  the same, and d[j] = slope[k] g[j]

A vector is of AVX2's length; LLVM splits it where registers are shorter.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

BYTES, VECTORS = 32, 4
SIZES = (3, 5, 7)  # of filters, whose taps in a row are written out
INDEX, LANE = ir.IntType(64), ir.IntType(32)
FLAGS = ("nsz", "arcp", "contract", "afn", "reassoc")


class _Emitter:
    """Vector instructions for one element type; places are counted in numbers."""

    def __init__(self, context: Any, builder: Any, kind: Any):
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(kind.dtype)
        self.size = kind.dtype.bitwidth // 8
        self.lanes = BYTES // self.size
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)

    def data(self, kind: Any, array: Any) -> Any:
        return self.context.make_array(kind)(self.context, self.builder, array).data

    def plus(self, *numbers: Any) -> Any:
        """Sum of IR integers and Python ones."""
        total = ir.Constant(INDEX, sum(n for n in numbers if isinstance(n, int)))
        for n in numbers:
            total = total if isinstance(n, int) else self.builder.add(total, n)
        return total

    def times(self, a: Any, b: Any) -> Any:
        a, b = (ir.Constant(INDEX, n) if isinstance(n, int) else n for n in (a, b))
        return self.builder.mul(a, b)

    def at(self, base: Any, *places: Any) -> Any:
        return self.builder.gep(base, [self.plus(*places)])

    def load(self, pointer: Any, kind: Any = None) -> Any:
        kind = kind or self.vector
        return self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()), align=self.size, typ=kind)

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, self.builder.bitcast(pointer, value.type.as_pointer()), align=self.size)

    def splat(self, number: Any) -> Any:
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.Constant(LANE, 0))
        return self.builder.shuffle_vector(first, undefined, self.lane_numbers([0] * self.lanes))

    def lane_numbers(self, numbers: Sequence[int]) -> Any:
        return ir.Constant(ir.VectorType(LANE, len(numbers)), list(numbers))

    def tap(self, pointer: Any) -> Any:
        return self.splat(self.builder.load(pointer, align=self.size, typ=self.scalar))

    def multiply_add(self, a: Any, b: Any, sum_: Any) -> Any:
        return self.builder.fadd(self.builder.fmul(a, b, flags=FLAGS), sum_, flags=FLAGS)

    @contextmanager
    def loop(self, count: Any) -> Any:
        with cgutils.for_range(self.builder, count, intp=INDEX) as ranged:
            yield ranged.index

    def variables(self, count: int) -> list[Any]:
        """Vectors that live across loops; LLVM keeps them in registers."""
        return [cgutils.alloca_once(self.builder, self.vector) for _ in range(count)]


@intrinsic
def expand(typing, x, x0, shifts, taps, weights, w0, wstep, u, u0, ustep, blocks):  # type: ignore[no-untyped-def]
    """u[u0 + c ustep + j] += sum_t weights[w0 + c wstep + t] x[x0 + shifts[t] + j], c = 0, 1, t < taps."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        x_, x0_, shifts_, taps_, w_, w0_, wstep_, u_, u0_, ustep_, blocks_ = arguments
        e = _Emitter(context, builder, x)
        source, places, weight, target = (
            e.data(kind, a) for kind, a in ((x, x_), (shifts, shifts_), (weights, w_), (u, u_))
        )
        sums = e.variables(2 * VECTORS)
        with e.loop(blocks_) as block:
            j = e.times(block, VECTORS * e.lanes)
            rows = [e.at(target, u0_, j), e.at(target, u0_, ustep_, j)]
            for c in (0, 1):
                for v in range(VECTORS):
                    builder.store(e.load(e.at(rows[c], v * e.lanes)), sums[c * VECTORS + v])
            with e.loop(taps_) as t:
                start = e.at(source, x0_, j, builder.load(e.at(places, t), typ=INDEX))
                seen = [e.load(e.at(start, v * e.lanes)) for v in range(VECTORS)]
                for c, w in enumerate([e.tap(e.at(weight, w0_, t)), e.tap(e.at(weight, w0_, wstep_, t))]):
                    for v in range(VECTORS):
                        place = sums[c * VECTORS + v]
                        builder.store(e.multiply_add(seen[v], w, builder.load(place, typ=e.vector)), place)
            for c in (0, 1):
                for v in range(VECTORS):
                    e.store(builder.load(sums[c * VECTORS + v], typ=e.vector), e.at(rows[c], v * e.lanes))
        return context.get_dummy_value()

    return _procedure((x, x0, shifts, taps, weights, w0, wstep, u, u0, ustep, blocks)), generate


@intrinsic
def contract(typing, z, z0, zstep, zrow, weights, w0, size, y, y0, yrow, blocks):  # type: ignore[no-untyped-def]
    """y[y0 + r yrow + j] += sum_cpq weights[w0 + (c size + p) size + q] z[z0 + c zstep + (r + p) zrow + j + q], for the
    rows r = 0, 1 and the channels c = 0, 1.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        z_, z0_, zstep_, zrow_, w_, w0_, size_, y_, y0_, yrow_, blocks_ = arguments
        e = _Emitter(context, builder, z)
        source, weight, target = (e.data(kind, a) for kind, a in ((z, z_), (weights, w_), (y, y_)))
        sums = [e.variables(VECTORS), e.variables(VECTORS)]
        last = e.plus(size_, -1)

        def feed(z_row: Any, p: Any, rows: Sequence[int]) -> None:
            """Add one row of z to the rows r that it reaches, with the taps p - r."""
            with e.loop(size_) as q:
                seen = [e.load(e.at(z_row, q, v * e.lanes)) for v in range(VECTORS)]
                for r in rows:
                    w = e.tap(e.at(w_channel[0], e.times(e.plus(p, -r), size_), q))
                    for v in range(VECTORS):
                        place = sums[r][v]
                        builder.store(e.multiply_add(seen[v], w, builder.load(place, typ=e.vector)), place)

        with e.loop(blocks_) as block:
            j = e.times(block, VECTORS * e.lanes)
            rows = [e.at(target, y0_, j), e.at(target, y0_, yrow_, j)]
            for r in (0, 1):
                for v in range(VECTORS):
                    builder.store(e.load(e.at(rows[r], v * e.lanes)), sums[r][v])
            for c in (0, 1):
                channel = e.at(source, z0_, e.times(zstep_, c), j)
                w_channel = [e.at(weight, w0_, e.times(e.times(size_, size_), c))]
                feed(channel, 0, (0,))
                with e.loop(last) as p:
                    below = e.plus(p, 1)
                    feed(e.at(channel, e.times(below, zrow_)), below, (0, 1))
                feed(e.at(channel, e.times(size_, zrow_)), size_, (1,))
            for r in (0, 1):
                for v in range(VECTORS):
                    e.store(builder.load(sums[r][v], typ=e.vector), e.at(rows[r], v * e.lanes))
        return context.get_dummy_value()

    return _procedure((z, z0, zstep, zrow, weights, w0, size, y, y0, yrow, blocks)), generate


@intrinsic
def correlate(typing, a, a0, astep, arow, b, b0, bstep, brow, size, rows, blocks, d, d0, dstep):  # type: ignore[no-untyped-def]
    """d[d0 + c dstep + q] += sum_ij a[a0 + c astep + i arow + j] b[b0 + c bstep + i brow + j + q], c = 0, 1, q < size.

    size: one of SIZES (nothing is done for others).
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        a_, a0_, astep_, arow_, b_, b0_, bstep_, brow_, size_, rows_, blocks_, d_, d0_, dstep_ = arguments
        e = _Emitter(context, builder, a)
        left, right, result = (e.data(kind, value) for kind, value in ((a, a_), (b, b_), (d, d_)))
        for taps in SIZES:
            with builder.if_then(builder.icmp_signed("==", size_, ir.Constant(INDEX, taps))):
                sums = [e.variables(taps), e.variables(taps)]
                for place in sums[0] + sums[1]:
                    builder.store(e.zero, place)
                with e.loop(rows_) as i:
                    starts = [e.at(left, a0_, e.times(i, arow_)), e.at(right, b0_, e.times(i, brow_))]
                    with e.loop(e.times(blocks_, VECTORS)) as vector:
                        j = e.times(vector, e.lanes)
                        for c in (0, 1):
                            x = e.load(e.at(starts[0], e.times(astep_, c), j))
                            for q in range(taps):
                                y = e.load(e.at(starts[1], e.times(bstep_, c), j, q))
                                total = e.multiply_add(x, y, builder.load(sums[c][q], typ=e.vector))
                                builder.store(total, sums[c][q])
                for c in (0, 1):
                    for q in range(taps):
                        place = e.at(result, d0_, e.times(dstep_, c), q)
                        value = builder.load(place, align=e.size, typ=e.scalar)
                        vector = builder.load(sums[c][q], typ=e.vector)
                        for k in range(e.lanes):
                            value = builder.fadd(value, builder.extract_element(vector, ir.Constant(LANE, k)))
                        builder.store(value, place, align=e.size)
        return context.get_dummy_value()

    return _procedure((a, a0, astep, arow, b, b0, bstep, brow, size, rows, blocks, d, d0, dstep)), generate


@intrinsic
def curve(typing, u, u0, table, t0, points, reach, z, z0, blocks):  # type: ignore[no-untyped-def]
    """z[z0 + j] = slope_k u + offset_k for u = u[u0 + j] in segment k, 0 left of the grid, `points` right of it; table
    holds pairs (offset, slope) from t0 on. A NaN stays one.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        u_, u0_, table_, t0_, points_, reach_, z_, z0_, blocks_ = arguments
        e = _Emitter(context, builder, u)
        source, target = e.data(u, u_), e.data(z, z_)
        grid = _Grid(e, e.at(e.data(table, table_), t0_), points_, reach_)
        with e.loop(e.times(blocks_, VECTORS)) as vector:
            j = e.times(vector, e.lanes)
            x = e.load(e.at(source, u0_, j))
            offset, slope = grid.look_up(grid.segment(x)[1])
            e.store(e.multiply_add(x, slope, offset), e.at(target, z0_, j))
        return context.get_dummy_value()

    return _procedure((u, u0, table, t0, points, reach, z, z0, blocks)), generate


@intrinsic
def curve_back(typing, u, u0, g, g0, table, t0, points, reach, z, z0, d, d0, k, part, blocks):  # type: ignore[no-untyped-def]
    """`curve`, and d[d0 + j] = slope_k g[g0 + j], the segments k[j] (int32) and part[j], the way through them."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        u_, u0_, g_, g0_, table_, t0_, points_, reach_, z_, z0_, d_, d0_, k_, part_, blocks_ = arguments
        e = _Emitter(context, builder, u)
        source, pulled, target, result, segment, way = (
            e.data(kind, a) for kind, a in ((u, u_), (g, g_), (z, z_), (d, d_), (k, k_), (part, part_))
        )
        grid = _Grid(e, e.at(e.data(table, table_), t0_), points_, reach_)
        with e.loop(e.times(blocks_, VECTORS)) as vector:
            j = e.times(vector, e.lanes)
            x = e.load(e.at(source, u0_, j))
            position, number = grid.segment(x)
            offset, slope = grid.look_up(number)
            e.store(e.multiply_add(x, slope, offset), e.at(target, z0_, j))
            e.store(builder.fmul(slope, e.load(e.at(pulled, g0_, j))), e.at(result, d0_, j))
            e.store(builder.fsub(position, builder.sitofp(number, e.vector)), e.at(way, j))
            builder.store(number, builder.bitcast(e.at(segment, j), number.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return _procedure((u, u0, g, g0, table, t0, points, reach, z, z0, d, d0, k, part, blocks)), generate


class _Grid:
    """The segments of a curve: pairs (offset, slope), the control points between them."""

    def __init__(self, e: _Emitter, pairs: Any, points: Any, reach: Any):
        self.e, self.pairs, builder = e, pairs, e.builder
        half = builder.fptrunc(reach, e.scalar) if e.size == 4 else reach
        last = builder.sitofp(e.plus(points, -1), e.scalar)
        scale = builder.fdiv(last, builder.fmul(half, ir.Constant(e.scalar, 2.0)))
        self.shift = e.splat(builder.fadd(builder.fmul(half, scale), ir.Constant(e.scalar, 1.0)))
        self.scale, self.end = e.splat(scale), e.splat(builder.sitofp(points, e.scalar))

    def segment(self, x: Any) -> tuple[Any, Any]:
        """Where x lies, in control points and one, and the number of its segment (0 for a NaN)."""
        e, builder = self.e, self.e.builder
        position = builder.fadd(builder.fmul(x, self.scale), self.shift)
        k = builder.select(builder.fcmp_ordered(">", position, e.zero), position, e.zero)
        k = builder.select(builder.fcmp_ordered("<", k, self.end), k, self.end)
        return position, builder.fptosi(k, ir.VectorType(LANE, e.lanes))

    def look_up(self, k: Any) -> tuple[Any, Any]:
        """Offset and slope in every lane: one load a lane and shuffles, where a gather would be two."""
        e, builder, two = self.e, self.e.builder, ir.VectorType(self.e.scalar, 2)
        found = []
        for lane in range(e.lanes):
            index = builder.zext(builder.extract_element(k, ir.Constant(LANE, lane)), INDEX)
            found.append(e.load(e.at(self.pairs, e.times(index, 2)), two))
        while len(found) > 1:
            mask = e.lane_numbers(range(2 * found[0].type.count))
            found = [builder.shuffle_vector(found[i], found[i + 1], mask) for i in range(0, len(found), 2)]
        both = found[0]
        nothing = ir.Constant(both.type, ir.Undefined)
        even, odd = (e.lane_numbers(range(r, both.type.count, 2)) for r in (0, 1))
        return builder.shuffle_vector(both, nothing, even), builder.shuffle_vector(both, nothing, odd)


def _procedure(arguments: Sequence[Any]) -> Any:
    """Arrays and floating-point numbers as they come, all else 64-bit integers; nothing is returned."""
    kept = (types.Array, types.Float)
    return types.void(*(a if isinstance(a, kept) else types.int64 for a in arguments))
