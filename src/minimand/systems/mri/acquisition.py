"""Sampling of k-space as a way of measuring images, for comparisons and training."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from minimand.operators import Fourier, Sense
from minimand.reconstruction.acquisition import Acquisition, Measure
from minimand.systems.mri.coils import ring
from minimand.systems.mri.kspace import data_term
from minimand.systems.mri.sampling import Sampling, read_sampling
from minimand.systems.mri.scan import read_scan
from minimand.systems.mri.simulation import simulate
from minimand.systems.mri.splitting import split_kspace
from minimand.terms import LeastSquares

LEAST, ALONE = 4, 4  # coils of a simulated scan; one scan of so many has a single coil
RADII = (1.1, 2.0)  # of the ring they stand on, half a side of the image being 1


def sampled(images: Tensor, mask: Tensor, noise: float = 0.0, generator: torch.Generator | None = None) -> LeastSquares:
    """The data term of images under a mask (one, or one an image); real images stay real. noise: as in `simulate`."""
    return LeastSquares(Fourier(mask, real=not images.is_complex()), simulate(images, mask, noise, generator))


def sampled_by(draw: Sampling, seed: int = 0, noise: float = 0.0) -> Measure:
    """Every image of a size under the same mask, drawn with `seed`."""
    return lambda images, generator: sampled(images, draw(_size(images), seed), noise, generator)


def sampled_in_turn(draws: Sequence[Sampling]) -> Measure:
    """Every image under a mask of its own, from one of the ways to draw them."""

    def measure(images: Tensor, generator: torch.Generator) -> LeastSquares:
        ways = torch.randint(len(draws), (len(images),), generator=generator).tolist()
        seeds = torch.randint(2**31, (len(images),), generator=generator).tolist()
        masks = [draws[way](_size(images), seed) for way, seed in zip(ways, seeds, strict=True)]
        return sampled(images, torch.stack(masks))

    return measure


def received(images: Tensor, mask: Tensor, maps: Tensor) -> LeastSquares:
    """The data term of images under a mask (one, or one an image), as coils with these maps receive them."""
    images = images if images.is_complex() else torch.complex(images, torch.zeros_like(images))
    A = Sense(mask, maps.to(images.dtype)[None])
    return LeastSquares(A, A(images))


def received_by(draw: Sampling, coils: int) -> Measure:
    """Every image of a size under the same mask and by the same coils."""
    return lambda images, generator: received(images, draw(_size(images), 0), ring(_size(images), coils))


def received_in_turn(draws: Sequence[Sampling], most: int) -> Measure:
    """Every image under a mask of its own, every mini-batch by a ring of coils of its own, LEAST to `most` of them; one
    of ALONE by a single coil that sees all alike.
    """
    alone = sampled_in_turn(draws)

    def measure(images: Tensor, generator: torch.Generator) -> LeastSquares:
        data = alone(images, generator)
        turn, width, kind = torch.rand(3, generator=generator).tolist()
        if kind < 1 / ALONE:
            return data
        coils = int(torch.randint(min(LEAST, most), most + 1, (), generator=generator))
        maps = ring(_size(images), coils, RADII[0] + (RADII[1] - RADII[0]) * width, turn)
        return received(images, cast(Fourier, data.A).mask, maps)

    return measure


def acquisition(masks: Sequence[str], coils: int | None = None) -> Acquisition:
    """What a network learns from masks by spec or file, and from simulated coils, `coils` at most. Raises InputError as
    `read_sampling` does.
    """
    draws = [read_sampling(text) for text in masks]

    def rates(size: tuple[int, int]) -> list[float]:
        return [float(draw(size, 0).double().mean()) for draw in draws]

    measure = received_in_turn(draws, coils) if coils else sampled_in_turn(draws)
    each = [received_by(draw, coils) if coils else sampled_by(draw) for draw in draws]
    trials = dict(zip(masks, each, strict=True))
    return Acquisition(measure, trials, rates, split=split_kspace, read=read_scans)


def read_scans(spec: str) -> LeastSquares:
    """The data term of all slices of a file that hold samples. Raises InputError as `read_scan` does."""
    scan = read_scan(spec, None)
    full = ~scan.empty
    return data_term(scan.kspace[full], scan.mask if scan.mask.ndim == 2 else scan.mask[full], scan.real)


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[-2], images.shape[-1]
