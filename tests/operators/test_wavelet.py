"""Wavelets against PyWavelets."""

import numpy as np
import pytest
import pywt
import torch
from torch.testing import assert_close

from minimand.operators import UndecimatedWavelet, Wavelet
from minimand.operators.wavelet import _frame


@pytest.mark.parametrize("name", ["haar", "db2", "db4", "sym4"])
def test_the_basis_is_that_of_pywavelets(name):
    """Up to where the filter starts: PyWavelets centres it."""
    x, centre = torch.randn(1, 16, 24, dtype=torch.float64), pywt.Wavelet(name).dec_len // 2 - 1
    shifted = x[0].roll((-centre, -centre), (0, 1)).numpy()
    approximation, (horizontal, vertical, diagonal) = pywt.dwt2(shifted, name, mode="periodization")
    theirs = np.block([[approximation, vertical], [horizontal, diagonal]])
    assert_close(Wavelet(name, 1)(x)[0], torch.from_numpy(theirs))


def test_levels_transform_the_approximation_again():
    x, once, twice = torch.randn(1, 16, 24, dtype=torch.float64), Wavelet("db2", 1), Wavelet("db2", 2)
    y = once(x)
    y[:, :8, :12] = once(y[:, :8, :12])
    assert_close(twice(x), y)


def test_the_basis_is_orthonormal_even_where_the_filter_is_longer_than_the_image():
    W, x = Wavelet("db4", 2), torch.randn(1, 4, 8, dtype=torch.float64)
    assert_close(W.adjoint(W(x)), x)
    assert_close(W(W.adjoint(x)), x)


def test_a_constant_has_no_details():
    x = torch.ones(1, 8, 8, dtype=torch.float64)
    y = Wavelet("db4", 2)(x)
    assert_close(y[:, :2, :2], torch.full((1, 2, 2), 4.0, dtype=torch.float64))
    assert y.abs().sum() == pytest.approx(16.0)
    assert UndecimatedWavelet("db4", 2)(x)[:, :-1].abs().max() < 1e-12


def test_the_frame_does_not_mind_a_shift():
    F, x = UndecimatedWavelet("db2", 2), torch.randn(1, 7, 9, dtype=torch.float64)
    assert_close(F(x.roll((2, 3), (-2, -1))), F(x).roll((2, 3), (-2, -1)))


def test_the_last_pixel_of_an_odd_side_joins_the_approximation():
    x = torch.randn(1, 7, 8, dtype=torch.float64)
    y = Wavelet("haar", 1)(x)
    assert_close(y[:, :3], Wavelet("haar", 1)(x[:, :6])[:, :3])
    assert_close(y[:, 3, :4], (x[:, 6, 0::2] + x[:, 6, 1::2]) / 2**0.5)
    one = torch.randn(1, 1, 1, dtype=torch.float64)
    assert_close(Wavelet("db4", 3)(one), one)


@pytest.mark.parametrize("size", [(16, 12), (7, 9), (3, 5)])
def test_the_loops_of_the_frame_are_its_transfer_functions(size):
    F, x = UndecimatedWavelet("db2", 3), torch.randn(2, *size, dtype=torch.complex128)
    bank = _frame("db2", 3, *size)
    assert_close(F(x), torch.fft.ifft2(bank * torch.fft.fft2(x).unsqueeze(1)))


@pytest.mark.parametrize("name", ["nonsense", "bior2.2"])
def test_wavelets_that_are_not_orthogonal_are_refused(name):
    for kind in (Wavelet, UndecimatedWavelet):
        with pytest.raises(ValueError, match="no orthogonal wavelet"):
            kind(name)
