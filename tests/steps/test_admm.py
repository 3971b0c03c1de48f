"""ADMM on total variation."""

import pytest
import torch
from torch.testing import assert_close

from minimand import ADMM, LeastSquares, PrimalDual, solve
from minimand.operators import Fourier, Gradient
from minimand.operators.sampling import radial
from minimand.reconstruction.phantoms import phantom
from minimand.terms import L1, L21

R, C = torch.float64, torch.complex128


def scan(size=(48, 40), dtype=C):
    image = phantom(size, torch.Generator().manual_seed(0)).to(dtype)[None]
    A = Fourier(radial(size, 0.3), real=dtype == R)
    return LeastSquares(A, A(image)), A.adjoint(A(image))


@pytest.mark.parametrize("dtype", [R, C])
@pytest.mark.parametrize("relax", [1.0, 1.5])
def test_thirty_iterations_are_within_half_a_percent_of_the_optimal_total_variation(dtype, relax):
    data, start = scan(dtype=dtype)
    energy = data + 0.005 * (L21() @ Gradient())
    optimum = energy(solve(ADMM(0.05), energy, start, max_iter=500, tol=1e-7).x)
    reached = energy(solve(ADMM(0.05, relax), energy, start, max_iter=30, tol=0.0).x)
    assert optimum <= reached <= 1.005 * optimum


def test_it_finds_the_minimiser_of_the_primal_dual_method():
    data, start = scan((16, 12))
    energy = data + 0.01 * (L21() @ Gradient()) + 0.002 * L1()
    x = solve(ADMM(0.1), energy, start, max_iter=400, tol=1e-6).x
    step = PrimalDual(0.33, 0.33)
    assert_close(solve(step, energy, start, max_iter=1500, tol=1e-7).x, x, rtol=1e-3, atol=1e-3)


def test_one_iteration_is_the_formula():
    data, start = scan((6, 5))
    g, D, rho, relax = (0.1 * L21()).double(), Gradient(), 0.7, 1.3
    step = ADMM(rho, relax).double()
    s = step.State(start, (torch.randn(1, 2, 6, 5, dtype=C),), (torch.randn(1, 2, 6, 5, dtype=C),))
    with torch.no_grad():
        new = step(data + g @ D, s)
        x = data.minimise([(D, s.z[0] - s.u[0], rho)], s.x)
        z = g.prox(D(x) + s.u[0], 1 / rho)
    assert_close(new.x, x, rtol=1e-6, atol=1e-6)
    assert_close(new.z[0], z, rtol=1e-6, atol=1e-6)
    assert_close(new.u[0], s.u[0] + relax * (D(x) - z), rtol=1e-6, atol=1e-6)
