"""The shrinkage field on CUDA devices, in Triton: the bank of channels lives in registers and never in memory.

Both convolutions become small matrix products over the channels, pixel by pixel. X[t, n] = x[n + t] holds the taps t
(planes and shifts) of the pixels n, W and V the filters (channels x taps), S the curves:

    columns = V^T S(W X + bias)        y[n] = sum_t columns[t, n + t]

so that only `columns` is stored, 25 numbers a pixel for 5 x 5 filters. With G[t, n] = grad[n - t] the way back is

    dz = V G      du = S' dz      dW = du X^T      dV = z G^T      columns = W^T du      dx[n] = sum_t columns[t, n - t]

The kernels know the place on the curve's grid, (u + reach) * scale, instead of u: both numbers go into W and bias
beforehand. Single precision runs on tensor cores as three TF32 products a product, which keeps about all of its digits.
Every sum has a fixed order except that of the curves' gradient (atomic additions), which varies in the last digits.

Importing this file imports triton. Images are at least as large as half a filter.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor

CHANNELS = 16  # of one product
PIXELS, PIXELS_OF_SUMS = 64, 32  # of one product; a program that sums gradients of filters has room for fewer
WARPS, STAGES = 4, 1  # no pipelining: triton 3.7 fails to compile it where a product takes Hopper's own instructions
ADDED = 512  # pixels of one program that adds columns
PROGRAMS = 512  # at most so many partial sums of a filter's gradient
COPIES = 32  # of the curves' gradient, so that programs seldom add to the same number at once
PRECISION = {torch.float32: "tf32x3", torch.float64: "ieee"}


def forward(
    x: Tensor,
    analysis: Tensor,
    bias: Tensor,
    values: Tensor,
    synthesis: Tensor,
    reach: float,
    outer: Tensor,
    circular: bool,
) -> Tensor:
    """y of `shrinkage_field`; every tensor on one CUDA device, all in single or all in double precision."""
    x, field = x.contiguous(), _prepare(analysis, bias, values, synthesis, reach, outer)
    tiles, fixed = _fixed(x, analysis, circular, PIXELS)
    numbers, columns = (*x.shape[2:], len(field.w), values.shape[1] - 1), _columns(x, analysis)
    if tiles:
        with torch.cuda.device_of(x):
            _forward[(tiles,)](x, *field, columns, *numbers, *fixed, num_warps=WARPS, num_stages=STAGES)
    return _add(columns, x, 1, circular)


def backward(
    grad: Tensor,
    x: Tensor,
    analysis: Tensor,
    bias: Tensor,
    values: Tensor,
    synthesis: Tensor,
    reach: float,
    outer: Tensor,
    circular: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The gradients of x, analysis, bias, values and synthesis, from that of y."""
    inputs = grad.contiguous(), x.contiguous(), *_prepare(analysis, bias, values, synthesis, reach, outer)
    (channels, points), (wide, taps) = values.shape, inputs[-1].shape
    tiles, fixed = _fixed(x, analysis, circular, PIXELS)
    short_tiles, short = _fixed(x, analysis, circular, PIXELS_OF_SUMS)
    run = max(1, triton.cdiv(short_tiles, PROGRAMS))
    grid = triton.cdiv(short_tiles, run), wide // CHANNELS
    numbers, columns = (*x.shape[2:], wide, points - 1), _columns(x, analysis)
    dw, dv = x.new_empty(2, grid[0], wide, taps)
    dbias, dvalues = x.new_empty(grid[0], wide), x.new_zeros(COPIES, wide, points)
    if tiles:
        sums = dw, dv, dbias, dvalues, *numbers, short_tiles, run, COPIES
        with torch.cuda.device_of(x):
            _backward_image[(tiles,)](*inputs, columns, *numbers, *fixed, num_warps=WARPS, num_stages=STAGES)
            _backward_field[grid](*inputs, *sums, *short, num_warps=WARPS, num_stages=STAGES)
    scale, used = (points - 1) / (2 * reach), analysis[0].numel()
    return (
        _add(columns, x, -1, circular),
        scale * dw.sum(0)[:channels, :used].reshape(analysis.shape),
        scale * dbias.sum(0)[:channels],
        dvalues.sum(0)[:channels],
        dv.sum(0)[:channels, :used].reshape(synthesis.shape),
    )


class _Field(NamedTuple):
    """What the kernels read; channels and taps are filled up by zeros to the sizes of the products.

    A curve is a list of segments, base + rise * part: the one left of the grid, those inside, the one right.
    """

    w: Tensor  # (channels, taps), times scale
    bias: Tensor  # (channels,), plus reach, times scale
    base: Tensor  # (channels, points + 1)
    rise: Tensor  # (channels, points + 1)
    v: Tensor  # (channels, taps)


def _prepare(analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor, reach: float, outer: Tensor) -> _Field:
    scale, more = (values.shape[1] - 1) / (2 * reach), (0, -len(values) % CHANNELS)
    fill = (0, _taps(analysis) - analysis[0].numel(), *more)
    left, right = (outer / scale).split(1, dim=1)
    return _Field(
        F.pad(scale * analysis.flatten(1), fill),
        F.pad(scale * (bias + reach), more),
        F.pad(torch.cat([values[:, :1] - left, values], dim=1), (0, 0, *more)),
        F.pad(torch.cat([left, values.diff(dim=1), right], dim=1), (0, 0, *more)),
        F.pad(synthesis.flatten(1), fill),
    )


def _taps(analysis: Tensor) -> int:
    taps: int = triton.next_power_of_2(analysis[0].numel())
    return max(16, taps)


def _fixed(
    x: Tensor, analysis: Tensor, circular: bool, pixels: int
) -> tuple[int, tuple[int, int, int, bool, str, int, int]]:
    """The number of tiles, and what a kernel is compiled for: its last arguments."""
    taps = _taps(analysis)
    pixels = min(pixels, max(16, pixels * 64 // taps))  # many taps leave room for fewer
    tiles: int = len(x) * triton.cdiv(x.shape[2] * x.shape[3], pixels)
    return tiles, (x.shape[1], analysis.shape[-1], taps, circular, PRECISION[x.dtype], pixels, CHANNELS)


def _columns(x: Tensor, analysis: Tensor) -> Tensor:
    return x.new_empty(len(x), analysis[0].numel(), x.shape[2] * x.shape[3])


def _add(columns: Tensor, x: Tensor, sign: int, circular: bool) -> Tensor:
    """y[n] = sum_t columns[t, n + sign * t], shaped like x."""
    y = x.new_empty(x.shape)
    size = math.isqrt(columns.shape[1] // x.shape[1])
    with torch.cuda.device_of(x):
        if x.numel():
            grid = (x.shape[0] * x.shape[1], triton.cdiv(columns.shape[2], ADDED))
            _add_columns[grid](columns, y, *x.shape[2:], sign, size, circular, ADDED)
    return y


@triton.jit
def _forward(
    x, w, bias, base, rise, v, columns, height, width, channels, last,
    PLANES: tl.constexpr, SIZE: tl.constexpr, TAPS: tl.constexpr, CIRCULAR: tl.constexpr, PRECISION: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """One tile of pixels: the columns of all channels."""
    image, n = _pixels(tl.program_id(0), height, width, PIXELS)
    X = _window(x, image, n, height, width, 1, PLANES, SIZE, TAPS, CIRCULAR)
    total = tl.zeros((TAPS, PIXELS), X.dtype)
    for first in range(0, channels, CHANNELS):
        c = first + tl.arange(0, CHANNELS)
        position = tl.dot(_bank(w, c, TAPS), X, input_precision=PRECISION) + tl.load(bias + c)[:, None]
        k, part = _segment(position, last)
        place = c[:, None] * (last + 2) + k
        z = tl.load(base + place) + tl.load(rise + place) * part
        total = tl.dot(tl.trans(_bank(v, c, TAPS)), z, total, PRECISION, out_dtype=total.dtype)
    _store(columns, image, n, total, height, width, PLANES, SIZE, TAPS)


@triton.jit
def _backward_image(
    grad, x, w, bias, base, rise, v, columns, height, width, channels, last,
    PLANES: tl.constexpr, SIZE: tl.constexpr, TAPS: tl.constexpr, CIRCULAR: tl.constexpr, PRECISION: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """One tile of pixels: the columns of dx, over all channels."""
    image, n = _pixels(tl.program_id(0), height, width, PIXELS)
    X = _window(x, image, n, height, width, 1, PLANES, SIZE, TAPS, CIRCULAR)
    G = _window(grad, image, n, height, width, -1, PLANES, SIZE, TAPS, CIRCULAR)
    total = tl.zeros((TAPS, PIXELS), X.dtype)
    for first in range(0, channels, CHANNELS):
        c = first + tl.arange(0, CHANNELS)
        W = _bank(w, c, TAPS)
        k, _ = _segment(tl.dot(W, X, input_precision=PRECISION) + tl.load(bias + c)[:, None], last)
        du = tl.load(rise + c[:, None] * (last + 2) + k) * tl.dot(_bank(v, c, TAPS), G, input_precision=PRECISION)
        total = tl.dot(tl.trans(W), du, total, PRECISION, out_dtype=total.dtype)
    _store(columns, image, n, total, height, width, PLANES, SIZE, TAPS)


@triton.jit
def _backward_field(
    grad, x, w, bias, base, rise, v, dw, dv, dbias, dvalues, height, width, channels, last, tiles, run, copies,
    PLANES: tl.constexpr, SIZE: tl.constexpr, TAPS: tl.constexpr, CIRCULAR: tl.constexpr, PRECISION: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """One block of channels: what a run of tiles adds to the gradients of its filters, bias and curves."""
    program, c = tl.program_id(0), tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    shift = tl.load(bias + c)
    dW = tl.zeros((CHANNELS, TAPS), shift.dtype)
    dV, dshift = tl.zeros_like(dW), tl.zeros_like(shift)
    table = dvalues + (program % copies * channels + c[:, None]) * (last + 1)
    for tile in range(program * run, tl.minimum((program + 1) * run, tiles)):
        image, n = _pixels(tile, height, width, PIXELS)
        X = _window(x, image, n, height, width, 1, PLANES, SIZE, TAPS, CIRCULAR)
        G = _window(grad, image, n, height, width, -1, PLANES, SIZE, TAPS, CIRCULAR)
        k, part = _segment(tl.dot(_bank(w, c, TAPS), X, input_precision=PRECISION) + shift[:, None], last)
        dz = tl.dot(_bank(v, c, TAPS), G, input_precision=PRECISION)
        inside = (k > 0) & (k <= last) & (n < height * width)[None, :]
        tl.atomic_add(table + k - 1, dz - part * dz, inside, "relaxed")
        tl.atomic_add(table + k, part * dz, inside, "relaxed")
        place = c[:, None] * (last + 2) + k
        slope = tl.load(rise + place)
        z, du = tl.load(base + place) + slope * part, slope * dz
        dV = tl.dot(z, tl.trans(G), dV, PRECISION, out_dtype=dV.dtype)
        dW = tl.dot(du, tl.trans(X), dW, PRECISION, out_dtype=dW.dtype)
        dshift += tl.sum(du, axis=1)
    row = program * channels + c
    own = row[:, None] * TAPS + tl.arange(0, TAPS)[None, :]
    tl.store(dw + own, dW)
    tl.store(dv + own, dV)
    tl.store(dbias + row, dshift)


@triton.jit
def _add_columns(
    columns, y, height, width,
    SIGN: tl.constexpr, SIZE: tl.constexpr, CIRCULAR: tl.constexpr, PIXELS: tl.constexpr,
):  # fmt: skip
    """y[n] = sum_t columns[t, n + SIGN * t] for some pixels of one plane."""
    plane = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    total = tl.zeros((PIXELS,), y.dtype.element_ty)
    for t in range(SIZE * SIZE):
        place, there = _shifted(n, t, height, width, SIGN, SIZE, CIRCULAR)
        total += tl.load(columns + (plane * (SIZE * SIZE) + t) * (height * width) + place, there, 0)
    tl.store(y + plane * (height * width) + n, total, n < height * width)


@triton.jit
def _pixels(tile, height, width, PIXELS: tl.constexpr):
    """The image of a tile, and its pixels; the last tile of an image reaches beyond it."""
    tiles = tl.cdiv(height * width, PIXELS)
    return (tile // tiles).to(tl.int64), tile % tiles * PIXELS + tl.arange(0, PIXELS)


@triton.jit
def _shifted(n, t, height, width, SIGN: tl.constexpr, SIZE: tl.constexpr, CIRCULAR: tl.constexpr):
    """The pixel at n + SIGN * t, and whether n and it exist."""
    row = n // width + SIGN * (t // SIZE - SIZE // 2)
    column = n % width + SIGN * (t % SIZE - SIZE // 2)
    if CIRCULAR:
        row = tl.where(row < 0, row + height, tl.where(row < height, row, row - height))
        column = tl.where(column < 0, column + width, tl.where(column < width, column, column - width))
    there = (row >= 0) & (row < height) & (column >= 0) & (column < width) & (n < height * width)
    return row * width + column, there


@triton.jit
def _window(
    x, image, n, height, width,
    SIGN: tl.constexpr, PLANES: tl.constexpr, SIZE: tl.constexpr, TAPS: tl.constexpr, CIRCULAR: tl.constexpr,
):  # fmt: skip
    """x[n + SIGN * t], (taps, pixels), zero where there is no such pixel or tap."""
    t = tl.arange(0, TAPS)[:, None]
    place, there = _shifted(n[None, :], t % (SIZE * SIZE), height, width, SIGN, SIZE, CIRCULAR)
    plane = image * PLANES + t // (SIZE * SIZE)
    return tl.load(x + plane * (height * width) + place, there & (t < PLANES * SIZE * SIZE), 0)


@triton.jit
def _store(columns, image, n, total, height, width, PLANES: tl.constexpr, SIZE: tl.constexpr, TAPS: tl.constexpr):
    t = tl.arange(0, TAPS)[:, None]
    column = image * (PLANES * SIZE * SIZE) + t
    exists = (t < PLANES * SIZE * SIZE) & (n < height * width)[None, :]
    tl.store(columns + column * (height * width) + n[None, :], total, exists)


@triton.jit
def _bank(w, c, TAPS: tl.constexpr):
    return tl.load(w + c[:, None] * TAPS + tl.arange(0, TAPS)[None, :])


@triton.jit
def _segment(position, last):
    """Which segment of the curve, and how far along it in steps of the grid; NaN stays NaN."""
    inside = (position >= 0) & (position < last)
    k = tl.where(inside, position, 0).to(tl.int32) + 1
    k = tl.where(position < 0, 0, tl.where(position >= last, last + 1, k))
    return k, position - (k - 1)
