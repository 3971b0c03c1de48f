"""What every term promises of the value, gradient and prox that it offers, in double precision, real and complex."""

import pytest
import torch
from torch.testing import assert_close

from minimand.algebra import inner, norm
from minimand.term import Composed, Scaled

STEPS = [0.3, torch.tensor(2.0), torch.tensor([0.2, 1.5]).double()]  # one number, one an item
MEMBERS = {"value": lambda g, x: g(x), "grad": lambda g, x: g.grad(x), "prox": lambda g, x: g.prox(x, 1.0)}


@pytest.fixture(params=["real", "complex"])
def points(request, term):
    """Draws random points that the term takes, two items each."""

    def draw(seed):
        real, imaginary = (term.example(2, torch.Generator().manual_seed(seed + k)) for k in (0, 100))
        return torch.complex(real, imaginary) if request.param == "complex" else real

    return draw


@pytest.fixture(params=[0, 1, 2], ids=["number", "tensor", "per item"])
def t(request, term):
    chosen = STEPS[request.param]
    if isinstance(chosen, float) or chosen.ndim == 0:
        return chosen
    return chosen.reshape(-1, *(1,) * (term.example(2, torch.Generator()).ndim - 1))


def offering(*members):
    """Run a law on those terms only that offer these members."""

    def mark(test):
        test.offering = set(members)
        return test

    return mark


def envelope(term, v, t):
    """Moreau's envelope, min_x g(x) + ||x - v||^2 / (2 t), of every item."""
    p = term.prox(v, t)
    return term(p) + norm(p - v).square() / (2 * torch.as_tensor(t).flatten())


def test_it_has_specimens_unless_it_is_made_of_other_terms(term_class):
    assert bool(term_class.specimens()) is (term_class not in (Scaled, Composed))


def test_it_offers_something(term):
    assert term.offers() <= set(MEMBERS)
    assert term.offers()


@pytest.mark.parametrize("member", MEMBERS)
def test_what_is_absent_is_an_error_that_names_what_is_there(term, member):
    for scaled in (term, 0.5 * term):
        x = term.example(2, torch.Generator().manual_seed(0))
        if member in term.offers():
            MEMBERS[member](scaled, x)
            continue
        with pytest.raises(TypeError, match=f"has no {member}; it offers: {', '.join(sorted(term.offers()))}"):
            MEMBERS[member](scaled, x)


@offering("value")
def test_value_is_one_real_number_an_item(term, points):
    x = points(1)
    value = term(x)
    assert value.shape == (2,)
    assert not value.is_complex()


@offering("value", "prox")
def test_prox_minimises(term, points, t):
    v = 2 * points(1)
    p, best = term.prox(v, t), envelope(term, v, t)
    for k, length in enumerate([1e-4, 1e-2, 1.0, 10.0]):
        q = p + length * points(10 + k)
        there = term(q) + norm(q - v).square() / (2 * torch.as_tensor(t).flatten())
        curvature = norm(q - p).square() / (2 * torch.as_tensor(t).flatten())  # the objective is strongly convex
        assert bool((there >= best + curvature - 1e-11 * (1 + there)).all())


@offering("value", "prox")
def test_gradient_of_the_envelope_is_what_the_prox_moves(term, points, t):
    """Moreau (1965): the gradient of the envelope is (v - prox(v)) / t."""
    v, d, h = 2 * points(1), points(2), 1e-6
    slope = (envelope(term, v + h * d, t) - envelope(term, v - h * d, t)) / (2 * h)
    assert_close(slope, inner((v - term.prox(v, t)) / t, d), rtol=1e-6, atol=1e-6)


@offering("prox")
def test_prox_is_firmly_nonexpansive(term, points, t):
    if not term.convex:
        return  # no claim, nothing to hold it to
    for scale in (0.1, 1.0, 10.0):
        v, w = scale * points(1), scale * points(2)
        moved = term.prox(v, t) - term.prox(w, t)
        assert bool((inner(moved, moved) <= inner(moved, v - w) + 1e-12).all())


@offering("prox")
def test_prox_of_a_real_point_is_the_real_part_of_the_complex_one(term, t):
    v = 2 * term.example(2, torch.Generator().manual_seed(1))
    p = term.prox(v.to(torch.complex128), t)
    assert_close(p, term.prox(v, t).to(torch.complex128), rtol=1e-12, atol=1e-12)


@offering("prox")
def test_prox_of_a_weighted_term_takes_a_longer_step(term, points):
    v = 2 * points(1)
    assert_close((0.7 * term).prox(v, 0.5), term.prox(v, 0.35), rtol=1e-12, atol=1e-12)


@offering("value", "grad")
def test_gradient_is_the_slope_of_the_value(term, points):
    x, d, h = points(1), points(2), 1e-6
    slope = (term(x + h * d) - term(x - h * d)) / (2 * h)
    assert_close(slope, inner(term.grad(x), d), rtol=1e-6, atol=1e-6)
    assert term.grad(x).shape == x.shape


@offering("grad")
def test_gradient_builds_no_graph_where_none_is_wanted(term, points):
    with torch.no_grad():
        assert not term.grad(points(1)).requires_grad


def test_items_are_independent(term, points):
    x = points(1)
    other = torch.cat([x[:1], points(2)[1:]])
    for member in term.offers():
        assert torch.equal(MEMBERS[member](term, x)[0], MEMBERS[member](term, other)[0])


def test_nothing_is_changed_in_place(term, points):
    x = points(1)
    before = x.clone()
    for member in term.offers():
        MEMBERS[member](term, x)
    assert torch.equal(x, before)
