"""Square patches taken out of images and added up again: compiled loops for CPUs as torch operators.

    p_j[k] = x[r_j + k]              x[n] = sum over all j and k with r_j + k = n of p_j[k]

r_j: the upper left pixel of patch j, k: over size x size pixels, row by row; images go on periodically. Each is the
other's adjoint and gradient.
"""

from typing import Any

import numba
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.kernels.register import register

Images = Float[Tensor, "batch height width"]
Corners = Int64[Tensor, "batch patches 2"]
Pixels = Float[Tensor, "batch patches pixels"]


def take(x: Images, corners: Corners, size: int) -> Pixels:
    """The patches of each image, their pixels in a row. corners: row and column of the upper left pixel."""
    p: Tensor = _take(x.contiguous(), corners, size)
    return p


def add_up(p: Pixels, corners: Corners, height: int, width: int) -> Images:
    """The images in which every pixel is the sum of all patches there."""
    x: Tensor = _add_up(p.contiguous(), corners, height, width)
    return x


def take_reference(x: Images, corners: Corners, size: int) -> Pixels:
    """The same by torch's indexing."""
    return x.flatten(1).gather(1, places(corners, size, *x.shape[1:]).flatten(1)).unflatten(1, (-1, size**2))


def add_up_reference(p: Pixels, corners: Corners, height: int, width: int) -> Images:
    """The same by torch's indexing."""
    size = round(p.shape[-1] ** 0.5)
    x = p.new_zeros(len(p), height * width)
    return x.scatter_add(1, places(corners, size, height, width).flatten(1), p.flatten(1)).unflatten(1, (height, width))


def places(corners: Corners, size: int, height: int, width: int) -> Int64[Tensor, "batch patches pixels"]:
    """The number of every pixel of every patch in its image."""
    offset = torch.arange(size, device=corners.device)
    rows, columns = ((corners[..., k, None] + offset) % side for k, side in enumerate((height, width)))
    return (rows[..., :, None] * width + columns[..., None, :]).flatten(2)


def _take_cpu(x: Tensor, corners: Tensor, size: int) -> Tensor:
    p = x.new_empty(*corners.shape[:2], size, size)
    for image, at, patches in zip(x.numpy(), corners.numpy(), p.numpy(), strict=True):
        _take_loop(image, at, patches)
    return p.flatten(2)


def _add_up_cpu(p: Tensor, corners: Tensor, height: int, width: int) -> Tensor:
    x, size = p.new_zeros(len(p), height, width), round(p.shape[-1] ** 0.5)
    for patches, at, image in zip(p.unflatten(2, (size, size)).numpy(), corners.numpy(), x.numpy(), strict=True):
        _add_loop(patches, at, image)
    return x


def _remember_take(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
    ctx.corners, ctx.size = inputs[1], inputs[0].shape[1:]


def _remember_add(ctx: Any, inputs: tuple[Tensor, Tensor, int, int], output: Tensor) -> None:
    ctx.corners, ctx.size = inputs[1], round(inputs[0].shape[-1] ** 0.5)


_take = register(
    "take_patches(Tensor x, Tensor corners, int size) -> Tensor",
    _take_cpu,
    lambda x, corners, size: x.new_empty(*corners.shape[:2], size**2),
    cuda=take_reference,
    remember=_remember_take,
    backward=lambda ctx, grad: (add_up(grad, ctx.corners, *ctx.size), None, None),
)
_add_up = register(
    "add_up_patches(Tensor p, Tensor corners, int height, int width) -> Tensor",
    _add_up_cpu,
    lambda p, corners, height, width: p.new_empty(len(p), height, width),
    cuda=add_up_reference,
    remember=_remember_add,
    backward=lambda ctx, grad: (take(grad, ctx.corners, ctx.size), None, None, None),
)


@numba.njit(error_model="numpy", cache=True, nogil=True)
def _take_loop(x, corners, p):  # type: ignore[no-untyped-def]
    height, width = x.shape
    size = p.shape[1]
    for n in range(len(p)):
        i, j = corners[n]
        inside = j + size <= width
        for a in range(size):
            row = x[(i + a) % height]
            if inside:
                for b in range(size):
                    p[n, a, b] = row[j + b]
            else:
                for b in range(size):
                    p[n, a, b] = row[(j + b) % width]


@numba.njit(error_model="numpy", cache=True, nogil=True)
def _add_loop(p, corners, x):  # type: ignore[no-untyped-def]
    height, width = x.shape
    size = p.shape[1]
    for n in range(len(p)):
        i, j = corners[n]
        inside = j + size <= width
        for a in range(size):
            row = x[(i + a) % height]
            if inside:
                for b in range(size):
                    row[j + b] += p[n, a, b]
            else:
                for b in range(size):
                    row[(j + b) % width] += p[n, a, b]
