"""What terms promise whose points are parameters or probabilities, in double precision, on points of their own."""

import torch
from torch.testing import assert_close

from minimand.algebra import leaves, rebuild
from minimand.term import Term

OWN = True  # read by conftest.py


def point(term, seed=1):
    return term.example(2, torch.Generator().manual_seed(seed))


def between(term, share):
    """A point on the line between two: parameters and probabilities are convex sets."""
    a, b = point(term, 1), point(term, 2)
    return rebuild(a, [(1 - share) * v + share * w for v, w in zip(leaves(a), leaves(b), strict=True)])


def test_value_is_one_real_number_an_item(term):
    value = term(point(term))
    assert value.shape == (2,)
    assert bool(torch.isfinite(value).all())


def test_gradient_is_the_slope_of_the_value(term):
    h = 1e-6
    x = between(term, 0.4)
    slope = (term(between(term, 0.4 + h)) - term(between(term, 0.4 - h))) / (2 * h)
    if type(term).grad is not Term.grad:
        gradients = [term.grad(x)]
    else:
        inside = [leaf.requires_grad_() for leaf in leaves(x)]
        gradients = list(torch.autograd.grad(term(rebuild(x, inside)).sum(), inside))
    ends = zip(gradients, leaves(point(term, 1)), leaves(point(term, 2)), strict=True)
    along = sum((g * (b - a)).flatten(1).sum(1) for g, a, b in ends)
    assert_close(slope, along.detach(), rtol=1e-5, atol=1e-6)


def test_items_are_independent(term):
    x = point(term)
    for k in range(2):
        item = slice(k, k + 1)
        assert_close(term(x)[item], term.items(item)(rebuild(x, [leaf[item] for leaf in leaves(x)])))


def test_nothing_is_changed_in_place(term):
    x = point(term)
    before = [leaf.clone() for leaf in leaves(x)]
    term(x)
    assert all(torch.equal(a, b) for a, b in zip(leaves(x), before, strict=True))
