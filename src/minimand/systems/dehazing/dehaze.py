"""Haze off a picture of any size: airlight and transmission at a working size, the clear picture at full size."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.guided_filter import guided_coefficients
from minimand.systems.dehazing.classical import Seen, color_attenuation_prior, dark_channel_prior
from minimand.systems.dehazing.haze import remove_haze

LARGEST = 1024  # side in pixels of what methods work on: windows of a few pixels mean the same in every picture
RADIUS, EPS = 4, 1e-4  # of the filter that enlarges
STRIP = 256  # rows that are cleared at once

Picture = Float[Tensor, "3 height width"]


class Method(NamedTuple):
    """How airlight and transmission are found in a picture, (1, 3, height, width), and the side it may have at most."""

    see: Callable[[Float[Tensor, "1 3 height width"]], Seen]
    side: int = LARGEST


CLASSICAL: Mapping[str, Method] = {
    "dark-channel": Method(dark_channel_prior),
    "color-attenuation": Method(color_attenuation_prior),
}


class Dehazed(NamedTuple):
    """J: the clear picture; T: the transmission it was cleared with, (height, width); A: the colour of the haze."""

    J: Picture
    T: Float[Tensor, "height width"]
    A: Float[Tensor, "3"]


def dehaze(I: Picture, method: Method, *, strength: float = 1.0) -> Dehazed:
    """Clear a picture, 0 to 1, of haze.

    strength: the transmission is raised to this power, as if the haze were so many times as dense; 0 leaves the picture
    alone. Pictures with a longer side than the method's are reduced for it, and its transmission is enlarged along
    the edges of the picture. Raises ValueError for a negative strength.
    """
    if not strength >= 0:
        raise ValueError(f"the strength of dehazing must be 0 or more, got {strength:g}.")
    with torch.no_grad():
        small = reduced(I, method.side)
        A, T = method.see(small[None])
        T = enlarged(T, small, I).clamp(0, 1) ** strength
        J = torch.empty_like(I)
        for rows in torch.arange(I.shape[1]).split(STRIP):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            J[:, part] = remove_haze(I[None, :, part], T[None, part], A)[0]
    return Dehazed(J, T, A[0])


def reduced(I: Picture, side: int) -> Float[Tensor, "3 low_height low_width"]:
    """The picture with sides of so many pixels at most, each the mean of those it stands for."""
    scale = max(I.shape[1:]) / side
    if scale <= 1:
        return I
    height, width = (max(1, round(n / scale)) for n in I.shape[1:])
    return F.adaptive_avg_pool2d(I, (height, width))


def enlarged(
    T: Float[Tensor, "1 low_height low_width"], small: Float[Tensor, "3 low_height low_width"], I: Picture
) -> Float[Tensor, "height width"]:  # fmt: skip
    """The transmission of `small` at the size of I: where the coefficients of a guided filter are smooth, they are
    enlarged, and not what they filter. Source: He and Sun (2015), fast guided filter.
    """
    if small is I:
        return T[0]
    size = (I.shape[1], I.shape[2])
    coefficients = torch.stack(guided_coefficients(T, small.mean(0)[None], RADIUS, EPS), dim=1)
    a, b = F.interpolate(coefficients, size=size, mode="bilinear")[0]
    return a * I.mean(0) + b
