"""Continuous wavelets: admissible, of norm 1, and the same in time as in frequency."""

import math

import pytest
import pywt
import torch
from torch.testing import assert_close

from minimand.operators import ContinuousWavelet
from minimand.operators.continuous_wavelet import GaussianDerivative, Meyer, Morlet

WAVELETS = [Morlet(), Morlet(6.0), Meyer(), *(GaussianDerivative(n) for n in range(1, 7))]
T = torch.linspace(-24, 24, 4801, dtype=torch.float64)
W = torch.linspace(-14, 14, 2801, dtype=torch.float64)


@pytest.mark.parametrize("wavelet", WAVELETS, ids=str)
def test_mean_is_zero_and_norm_is_one(wavelet):
    assert float(wavelet.spectrum(torch.zeros(1, dtype=torch.float64)).abs()) < 1e-12
    power = torch.trapezoid(wavelet.spectrum(W).abs().square(), W) / (2 * math.pi)
    assert_close(power, torch.ones((), dtype=torch.float64), rtol=1e-5, atol=0)
    assert_close(torch.trapezoid(wavelet(T).abs().square(), T), power, rtol=1e-4, atol=0)


@pytest.mark.parametrize("wavelet", WAVELETS, ids=str)
def test_the_spectrum_is_the_transform_of_the_wavelet(wavelet):
    values = wavelet(T).to(torch.complex128)
    w = W[::200]
    direct = torch.trapezoid(values * torch.exp(-1j * w[:, None] * T), T)
    assert_close(direct, wavelet.spectrum(w), atol=2e-4, rtol=0)


def test_meyer_s_dyadic_scales_cover_every_frequency():
    """sum_j |psi(2^j w)|^2 = 1: the scales of an orthonormal basis. Daubechies (1992), eq. 4.2.3."""
    w = torch.linspace(0.3, 9, 500, dtype=torch.float64)
    covered = sum(Meyer().spectrum(2.0**j * w).abs().square() for j in range(-8, 8))
    assert_close(covered, torch.ones_like(w))


def test_pywavelets_has_the_same_shapes():
    t = torch.linspace(-5, 5, 101, dtype=torch.float64)
    hat = 2 / (math.sqrt(3) * math.pi**0.25) * (1 - t**2) * torch.exp(-0.5 * t**2)
    assert_close(GaussianDerivative(2)(t), hat)
    for n in range(1, 7):  # theirs derive exp(-t^2), and its sign is their own
        values, x = pywt.ContinuousWavelet(f"gaus{n}").wavefun(length=101)
        ours = GaussianDerivative(n)(math.sqrt(2) * torch.from_numpy(x)) * 2**0.25
        theirs = torch.from_numpy(values)
        assert_close(ours * (ours * theirs).sum().sign(), theirs, rtol=1e-6, atol=1e-8)


def test_a_tone_is_strongest_at_its_scale():
    scales = [4.0, 8.0, 16.0, 32.0]
    tone = torch.cos(2 * math.pi * 10 / 256 * torch.arange(256.0))[None]
    power = ContinuousWavelet(Morlet(), scales)(tone).abs().square().mean(2)[0]
    assert scales[int(power.argmax())] == 16.0  # 5 / (2 pi 10 / 256) = 20.4


def test_coefficients_are_inner_products_with_the_wavelet():
    x = torch.randn(1, 512, dtype=torch.float64)
    t = torch.arange(512, dtype=torch.float64)
    for wavelet in (Morlet(), GaussianDerivative(2)):
        atom = wavelet((t - 200) / 6.0) / math.sqrt(6.0)
        direct = (x[0] * atom.conj()).sum().to(torch.complex128)
        assert_close(ContinuousWavelet(wavelet, [6.0])(x)[0, 0, 200], direct, rtol=1e-6, atol=1e-8)


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="positive scales"):
        ContinuousWavelet(Morlet(), [1.0, 0.0])
    with pytest.raises(ValueError, match="n of at least 1, got 0"):
        GaussianDerivative(0)
