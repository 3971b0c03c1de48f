"""The Fourier operator beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Fourier


def test_it_is_the_unitary_transform_of_the_sampled_frequencies():
    mask, x = torch.rand(5, 6) < 0.5, torch.randn(1, 5, 6, dtype=torch.complex128)
    assert_close(Fourier(mask)(x), mask * torch.fft.fft2(x) / 30**0.5)


def test_everything_sampled_is_unitary():
    x = torch.randn(2, 5, 4, dtype=torch.complex128)
    A = Fourier(torch.ones(5, 4, dtype=torch.bool))
    assert_close(A.adjoint(A(x)), x)
    assert_close(A(x).norm(), x.norm())


@pytest.mark.parametrize("size", [(6, 6), (5, 7), (6, 7), (1, 4)])
def test_the_adjoint_on_real_images_takes_the_real_part(size):
    mask, y = torch.rand(size) < 0.5, torch.randn(2, *size, dtype=torch.complex128)
    assert_close(Fourier(mask, real=True).adjoint(y), Fourier(mask).adjoint(y).real)


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"images of \(4, 6\) pixels, got x of shape \(1, 6, 4\)"):
        Fourier(torch.ones(4, 6, dtype=torch.bool))(torch.zeros(1, 6, 4))


def test_complex_images_are_refused_where_real_ones_are_meant():
    with pytest.raises(ValueError, match="use Fourier\\(mask\\)"):
        Fourier(torch.ones(4, 6, dtype=torch.bool), real=True)(torch.zeros(1, 4, 6, dtype=torch.complex64))


def test_the_mask_moves_with_the_module():
    A = Fourier(torch.ones(4, 6, dtype=torch.bool))
    assert list(A.state_dict()) == ["mask"]
    assert A.double().mask.dtype == torch.bool
