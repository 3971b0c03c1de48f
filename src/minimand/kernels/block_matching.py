"""Block matching: for every reference patch, the most similar patches in a window around it.

    d(r, c) = sum_p |x[r + p] - x[c + p]|^2, over the size x size pixels p of a patch, x real or complex

A compiled loop for CPUs beside a plain torch reference. For one row of reference patches and one displacement, the
squared differences of whole image rows are added up, first down the columns, then along the row by doubling, so that
all arithmetic runs along rows of the image.
"""

from typing import NamedTuple

import numba
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, Num
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST
from minimand.kernels.threads import spread

compiled = numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)


class Matches(NamedTuple):
    """What belongs to every reference patch, references row by row: the patch itself first, then by distance.

    positions: row and column of the upper left pixel of each patch; distances: squared, summed over a patch.
    """

    positions: Int64[Tensor, "batch references count 2"]
    distances: Float[Tensor, "batch references count"]


def block_matching(
    image: Num[Tensor, "batch height width"], size: int, *, step: int, window: int, count: int
) -> Matches:
    """The `count` patches nearest to each reference patch, itself among them, all of them whole in the image.

    size: side of a patch; step: between reference patches, as in `corners`; window: side of the square of
    displacements that are searched, an odd number; count: `most` at most. Of equal distances the one wins that is fewer
    rows away, then fewer columns, then above or left. Raises ValueError for an image smaller than a patch or a window
    that holds too few.
    """
    _check(image, size, step, window, count)
    if image.device.type != "cpu":
        return block_matching_reference(image, size, step=step, window=window, count=count)
    planes = torch.view_as_real(image).movedim(-1, 1) if image.is_complex() else image.unsqueeze(1)
    pixels = planes.detach().contiguous().numpy()
    rows, columns = (corners(n, size, step).numpy() for n in image.shape[-2:])
    positions = np.empty((len(image), len(rows), len(columns), count, 2), np.int64)
    distances = np.empty(positions.shape[:-1], pixels.dtype)

    def work(k: int) -> None:
        item, row = divmod(k, len(rows))
        _match_row(pixels[item], rows[row], columns, size, window // 2, positions[item, row], distances[item, row])

    spread(work, len(image) * len(rows))
    return Matches(*(torch.from_numpy(a).flatten(1, 2) for a in (positions, distances)))


def block_matching_reference(
    image: Num[Tensor, "batch height width"], size: int, *, step: int, window: int, count: int
) -> Matches:
    """The same by torch, one displacement of the whole image after the other."""
    rows, columns = (corners(n, size, step).to(image.device) for n in image.shape[-2:])
    reach, found, places = window // 2, [], []
    outward = sorted(range(-reach, reach + 1), key=abs)
    for dy in outward:
        for dx in outward:
            i, j = torch.broadcast_tensors(rows[:, None] + dy, columns + dx)
            inside = (i >= 0) & (i <= image.shape[-2] - size) & (j >= 0) & (j <= image.shape[-1] - size)
            square = (image - image.roll((-dy, -dx), (-2, -1))).abs().square()
            summed = F.avg_pool2d(square.unsqueeze(1), size, stride=1, divisor_override=1).squeeze(1)
            d = torch.where(inside, summed[:, rows[:, None], columns], torch.inf)
            found.append(d - 1 if dy == dx == 0 else d)  # the patch itself comes first
            places.append(torch.stack([i, j], -1).flatten(0, 1))
    distances, order = torch.stack(found, -1).flatten(1, 2).sort(dim=-1, stable=True)
    chosen = order[..., :count, None].expand(-1, -1, -1, 2)
    positions = torch.stack(places, 1).expand(len(image), -1, -1, -1).gather(2, chosen)
    return Matches(positions, distances[..., :count].clamp_min(0))


def corners(length: int, size: int, step: int) -> Int64[Tensor, " references"]:
    """Where reference patches begin on a side of `length` pixels: every `step` pixels, and at the last place."""
    last = length - size
    return torch.unique(torch.tensor([*range(0, last, step), last]))


def most(height: int, width: int, size: int, window: int) -> int:
    """How many patches every window holds: those of the patch in a corner of the image, the fewest."""
    down, along = (min(window // 2, side - size) + 1 for side in (height, width))
    return down * along


def _check(image: Tensor, size: int, step: int, window: int, count: int) -> None:
    height, width = image.shape[-2:]
    if not 1 <= size <= min(height, width) or step < 1 or window < 1 or window % 2 == 0:
        raise ValueError(
            f"block matching needs patches within the image, a step of 1 or more and an odd window, got size {size}, "
            f"step {step} and window {window} for an image of {height} x {width} pixels."
        )
    if not 1 <= count <= most(height, width, size, window):
        raise ValueError(
            f"block matching finds {most(height, width, size, window)} patches at most in every window of {window} "
            f"pixels of {height} x {width}, {count} were asked for; ask for fewer or enlarge the window."
        )


@compiled
def _match_row(x, row, columns, size, reach, positions, distances):  # type: ignore[no-untyped-def]
    """The matches of one row of reference patches. x: (planes, height, width)."""
    height, width = x.shape[1:]
    references, count = distances.shape
    code = np.full((references, count), reach * (2 * reach + 1) + reach, np.int32)  # of a displacement; none at first
    distances[:] = np.inf
    distances[:, 0] = 0  # the patch itself
    worst = distances[:, count - 1].copy()
    line, spare = np.empty(width, x.dtype), np.empty(width, x.dtype)
    for a in range(2 * reach + 1):
        dy = _outward(a)
        if not 0 <= row + dy <= height - size:
            continue
        for b in range(2 * reach + 1):
            dx = _outward(b)
            left, right = max(0, -dx), min(width, width - dx)
            if right - left < size or (dx == 0 and dy == 0):
                continue
            _squares(x, row, dy, dx, size, line[: right - left])
            _box(line[: right - left], size, spare)
            first, end = np.searchsorted(columns, left), np.searchsorted(columns, right - size, side="right")
            for r in range(first, end):
                d = line[columns[r] - left]
                if d < worst[r]:
                    _insert(distances[r], code[r], d, (dy + reach) * (2 * reach + 1) + dx + reach)
                    worst[r] = distances[r, count - 1]
    for r in range(references):
        for k in range(count):
            down, along = divmod(code[r, k], 2 * reach + 1)
            positions[r, k, 0], positions[r, k, 1] = row + down - reach, columns[r] + along - reach


@compiled
def _outward(k):  # type: ignore[no-untyped-def]
    """0, -1, 1, -2, 2, ...: near patches are the most similar ones, and later ones are seldom put into the list."""
    return (k + 1) // 2 * (1 - 2 * (k % 2))


@compiled
def _squares(x, row, dy, dx, size, line):  # type: ignore[no-untyped-def]
    """Squared differences at one displacement, summed over the planes and down `size` rows."""
    left, n = max(0, -dx), line.size
    line[:] = 0
    for plane in range(x.shape[0]):
        for p in range(row, row + size):
            a, b = x[plane, p, left : left + n], x[plane, p + dy, left + dx : left + dx + n]
            for j in range(n):
                difference = a[j] - b[j]
                line[j] += difference * difference


@compiled
def _box(line, size, first):  # type: ignore[no-untyped-def]
    """line[j] + ... + line[j + size - 1] in place, by doubling and adding along the binary digits of `size`."""
    digit, width = 1, 1
    while 2 * digit <= size:
        digit *= 2
    if digit < size:
        first[: line.size] = line
    while digit > 1:
        digit //= 2
        for j in range(line.size - width):
            line[j] += line[j + width]
        width *= 2
        if size & digit:
            for j in range(line.size - width):
                line[j] += first[j + width]
            width += 1


@compiled
def _insert(distances, code, d, place):  # type: ignore[no-untyped-def]
    """Put one more into a sorted list, and drop the last."""
    k = distances.size - 1
    while distances[k - 1] > d:
        distances[k], code[k] = distances[k - 1], code[k - 1]
        k -= 1
    distances[k], code[k] = d, place
