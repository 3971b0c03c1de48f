"""The haze equation I = J T + A (1 - T), both ways, and the airlight A of a picture.

Pictures are (batch, channel, height, width), from 0 to 1; T is the transmission, (batch, height, width), the share of
light that comes through; A is the colour of the haze, (batch, channel). Source: Koschmieder (1924); Narasimhan, Nayar
(2002).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.dark_channel import dark_channel

WINDOW, SHARE = 15, 0.001
FLOOR = 0.1  # the least transmission that is divided by, He, Sun, Tang (2011), eq. 22
BLACK = 1 / 255  # the least airlight

Picture = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]
Colour = Float[Tensor, "batch channel"]


def transmission(depth: Plane, beta: float | Float[Tensor, "batch 1 1"]) -> Plane:
    """exp(-beta depth). beta: how dense the haze is, in units of 1 / depth."""
    return torch.exp(-beta * depth)


def add_haze(J: Picture, T: Plane, A: Colour) -> Picture:
    """The picture J seen through haze of transmission T and colour A."""
    return A[..., None, None] + (J - A[..., None, None]) * T[:, None]


def remove_haze(I: Picture, T: Plane, A: Colour) -> Picture:
    """The clear picture, cut to 0..1, where nothing is divided by a transmission below 0.1."""
    return (A[..., None, None] + (I - A[..., None, None]) / T[:, None].clamp_min(FLOOR)).clamp(0, 1)


def estimate_airlight(I: Picture) -> Colour:
    """The colour of one pixel, 1/255 at least: that whose dark channel (15 x 15) is number floor(n / 1000) of n from
    the top; of equal ones the first in column-major order comes first.

    Source: the authors' code of Proximal Dehaze-Net.
    """
    dark = dark_channel(I, WINDOW)[0].mT.flatten(1)  # column-major
    rank = max(int(SHARE * dark.shape[1]) - 1, 0)
    least = dark.topk(rank + 1, dim=1).values[:, -1:]
    skipped = rank - (dark > least).sum(1)
    places = [torch.nonzero(row == value)[k, 0] for row, value, k in zip(dark, least, skipped, strict=True)]
    colours = [picture.mT.flatten(1)[:, place] for picture, place in zip(I, places, strict=True)]
    return torch.stack(colours).clamp_min(BLACK)
