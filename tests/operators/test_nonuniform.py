"""Fourier samples off the grid beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares
from minimand.operators import Fourier, Identity, NonUniformFourier
from minimand.reconstruction.phantoms import phantom

pytest.importorskip("finufft", reason="needs the optional package finufft, the extra `nufft`")


def direct(points, x):
    """The sum that defines the transform."""
    height, width = x.shape[-2:]
    rows, columns = (torch.arange(n) - n // 2 for n in (height, width))
    phase = points[:, 0, None, None] * rows[:, None] + points[:, 1, None, None] * columns
    kernel = torch.exp(-2j * torch.pi * phase) / (height * width) ** 0.5
    return torch.einsum("shw,bhw->bs", kernel, x)


@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_it_is_the_sum_that_defines_it(size):
    points, x = torch.rand(9, 2, dtype=torch.float64) * 1.4 - 0.7, torch.randn(2, *size, dtype=torch.complex128)
    assert_close(NonUniformFourier(points, size)(x), direct(points, x), rtol=1e-10, atol=1e-10)


def test_on_the_grid_it_is_the_plain_transform_of_the_image_moved_to_the_corner():
    height, width = 6, 5
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width))
    points = torch.stack([rows[:, None].expand(height, width), columns.expand(height, width)], -1).reshape(-1, 2)
    x = torch.randn(1, height, width, dtype=torch.complex128)
    full = Fourier(torch.ones(height, width, dtype=torch.bool))(torch.fft.ifftshift(x, dim=(-2, -1)))
    assert_close(NonUniformFourier(points, (height, width))(x), full.flatten(1), rtol=1e-10, atol=1e-10)


def spokes(size, count):
    """Beams through zero frequency, equally spaced in angle."""
    angle = torch.pi * torch.arange(count, dtype=torch.float64) / count
    radius = torch.linspace(-0.5, 0.5, size, dtype=torch.float64)
    return torch.stack([torch.outer(angle.sin(), radius), torch.outer(angle.cos(), radius)], -1).reshape(-1, 2)


def test_a_radial_scan_is_reconstructed():
    x = phantom((32, 32), torch.Generator().manual_seed(0))[None].to(torch.complex128)
    A = NonUniformFourier(spokes(45, 60) * 2**0.5, (32, 32))  # to the corners of k-space
    data, start = LeastSquares(A, A(x), max_iter=100), torch.zeros_like(x)
    exact = data.minimise([(Identity(), start, 1e-4)], start)
    assert float((exact - x).norm() / x.norm()) < 0.1


def test_images_and_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="finite points"):
        NonUniformFourier(torch.full((3, 2), torch.nan, dtype=torch.float64), (4, 4))
    with pytest.raises(ValueError, match=r"images of \(4, 6\) pixels"):
        NonUniformFourier(torch.zeros(3, 2, dtype=torch.float64), (4, 6))(torch.zeros(1, 6, 4))
