"""Circular convolution of one image with a bank of small filters, and its adjoint: compiled loops for CPUs as torch
operators.

    analysis(x, w):  y_c[n] = sum_m w_c[m] x[n - m]            synthesis(y, w):  x[n] = sum_c sum_m w_c[m] y_c[n + m]

Each is the other's gradient; both need the correlation d_c[m] = sum_n y_c[n] x[n - m] for the gradient of the filters.
Filters have an odd size and are centred; images are real and at least as large as half a filter. On other devices
than the CPU both are products of matrices: cuDNN's convolutions would round to the three digits of TF32.
"""

from typing import Any

import numba
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST
from minimand.kernels.register import register

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
    """The same by products of matrices."""
    reach, size = filters.shape[-1] // 2, filters.shape[-1]
    windows = F.unfold(F.pad(x.unsqueeze(1), (reach,) * 4, mode="circular"), size)
    return (filters.flip((-2, -1)).flatten(1) @ windows).unflatten(2, x.shape[1:])


def synthesis_reference(y: Bank, filters: Filters) -> Image:
    """The same by products of matrices."""
    reach, size = filters.shape[-1] // 2, filters.shape[-1]
    columns = (filters.flatten(1).mT @ y.flatten(2)).unflatten(2, y.shape[2:])  # of every tap m, at n + m
    shifts = [(reach - m // size, reach - m % size) for m in range(size * size)]
    return torch.stack([column.roll(s, (1, 2)) for column, s in zip(columns.unbind(1), shifts, strict=True)]).sum(0)


def _analysis_cpu(x: Tensor, filters: Tensor) -> Tensor:
    y = x.new_empty(x.shape[0], filters.shape[0], *x.shape[1:])
    _analysis_loop(x.numpy(), filters.flip((-2, -1)).numpy(), y.numpy())
    return y


def _synthesis_cpu(y: Tensor, filters: Tensor) -> Tensor:
    x = y.new_zeros(y.shape[0], *y.shape[2:])
    _synthesis_loop(y.numpy(), filters.numpy(), x.numpy())
    return x


def _correlation_cpu(x: Tensor, y: Tensor, size: int) -> Tensor:
    d = np.zeros((y.shape[1], size, size))
    _correlation_loop(x.numpy(), y.numpy(), d)
    return torch.from_numpy(d).to(x.dtype)


_correlation = register(
    "correlation(Tensor x, Tensor y, int size) -> Tensor",
    _correlation_cpu,
    lambda x, y, size: x.new_empty(y.shape[1], size, size),
)


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


_analysis = register(
    "analysis(Tensor x, Tensor filters) -> Tensor",
    _analysis_cpu,
    lambda x, filters: x.new_empty(x.shape[0], filters.shape[0], *x.shape[1:]),
    remember=_remember,
    backward=_differentiate_analysis,
)
_synthesis = register(
    "synthesis(Tensor y, Tensor filters) -> Tensor",
    _synthesis_cpu,
    lambda y, filters: y.new_empty(y.shape[0], *y.shape[2:]),
    remember=_remember,
    backward=_differentiate_synthesis,
)


@numba.njit(error_model="numpy", cache=True, nogil=True)
def wrapped(plane, reach):  # type: ignore[no-untyped-def]
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
def add_correlated(wide, taps, target):  # type: ignore[no-untyped-def]
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
        wide = wrapped(x[b], flipped.shape[1] // 2)
        for c in range(flipped.shape[0]):
            y[b, c] = 0
            add_correlated(wide, flipped[c], y[b, c])


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _synthesis_loop(y, taps, x):  # type: ignore[no-untyped-def]
    for b in range(y.shape[0]):
        for c in range(taps.shape[0]):
            add_correlated(wrapped(y[b, c], taps.shape[1] // 2), taps[c], x[b])


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def correlate(wide, plane, d):  # type: ignore[no-untyped-def]
    """d[m] += sum_n plane[n] x[n - m], x the plane that `wide` continues."""
    size = d.shape[0]
    height, width = plane.shape
    for i in range(height):
        row = plane[i]
        for p in range(size):
            source = wide[i + size - 1 - p]
            for q in range(size):
                shifted = source[size - 1 - q : size - 1 - q + width]
                total = row.dtype.type(0)
                for j in range(width):
                    total += row[j] * shifted[j]
                d[p, q] += total


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _correlation_loop(x, y, d):  # type: ignore[no-untyped-def]
    for b in range(x.shape[0]):
        wide = wrapped(x[b], d.shape[1] // 2)
        for c in range(y.shape[1]):
            correlate(wide, y[b, c], d[c])
