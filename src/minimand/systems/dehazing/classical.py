"""Classical methods: airlight and transmission of a hazy picture by the dark channel and by colour attenuation."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.dark_channel import dark_channel
from minimand.kernels.guided_filter import guided_filter
from minimand.systems.dehazing.haze import BLACK, SHARE, estimate_airlight

Picture = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]


class Seen(NamedTuple):
    """What a method finds in a hazy picture: the colour of the haze and the transmission."""

    A: Float[Tensor, "batch channel"]
    T: Plane


def dark_channel_prior(
    I: Picture, *, omega: float = 0.95, window: int = 15, radius: int = 40, eps: float = 1e-3
) -> Seen:  # fmt: skip
    """The transmission 1 - omega D(I / A), smoothed by the guided filter.

    omega: share of the haze that is taken away; window: of the dark channel, odd; radius, eps: of the guided filter,
    with the mean of the channels of I / A as its guide. Source: He, Sun, Tang (2011), eq. 12; (2013) for the filter.
    """
    A = estimate_airlight(I)
    P = I / A[..., None, None]
    rough = 1 - omega * dark_channel(P, window)[0]
    return Seen(A, guided_filter(rough.clamp(0, 1), P.mean(1), radius, eps))


def color_attenuation_prior(
    I: Picture, *, beta: float = 1.0, window: int = 15, radius: int = 60, eps: float = 1e-3
) -> Seen:  # fmt: skip
    """The transmission exp(-beta d) of a depth d that grows with brightness v and falls with saturation s:

        d = 0.121779 + 0.959710 v - 0.780245 s,

    its minimum over a window, smoothed by the guided filter. The airlight is the brightest of the thousandth of pixels
    that are farthest. Source: Zhu, Mai, Shao (2015), eqs. 8, 20, 24 (numbers from sec. III.C).
    """
    value, least = I.amax(1), I.amin(1)
    saturation = torch.where(value > 0, 1 - least / value.clamp_min(BLACK), 0.0)
    rough = 0.121779 + 0.959710 * value - 0.780245 * saturation
    rough = dark_channel(rough[:, None].expand(-1, 3, -1, -1), window)[0]
    depth = guided_filter(rough, I.mean(1), radius, eps)
    far = rough.flatten(1).topk(max(int(SHARE * rough[0].numel()), 1), dim=1).indices
    colours = I.flatten(2).gather(2, far[:, None].expand(-1, I.shape[1], -1))
    brightest = colours.sum(1).argmax(1)
    A = colours.gather(2, brightest[:, None, None].expand(-1, I.shape[1], 1))[..., 0].clamp_min(BLACK)
    return Seen(A, torch.exp(-beta * depth).clamp(0, 1))
