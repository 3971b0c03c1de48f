"""The undecimated wavelet transform of real images and its adjoint: compiled loops for CPUs as torch operators.

A level filters rows and columns of the approximation with h and g, their taps 2^level pixels apart, periodically:

    y[n] = sum_k h[k] x[n - 2^level k]

and hands the approximation on to the next. Each operator is the other's gradient; filters get none. Plain torch
references stand beside the loops.
"""

from typing import Any

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST
from minimand.kernels.register import register

Images = Float[Tensor, "batch height width"]
Bands = Float[Tensor, "batch bands height width"]
Taps = Float[Tensor, "2 taps"]


def undecimated(x: Images, taps: Taps, levels: int) -> Bands:
    """Three details a level, finest first (low-high, high-low, high-high along height-width), then the approximation.

    taps: low-pass and high-pass filter, of the precision of x.
    """
    y: Tensor = _forward(x.contiguous(), taps, levels)
    return y


def undecimated_adjoint(y: Bands, taps: Taps, levels: int) -> Images:
    """The adjoint of `undecimated`."""
    x: Tensor = _adjoint(y.contiguous(), taps, levels)
    return x


def undecimated_reference(x: Images, taps: Taps, levels: int) -> Bands:
    """`undecimated` by shifts."""
    bands = []
    for level in range(levels):
        low, high = (_filtered(x, h, 1 << level, dim=1) for h in taps)
        x, *details = (_filtered(part, h, 1 << level, dim=2) for part in (low, high) for h in taps)
        bands += details
    return torch.stack([*bands, x], 1)


def undecimated_adjoint_reference(y: Bands, taps: Taps, levels: int) -> Images:
    """`undecimated_adjoint` by shifts."""
    x = y[:, -1]
    for level in reversed(range(levels)):
        parts = (x, *y[:, 3 * level : 3 * level + 3].unbind(1))
        a, b, c, d = (_filtered(part, h, -1 << level, dim=2) for part, h in zip(parts, (*taps, *taps), strict=True))
        x = _filtered(a + b, taps[0], -1 << level, dim=1) + _filtered(c + d, taps[1], -1 << level, dim=1)
    return x


def _filtered(x: Images, taps: Float[Tensor, " taps"], apart: int, dim: int) -> Images:
    """sum_k taps[k] x[n - apart k] along one dimension."""
    return torch.stack([h * x.roll(apart * k, dim) for k, h in enumerate(taps)]).sum(0)


def _forward_cpu(x: Tensor, taps: Tensor, levels: int) -> Tensor:
    y = x.new_empty(x.shape[0], 3 * levels + 1, *x.shape[1:])
    for image, bands in zip(x.numpy(), y.numpy(), strict=True):
        _analyse(image, taps.numpy(), levels, bands)
    return y


def _adjoint_cpu(y: Tensor, taps: Tensor, levels: int) -> Tensor:
    x = y.new_empty(y.shape[0], *y.shape[2:])
    for bands, image in zip(y.numpy(), x.numpy(), strict=True):
        _synthesise(bands, taps.numpy(), levels, image)
    return x


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
    _, ctx.taps, ctx.levels = inputs


_forward = register(
    "undecimated(Tensor x, Tensor taps, int levels) -> Tensor",
    _forward_cpu,
    lambda x, taps, levels: x.new_empty(x.shape[0], 3 * levels + 1, *x.shape[1:]),
    remember=_remember,
    backward=lambda ctx, grad: (undecimated_adjoint(grad, ctx.taps, ctx.levels), None, None),
)
_adjoint = register(
    "undecimated_adjoint(Tensor y, Tensor taps, int levels) -> Tensor",
    _adjoint_cpu,
    lambda y, taps, levels: y.new_empty(y.shape[0], *y.shape[2:]),
    remember=_remember,
    backward=lambda ctx, grad: (undecimated(grad, ctx.taps, ctx.levels), None, None),
)


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _analyse(x, taps, levels, bands):  # type: ignore[no-untyped-def]
    height, width = x.shape
    low, high = np.empty_like(x), np.empty_like(x)
    rest = x.copy()
    for level in range(levels):
        for i in range(height):
            low[i], high[i] = 0, 0
            for k in range(taps.shape[1]):
                source = rest[(i - (k << level)) % height]
                for j in range(width):
                    low[i, j] += taps[0, k] * source[j]
                    high[i, j] += taps[1, k] * source[j]
        detail = bands[3 * level : 3 * level + 3]
        _along_rows(low, taps, level, rest, detail[0])
        _along_rows(high, taps, level, detail[1], detail[2])
    bands[3 * levels] = rest


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _along_rows(x, taps, level, low, high):  # type: ignore[no-untyped-def]
    """Both filters along every row."""
    height, width = x.shape
    reach = (taps.shape[1] - 1) << level
    wide = np.empty(width + reach, dtype=x.dtype)
    for i in range(height):
        wide[reach:] = x[i]
        for j in range(reach):
            wide[j] = x[i, (j - reach) % width]
        low[i], high[i] = 0, 0
        for k in range(taps.shape[1]):
            source = wide[reach - (k << level) :]
            for j in range(width):
                low[i, j] += taps[0, k] * source[j]
                high[i, j] += taps[1, k] * source[j]


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _synthesise(bands, taps, levels, x):  # type: ignore[no-untyped-def]
    height, width = x.shape
    low, high = np.empty_like(x), np.empty_like(x)
    x[:] = bands[3 * levels]
    for level in range(levels - 1, -1, -1):
        detail = bands[3 * level : 3 * level + 3]
        _back_along_rows(x, detail[0], taps, level, low)
        _back_along_rows(detail[1], detail[2], taps, level, high)
        for i in range(height):
            x[i] = 0
            for k in range(taps.shape[1]):
                n = (i + (k << level)) % height
                for j in range(width):
                    x[i, j] += taps[0, k] * low[n, j] + taps[1, k] * high[n, j]


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _back_along_rows(low, high, taps, level, x):  # type: ignore[no-untyped-def]
    """The adjoint of both filters along every row, added up."""
    height, width = x.shape
    reach = (taps.shape[1] - 1) << level
    wide = np.empty((2, width + reach), dtype=x.dtype)
    for i in range(height):
        wide[0, :width], wide[1, :width] = low[i], high[i]
        for j in range(reach):
            wide[0, width + j], wide[1, width + j] = low[i, j % width], high[i, j % width]
        x[i] = 0
        for k in range(taps.shape[1]):
            first, second = wide[0, k << level :], wide[1, k << level :]
            for j in range(width):
                x[i, j] += taps[0, k] * first[j] + taps[1, k] * second[j]
