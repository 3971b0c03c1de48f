"""Magnitudes made into images as a scanner gives them: with a smooth phase, and with noise in both parts.

A phase is a constant, a linear ramp (the echo lies a little off the centre of k-space), quadratic and cubic terms (the
shim and the coil) and a weak smooth random field (air and tissue). The noise belongs to the image that is to be
reconstructed: a network that never saw any takes a scan's noise away, and loses detail where sampling is dense. No
measured phase or noise was used; the sizes are plain choices.
"""

import torch
from jaxtyping import Complex, Float, Num
from torch import Tensor, nn

RAMP = 0.5  # standard deviation of the ramp along an axis, in cycles over the side
BEND = 1.0  # of every quadratic and cubic coefficient at the border, in radians
FIELD, CELLS = 0.5, 6  # of the random field, in radians, and how many bumps it has along a side
NOISE = 0.02  # the most noise: standard deviation in each part, in units of the images (maximum 1)


def as_scanned(images: Num[Tensor, "batch height width"], generator: torch.Generator) -> Complex[Tensor, "..."]:
    """Images with a phase of their own, and Gaussian noise of a standard deviation drawn from 0 to NOISE."""
    phased = with_phase(images, generator)
    level = NOISE * torch.rand(len(images), 1, 1, generator=generator)
    real, imag = torch.randn(2, *images.shape, generator=generator)
    return phased + level * torch.complex(real, imag)


def with_phase(images: Num[Tensor, "batch height width"], generator: torch.Generator) -> Complex[Tensor, "..."]:
    """Images times exp(i phase), each with a phase of its own."""
    phase = smooth_phases(len(images), (images.shape[-2], images.shape[-1]), generator)
    return images * torch.polar(torch.ones_like(phase), phase)


def smooth_phases(count: int, size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "count height width"]:
    """Random phases in radians, from a constant to a few cycles over the side."""
    v, u = (torch.linspace(-1, 1, n) for n in size)
    v, u = v[:, None].expand(size), u[None, :].expand(size)
    terms = torch.stack([torch.ones(size), v, u, v * v, v * u, u * u, v**3, v * v * u, v * u * u, u**3])
    deviation = torch.tensor([0.0, *(torch.pi * RAMP,) * 2, *(BEND,) * 3, *(BEND / 2,) * 4])
    coefficients = deviation * torch.randn(count, len(terms), generator=generator)
    coefficients[:, 0] = 2 * torch.pi * torch.rand(count, generator=generator)
    coarse = FIELD * torch.randn(count, 1, CELLS, CELLS, generator=generator)
    field = nn.functional.interpolate(coarse, size=size, mode="bicubic", align_corners=True).squeeze(1)
    return torch.einsum("nk,khw->nhw", coefficients, terms) + field
