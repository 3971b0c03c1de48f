"""Sampling of k-space as a way of measuring images, for comparisons and training."""

from collections.abc import Sequence

import torch
from torch import Tensor

from minimand.operators import Fourier
from minimand.reconstruction.acquisition import Acquisition, Measure
from minimand.systems.mri.kspace import data_term
from minimand.systems.mri.sampling import Sampling, read_sampling
from minimand.systems.mri.scan import read_scan
from minimand.systems.mri.simulation import simulate
from minimand.systems.mri.splitting import split_kspace
from minimand.terms import LeastSquares


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


def acquisition(masks: Sequence[str]) -> Acquisition:
    """What a network learns from masks by spec or file. Raises InputError as `read_sampling` does."""
    draws = [read_sampling(text) for text in masks]

    def rates(size: tuple[int, int]) -> list[float]:
        return [float(draw(size, 0).double().mean()) for draw in draws]

    trials = {text: sampled_by(draw) for text, draw in zip(masks, draws, strict=True)}
    return Acquisition(sampled_in_turn(draws), trials, rates, split=split_kspace, read=read_scans)


def read_scans(spec: str) -> LeastSquares:
    """The data term of all slices of a file that hold samples. Raises InputError as `read_scan` does."""
    scan = read_scan(spec, None)
    full = ~scan.empty
    return data_term(scan.kspace[full], scan.mask if scan.mask.ndim == 2 else scan.mask[full], scan.real)


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[-2], images.shape[-1]
