"""Products of operators and the identity (laws of all operators: tests/laws/test_operators.py)."""

import pytest
import torch
from torch.testing import assert_close

from minimand.algebra import inner
from minimand.operators import Convolution, Fourier, Gradient, Identity, Matrix, Operator, UndecimatedWavelet, Wavelet

C = torch.complex128
PRODUCTS = {
    "Wavelet Identity": lambda: Wavelet("haar", 1) @ Identity(),
    "Gradient Wavelet": lambda: Gradient() @ Wavelet("haar", 1),
    "Frame Fourier": lambda: UndecimatedWavelet("haar", 1) @ Fourier(torch.rand(4, 6) < 0.5),
    "three": lambda: (Wavelet("haar", 1) @ Wavelet("db2", 1)) @ Fourier(torch.rand(4, 6) < 0.5),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_adjoint_of_a_product(name):
    P = PRODUCTS[name]()
    x = torch.randn(2, 4, 6, dtype=C)
    y = torch.randn_like(P(x))
    assert_close(inner(P(x), y), inner(x, P.adjoint(y)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("weight", [0.3, torch.tensor(0.3, dtype=torch.float64)])
def test_the_symbol_of_a_product(name, weight):
    P = PRODUCTS[name]()
    x, symbol = torch.randn(2, 4, 6, dtype=C), P.symbol((4, 6), weight=weight)
    if symbol is not None:
        assert_close(torch.fft.fft2(P.adjoint(weight * P(x))), symbol * torch.fft.fft2(x), rtol=1e-10, atol=1e-10)
    assert (symbol is None) is (name == "Gradient Wavelet")


def test_scalings_multiply():
    A, B = Matrix(2 * torch.eye(3)), Matrix(3 * torch.eye(3))
    A.tight, B.tight, A.coisometry, B.coisometry = 4.0, 9.0, 4.0, 9.0
    assert (A @ B).tight == 36.0
    assert (A @ B).coisometry == 36.0
    B.tight = None
    assert (A @ B).tight is None


def test_numbers_of_the_factors_are_those_of_the_product():
    assert len(list((Identity() @ Convolution(8, 3)).parameters())) == 1


def test_a_product_runs_from_right_to_left():
    A, B = torch.randn(2, 3), torch.randn(3, 4)
    x = torch.randn(5, 4)
    assert_close((Matrix(A) @ Matrix(B))(x), x @ (A @ B).T)


def test_the_norm_of_nothing_is_zero():
    assert Fourier(torch.zeros(3, 4, dtype=torch.bool)).norm() == 0


def test_an_operator_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Operator()
