"""The dark channel: the least value among the channels and a square window, in linear time, with the place it is at.

    D(x) = min_c min_{y in window around x} I^c(y)          (He, Sun, Tang 2011, eq. 5)

Windows are cut off at the border. Of equal values the one that comes first wins, by channel, then row, then column, so
that the order of the pairs (value, place) is total and the minimum may be taken axis by axis. One axis takes three
comparisons a pixel, whatever the window (van Herk 1992): within blocks as long as the window, minima run forwards and
backwards, and every window is the end of one block and the beginning of the next.
"""

from typing import Any

import numba
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.kernels.register import register
from minimand.kernels.threads import spread

LANES = 64  # columns or rows that are worked on side by side
MOST = 2**31 - 1  # places are 32-bit numbers inside

compiled = numba.njit(error_model="numpy", cache=True, nogil=True)

Image = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]
Places = Int64[Tensor, "batch height width"]


def dark_channel(image: Image, window: int) -> tuple[Plane, Places]:
    """The least value around every pixel and its place, channel * height * width + row * width + column.

    window: side of the square, an odd number. The gradient goes to the place alone. Raises ValueError for an even
    window, and on the CPU for images of more than MOST numbers.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"a dark channel needs an odd window, got {window}.")
    if image.device.type != "cpu":
        return dark_channel_reference(image, window)
    channels, height, width = image.shape[1:]
    if channels * height * width > MOST:
        raise ValueError(f"a dark channel takes images of {MOST} numbers at most, got {channels}x{height}x{width}.")
    values, places = _dark_channel(image.contiguous(), window)
    return values, places


def dark_channel_reference(image: Image, window: int) -> tuple[Plane, Places]:
    """The same by torch's pooling; of equal values another one may win."""
    height, width = image.shape[2:]
    least, channel = image.min(1)
    with torch.no_grad():
        at = F.max_pool2d(-least, window, stride=1, padding=window // 2, return_indices=True)[1]
        places = channel.flatten(1).gather(1, at.flatten(1)).view_as(at) * (height * width) + at
    return pick(image, places), places


def pick(image: Image, places: Places) -> Plane:
    """The numbers of an image at these places: D x, a matrix of zeros and ones for fixed places."""
    return image.flatten(1).gather(1, places.flatten(1)).view_as(places)


def put_back(values: Plane, places: Places, channels: int) -> Image:
    """D^T y: every number added at its place to an image of zeros."""
    batch, height, width = values.shape
    zeros = values.new_zeros(batch, channels * height * width)
    return zeros.scatter_add(1, places.flatten(1), values.flatten(1)).view(batch, channels, height, width)


def _dark_channel_cpu(image: Tensor, window: int) -> tuple[Tensor, Tensor]:
    batch, _, height, width = image.shape
    values, places = image.new_empty(batch, height, width), image.new_empty((batch, height, width), dtype=torch.int64)
    pixels, least, at, reach = image.numpy(), values.numpy(), np.empty((height, width), np.int32), window // 2
    rows, columns = (-(-side // LANES) for side in (height, width))
    for b in range(batch):

        def across(k: int, b: int = b) -> None:
            _across(pixels[b], k * LANES, min(reach, width - 1), least[b], at)

        def down(k: int, b: int = b) -> None:
            part = slice(k * LANES, (k + 1) * LANES)
            _slide(least[b][:, part], at[:, part], min(reach, height - 1))

        spread(across, rows)
        spread(down, columns)
        places[b] = torch.from_numpy(at)
    return values, places


def _remember(ctx: Any, inputs: tuple[Tensor, int], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(output[1])
    ctx.channels = inputs[0].shape[1]


def _differentiate(ctx: Any, grad: Tensor, _: Any) -> tuple[Tensor, None]:
    return put_back(grad, ctx.saved_tensors[0], ctx.channels), None


_dark_channel = register(
    "dark_channel(Tensor image, int window) -> (Tensor, Tensor)",
    _dark_channel_cpu,
    lambda image, window: (
        image.new_empty(image.shape[0], *image.shape[2:]),
        image.new_empty((image.shape[0], *image.shape[2:]), dtype=torch.int64),
    ),
    remember=_remember,
    backward=_differentiate,
)


@compiled
def _across(image, top, reach, least, at):  # type: ignore[no-untyped-def]
    """Minima among the channels and along the rows, for LANES rows from `top`; the window lies along axis 0 inside."""
    channels, height, width = image.shape
    lanes = min(LANES, height - top)
    values, places = np.empty((width, lanes), image.dtype), np.empty((width, lanes), np.int32)
    for i in range(lanes):
        for j in range(width):
            values[j, i], places[j, i] = image[0, top + i, j], (top + i) * width + j
        for c in range(1, channels):
            row, start = image[c, top + i], (c * height + top + i) * width
            for j in range(width):
                if row[j] < values[j, i]:
                    values[j, i], places[j, i] = row[j], start + j
    _slide(values, places, reach)
    for i in range(lanes):
        for j in range(width):
            least[top + i, j], at[top + i, j] = values[j, i], places[j, i]


@compiled
def _slide(values, places, reach):  # type: ignore[no-untyped-def]
    """The first of the least pairs (value, place) in the window of `reach` around each row, in place, lane by lane."""
    length, lanes = values.shape
    size = 2 * reach + 1
    total = -(-(length + 2 * reach) // size) * size
    ahead, ahead_at = np.full((total, lanes), np.inf, values.dtype), np.full((total, lanes), MOST, np.int32)
    ahead[reach : reach + length], ahead_at[reach : reach + length] = values, places
    behind, behind_at = ahead.copy(), ahead_at.copy()
    for k in range(total):
        if k % size > 0:
            _take_less(ahead[k], ahead_at[k], ahead[k - 1], ahead_at[k - 1])
    for k in range(total - 2, -1, -1):
        if k % size < size - 1:
            _take_less(behind[k], behind_at[k], behind[k + 1], behind_at[k + 1])
    for k in range(length):
        values[k], places[k] = behind[k], behind_at[k]
        _take_less(values[k], places[k], ahead[k + 2 * reach], ahead_at[k + 2 * reach])


@compiled
def _take_less(values, places, others, theirs):  # type: ignore[no-untyped-def]
    for i in range(values.size):
        if others[i] < values[i] or (others[i] == values[i] and theirs[i] < places[i]):
            values[i], places[i] = others[i], theirs[i]
