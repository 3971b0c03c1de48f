"""The primal-dual method beyond the laws."""

import torch
from torch.testing import assert_close

from minimand import LeastSquares, PrimalDual, solve
from minimand.operators import Gradient, Identity
from minimand.terms import L1, L21


def test_one_iteration_is_the_formula():
    y = torch.randn(1, 4, 5, dtype=torch.float64)
    data, g, D, tau, sigma = LeastSquares(Identity(), y), (0.3 * L1()).double(), Gradient(), 0.3, 0.4
    step = PrimalDual(tau, sigma).double()
    x, p = torch.randn_like(y), torch.randn(1, 2, 4, 5, dtype=torch.float64)
    with torch.no_grad():
        new = step(data + g @ D, step.State(x, (p,)))
    expected = (x - tau * D.adjoint(p) + tau * y) / (1 + tau)
    assert_close(new.x, expected)
    dual = (p + sigma * D(2 * expected - x)).clamp(-0.3, 0.3)  # the projection onto the box of radius 0.3
    assert_close(new.p[0], dual, rtol=1e-6, atol=1e-6)


def test_a_constant_image_is_denoised_to_its_mean():
    y = torch.ones(1, 6, 6, dtype=torch.float64)
    y[0, 2, 3] += 0.01
    found = solve(
        PrimalDual(0.3, 0.3), LeastSquares(Identity(), y) + 1.0 * (L21() @ Gradient()), y, max_iter=2000, tol=1e-10
    )
    assert_close(found.x, y.mean().expand_as(y), rtol=1e-7, atol=1e-7)
