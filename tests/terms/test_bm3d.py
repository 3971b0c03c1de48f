"""BM3D: units, sizes and kinds of images, and its published figure."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares, solve
from minimand.metrics import psnr
from minimand.operators import Identity
from minimand.reconstruction.phantoms import phantom
from minimand.steps import ADMM
from minimand.terms import BM3D
from minimand.terms.bm3d import bm3d, cosine_basis, spline_basis


def noisy(truth, sigma, seed=0):
    noise = torch.randn(2, *truth.shape, generator=torch.Generator().manual_seed(seed), dtype=truth.real.dtype)
    return truth + sigma * (torch.complex(*noise) if truth.is_complex() else noise[0])


def steps(height, width, dtype=torch.float32):
    """Two grey levels and a slope."""
    i, j = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return ((i + 2 * j > 40).to(dtype) + i / height)[None]


def test_bases():
    basis = cosine_basis()
    assert_close(basis @ basis.T, torch.eye(8, dtype=torch.float64))
    spline = spline_basis()
    assert_close(spline.norm(dim=1), torch.ones(8, dtype=torch.float64))
    assert_close(spline[1:].sum(1), torch.zeros(7, dtype=torch.float64))
    assert torch.linalg.cond(spline) < 3


@pytest.mark.parametrize("shape", [(1, 33, 41), (2, 3, 20, 17), (1, 5, 6), (1, 1, 30), (0, 9, 9)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_size_and_precision(shape, dtype):
    x = torch.randn(shape, dtype=dtype)
    found = bm3d(x, 0.5)
    assert found.shape == x.shape
    assert found.dtype == dtype
    assert found.isfinite().all()


def test_scaling_the_image_and_the_noise_scales_the_result():
    x = noisy(steps(33, 41, torch.float64), 0.1)
    assert_close(bm3d(1000 * x, 100.0), 1000 * bm3d(x, 0.1))


def test_the_parts_of_a_complex_image_share_their_groups():
    image = phantom((64, 60), torch.Generator().manual_seed(0))[None]
    truth = image * torch.exp(1j * torch.linspace(0, 1, 60))
    x = noisy(truth, 0.06)
    together, apart = bm3d(x, 0.06), torch.complex(bm3d(x.real, 0.06), bm3d(x.imag, 0.06))
    errors = [(y - truth).abs().square().mean() for y in (together, apart, x)]
    assert errors[0] < errors[1] < errors[2] / 4


def test_grey_pictures_in_colour_are_denoised_as_grey_ones():
    x = noisy(steps(33, 41, torch.float64), 0.1)
    colour = bm3d(x.unsqueeze(1).expand(-1, 3, -1, -1), 0.1)
    assert_close(colour, bm3d(3**0.5 * x, 0.1).unsqueeze(1).expand_as(colour) / 3**0.5)


def test_colour_gains_from_the_other_colours():
    truth = torch.stack([steps(40, 44), 0.7 * steps(40, 44), 0.9 * steps(40, 44) + 0.2], 1)
    x = noisy(truth, 0.15)
    apart = torch.stack([bm3d(c, 0.15) for c in x.unbind(1)], 1)
    assert (bm3d(x, 0.15) - truth).square().mean() < (apart - truth).square().mean()


def test_without_noise_nothing_changes_and_every_item_has_its_own():
    x = noisy(steps(20, 20).expand(3, -1, -1), 0.1)
    found = bm3d(x, torch.tensor([0.0, 0.1, 0.1]))
    assert torch.equal(found[0], x[0])
    assert torch.equal(found[2:], bm3d(x[2:], 0.1))


def test_the_prior_denoises_with_the_root_of_its_step():
    x = noisy(steps(33, 41), 0.1)
    assert torch.equal((0.04 * BM3D()).prox(x, 0.25), bm3d(x, 0.1))
    with pytest.raises(ValueError, match="one t"):
        BM3D().prox(x, torch.ones(33, 41))


def test_the_figure_of_a_small_picture():
    truth = phantom((64, 60), torch.Generator().manual_seed(0))[None]
    assert float(psnr(bm3d(noisy(truth, 0.1), 0.1), truth, 1.0)) == pytest.approx(27.41, abs=0.02)


def test_it_is_a_prior_for_steps():
    truth = steps(33, 41)
    data = LeastSquares(Identity(), noisy(truth, 0.1))
    found = solve(ADMM(1.0), data + 0.02 * BM3D(), data.y, max_iter=5).x
    assert psnr(found, truth, 2.0) > psnr(data.y, truth, 2.0) + 8


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="3 colours"):
        bm3d(torch.zeros(1, 2, 9, 9), 1.0)


@pytest.mark.slow
def test_the_figure_of_the_reference(data):
    """The 12 pictures of the reference table: 28.99 dB by the authors' package."""
    from PIL import Image

    files = sorted((data / "images" / "bsd68_dev").glob("*.png"))[::4]
    assert len(files) == 12
    figures = []
    for k, file in enumerate(files):
        truth = torch.from_numpy(np.asarray(Image.open(file), np.float32))
        noise = torch.from_numpy(np.random.default_rng(k).normal(0, 25, tuple(truth.shape))).float()
        error = (bm3d((truth + noise)[None], 25.0)[0] - truth).square().mean()
        figures.append(10 * torch.log10(255**2 / error))
    assert float(torch.stack(figures).mean()) == pytest.approx(28.99, abs=0.01)
