"""Ways to measure images, for the tests of what no system owns."""

import pytest
import torch

from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.acquisition import Acquisition
from minimand.reconstruction.phantoms import phantom
from minimand.terms import LeastSquares


@pytest.fixture(scope="session")
def measured():
    """`measured(images, "radial:0.4")`: samples of images, all under one mask."""

    def measure(images, spec="radial:0.3", seed=0):
        A = Fourier(parse_mask(spec, tuple(images.shape[-2:]), seed=seed), real=not images.is_complex())
        return LeastSquares(A, A(images))

    return measure


@pytest.fixture(scope="session")
def acquisition(measured):
    """`acquisition("radial:0.4", "random:0.4")`: what to learn; every image of a mini-batch has its own mask."""

    def make(*specs):
        def draw(images, generator):
            which = torch.randint(len(specs), (len(images),), generator=generator).tolist()
            seeds = torch.randint(1000, (len(images),), generator=generator).tolist()
            size = tuple(images.shape[-2:])
            masks = torch.stack([parse_mask(specs[k], size, seed=s) for k, s in zip(which, seeds, strict=True)])
            A = Fourier(masks, real=not images.is_complex())
            return LeastSquares(A, A(images))

        trials = {spec: lambda images, generator, spec=spec: measured(images, spec) for spec in specs}
        return Acquisition(draw, trials, lambda size: [float(parse_mask(s, size).double().mean()) for s in specs])

    return make


@pytest.fixture(scope="session")
def heads():
    """`heads(2, (40, 36))`: phantoms of a size, (count, height, width)."""

    def make(count=2, size=(40, 36), seed=0):
        return torch.stack([phantom(size, torch.Generator().manual_seed(seed + k)) for k in range(count)])

    return make
