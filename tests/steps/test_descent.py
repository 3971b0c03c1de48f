"""Gradient descent: the energy falls where theory says so."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Descent, LeastSquares, solve
from minimand.operators import Matrix
from minimand.terms import SquaredL2

R = torch.float64


@pytest.mark.parametrize("fraction", [0.1, 1.0, 1.9])
def test_the_energy_falls_for_rates_below_two_over_the_lipschitz_constant(fraction):
    M = torch.randn(6, 4, dtype=R)
    energy = LeastSquares(Matrix(M), torch.randn(2, 6, dtype=R)) + 0.5 * SquaredL2()
    lipschitz = float(torch.linalg.matrix_norm(M, ord=2)) ** 2 + 0.5
    found = solve(
        Descent(fraction / lipschitz), energy, torch.randn(2, 4, dtype=R), max_iter=60, tol=0.0, energies=True
    )
    assert (found.energies.diff(dim=0) <= 1e-12).all()


def test_one_step_is_the_formula():
    x, y = torch.randn(1, 3, dtype=R), torch.randn(1, 3, dtype=R)
    M = torch.randn(3, 3, dtype=R)
    found = solve(Descent(0.25).double(), LeastSquares(Matrix(M), y), x, max_iter=1, tol=0.0)
    assert_close(found.x[0], x[0] - 0.25 * M.T @ (M @ x[0] - y[0]))
