"""Sums over a window with one weight for every pair of pixels: a plain torch reference and a compiled loop for CPUs.

A pair is kept once, at its upper or left pixel, so that half of the window is stored.
"""

from typing import Any

import numba
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.register import register

Maps = Float[Tensor, "batch maps height width"]
Weights = Float[Tensor, "items offsets height width"]  # items: batch, or 1 for all


def offsets(radius: int) -> list[tuple[int, int]]:
    """Half of the window, (down, right): what lies right in the same row, and all columns of the rows below."""
    right = [(0, column) for column in range(1, radius + 1)]
    return right + [(row, column) for row in range(1, radius + 1) for column in range(-radius, radius + 1)]


def window_filter(x: Maps, weights: Weights, radius: int) -> Maps:
    """y_i = sum_j w_ij x_j over the pixels j != i of the window around i; the weights of pairs that leave the image are
    0. Gradients flow to x, not to the weights.
    """
    if x.device.type == "cpu":
        y: Tensor = _filter(x.contiguous(), weights.detach().contiguous(), radius)
        return y
    return window_filter_reference(x, weights.detach(), radius)


def window_filter_reference(x: Maps, weights: Weights, radius: int) -> Maps:
    """The same by shifts of the whole image."""
    height, width = x.shape[-2:]
    y = torch.zeros_like(x)
    for k, (down, right) in enumerate(offsets(radius)):
        if down >= height or abs(right) >= width:
            continue
        here, there = pair(down, right, height, width)
        w = weights[:, k, None]
        y[(..., *here)] += w[(..., *here)] * x[(..., *there)]
        y[(..., *there)] += w[(..., *here)] * x[(..., *here)]
    return y


def pair(down: int, right: int, height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of the pixels whose partner lies inside the image, and those of the partners."""
    here = slice(0, height - down), slice(max(0, -right), width - max(0, right))
    there = slice(down, height), slice(max(0, right), width - max(0, -right))
    return here, there


def _forward(x: Tensor, weights: Tensor, radius: int) -> Tensor:
    y = torch.zeros_like(x)
    _loop(x.numpy(), weights.numpy(), radius, y.numpy())
    return y


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
    _, weights, ctx.radius = inputs
    ctx.save_for_backward(weights)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
    (weights,) = ctx.saved_tensors
    return _filter(grad.contiguous(), weights, ctx.radius), None, None  # the weights are symmetric


_filter = register(
    "window_filter(Tensor x, Tensor weights, int radius) -> Tensor",
    _forward,
    lambda x, weights, radius: torch.empty_like(x),
    remember=_remember,
    backward=_differentiate,
)


@numba.njit(fastmath={"contract", "nsz"}, error_model="numpy", cache=True, nogil=True)
def _loop(x, weights, radius, y):  # type: ignore[no-untyped-def]
    batch, maps, height, width = x.shape
    for b in range(batch):
        pairs = weights[b if len(weights) > 1 else 0]
        for row in range(height):
            k = 0
            for down in range(min(radius + 1, height - row)):
                for right in range(-radius if down else 1, radius + 1):
                    first, end = max(0, -right), width - max(0, right)
                    w = pairs[k, row, first:end]
                    for m in range(maps):
                        source, target = x[b, m, row, first:end], y[b, m, row, first:end]
                        partner = x[b, m, row + down, first + right : end + right]
                        other = y[b, m, row + down, first + right : end + right]
                        for c in range(len(w)):  # indices from 0: one that may be negative would not vectorise
                            target[c] += w[c] * partner[c]
                        for c in range(len(w)):
                            other[c] += w[c] * source[c]
                    k += 1
