"""Flips and transposition: what a turned scan measures, and that its normal operator stays diagonal."""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares
from minimand.operators import Fourier, Hadamard, Identity, Turn
from minimand.operators.hadamard import random_hadamard

TURNS = [(d, r, t) for d in (False, True) for r in (False, True) for t in (False, True)]


def pixels(batch, size):
    return torch.randn(batch, *size, dtype=torch.float64)


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_operator_measures_of_the_turned_image_what_it_measured_of_the_image(turn):
    A, T, x = Fourier(torch.rand(6, 5) < 0.5, real=True), Turn(*turn), pixels(2, (6, 5))
    turned = T.adjoint(x)
    assert turned.shape == (2, 5, 6) if turn[2] else (2, 6, 5)
    assert_close((A @ T)(turned), A(x))


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_the_symbol_of_a_turned_fourier_operator_is_true(turn, real, batch):
    A = Fourier(torch.rand(*batch, 6, 5) < 0.5, real=real) @ Turn(*turn)
    size = (5, 6) if turn[2] else (6, 5)
    x = pixels(2, size)
    x = x if real else torch.complex(x, pixels(2, size))
    symbol = A.symbol(size)
    assert_close(torch.fft.fft2(A.normal(x)), symbol * torch.fft.fft2(x), rtol=1e-6, atol=1e-6)
    assert_close(A.symbol(size, half=True), symbol[..., : size[1] // 2 + 1])


@pytest.mark.parametrize("turn", TURNS)
def test_the_minimiser_for_a_turned_scan_is_the_turned_minimiser(turn):
    for A in (Fourier(torch.rand(8, 8) < 0.5, real=True), random_hadamard((8, 8), 0.4, seed=0)):
        T, y, v = Turn(*turn), A(pixels(2, (8, 8))), pixels(2, (8, 8))
        straight = LeastSquares(A, y).minimise([(Identity(), v, 0.3)], v)
        turned = LeastSquares(A @ T, y).minimise([(Identity(), T.adjoint(v), 0.3)], T.adjoint(v))
        assert_close(T(turned), straight, rtol=1e-6, atol=1e-6)
        assert (A @ T).coisometry == (1.0 if isinstance(A, Hadamard) else None)
