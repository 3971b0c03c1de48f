"""Functions of the spectrum: special cases, gradients, also where eigenvalues repeat."""

import numpy as np
import pytest
import torch
from scipy.linalg import logm, sqrtm

from minimand.systems.shapes.spd import PowerMixture, logarithm, second_order, second_order_max, vectorise, with_ridge


def matrix(eigenvalues):
    """A symmetric matrix with these eigenvalues, in double precision."""
    s = torch.tensor(eigenvalues, dtype=torch.float64)
    U = torch.linalg.qr(torch.randn(*s.shape, s.shape[-1], dtype=torch.float64)).Q
    M = (U * s[..., None, :]) @ U.mT
    return 0.5 * (M + M.mT)


def mixture(*powers):
    return PowerMixture(powers).double()


def test_the_half_power_is_the_square_root_and_the_logarithm_that_of_matrix():
    M = matrix([0.2, 1.0, 3.0, 3.5])
    np.testing.assert_allclose(mixture(0.5)(M).detach(), sqrtm(M.numpy()), atol=1e-7)
    np.testing.assert_allclose(logarithm(M), logm(M.numpy()), atol=1e-12)


def test_small_powers_tend_to_the_logarithm_and_the_first_to_the_identity():
    M = matrix([0.2, 1.0, 3.0, 3.5])
    small, net = 1e-4, mixture(1e-4)
    torch.testing.assert_close((net(M) - torch.eye(4)) / small, logarithm(M), atol=2e-4, rtol=0, check_dtype=False)
    torch.testing.assert_close(mixture(1 - 1e-9)(M), M, atol=1e-6, rtol=0)


def test_the_mixture_rises_and_keeps_matrices_positive():
    net = mixture(0.1, 0.5, 0.9)
    with torch.no_grad():
        net.shares.copy_(torch.tensor([2.0, -1.0, 0.5]))
    s = torch.linspace(1e-4, 5, 50, dtype=torch.float64)
    assert bool((net.g(s).diff() > 0).all())
    assert bool((torch.linalg.eigvalsh(net(matrix([1e-4, 0.1, 2.0]))) > 0).all())
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(net.g))(s), net.slope(s))


@pytest.mark.parametrize("eigenvalues", [[0.3, 1.0, 2.0], [1.0, 1.0, 1.0], [0.5, 0.5, 2.0], [1.0, 1.0 + 1e-9, 3.0]])
def test_gradients_are_right_and_finite_where_eigenvalues_repeat(eigenvalues):
    net = mixture(0.05, 0.4)
    M = torch.stack([matrix(eigenvalues), torch.eye(3, dtype=torch.float64)]).requires_grad_()

    def through(M, shares, powers):
        values = {"shares": shares, "powers": powers}
        return torch.func.functional_call(net, values, (0.5 * (M + M.mT),))

    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    assert torch.autograd.gradcheck(through, (M, *numbers), atol=1e-6)
    assert torch.autograd.gradcheck(lambda M: logarithm(0.5 * (M + M.mT)), (M,), atol=1e-6)


def test_vectors_keep_inner_products():
    A, B = matrix([1.0, 2.0, 3.0]), matrix([0.1, 0.5, 4.0])
    torch.testing.assert_close(vectorise(A) @ vectorise(B), (A @ B).trace())


def test_pooling_is_the_mean_of_outer_products_whatever_the_density_of_vertices():
    f = torch.randn(5, 3, dtype=torch.float64)
    a = torch.rand(5, dtype=torch.float64)
    want = sum(a[k] * torch.outer(f[k], f[k]) for k in range(5)) / a.sum()
    torch.testing.assert_close(second_order(f, a), want)
    twice, halves = torch.cat([f, f]), torch.cat([a / 3, 2 * a / 3])
    torch.testing.assert_close(second_order(twice, halves), want)


def test_the_ridge_makes_singular_matrices_positive():
    M = with_ridge(matrix([0.0, 0.0, 3.0]), 1e-2)
    torch.testing.assert_close(torch.linalg.eigvalsh(M), torch.tensor([1e-2, 1e-2, 3.01], dtype=torch.float64))


def test_so_max_is_the_largest_product_of_each_two_columns():
    f = torch.randn(7, 4, dtype=torch.float64)
    want = (f[:, :, None] * f[:, None, :]).amax(0)
    torch.testing.assert_close(second_order_max(f), want)
    torch.testing.assert_close(second_order_max(torch.cat([f, f[:3]])), want)  # whatever the density of vertices
