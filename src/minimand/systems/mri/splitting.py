"""Samples of k-space in two parts: what a network sees, and what it is to predict."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.operators import Fourier
from minimand.operators.fourier import mirror
from minimand.reconstruction.self_supervised import SEEN, Parts
from minimand.terms import LeastSquares

CENTRE = 1 / 32  # radius of what is always seen, in sides
WINDOW = 9  # points on which the density of the samples is measured


def split_kspace(data: LeastSquares, generator: torch.Generator) -> Parts:
    """Points of k-space drawn one by one, or lines where the mask has nothing but lines; the centre is always seen.

    A sample counts for as many points as it stands for, the inverse of the density of samples around it, so that the
    error held out is that of the whole of k-space, and of the image. A point and its mirror image go together where the
    image is real, for one tells the other.
    """
    A = data.A
    assert isinstance(A, Fourier)
    mask = A.mask if A.mask.ndim == 3 else A.mask[None]
    height, width = mask.shape[-2:]
    drawn = torch.rand(len(data.y), height, width, generator=generator)
    if bool((mask == mask[:, :1]).all()):
        drawn = drawn[:, :1].expand_as(drawn)
    elif bool((mask == mask[:, :, :1]).all()):
        drawn = drawn[:, :, :1].expand_as(drawn)
    if A.real:
        drawn = torch.maximum(drawn, mirror(drawn)).square()  # again uniform: the maximum of two lies below r as r^2
    seen, centre = drawn < SEEN, _centre(height, width)
    return Parts(seen | centre, ~seen | centre, 1 / density(mask))


def density(mask: Bool[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
    """Share of sampled points in a window around every point of k-space, periodic; at least one point of it."""
    reach = WINDOW // 2
    padded = F.pad(mask.float()[:, None], (reach,) * 4, mode="circular")
    return F.avg_pool2d(padded, WINDOW, stride=1)[:, 0].clamp_min(1 / WINDOW**2)


def _centre(height: int, width: int) -> Bool[Tensor, "height width"]:
    rows, columns = torch.fft.fftfreq(height), torch.fft.fftfreq(width)
    return torch.hypot(rows[:, None], columns[None, :]) < CENTRE
