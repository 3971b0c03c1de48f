"""Circular convolution of one image with a bank of small filters, and its adjoint: compiled loops for CPUs as torch
operators.

    analysis(x, w):  y_c[n] = sum_m w_c[m] x[n - m]            synthesis(y, w):  x[n] = sum_c sum_m w_c[m] y_c[n + m]

Each is the other's gradient; both need the correlation d_c[m] = sum_n y_c[n] x[n - m] for the gradient of the filters.
Filters have an odd size and are centred; images are real and at least as large as half a filter. On other devices
than the CPU both are torch convolutions of the wrapped image.
"""

from typing import Any

import numba
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST

Image = Float[Tensor, "batch height width"]
Bank = Float[Tensor, "batch channels height width"]
Filters = Float[Tensor, "channels size size"]


def analysis(x: Image, filters: Filters) -> Bank:
    """Convolve every image with every filter."""
    if x.device.type == "cpu":
        y: Tensor = _analysis(x.contiguous(), filters.contiguous())
        return y
    return analysis_reference(x, filters)


def synthesis(y: Bank, filters: Filters) -> Image:
    """The adjoint of `analysis`: correlate every channel with its filter and add up."""
    if y.device.type == "cpu":
        x: Tensor = _synthesis(y.contiguous(), filters.contiguous())
        return x
    return synthesis_reference(y, filters)


def analysis_reference(x: Image, filters: Filters) -> Bank:
    """The same by torch's convolution."""
    return F.conv2d(_wrap(x.unsqueeze(1), filters), filters.flip((-2, -1)).unsqueeze(1))


def synthesis_reference(y: Bank, filters: Filters) -> Image:
    """The same by torch's convolution."""
    return F.conv2d(_wrap(y, filters), filters.unsqueeze(0)).squeeze(1)


def _wrap(x: Tensor, filters: Tensor) -> Tensor:
    return F.pad(x, (filters.shape[-1] // 2,) * 4, mode="circular")


@torch.library.custom_op("minimand::analysis", mutates_args=())
def _analysis(x: Tensor, filters: Tensor) -> Tensor:
    y = x.new_empty(x.shape[0], filters.shape[0], *x.shape[1:])
    _analysis_loop(x.numpy(), filters.flip((-2, -1)).numpy(), y.numpy())
    return y


@torch.library.custom_op("minimand::synthesis", mutates_args=())
def _synthesis(y: Tensor, filters: Tensor) -> Tensor:
    x = y.new_zeros(y.shape[0], *y.shape[2:])
    _synthesis_loop(y.numpy(), filters.numpy(), x.numpy())
    return x


@torch.library.custom_op("minimand::correlation", mutates_args=())
def _correlation(x: Tensor, y: Tensor, size: int) -> Tensor:
    d = np.zeros((y.shape[1], size, size))
    _correlation_loop(x.numpy(), y.numpy(), d)
    return torch.from_numpy(d).to(x.dtype)


@_analysis.register_fake
def _(x: Tensor, filters: Tensor) -> Tensor:
    return x.new_empty(x.shape[0], filters.shape[0], *x.shape[1:])


@_synthesis.register_fake
def _(y: Tensor, filters: Tensor) -> Tensor:
    return y.new_empty(y.shape[0], *y.shape[2:])


@_correlation.register_fake
def _(x: Tensor, y: Tensor, size: int) -> Tensor:
    return x.new_empty(y.shape[1], size, size)


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _differentiate_analysis(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
    x, filters = ctx.saved_tensors
    grad = grad.contiguous()
    return _synthesis(grad, filters), _correlation(x, grad, filters.shape[-1])


def _differentiate_synthesis(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
    y, filters = ctx.saved_tensors
    grad = grad.contiguous()
    return _analysis(grad, filters), _correlation(grad, y, filters.shape[-1])


_analysis.register_autograd(_differentiate_analysis, setup_context=_remember)
_synthesis.register_autograd(_differentiate_synthesis, setup_context=_remember)


@numba.njit(error_model="numpy", cache=True, nogil=True)
def _wrapped(plane, reach):  # type: ignore[no-untyped-def]
    """The plane with `reach` pixels of its periodic continuation on every side."""
    height, width = plane.shape
    wide = np.empty((height + 2 * reach, width + 2 * reach), dtype=plane.dtype)
    for i in range(height + 2 * reach):
        source, target = plane[(i - reach) % height], wide[i]
        target[reach : reach + width] = source
        for j in range(reach):
            target[j] = source[(j - reach) % width]
            target[reach + width + j] = source[j % width]
    return wide


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _add_correlated(wide, taps, target):  # type: ignore[no-untyped-def]
    """target[n] += sum_m taps[m] wide[n + m], row by row so that a row stays in the nearest cache."""
    height, width = target.shape
    size = taps.shape[0]
    for i in range(height):
        row = target[i]
        for p in range(size):
            source = wide[i + p]
            for q in range(size):
                tap, shifted = taps[p, q], source[q : q + width]
                for j in range(width):
                    row[j] += tap * shifted[j]


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _analysis_loop(x, flipped, y):  # type: ignore[no-untyped-def]
    for b in range(x.shape[0]):
        wide = _wrapped(x[b], flipped.shape[1] // 2)
        for c in range(flipped.shape[0]):
            y[b, c] = 0
            _add_correlated(wide, flipped[c], y[b, c])


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _synthesis_loop(y, taps, x):  # type: ignore[no-untyped-def]
    for b in range(y.shape[0]):
        for c in range(taps.shape[0]):
            _add_correlated(_wrapped(y[b, c], taps.shape[1] // 2), taps[c], x[b])


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _correlation_loop(x, y, d):  # type: ignore[no-untyped-def]
    size = d.shape[1]
    height, width = x.shape[1:]
    for b in range(x.shape[0]):
        wide = _wrapped(x[b], size // 2)
        for c in range(y.shape[1]):
            for i in range(height):
                row = y[b, c, i]
                for p in range(size):
                    source = wide[i + size - 1 - p]
                    for q in range(size):
                        shifted = source[size - 1 - q : size - 1 - q + width]
                        total = x.dtype.type(0)
                        for j in range(width):
                            total += row[j] * shifted[j]
                        d[c, p, q] += total
