"""ISTA and FISTA on lasso problems."""

import torch
from torch.testing import assert_close

from minimand import ADMM, LeastSquares, ProximalGradient, solve
from minimand.operators import Fourier, Matrix, Wavelet
from minimand.steps import FISTA
from minimand.terms import L1

R = torch.float64


def lasso():
    M = torch.randn(12, 8, dtype=R)
    M = M / torch.linalg.matrix_norm(M, ord=2)
    return LeastSquares(Matrix(M), torch.randn(2, 12, dtype=R), tol=1e-12) + 0.05 * L1(), torch.zeros(2, 8, dtype=R)


def test_the_energy_of_ista_falls():
    energy, start = lasso()
    energies = solve(ProximalGradient(1.0), energy, start, max_iter=100, tol=0.0, energies=True).energies
    assert (energies.diff(dim=0) <= 1e-12).all()


def test_fista_keeps_its_bound_and_is_faster():
    """Chambolle and Dossal (2015), thm. 2: E_k - E* <= a^2 ||x_0 - x*||^2 / (2 rate (k + a - 1)^2), a = 3."""
    energy, start = lasso()
    best = solve(FISTA(1.0), energy, start, max_iter=2000, tol=1e-12)
    optimum = energy(best.x)
    fast, slow = (
        solve(s, energy, start, max_iter=60, tol=0.0, energies=True) for s in (FISTA(1.0), ProximalGradient(1.0))
    )
    k = torch.arange(1, 61, dtype=R)[:, None]
    bound = 9 * best.x.square().sum(1) / (2 * (k + 2) ** 2)
    assert (fast.energies[1:] - optimum <= bound + 1e-10).all()
    assert (fast.energies[-1] - optimum < 0.5 * (slow.energies[-1] - optimum)).all()


def test_both_agree_with_admm():
    energy, start = lasso()
    expected = solve(ADMM(0.2), energy, start, max_iter=300, tol=1e-8).x
    for step in (FISTA(1.0), ProximalGradient(1.0)):
        assert_close(solve(step, energy, start, max_iter=3000, tol=1e-9).x, expected, rtol=1e-4, atol=1e-4)


def test_wavelets_of_a_scan():
    """A prior on W x with W orthonormal: prox by Composed, the same minimiser as ADMM's splitting."""
    A = Fourier(torch.rand(8, 8) < 0.6)
    y = A(torch.randn(1, 8, 8, dtype=torch.complex128))
    energy = LeastSquares(A, y) + 0.1 * (L1() @ Wavelet("haar", 2))
    x = solve(FISTA(1.0), energy, A.adjoint(y), max_iter=500, tol=1e-8).x
    assert_close(x, solve(ADMM(0.5), energy, A.adjoint(y), max_iter=500, tol=1e-8).x, rtol=1e-5, atol=1e-5)
