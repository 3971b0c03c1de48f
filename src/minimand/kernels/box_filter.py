"""The mean over a square window, in a time that does not depend on its size.

Beyond the border the image goes on as in a mirror, the edge pixel repeated, as often as the window asks for. So the
filter is symmetric and its own gradient. Sums come from running sums in double precision: with P(t) the sum of the
first t of n numbers of a column, its mirrored, periodic continuation has

    F(2nq + s) = 2q P(n) + P(s)  for s <= n,    2q P(n) + 2 P(n) - P(2n - s)  for n < s < 2n,

and the mean around i is [F(i + r + 1) - F(i - r)] / (2r + 1).
"""

from typing import Any

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.register import register
from minimand.kernels.threads import spread

LANES = 64  # columns or rows that are worked on side by side

compiled = numba.njit(error_model="numpy", cache=True, nogil=True)

Plane = Float[Tensor, "batch height width"]


def box_mean(x: Plane, radius: int | tuple[int, int]) -> Plane:
    """The mean over the window around every pixel, 2 radius + 1 high and wide; (down, across) gives it two sides.

    Raises ValueError for a negative radius.
    """
    down, across = (radius, radius) if isinstance(radius, int) else radius
    if min(down, across) < 0:
        raise ValueError(f"a box filter needs a radius of 0 or more, got {radius}.")
    if x.device.type != "cpu":
        return box_mean_reference(x, (down, across))
    y: Tensor = _box_mean(x.contiguous(), down, across)
    return y


def box_mean_reference(x: Plane, radius: int | tuple[int, int]) -> Plane:
    """The same by adding up shifted copies, axis by axis."""
    for axis, r in zip((1, 2), (radius, radius) if isinstance(radius, int) else radius, strict=True):
        length = x.shape[axis]
        around = torch.arange(-r, length + r, device=x.device) % (2 * length)
        mirrored = x.index_select(axis, torch.where(around < length, around, 2 * length - 1 - around))
        x = mirrored.unfold(axis, 2 * r + 1, 1).mean(-1)
    return x


def _box_mean_cpu(x: Tensor, r_down: int, r_across: int) -> Tensor:
    y = torch.empty_like(x)
    source, target = x.numpy(), y.numpy()
    rows, columns = (-(-side // LANES) for side in x.shape[1:])

    def across(k: int) -> None:
        plane, part = divmod(k, rows)
        _across(source[plane], part * LANES, r_across, target[plane])

    def down(k: int) -> None:
        plane, part = divmod(k, columns)
        _slide(target[plane][:, part * LANES : (part + 1) * LANES], r_down)

    spread(across, len(source) * rows)
    spread(down, len(source) * columns)
    return y


def _remember(ctx: Any, inputs: tuple[Tensor, int, int], output: Tensor) -> None:
    ctx.radii = inputs[1:]


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
    return _box_mean(grad.contiguous(), *ctx.radii), None, None


_box_mean = register(
    "box_mean(Tensor x, int down, int across) -> Tensor",
    _box_mean_cpu,
    lambda x, down, across: torch.empty_like(x),
    remember=_remember,
    backward=_differentiate,
)


@compiled
def _across(x, top, radius, y):  # type: ignore[no-untyped-def]
    """Means along LANES rows from `top`; the window lies along axis 0 inside."""
    turned = x[top : top + LANES].T.copy()
    _slide(turned, radius)
    y[top : top + LANES] = turned.T


@compiled
def _slide(x, radius):  # type: ignore[no-untyped-def]
    """Means along axis 0, in place."""
    length, lanes = x.shape
    sums = np.zeros((length + 1, lanes))
    for i in range(length):
        for j in range(lanes):
            sums[i + 1, j] = sums[i, j] + x[i, j]
    size = 2 * radius + 1
    for i in range(length):
        turn, high = divmod(i + radius + 1, 2 * length)
        back, low = divmod(i - radius, 2 * length)
        turns = 2.0 * (turn - back) + 2.0 * (high > length) - 2.0 * (low > length)
        sign_high, sign_low = 1.0 - 2.0 * (high > length), 1.0 - 2.0 * (low > length)
        above = sums[2 * length - high if high > length else high]
        below = sums[2 * length - low if low > length else low]
        for j in range(lanes):
            x[i, j] = (turns * sums[length, j] + sign_high * above[j] - sign_low * below[j]) / size
