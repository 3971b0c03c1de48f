"""Piecewise-linear curves, one a channel: a plain torch reference and a compiled loop for CPUs as one torch operator.

The curve has control points equally spaced from -reach to reach, linear interpolation inside and slope 1 outside. The
gradient of the values comes from inside samples only: an outside sample gives none to the end points (the convention of
the authors of ADMM-Net; autograd of the literal formula would give the end points one).
"""

from typing import Any

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.register import register

FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}  # everything but the assumption that nothing is NaN


def piecewise_linear(
    x: Float[Tensor, "batch channels pixels"], values: Float[Tensor, "channels points"], reach: float
) -> Float[Tensor, "batch channels pixels"]:
    """S(x) with the curve of each channel; compiled on CPUs, plain torch on other devices."""
    if x.device.type == "cpu":
        y: Tensor = _curve(x.contiguous(), values.contiguous(), reach)
        return y
    return piecewise_linear_reference(x, values, reach)


def piecewise_linear_reference(
    x: Float[Tensor, "batch channels pixels"], values: Float[Tensor, "channels points"], reach: float
) -> Float[Tensor, "batch channels pixels"]:
    """The same by gathers: four lines to hold the compiled loop against."""
    last = values.shape[1] - 1
    position = (x + reach) * (last / (2 * reach))
    k = position.detach().nan_to_num().clamp(0, last - 1).long()
    left, right = (torch.gather(values.expand(x.shape[0], -1, -1), 2, i) for i in (k, k + 1))
    ends = values.detach()
    below, above = x + reach + ends[:, :1], x - reach + ends[:, -1:]
    inside = left + (right - left) * (position - k)
    return torch.where(position < 0, below, torch.where(position >= last, above, inside))


def _forward(x: Tensor, values: Tensor, reach: float) -> Tensor:
    y = torch.empty_like(x)
    slopes, offsets = segments(values, reach)
    _forward_loop(x.numpy(), slopes, offsets, reach, y.numpy())
    return y


def _backward(grad: Tensor, x: Tensor, values: Tensor, reach: float) -> tuple[Tensor, Tensor]:
    grad_x = torch.empty_like(x)
    slopes, _ = segments(values, reach)
    sums = np.zeros((x.shape[1], values.shape[1] + 1, 2), dtype=np.float64)
    _backward_loop(grad.numpy(), x.numpy(), slopes, reach, grad_x.numpy(), sums)
    inside = torch.from_numpy(sums[:, 1:-1])
    grad_values = torch.zeros(values.shape, dtype=torch.float64)
    grad_values[:, :-1] = inside[..., 0] - inside[..., 1]
    grad_values[:, 1:] += inside[..., 1]
    return grad_x, grad_values.to(values.dtype)


_curve_backward = register(
    "piecewise_linear_backward(Tensor grad, Tensor x, Tensor values, float reach) -> (Tensor, Tensor)",
    _backward,
    lambda grad, x, values, reach: (torch.empty_like(x), torch.empty_like(values)),
)


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:
    x, values, ctx.reach = inputs
    ctx.save_for_backward(x, values)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    x, values = ctx.saved_tensors
    grad_x, grad_values = _curve_backward(grad.contiguous(), x, values, ctx.reach)
    return grad_x, grad_values, None


_curve = register(
    "piecewise_linear(Tensor x, Tensor values, float reach) -> Tensor",
    _forward,
    lambda x, values, reach: torch.empty_like(x),
    remember=_remember,
    backward=_differentiate,
)


def segments(values: Tensor, reach: float, outer: Tensor | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Slope and offset of every segment, (channels, points + 1): the one left of the grid, those inside, the one
    right. outer: slopes of the first and the last, (channels, 2); 1 without it.
    """
    q = values.numpy()
    channels, points = q.shape
    step = 2 * reach / (points - 1)
    grid = np.linspace(-reach, reach, points)
    slopes = np.ones((channels, points + 1))
    slopes[:, 1:-1] = np.diff(q.astype(np.float64), axis=1) / step
    if outer is not None:
        slopes[:, 0], slopes[:, -1] = outer.numpy().T
    offsets = np.empty_like(slopes)
    offsets[:, 0] = q[:, 0] + slopes[:, 0] * reach
    offsets[:, 1:] = q - slopes[:, 1:] * grid
    return slopes.astype(q.dtype), offsets.astype(q.dtype)


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _forward_loop(x, slopes, offsets, reach, y):  # type: ignore[no-untyped-def]
    batch, channels, pixels = x.shape
    last = slopes.shape[1] - 2
    kind = x.dtype.type
    low, scale, one, end = kind(reach), kind(last / (2 * reach)), kind(1), kind(last + 1)
    for b in range(batch):
        for c in range(channels):
            slope, offset, source, target = slopes[c], offsets[c], x[b, c], y[b, c]
            for i in range(pixels):
                v = source[i]
                k = int(min(max((v + low) * scale + one, kind(0)), end))
                k = min(max(k, 0), last + 1)  # a NaN turns into any integer
                target[i] = offset[k] + slope[k] * v


@numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
def _backward_loop(grad, x, slopes, reach, grad_x, sums):  # type: ignore[no-untyped-def]
    batch, channels, pixels = x.shape
    last = slopes.shape[1] - 2
    kind = x.dtype.type
    low, scale, one, end = kind(reach), kind(last / (2 * reach)), kind(1), kind(last + 1)
    for b in range(batch):
        for c in range(channels):
            slope, source, g, target = slopes[c], x[b, c], grad[b, c], grad_x[b, c]
            total = np.zeros((last + 2, 2), dtype=x.dtype)
            for i in range(pixels):
                position = (source[i] + low) * scale + one
                k = int(min(max(position, kind(0)), end))
                k = min(max(k, 0), last + 1)
                target[i] = g[i] * slope[k]
                total[k, 0] += g[i]
                total[k, 1] += g[i] * (position - kind(k))
            sums[c] += total
