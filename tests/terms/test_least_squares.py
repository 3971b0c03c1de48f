"""Each way to minimise a sum of quadratics agrees with the normal equations as a matrix, in double precision."""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares
from minimand.operator import Operator
from minimand.operators import (
    Blur,
    Convolution,
    Diffraction,
    Fourier,
    Gradient,
    Identity,
    Matrix,
    UndecimatedWavelet,
    Wavelet,
)
from minimand.operators.hadamard import random_hadamard
from minimand.operators.sampling import parse_mask

C, R = torch.complex128, torch.float64


class Rows(Operator):
    """Some rows of an orthonormal matrix: A A^H = I, and no symbol."""

    coisometry = 1.0

    def __init__(self, rows, columns):
        super().__init__()
        self.q = torch.linalg.qr(torch.randn(columns, columns, dtype=R))[0][:rows]

    def forward(self, x):
        return x @ self.q.T

    def adjoint(self, y):
        return y @ self.q

    @classmethod
    def specimens(cls):
        return []

    def example(self, batch, generator):
        raise NotImplementedError


def mask(height, width):
    """A random mask with zero frequency that is not point-symmetric."""
    drawn = torch.rand(height, width) < 0.4
    drawn[0, 0] = True
    return drawn


def diffraction(real):
    angle = 7 * torch.rand(5, 6, dtype=R)
    return Diffraction(torch.polar(torch.ones_like(angle), angle), torch.randperm(30)[:12], real=real)


def rho(channels):
    return torch.rand(channels, dtype=R) + 0.2


CASES = {
    "complex, even": lambda: (Fourier(mask(6, 8)), (6, 8), C, [(Gradient(), 0.3)]),
    "complex, odd": lambda: (Fourier(mask(7, 5)), (7, 5), C, [(Gradient(), torch.tensor(0.3, dtype=R))]),
    "real, even": lambda: (Fourier(mask(6, 8), real=True), (6, 8), R, [(Gradient(), 0.3)]),
    "real, odd": lambda: (Fourier(mask(5, 7), real=True), (5, 7), R, [(Gradient(), 0.3)]),
    "filters, real": lambda: (Fourier(mask(7, 6), real=True), (7, 6), R, [(Convolution(8, 3).double(), rho(8))]),
    "filters, complex": lambda: (Fourier(mask(6, 7)), (6, 7), C, [(Convolution(6, 5).double(), rho(6))]),
    "two priors": lambda: (
        Fourier(mask(5, 6)),
        (5, 6),
        C,
        [(UndecimatedWavelet("haar", 1), 0.2), (Convolution(8, 3).double(), rho(8))],
    ),
    "basis": lambda: (Fourier(mask(4, 8)), (4, 8), C, [(Wavelet("haar", 1), 0.4)]),
    "composed": lambda: (Fourier(mask(4, 8)), (4, 8), C, [(Wavelet("haar", 1) @ Identity(), torch.tensor(0.4))]),
    "inversion lemma": lambda: (Rows(4, 9), (9,), R, [(Identity(), 0.7), (Identity(), torch.tensor([0.1], dtype=R))]),
    "hadamard": lambda: (random_hadamard((5, 7), 0.4, seed=0), (5, 7), R, [(Identity(), 0.7)]),
    "diffraction, complex": lambda: (diffraction(real=False), (5, 6), C, [(Identity(), 0.7)]),
    "diffraction, real": lambda: (diffraction(real=True), (5, 6), R, [(Identity(), 0.7)]),
    "sensing and gradient": lambda: (random_hadamard((5, 7), 0.4, seed=0), (5, 7), R, [(Gradient(), 0.3)]),
    "blur": lambda: (Blur(torch.randn(3, 5, dtype=R)), (5, 7), R, [(Gradient(), 0.3)]),
    "conjugate gradients": lambda: (Matrix(torch.randn(5, 9, dtype=C)), (9,), C, [(Identity(), 0.7)]),
    "a weight a channel": lambda: (Fourier(mask(5, 6)), (5, 6), C, [(Gradient(), rho(2)), (Identity(), 0.1)]),
    "no prior": lambda: (Matrix(torch.randn(9, 5, dtype=R)), (5,), R, []),
}


def flat(x):
    return (torch.view_as_real(x.resolve_conj()) if x.is_complex() else x).flatten()


def dense(f, shape, dtype):
    """The real matrix of a linear map of one item, complex numbers as pairs."""
    like = torch.zeros(shape, dtype=dtype)
    columns = []
    for e in torch.eye(flat(like).numel(), dtype=R):
        x = torch.view_as_complex(e.reshape(*shape, 2)) if dtype == C else e.reshape(shape)
        columns.append(flat(f(x[None])))
    return torch.stack(columns, dim=1).detach()


def weights(number, image):
    """One weight for every real number of an image."""
    spread = torch.as_tensor(number, dtype=R)
    spread = spread.reshape(-1, *(1,) * (image.ndim - 2)) if spread.ndim else spread
    ones = torch.ones_like(image)
    return flat(torch.complex(spread * ones.real, spread * ones.real) if image.is_complex() else spread * ones)


@pytest.mark.parametrize("case", CASES)
def test_minimise_solves_the_normal_equations(case):
    A, shape, dtype, priors = CASES[case]()
    y = torch.randn_like(A(torch.randn(2, *shape, dtype=dtype)))
    quadratics = [(D, torch.randn_like(D(torch.zeros(2, *shape, dtype=dtype))), number) for D, number in priors]
    x = LeastSquares(A, y, tol=1e-13).minimise(quadratics, torch.zeros(2, *shape, dtype=dtype))
    a = dense(A, shape, dtype)
    for k in range(2):
        left, right = a.T @ a, a.T @ flat(y[k])
        for D, v, number in quadratics:
            d, w = dense(D, shape, dtype), weights(number, v[k : k + 1])
            left, right = left + d.T @ (w[:, None] * d), right + d.T @ (w * flat(v[k]))
        assert_close(flat(x[k]), torch.linalg.solve(left, right), rtol=1e-9, atol=1e-9)


def test_a_mask_for_each_item():
    masks = torch.stack([mask(6, 5) for _ in range(3)])
    y, v = torch.randn(3, 6, 5, dtype=C), torch.randn(3, 2, 6, 5, dtype=C)
    x = LeastSquares(Fourier(masks), y).minimise([(Gradient(), v, 0.3)], torch.zeros_like(y))
    for k in range(3):
        one = LeastSquares(Fourier(masks[k]), y[k : k + 1]).minimise([(Gradient(), v[k : k + 1], 0.3)], y[:1])
        assert_close(x[k : k + 1], one, rtol=1e-13, atol=1e-13)


def test_a_frequency_that_nothing_sees_is_left_at_zero():
    drawn = mask(6, 5)
    drawn[0, 0] = False
    A = Fourier(drawn)
    y, v = A(torch.randn(1, 6, 5, dtype=C)), torch.randn(1, 2, 6, 5, dtype=C)
    x = LeastSquares(A, y).minimise([(Gradient(), v, 0.3)], torch.zeros_like(y))
    assert_close(x.mean(), torch.zeros((), dtype=C), rtol=0, atol=1e-9)


def test_rounding_is_no_data_where_nothing_was_sampled():
    x = torch.rand(1, 32, 32) + 1
    A = Fourier(parse_mask("radial:0.3", (32, 32), seed=0), real=True)
    found = LeastSquares(A, A(x)).minimise([(Identity(), torch.zeros_like(x), 1e-6)], x)
    assert torch.fft.fft2(found, norm="ortho")[0][~A.mask].abs().max() < 1e-5


def test_the_transform_that_is_kept_follows_the_measurement():
    y, v = torch.randn(1, 4, 4, dtype=R), torch.zeros(1, 4, 4, dtype=R)
    data = LeastSquares(Identity(), y)
    data.prox(v, 1.0)
    y += 1  # in place
    assert_close(data.prox(v, 1.0), y / 2, rtol=1e-12, atol=1e-12)
    data.y = 3 * y
    assert_close(data.prox(v, 1.0), 3 * y / 2, rtol=1e-12, atol=1e-12)
    assert_close(data.prox(v.to(C), 1.0), (3 * y / 2).to(C), rtol=1e-12, atol=1e-12)


def test_a_measurement_that_is_learned_gets_its_gradient_after_a_solve_without_one():
    y = torch.randn(1, 4, 4, dtype=R, requires_grad=True)
    data = LeastSquares(Identity(), y)
    with torch.no_grad():
        data.prox(torch.zeros(1, 4, 4, dtype=R), 1.0)
    data.prox(torch.zeros(1, 4, 4, dtype=R), 1.0).sum().backward()
    assert_close(y.grad, torch.full_like(y, 0.5), rtol=1e-12, atol=1e-12)


def test_a_real_start_for_complex_images_is_refused():
    data = LeastSquares(Fourier(mask(4, 4)), torch.zeros(1, 4, 4, dtype=C))
    with pytest.raises(ValueError, match="real=True"):
        data.prox(torch.zeros(1, 4, 4, dtype=R), 1.0)


def test_single_precision_stays_single():
    A = Fourier(mask(6, 8), real=True)
    x = torch.randn(1, 6, 8)
    found = LeastSquares(A, A(x)).minimise([(Gradient(), torch.zeros(1, 2, 6, 8), 0.3), (Identity(), x, 0.1)], x)
    assert found.dtype == torch.float32
