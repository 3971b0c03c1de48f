"""Blur beyond the laws."""

import pytest
import torch
from scipy.ndimage import convolve
from torch.testing import assert_close

from minimand import LeastSquares
from minimand.operators import Blur, Identity
from minimand.operators.blur import gaussian_kernel, motion_kernel


def test_it_is_circular_convolution():
    kernel, x = torch.randn(3, 5, dtype=torch.float64), torch.randn(7, 6, dtype=torch.float64)
    wanted = torch.from_numpy(convolve(x.numpy(), kernel.numpy(), mode="wrap"))
    assert_close(Blur(kernel)(x[None])[0], wanted, rtol=1e-12, atol=1e-12)


def test_a_blurred_image_is_sharpened_in_closed_form():
    A, x = Blur(gaussian_kernel(0.8, 5).double()), torch.rand(1, 16, 15, dtype=torch.float64)
    found = LeastSquares(A, A(x)).minimise([(Identity(), torch.zeros_like(x), 1e-9)], x)
    assert_close(found, x, rtol=1e-4, atol=1e-4)


def test_a_gaussian_sums_to_one():
    assert_close(gaussian_kernel(1.2, 7).sum(), torch.tensor(1.0))
    with pytest.raises(ValueError, match="positive sigma"):
        gaussian_kernel(0.0, 7)


def test_kernels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="odd sides"):
        Blur(torch.ones(2, 3))
    with pytest.raises(ValueError, match="at least this size, got 4x4"):
        Blur(torch.ones(5, 3))(torch.zeros(1, 4, 4))


def test_motion_along_rows_columns_and_the_diagonal():
    row = motion_kernel(5.0, 0.0, 7)
    assert_close(row.sum(), torch.tensor(1.0))
    assert (row[3] > 0).tolist() == [False, True, True, True, True, True, False]
    assert_close(row[3, 2:5], torch.full((3,), 0.2), atol=0.01, rtol=0)
    assert_close(motion_kernel(5.0, 90.0, 7), row.T)
    assert_close(motion_kernel(4.0, 45.0, 5).fliplr(), motion_kernel(4.0, -45.0, 5), atol=0.01, rtol=0)
    with pytest.raises(ValueError, match="motion of 9 pixels does not fit a kernel of size 7"):
        motion_kernel(9.0, 0.0, 7)
