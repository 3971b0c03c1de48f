"""The shrinkage field on CPUs: tiles of rows, two channels at a time, so that what lies between the filters stays in
the cache, forward and backward.

A tile of `rows` image rows needs z on h = size // 2 more rows above and below, and x (in the backward pass also the
gradient of y) on 2 h more; planes are padded for that, with zeros or periodically, and to whole blocks of columns.
Every tile sums its own share of the gradients of the numbers; the shares are added in the order of the tiles, so that a
result does not depend on the number of threads.
"""

from typing import NamedTuple

import numba
import numpy as np
import torch
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST, segments
from minimand.kernels.simd import BYTES, VECTORS, contract, correlate, curve, curve_back, expand
from minimand.kernels.threads import count, spread

CACHE = 384 * 1024  # bytes that a tile may take
compiled = numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)


class Layout(NamedTuple):
    """Sizes that the loops share: of the image, of the filters, and of padded rows."""

    planes: int
    height: int
    width: int
    channels: int  # an even number
    size: int
    points: int
    wide: int  # columns in whole blocks
    row: int  # numbers in a padded row
    rows: int  # image rows in a tile
    circular: bool


def forward(
    x: Tensor, analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor, reach: float, outer: Tensor,
    circular: bool,
) -> Tensor:  # fmt: skip
    """y of the module `shrinkage_field`; contiguous float32 or float64 tensors on the CPU."""
    layout = _layout(x, analysis, values, circular, buffers=2 + 2 * x.shape[1], tiles=2 * max(2, count()))
    field = _numbers(analysis, bias, values, synthesis, reach, outer, layout)
    padded, y = _padded(x, layout), np.empty(x.shape, field.analysis.dtype)
    tiles = -(-layout.height // layout.rows)
    spread(
        lambda k: _forward_tile(padded[k // tiles], y[k // tiles], *field, reach, layout, k % tiles * layout.rows),
        tiles * len(x),
    )
    return torch.from_numpy(y)


def backward(
    grad: Tensor, x: Tensor, analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor, reach: float,
    outer: Tensor, circular: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Gradients of x, analysis, bias, values and synthesis, given that of y."""
    layout = _layout(x, analysis, values, circular, buffers=4 + 4 * x.shape[1], tiles=8)
    field = _numbers(analysis, bias, values, synthesis, reach, outer, layout)
    dtype, (channels, planes, size, _) = field.analysis.dtype, analysis.shape
    padded, pulled, grad_x = _padded(x, layout), _padded(grad, layout), np.empty(x.shape, dtype)
    tiles = -(-layout.height // layout.rows)
    even, taps = layout.channels, size * size
    d_analysis = np.zeros((tiles * len(x), even, planes * taps), dtype)
    d_synthesis = np.zeros((tiles * len(x), planes, even, taps), dtype)
    bins = np.zeros((tiles * len(x), even, layout.points + 1, 2), dtype)
    d_bias = np.zeros((tiles * len(x), even), dtype)

    def work(k: int) -> None:
        item, sums = k // tiles, (d_analysis[k], d_bias[k], bins[k], d_synthesis[k])
        _backward_tile(
            padded[item], pulled[item], grad_x[item], *field, *_flipped(field), *sums, reach, layout,
            k % tiles * layout.rows,
        )  # fmt: skip

    spread(work, tiles * len(x))
    whole = [torch.from_numpy(s.sum(0, dtype=np.float64)) for s in (d_analysis, d_bias, bins, d_synthesis)]
    inside, grad_values = whole[2][:channels, 1:-1], torch.zeros(values.shape, dtype=torch.float64)
    grad_values[:, :-1] = inside[..., 0] - inside[..., 1]
    grad_values[:, 1:] += inside[..., 1]
    grads = (
        whole[0][:channels].reshape(analysis.shape),
        whole[1][:channels],
        grad_values,
        whole[3][:, :channels].transpose(0, 1).reshape(synthesis.shape),
    )
    return torch.from_numpy(grad_x), *(g.to(x.dtype) for g in grads)


class _Field(NamedTuple):
    analysis: np.ndarray  # (channels, planes * taps)
    bias: np.ndarray  # (channels,)
    table: np.ndarray  # (channels, points + 1, 2): offset and slope of every segment
    synthesis: np.ndarray  # (planes, channels, taps)
    shifts: np.ndarray  # where every tap of analysis reads in the padded planes


def _layout(x: Tensor, analysis: Tensor, values: Tensor, circular: bool, buffers: int, tiles: int) -> Layout:
    """Tiles of so many rows that `buffers` planes of them fit into the cache, and that there are `tiles` in all."""
    (planes, height, width), (channels, _, size, _) = x.shape[1:], analysis.shape
    block = VECTORS * BYTES // x.element_size()
    wide = -(-width // block) * block
    row = wide + size - 1
    fitting = CACHE // (buffers * row * x.element_size()) - 2 * (size - 1)
    rows = max(8, min(fitting, -(-height * len(x) // tiles)))
    return Layout(planes, height, width, channels + channels % 2, size, values.shape[1], wide, row, rows, circular)


def _numbers(
    analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor, reach: float, outer: Tensor, layout: Layout
) -> _Field:
    """The numbers of the field in the order of the loops; an odd channel gets a silent companion."""
    silent = layout.channels - len(bias)

    def even(t: Tensor) -> Tensor:
        return torch.cat([t, t.new_zeros(silent, *t.shape[1:])]) if silent else t

    slopes, offsets = segments(even(values), reach, even(outer))
    planes, size = layout.planes, layout.size
    plane, row, column = np.ogrid[:planes, :size, :size]
    shifts = plane * _plane(layout) + row * layout.row + column
    return _Field(
        np.ascontiguousarray(even(analysis).reshape(layout.channels, -1).numpy()),
        even(bias).numpy(),
        np.stack([offsets, slopes], -1),
        np.ascontiguousarray(even(synthesis).flatten(2).transpose(0, 1).numpy()),
        np.ascontiguousarray(shifts.astype(np.int64).ravel()),
    )


def _flipped(field: _Field) -> tuple[np.ndarray, np.ndarray]:
    """The filters of the adjoints: synthesis as (channels, planes * taps), analysis as (planes, channels, taps)."""
    planes, channels, taps = field.synthesis.shape
    back = field.synthesis[..., ::-1].transpose(1, 0, 2).reshape(channels, planes * taps)
    forth = field.analysis.reshape(channels, planes, taps)[..., ::-1].transpose(1, 0, 2)
    return np.ascontiguousarray(back), np.ascontiguousarray(forth)


def _plane(layout: Layout) -> int:
    """Numbers in a padded plane: 2 h rows above and below, and one more, for rows come in pairs."""
    return (layout.height + 2 * (layout.size - 1) + 1) * layout.row


def _padded(x: Tensor, layout: Layout) -> np.ndarray:
    """(batch, planes * _plane): pixel (i, j) lies at row i + 2 h, column j + h."""
    h, height, width = layout.size // 2, layout.height, layout.width
    rows, source = height + 4 * h + 1, x.detach().numpy()
    padded = np.zeros((*source.shape[:2], rows, layout.row), source.dtype)
    if layout.circular:
        i, j = np.arange(-2 * h, height + 2 * h) % height, np.arange(-h, width + h) % width
        padded[..., : height + 4 * h, : width + 2 * h] = source[:, :, i[:, None], j]
    else:
        padded[..., 2 * h : 2 * h + height, h : h + width] = source
    return padded.reshape(len(source), -1)


@compiled
def _forward_tile(x, y, analysis, bias, table, synthesis, shifts, reach, layout, first):  # type: ignore[no-untyped-def]
    """Rows first, ... of y for one item."""
    h, row, wide = layout.size // 2, layout.row, layout.wide
    rows, blocks = min(layout.rows, layout.height - first), wide * x.itemsize // (VECTORS * BYTES)
    z = np.zeros((2, rows + 2 * h + 1, row), dtype=x.dtype)
    out = np.zeros((layout.planes, rows + 1, wide), dtype=x.dtype)
    u = np.empty((2, wide), dtype=x.dtype)
    for c in range(0, layout.channels, 2):
        for r in range(rows + 2 * h):
            if not (layout.circular or 0 <= first + r - h < layout.height):
                continue
            _filter(x, (first + r) * row, shifts, analysis, c, bias, u, blocks)
            for k in range(2):
                place = (k * z.shape[1] + r) * row + h
                curve(u.ravel(), k * wide, table.ravel(), (c + k) * 2 * (layout.points + 1), layout.points, reach,
                      z.ravel(), place, blocks)  # fmt: skip
                _border(z[k, r], layout)
        _gather(z, synthesis, c, layout, out, blocks)
    y[:, first : first + rows] = out[:, :rows, : layout.width]


@compiled
def _filter(x, start, shifts, weights, c, bias, u, blocks):  # type: ignore[no-untyped-def]
    """One row of channels c, c + 1: filtered, plus their bias."""
    u[0], u[1] = bias[c], bias[c + 1]
    taps = shifts.size
    expand(x, start, shifts, taps, weights.ravel(), c * taps, taps, u.ravel(), 0, u.shape[1], blocks)


@compiled
def _gather(z, weights, c, layout, out, blocks):  # type: ignore[no-untyped-def]
    """Add what the channels c, c + 1 give to every plane of the tile."""
    row, wide, taps = layout.row, layout.wide, layout.size**2
    for p in range(layout.planes):
        w0 = (p * layout.channels + c) * taps
        for r in range(0, out.shape[1] - 1, 2):
            contract(z.ravel(), r * row, z.shape[1] * row, row, weights.ravel(), w0, layout.size, out.ravel(),
                     (p * out.shape[1] + r) * wide, wide, blocks)  # fmt: skip


@compiled
def _border(line, layout):  # type: ignore[no-untyped-def]
    """Continue a row beyond the image: by zeros, or periodically."""
    h, width = layout.size // 2, layout.width
    line[h + width :] = 0
    if layout.circular:
        for k in range(h):
            line[h + width + k] = line[h + k % width]
            line[h - 1 - k] = line[h + (width - 1 - k) % width]


@compiled
def _backward_tile(  # type: ignore[no-untyped-def]
    x, grad, grad_x, analysis, bias, table, synthesis, shifts, back, forth, d_analysis, d_bias, bins, d_synthesis,
    reach, layout, first,
):  # fmt: skip
    """Rows first, ... of the gradient of x for one item, and this tile's share of the other gradients."""
    h, row, wide, planes = layout.size // 2, layout.row, layout.wide, layout.planes
    rows, size, blocks = min(layout.rows, layout.height - first), layout.size, wide * x.itemsize // (VECTORS * BYTES)
    z = np.zeros((2, rows + 2 * h + 1, row), dtype=x.dtype)
    du = np.zeros_like(z)
    out = np.zeros((planes, rows + 1, wide), dtype=x.dtype)
    u, dz = np.empty((2, wide), dtype=x.dtype), np.empty((2, wide), dtype=x.dtype)
    own = _own(grad, layout, first, rows)
    none = np.zeros(layout.channels, dtype=x.dtype)
    part, segment = np.empty(wide, dtype=x.dtype), np.empty(wide, dtype=np.int32)
    banks = np.zeros((2, 4, layout.points + 1, 2), dtype=x.dtype)
    tall = z.shape[1] * row
    for c in range(0, layout.channels, 2):
        for r in range(rows + 2 * h):
            if not (layout.circular or 0 <= first + r - h < layout.height):
                continue
            _filter(x, (first + r) * row, shifts, analysis, c, bias, u, blocks)
            _filter(grad, (first + r) * row, shifts, back, c, none, dz, blocks)
            mine = h <= r < rows + h
            for k in range(2):
                place, t0 = (k * z.shape[1] + r) * row + h, (c + k) * 2 * (layout.points + 1)
                curve_back(u.ravel(), k * wide, dz.ravel(), k * wide, table.ravel(), t0, layout.points, reach,
                           z.ravel(), place, du.ravel(), place, segment, part, blocks)  # fmt: skip
                if mine:
                    d_bias[c + k] += _share(dz[k], du[k, r, h:], segment, part, banks[k], layout.width)
                _border(z[k, r], layout)
                du[k, r, h + layout.width :] = 0
        for k in range(2):
            bins[c + k] = banks[k].sum(0)
            banks[k] = 0
        for p in range(planes):
            for t in range(size):
                correlate(own.ravel(), p * rows * wide, 0, wide, z.ravel(), t * row, tall, row, size, rows, blocks,
                          d_synthesis.ravel(), (p * layout.channels + c) * size**2 + t * size, size**2)  # fmt: skip
                source = p * (x.size // planes) + (first + h + t) * row
                correlate(du.ravel(), h * row + h, tall, row, x, source, 0, row, size, rows, blocks,
                          d_analysis.ravel(), (c * planes + p) * size**2 + t * size, planes * size**2)  # fmt: skip
        for k in range(2):
            for r in range(rows + 2 * h):
                _border(du[k, r], layout)
        _gather(du, forth, c, layout, out, blocks)
    grad_x[:, first : first + rows] = out[:, :rows, : layout.width]


@compiled
def _own(grad, layout, first, rows):  # type: ignore[no-untyped-def]
    """The tile's own rows of a padded gradient, zero beyond the image."""
    h, row = layout.size // 2, layout.row
    own = np.zeros((layout.planes, rows, layout.wide), dtype=grad.dtype)
    for p in range(layout.planes):
        for r in range(rows):
            start = p * (grad.size // layout.planes) + (first + r + 2 * h) * row + h
            own[p, r, : layout.width] = grad[start : start + layout.width]
    return own


@compiled
def _share(dz, d, k, part, banks, width):  # type: ignore[no-untyped-def]
    """Add a row to the segments' shares; returns the sum of d. Neighbours go to different banks: they often lie in one
    segment, and an addition would wait for the last one."""
    total = d.dtype.type(0)
    for j in range(width):
        bank = banks[j & 3, k[j]]
        bank[0] += dz[j]
        bank[1] += dz[j] * part[j]
    for j in range(width):
        total += d[j]
    return total
