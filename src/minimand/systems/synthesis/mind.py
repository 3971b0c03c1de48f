"""Modality independent neighbourhood descriptor: what an image looks like around each pixel, whatever its contrast.

    F_a(x) = 1/Z exp(-D(x, x + a) / V(x)),    D(x, y) = sum_p G(p) (I(x + p) - I(y + p))^2

for the shifts a of a search region, with p over a patch, Gaussian weights G, V(x) the mean of D(x, .) over the nearest
neighbours and Z such that the features of a pixel sum to 1. Source: Heinrich et al. (2012), eqs. (1) to (4), in 2-D or
3-D; with Z as in the structure-constrained CycleGAN of Yang et al. (2018).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

FLOOR = 4e-2  # added to V, images being from -1 to 1: differences of 0.2 count, the noise of flat tissue does not

Image = Float[Tensor, "batch *space"]


def mind(
    image: Image,
    *,
    region: int = 9,
    patch: int = 7,
    sigma: float = 2.0,
    floor: float = FLOOR,
    largest_is_one: bool = False,
) -> Float[Tensor, "batch features *space"]:
    """The features of every pixel, shifts in row-major order; differentiable.

    region, patch: sides in pixels, odd; sigma: of the weights over a patch, in pixels; floor: added to V, in squared
    units of the image. Beyond its border the image goes on as its last pixel. largest_is_one: divide by the largest
    feature of a pixel, as Heinrich et al. do, and leave out the shift of 0; otherwise its feature exp(0) is among them
    and they sum to 1. Raises ValueError for even sides or an image that is neither 2-D nor 3-D.
    """
    space = image.dim() - 1
    if space not in (2, 3) or region % 2 == 0 or patch % 2 == 0:
        raise ValueError(
            f"MIND needs (batch, *space) in 2-D or 3-D and odd sides, got {tuple(image.shape)}, {region}, {patch}."
        )
    D = _distances(image, region, _weights(patch, sigma, image)).flatten(1, space)
    still = D.shape[1] // 2
    near = [still + side * region**axis for axis in range(space) for side in (-1, 1)]
    exponent = -D / (D[:, near].mean(1, keepdim=True) + floor)
    if not largest_is_one:
        return exponent.softmax(1)
    exponent = torch.cat([exponent[:, :still], exponent[:, still + 1 :]], 1)
    return (exponent - exponent.amax(1, keepdim=True)).exp()


def structure_loss(x: Image, y: Image) -> Float[Tensor, ""]:
    """Mean |F_a(x) - F_a(y)| over shifts a, pixels and images: 0 where x is y in another contrast."""
    with torch.autocast(x.device.type, enabled=False):  # differences of patches need the precision of y
        return (mind(x.to(y.dtype)) - mind(y)).abs().mean()


def _distances(
    image: Image, region: int, weights: Float[Tensor, " patch"]
) -> Float[Tensor, "batch *region_and_space"]:  # fmt: skip
    """D(x, x + a), an axis per axis of a, then those of x."""
    space, reach, half = image.dim() - 1, region // 2, len(weights) // 2
    wide = F.pad(image[:, None], [reach + half] * (2 * space), mode="replicate")[:, 0]
    shifted = wide
    for axis in range(1, space + 1):  # a view: every shift of the image, cut to the pixels that patches reach
        shifted = shifted.unfold(axis, image.shape[axis] + 2 * half, 1)
    still = shifted[(slice(None), *[slice(reach, reach + 1)] * space)]
    D = (shifted - still).square()
    for axis in range(space + 1, 2 * space + 1):  # the weights are separable
        D = (D.movedim(axis, -1) @ _band(weights, image.shape[axis - space])).movedim(-1, axis)
    return D


def _weights(patch: int, sigma: float, like: Tensor) -> Float[Tensor, " patch"]:
    p = torch.arange(patch, dtype=like.dtype, device=like.device) - patch // 2
    return torch.softmax(-0.5 * (p / sigma).square(), 0)


def _band(weights: Float[Tensor, " patch"], length: int) -> Float[Tensor, "wide length"]:
    """The weighted sum over a patch as a matrix; for images of this size faster than a convolution of one channel."""
    band = weights.new_zeros(length + len(weights) - 1, length)
    for k, weight in enumerate(weights):
        band.diagonal(-k).copy_(weight.expand(length))
    return band
