"""Magnitudes made into images as a scanner gives them: shaded by the coil, with a smooth phase, with noise.

A phase is a constant, a linear ramp (the echo lies a little off the centre of k-space), quadratic and cubic terms (the
shim and the coil), a smooth random field, a rough one with all scales that is stronger in some places (air, flow), a
jump along a curve (where the phase of one coil gives way to that of another) and a part that follows the image (tissues
differ in phase as they do in brightness). The noise belongs to the image that is to be reconstructed: a network that
never saw any takes a scan's noise away, and loses detail where sampling is dense. A surface coil makes what lies near
it several times brighter than the rest. Nothing was measured; the sizes are plain choices, wide on purpose.
"""

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float, Num
from torch import Tensor, nn


class Smooth(NamedTuple):
    """Sizes of a smooth phase. ramp: standard deviation of the ramp along an axis, in cycles over the side; bend: of
    every quadratic and cubic coefficient at the border, in radians; field: of the random field, in radians.
    """

    ramp: float
    bend: float
    field: float


SCANNED = Smooth(ramp=1.0, bend=2.0, field=1.0)
SLOW = Smooth(ramp=0.5, bend=1.0, field=0.5)
CELLS = 6  # how many bumps the random field has along a side
ROUGH, WIDTH = 3.0, 64  # most of the field of all scales, in radians; its largest scale in pixels
PATCHES = 4  # places along a side between which roughness and jumps come and go
TISSUE = 2.0  # most of the phase that follows the image, in radians from darkest to brightest
SHADE, LOBES = 0.7, 3  # the most shading: standard deviation of the logarithm at LOBES x LOBES places
NOISE = 0.02  # the most noise: standard deviation in each part, in units of the images (maximum 1)


def as_scanned(images: Num[Tensor, "batch height width"], generator: torch.Generator) -> Complex[Tensor, "..."]:
    """Images, each with a shading, a phase and Gaussian noise of a standard deviation from 0 to NOISE of its own."""
    phased = with_phase(shaded(images, generator), generator)
    level = NOISE * torch.rand(len(images), 1, 1, generator=generator)
    real, imag = torch.randn(2, *images.shape, generator=generator)
    return phased + level * torch.complex(real, imag)


def shaded(images: Num[Tensor, "batch height width"], generator: torch.Generator) -> Num[Tensor, "..."]:
    """Images of smoothly varying brightness, as strong as drawn for each from 0 to SHADE, with the same maximum."""
    strength = SHADE * torch.rand(len(images), 1, 1, generator=generator)
    made = images * (strength * _smooth(len(images), LOBES, (images.shape[-2], images.shape[-1]), generator)).exp()
    before, after = (t.abs().flatten(1).amax(1)[:, None, None] for t in (images, made))
    return made * torch.where(after > 0, before / after, 1)


def with_phase(images: Num[Tensor, "batch height width"], generator: torch.Generator) -> Complex[Tensor, "..."]:
    """Images times exp(i phase), each with a phase of its own."""
    count, size = len(images), (images.shape[-2], images.shape[-1])
    rough, jump, tissue = torch.rand(3, count, 1, 1, generator=generator)
    bright = images.abs() / images.abs().amax((-2, -1), keepdim=True).clamp_min(1e-12)
    where, beyond = (_smooth(count, PATCHES, size, generator) for _ in range(2))
    phase = smooth_phases(count, size, generator) + TISSUE * (2 * tissue - 1) * bright
    phase = phase + ROUGH * rough.square() * where.clamp_min(0) * rough_fields(count, size, generator)
    phase = phase + torch.pi * (2 * jump - 1) * (beyond > 0)
    return images * torch.polar(torch.ones_like(phase), phase)


def smooth_phases(
    count: int, size: tuple[int, int], generator: torch.Generator, of: Smooth = SCANNED
) -> Float[Tensor, "count height width"]:
    """Random phases in radians, from a constant to several cycles over the side."""
    v, u = (torch.linspace(-1, 1, n) for n in size)
    v, u = v[:, None].expand(size), u[None, :].expand(size)
    terms = torch.stack([torch.ones(size), v, u, v * v, v * u, u * u, v**3, v * v * u, v * u * u, u**3])
    deviation = torch.tensor([0.0, *(torch.pi * of.ramp,) * 2, *(of.bend,) * 3, *(of.bend / 2,) * 4])
    coefficients = deviation * torch.randn(count, len(terms), generator=generator)
    coefficients[:, 0] = 2 * torch.pi * torch.rand(count, generator=generator)
    return torch.einsum("nk,khw->nhw", coefficients, terms) + of.field * _smooth(count, CELLS, size, generator)


def rough_fields(count: int, size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "count height width"]:
    """Gaussian random fields of variance 1 with details of all scales below WIDTH pixels: the spectrum falls like
    f^-q in amplitude, q from 0.5 (nearly white) to 3 drawn for each.
    """
    height, width = size
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None, :])
    q = 0.5 + 2.5 * torch.rand(count, 1, 1, generator=generator)
    weight = (1 + (WIDTH * frequency) ** 2) ** (-q / 2)
    white = torch.randn(count, height, width, generator=generator)
    fields = torch.fft.irfft2(torch.fft.rfft2(white) * weight, s=size)
    both = torch.cat([weight, weight[..., 1 : (width + 1) // 2]], -1)  # on the whole plane
    return fields / both.square().mean((-2, -1), keepdim=True).sqrt()


def _smooth(count: int, cells: int, size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "..."]:
    """Fields between standard normal numbers at cells x cells places."""
    coarse = torch.randn(count, 1, cells, cells, generator=generator)
    return nn.functional.interpolate(coarse, size=size, mode="bicubic", align_corners=True).squeeze(1)
