"""ADMM with the data split off, beyond the laws."""

import torch

from minimand import ADMM, LeastSquares, PrimalDual, solve
from minimand.operators import Gradient
from minimand.operators.diffraction import random_diffraction
from minimand.operators.hadamard import random_hadamard
from minimand.steps import SplitADMM
from minimand.terms import L21


def test_total_variation_reaches_the_energy_of_the_primal_dual_method():
    A = random_hadamard((8, 7), 0.5, seed=0)
    data = LeastSquares(A, A(torch.rand(2, 8, 7, dtype=torch.float64)))
    energy, start = data + 0.05 * (L21() @ Gradient()), A.adjoint(data.y)
    wanted = energy(solve(PrimalDual(2.0, 1 / 16), energy, start, max_iter=500, tol=0.0).x)
    found = energy(solve(SplitADMM(0.2), energy, start, max_iter=150, tol=0.0).x)
    assert bool((found <= wanted * (1 + 1e-5)).all())


def test_a_real_image_behind_a_phase_plate_needs_no_inner_solver():
    A = random_diffraction((8, 7), 0.5, seed=0, real=True)
    y, prior = A(torch.rand(1, 8, 7)), 0.05 * (L21() @ Gradient())
    inner, closed = LeastSquares(A, y) + prior, LeastSquares(A.on_complex(), y) + prior
    wanted = inner(solve(ADMM(0.2), inner, A.adjoint(y), max_iter=60, tol=0.0).x)
    x = solve(SplitADMM(0.2), closed, A.adjoint(y), max_iter=100, tol=0.0).x
    assert not x.is_complex()
    assert bool((inner(x) <= wanted * (1 + 1e-4)).all())
