"""NestedFISTA reaches what other steps reach."""

import torch
from torch.testing import assert_close

from minimand import ADMM, LeastSquares, solve
from minimand.operators import Fourier, Gradient
from minimand.steps import NestedFISTA
from minimand.terms import L21

C = torch.complex128


def test_total_variation_is_that_of_admm():
    mask = torch.rand(12, 10) < 0.5
    mask[0, 0] = True
    A = Fourier(mask)
    energy = LeastSquares(A, A(torch.randn(2, 12, 10, dtype=C))) + 0.05 * (L21() @ Gradient())
    start = A.adjoint(energy.data.y)
    nested = solve(NestedFISTA(inner=5).double(), energy, start, max_iter=400, tol=0.0).x
    split = solve(ADMM(0.1).double(), energy, start, max_iter=2000, tol=1e-9).x
    assert_close(energy(nested), energy(split), rtol=1e-4, atol=1e-4)
    assert_close(nested, split, rtol=0, atol=1e-2)


def test_few_inner_steps_do_because_the_dual_is_kept():
    A = Fourier(torch.rand(12, 10) < 0.6)
    energy = LeastSquares(A, A(torch.randn(1, 12, 10, dtype=C))) + 0.05 * (L21() @ Gradient())
    values = [
        solve(NestedFISTA(inner=inner).double(), energy, energy.data.y, max_iter=150, tol=0.0, energies=True).energies
        for inner in (1, 30)
    ]
    assert_close(values[0][-1], values[1][-1], rtol=2e-3, atol=0)
