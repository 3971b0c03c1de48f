"""Weighted and composed terms."""

import pytest
import torch
from torch.testing import assert_close

from minimand.algebra import inner, norm
from minimand.operators import Gradient, Identity, Matrix, Wavelet
from minimand.term import Term
from minimand.terms import L1, L21, PiecewiseLinear, SquaredL2

X = torch.randn(2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


class Fixed(Term):
    """A term that notes what it was given."""

    def given(self, data, x):
        other = Fixed()
        other.seen = (data, x)
        return other


def test_a_weight_scales_value_gradient_and_prox():
    g = (2.0 * SquaredL2()).double()
    assert_close(g(X), 2 * SquaredL2()(X))
    assert_close(g.grad(X), 2 * X)
    assert_close(g.prox(X, 0.5), X / 2)


def test_weights_multiply():
    assert_close((2.0 * (3.0 * L1())).double()(X), 6 * L1()(X))
    assert_close((2.0 * (3.0 * (L21() @ Gradient()))).double()(X), 6 * L21()(Gradient()(X)))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_is_positive_and_finite(weight):
    with pytest.raises(ValueError, match="positive and finite"):
        weight * L1()


def test_a_weight_is_a_number_that_can_be_learned():
    g = 0.5 * L1()
    g(X).sum().backward()
    assert [name for name, _ in g.named_parameters()] == ["log_weight"]
    assert g.log_weight.grad != 0


def test_composed_value_and_gradient():
    g = SquaredL2() @ Gradient()
    assert_close(g(X), 0.5 * norm(Gradient()(X)).square())
    assert_close(g.grad(X), Gradient().adjoint(Gradient()(X)))


def test_composed_prox_through_a_coisometry():
    W, v, t = Wavelet("haar", 2), X, 0.3
    g = L1() @ W
    p = g.prox(v, t)
    for k in range(4):
        q = p + 10.0**-k * torch.randn_like(p)
        assert bool(
            (g(q) + norm(q - v) ** 2 / (2 * t) >= g(p) + norm(p - v) ** 2 / (2 * t) + norm(q - p) ** 2 / (2 * t)).all()
        )


def test_composed_prox_through_a_scaled_coisometry():
    """D D^H = 4 I: the prox of ||D x||^2 / 2 is a linear system."""
    rows = torch.linalg.qr(torch.randn(5, 3, dtype=torch.float64))[0].T * 2
    D, v = Matrix(rows), torch.randn(2, 5, dtype=torch.float64)
    D.coisometry = 4.0
    expected = torch.linalg.solve(torch.eye(5) + 0.7 * rows.T @ rows, v.T).T
    assert_close((SquaredL2() @ D).prox(v, 0.7), expected)


def test_composed_with_another_operator_has_no_prox():
    g = L1() @ Gradient()
    assert g.offers() == {"value", "grad"}
    with pytest.raises(TypeError, match="Composed has no prox; it offers: grad, value"):
        g.prox(X, 1.0)


def test_operators_compose_inside_a_term():
    g = (L1() @ Wavelet("haar", 1)) @ Wavelet("db2", 1)
    assert_close(g(X), L1()(Wavelet("haar", 1)(Wavelet("db2", 1)(X))))


def test_a_gradient_by_autograd_is_that_of_the_real_inner_product():
    x, d, h = torch.randn(2, 3, 3, dtype=torch.complex128), torch.randn(2, 3, 3, dtype=torch.complex128), 1e-6
    slope = (L1()(x + h * d) - L1()(x - h * d)) / (2 * h)
    assert_close(inner(L1().grad(x), d), slope, rtol=1e-7, atol=1e-7)


def test_a_gradient_can_be_differentiated_again():
    x = X.clone().requires_grad_()
    g = L21() @ Gradient()
    assert g.grad(x).requires_grad
    assert torch.autograd.gradgradcheck(lambda v: SquaredL2()(v), (x,))


def test_given_reaches_the_term_through_weight_and_operator():
    data, prior = L1(), (0.5 * Fixed()) @ Gradient()
    found = prior.given(data, X)
    assert found.term.term.seen[0] is data
    assert torch.equal(found.term.term.seen[1], Gradient()(X))
    assert found.term.log_weight is prior.term.log_weight
    plain = 0.5 * L1()
    assert plain.given(data, X) is plain


def test_an_energy_adds_up():
    energy = SquaredL2() + 0.5 * (L21() @ Gradient()) + 0.25 * L1()
    assert len(energy.priors) == 2
    assert isinstance(energy.priors[1][1], Identity)
    double = SquaredL2()(X) + 0.5 * L21()(Gradient()(X)) + 0.25 * L1()(X)
    assert_close(energy(X), double, rtol=1e-6, atol=1e-6)
    assert energy.offers() == {"value", "grad", "prox"}
    d, h = torch.randn_like(X), 1e-6
    assert_close(inner(energy.grad(X), d), (energy(X + h * d) - energy(X - h * d)) / (2 * h), rtol=1e-6, atol=1e-6)


def test_an_energy_offers_what_all_its_terms_have():
    assert (SquaredL2() + PiecewiseLinear()).offers() == {"prox"}


def test_a_plain_term_does_not_vary_and_a_guided_one_does_through_weight_and_operator():
    assert not (0.5 * (L1() @ Identity())).varies()
    assert (0.5 * (Fixed() @ Identity())).varies()
