"""A denoiser as a prior: where it is a proximal map it is the convex prior, and its numbers stay its own."""

import pytest
import torch
from torch.testing import assert_close

from minimand import ADMM, LeastSquares, PrimalDual, ProximalGradient, solve
from minimand.algebra import per_item
from minimand.operators import Blur, Gradient, Identity
from minimand.operators.blur import motion_kernel
from minimand.terms import L1, L21, Denoiser, soft_threshold


def shrink(v, sigma):
    return soft_threshold(v, per_item(sigma.square(), v))


def total_variation(v, sigma):
    """The prox of TV, by a solver."""
    scale = per_item(sigma, v)
    energy = LeastSquares(Identity(), v / scale**2) + L21() @ Gradient()
    return solve(ADMM(1.0), energy, v / scale**2, max_iter=150, tol=1e-7).x * scale**2


def blurred():
    A = Blur(motion_kernel(4.0, 30.0, 5).double())
    x = torch.zeros(2, 9, 8, dtype=torch.float64)
    x[:, 3:7, 2:6] = 1
    return A, A(x) + 0.02 * torch.randn_like(x)


def test_shrinkage_in_its_place_is_the_lasso():
    A, y = blurred()
    found = [
        solve(ADMM(0.5), LeastSquares(A, y) + 0.05 * g, y, max_iter=300, tol=0.0).x for g in (Denoiser(shrink), L1())
    ]
    assert_close(*found)


def test_every_splitting_with_one_denoiser_finds_one_picture():
    A, y = blurred()
    energy = LeastSquares(A, y) + 0.05 * Denoiser(shrink)
    steps = ADMM(0.5), PrimalDual(0.9, 0.9), ProximalGradient(0.9)
    found = [solve(step, energy, y, max_iter=500, tol=1e-6).x for step in steps]
    for x in found[1:]:
        assert_close(x, found[0], rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_total_variation_prox_in_its_place_is_the_convex_solver():
    A, y = blurred()
    plugged = solve(ADMM(0.1), LeastSquares(A, y) + 0.01 * Denoiser(total_variation), y, max_iter=60, tol=1e-6).x
    convex = solve(ADMM(0.1), LeastSquares(A, y) + 0.01 * (L21() @ Gradient()), y, max_iter=2000, tol=1e-8).x
    assert_close(plugged, convex, rtol=1e-3, atol=1e-3)


def test_the_numbers_of_a_network_are_not_those_of_the_term():
    net = torch.nn.Linear(3, 3)
    term = Denoiser(lambda v, sigma: net(v))
    assert not list(term.parameters())
    assert not list(Denoiser(torch.nn.Identity()).modules())[1:]


def test_one_level_for_all_or_one_an_item():
    v = torch.randn(3, 4, 4)
    term = Denoiser(lambda x, sigma: x * per_item(sigma, x))
    assert_close(term.prox(v, 4.0), 2 * v)
    assert_close(term.prox(v, torch.tensor([1.0, 4.0, 9.0]).reshape(3, 1, 1))[2], 3 * v[2])
    with pytest.raises(ValueError, match="one t, or one an item, got 2"):
        term.prox(v, torch.ones(2))
